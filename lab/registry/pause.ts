// Writes the program that holds a pod's namespaces open: a static ELF file of some 200 bytes, put together
// here so that no compiler is needed. It ignores SIGCHLD, so that the kernel reaps what dies in a shared
// process namespace, blocks SIGTERM and SIGINT, waits for one of them and leaves with 0. Waiting for
// *blocked* signals is what makes this work as process 1, for which the kernel drops signals that are
// neither blocked nor caught.
import type { Architecture } from './image.ts';

const SIGCHLD = 17;
const SIG_IGN = 1;
/** Bit n-1 stands for signal n: SIGINT is 2, SIGTERM is 15. */
const STOP_SIGNALS = (1 << (2 - 1)) | (1 << (15 - 1));
const LOAD_ADDRESS = 0x400000;
const HEADER_BYTES = 64;
const PROGRAM_HEADER_BYTES = 56;

/** The whole executable file. */
export function pauseProgram(architecture: Architecture): Buffer {
  const code = architecture === 'amd64' ? amd64() : arm64();
  return Buffer.concat([elf(architecture === 'amd64' ? 62 : 183, code.length), code]);
}

function elf(machine: number, codeBytes: number): Buffer {
  const size = HEADER_BYTES + PROGRAM_HEADER_BYTES + codeBytes;
  const b = Buffer.alloc(HEADER_BYTES + PROGRAM_HEADER_BYTES);
  b.write('\x7fELF\x02\x01\x01', 0, 'latin1'); // 64 bits, little endian, version 1
  b.writeUInt16LE(2, 16); // an executable
  b.writeUInt16LE(machine, 18);
  b.writeUInt32LE(1, 20);
  b.writeBigUInt64LE(BigInt(LOAD_ADDRESS + HEADER_BYTES + PROGRAM_HEADER_BYTES), 24); // entry point
  b.writeBigUInt64LE(BigInt(HEADER_BYTES), 32); // where the program header is
  b.writeUInt16LE(HEADER_BYTES, 52);
  b.writeUInt16LE(PROGRAM_HEADER_BYTES, 54);
  b.writeUInt16LE(1, 56); // one program header
  b.writeUInt16LE(64, 58);
  b.writeUInt32LE(1, 64); // loaded
  b.writeUInt32LE(5, 68); // readable and executable
  b.writeBigUInt64LE(BigInt(LOAD_ADDRESS), 80);
  b.writeBigUInt64LE(BigInt(LOAD_ADDRESS), 88);
  b.writeBigUInt64LE(BigInt(size), 96);
  b.writeBigUInt64LE(BigInt(size), 104);
  b.writeBigUInt64LE(0x10000n, 112); // alignment: the largest page of arm64
  return b;
}

function amd64(): Buffer {
  const imm = (value: number) => {
    const b = Buffer.alloc(4);
    b.writeUInt32LE(value);
    return b.toString('hex');
  };
  const call = (number: number) => `b8${imm(number)} 0f05`; // mov eax, number; syscall
  const wait = `4889e7 31f6 31d2 41ba${imm(8)} ${call(128)} 85c0`; // rt_sigtimedwait(rsp, 0, 0, 8); test eax, eax
  const waitBytes = wait.replaceAll(' ', '').length / 2;
  const code = [
    '4883ec20 31c0 4889442408 4889442410 4889442418', // 32 zeroed bytes on the stack, but for the first 8
    `48c70424${imm(SIG_IGN)}`,
    `bf${imm(SIGCHLD)} 4889e6 31d2 41ba${imm(8)} ${call(13)}`, // rt_sigaction(SIGCHLD, rsp, 0, 8)
    `48c70424${imm(STOP_SIGNALS)}`,
    `31ff 4889e6 31d2 41ba${imm(8)} ${call(14)}`, // rt_sigprocmask(SIG_BLOCK, rsp, 0, 8)
    wait,
    `78${(256 - waitBytes - 2).toString(16)}`, // js: wait again after an error such as EINTR
    `31ff ${call(231)}`, // exit_group(0)
  ].join('');
  return Buffer.from(code.replaceAll(' ', ''), 'hex');
}

function arm64(): Buffer {
  const move = (register: number, value: number) => 0xd2800000 + value * 32 + register;
  // str x, [sp, 8·slot]
  const store = (register: number, slot: number) => 0xf9000000 + slot * 1024 + 31 * 32 + register;
  const stackTo = (register: number) => 0x910003e0 + register; // mov x, sp
  const call = (number: number) => [move(8, number), 0xd4000001];
  const wait = [stackTo(0), move(1, 0), move(2, 0), move(3, 8), ...call(137)]; // rt_sigtimedwait(sp, 0, 0, 8)
  const words = [
    0xd10083ff, // sub sp, sp, 32
    move(9, SIG_IGN),
    store(9, 0),
    ...[1, 2, 3].map((slot) => store(31, slot)),
    ...[move(0, SIGCHLD), stackTo(1), move(2, 0), move(3, 8), ...call(134)], // rt_sigaction(SIGCHLD, sp, 0, 8)
    move(9, STOP_SIGNALS),
    store(9, 0),
    ...[move(0, 0), stackTo(1), move(2, 0), move(3, 8), ...call(135)], // rt_sigprocmask(SIG_BLOCK, sp, 0, 8)
    ...wait,
    0x37f80000 + ((0x4000 - wait.length) << 5), // tbnz w0, 31: wait again after an error
    ...[move(0, 0), ...call(94)], // exit_group(0)
  ];
  const code = Buffer.alloc(words.length * 4);
  words.forEach((word, at) => {
    code.writeUInt32LE(word, at * 4);
  });
  return code;
}
