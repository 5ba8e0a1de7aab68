// Runs one of the machine's programs by its argument list, never through a shell, and keeps what it
// printed. A program that fails becomes an operating error with its own last words.
import { execFile } from 'node:child_process';
import { TroupeError } from '../../schemas/errors.ts';

export interface ToolOptions {
  readonly directory?: string;
  /** The program is ended when it takes longer. */
  readonly boundMs: number;
}

/** Standard output of the program. Throws `SETUP` when it cannot be started, fails or takes too long. */
export function runTool(program: string, args: readonly string[], options: ToolOptions): Promise<string> {
  return new Promise((resolve, reject) => {
    execFile(
      program,
      args,
      {
        cwd: options.directory,
        timeout: options.boundMs,
        maxBuffer: 16 * 1024 * 1024,
        env: { ...process.env, LC_ALL: 'C', DEBIAN_FRONTEND: 'noninteractive' },
      },
      (error, stdout, stderr) => {
        if (error === null) return resolve(stdout);
        const words = stderr.trim().split('\n').slice(-3).join(' ').slice(0, 500);
        const about = error.killed ? `took longer than ${options.boundMs} ms` : words || error.message;
        reject(new TroupeError('SETUP', `${program} ${args[0] ?? ''}: ${about}`, { cause: error }));
      },
    );
  });
}
