import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { machineArchitecture } from '../../../../lab/registry/image.ts';
import { pauseProgram } from '../../../../lab/registry/pause.ts';

/** SIGCHLD in the mask of ignored signals that /proc/PID/status shows. */
const SIGCHLD_BIT = 1n << 16n;

let directory: string;
let program: string;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'troupe-pause-'));
  program = join(directory, 'pause');
  await writeFile(program, pauseProgram(machineArchitecture()), { mode: 0o700 });
});

afterEach(async () => {
  await rm(directory, { recursive: true, force: true });
});

// Nothing announces that a foreign program has reached a state, so /proc is asked until it says so.
async function until(child: ChildProcess, holds: (status: Map<string, string>) => boolean): Promise<void> {
  const deadline = performance.now() + 4_000;
  for (;;) {
    const text = await readFile(`/proc/${child.pid}/status`, 'utf8');
    const status = new Map(text.split('\n').map((line) => line.split(':\t') as [string, string]));
    if (holds(status)) return;
    if (performance.now() > deadline) throw new Error(`pause did not get there; last seen:\n${text}`);
  }
}

// Asleep while SIGCHLD is ignored: it can only be in its one waiting call.
const waiting = (status: Map<string, string>) =>
  (BigInt(`0x${status.get('SigIgn')}`) & SIGCHLD_BIT) !== 0n && status.get('State')?.startsWith('S') === true;

test.each(['SIGTERM', 'SIGINT'] as const)(
  'waits, ignores its children, leaves with 0 on %s',
  async (signal) => {
    const child = spawn(program, [], { stdio: 'ignore' });
    try {
      await until(child, waiting);
      child.kill('SIGCHLD');
      child.kill('SIGCONT');
      await until(child, waiting);
      child.kill('SIGCHLD');
      child.kill('SIGCONT');
      await until(child, waiting);
      const exit = once(child, 'exit');
      child.kill(signal);
      expect(await exit).toEqual([0, null]);
    } finally {
      child.kill('SIGKILL');
    }
  },
);

test('the program of each architecture is the code that was checked by running it', () => {
  expect(pauseProgram('amd64').subarray(120).toString('hex')).toBe(
    [
      '4883ec20',
      '31c0',
      '4889442408',
      '4889442410',
      '4889442418',
      '48c7042401000000',
      'bf11000000',
      '4889e6',
      '31d2',
      '41ba08000000',
      'b80d000000',
      '0f05',
      '48c7042402400000',
      '31ff',
      '4889e6',
      '31d2',
      '41ba08000000',
      'b80e000000',
      '0f05',
      '4889e7',
      '31f6',
      '31d2',
      '41ba08000000',
      'b880000000',
      '0f05',
      '85c0',
      '78e8',
      '31ff',
      'b8e7000000',
      '0f05',
    ].join(''),
  );
  expect(pauseProgram('arm64').subarray(120).toString('hex')).toBe(
    [
      'ff8300d1290080d2e90300f9ff0700f9ff0b00f9ff0f00f9200280d2e1030091020080d2030180d2',
      'c81080d2010000d4490088d2e90300f9000080d2e1030091020080d2030180d2e81080d2010000d4',
      'e0030091010080d2020080d2030180d2281180d2010000d440ffff37000080d2c80b80d2010000d4',
    ].join(''),
  );
});
