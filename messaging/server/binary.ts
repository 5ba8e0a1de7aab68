// Finds nats-server on this machine and asks it for its version.
import { execFile } from 'node:child_process';
import { accessSync, constants, statSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { TroupeError } from '../../schemas/errors.ts';

/** Where distributions put it although a user's PATH often leaves it out. */
const USUAL = ['/usr/sbin', '/usr/local/sbin', '/usr/local/bin'];
const VERSION_TIMEOUT_MS = 5_000;

/** `NATS_SERVER` or the first `nats-server` on PATH; SETUP with the cure when there is none. */
export function findServer(environment: NodeJS.ProcessEnv, usual: readonly string[] = USUAL): string {
  const given = environment.NATS_SERVER;
  if (given) {
    if (isProgram(given)) return given;
    throw new TroupeError('SETUP', `NATS_SERVER is "${given}", which is not a program`);
  }
  for (const directory of [...(environment.PATH ?? '').split(delimiter), ...usual]) {
    const path = join(directory, 'nats-server');
    if (directory !== '' && isProgram(path)) return path;
  }
  throw new TroupeError(
    'SETUP',
    'nats-server is not on this machine: install it (Debian: apt-get install nats-server), ' +
      'name it in NATS_SERVER, or give the URL of a running one',
  );
}

/** `2.9.10` */
export function versionOf(program: string): Promise<string> {
  return new Promise((resolve, reject) => {
    execFile(program, ['--version'], { timeout: VERSION_TIMEOUT_MS }, (cause, output) => {
      const found = /v(\d+\.\d+\.\d+\S*)/.exec(output)?.[1];
      if (found) resolve(found);
      else reject(new TroupeError('SETUP', `${program} does not tell its version`, { cause }));
    });
  });
}

function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}
