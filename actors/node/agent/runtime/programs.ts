// Runs one of the machine's programs to its end, with arguments as a list, never through a shell.
import { execFile } from 'node:child_process';
import { systemPath } from './processes.ts';

export interface ProgramResult {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

const RUN_WITHIN_MS = 30_000;
const LARGEST_OUTPUT_BYTES = 64 * 1024 * 1024;

/** Never rejects: a program that cannot be run has exit code 127, one that was killed 137. */
export function runProgram(program: string, args: readonly string[], input?: string): Promise<ProgramResult> {
  return new Promise((resolve) => {
    const env = { ...process.env, PATH: systemPath(), LC_ALL: 'C' };
    const bounds = {
      timeout: RUN_WITHIN_MS,
      killSignal: 'SIGKILL',
      maxBuffer: LARGEST_OUTPUT_BYTES,
    } as const;
    const child = execFile(program, [...args], { env, ...bounds }, (error, stdout, stderr) => {
      const code = error?.code;
      const exitCode = error === null ? 0 : typeof code === 'number' ? code : code === 'ENOENT' ? 127 : 137;
      resolve({ exitCode, stdout, stderr: code === 'ENOENT' ? `${program}: not found` : stderr });
    });
    child.stdin?.on('error', () => {});
    child.stdin?.end(input ?? '');
  });
}
