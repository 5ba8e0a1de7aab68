// Runs Debian's docker-registry on loopback with a configuration of its own. The port is the system's
// choice unless one is given, so that any number of registries run side by side. It never listens outside
// 127.0.0.1 and never outlives the process that started it.
import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { TroupeError } from '../../schemas/errors.ts';

const READY_BOUND_MS = 15_000;
const STOP_BOUND_MS = 5_000;
const KEPT_LINES = 20;

export interface RegistryOptions {
  /** A private directory; configuration and blobs are kept in it. Made with mode 0700 when missing. */
  readonly directory: string;
  /** Default: a free one. */
  readonly port?: number;
}

export interface Registry {
  /** `http://127.0.0.1:PORT` */
  readonly url: string;
  readonly port: number;
  readonly pid: number;
  /** Ends the process; what it stored stays. Safe to call again. */
  stop(): Promise<void>;
}

/**
 * Starts a registry and resolves when it answers.
 * Throws `SETUP` when docker-registry is not installed, cannot listen, or does not answer within 15 s.
 */
export async function startRegistry(options: RegistryOptions): Promise<Registry> {
  await mkdir(options.directory, { recursive: true, mode: 0o700 });
  const configuration = join(options.directory, 'registry.yml');
  await writeFile(configuration, configurationText(options), { mode: 0o600 });
  // The environment is left out but for PATH, since REGISTRY_* variables would override the configuration.
  const environment = { PATH: `${process.env.PATH ?? ''}:/usr/sbin:/usr/bin:/sbin:/bin` };
  const child = spawn('setpriv', ['--pdeathsig', 'TERM', 'docker-registry', 'serve', configuration], {
    env: environment,
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  const ended = new Promise<void>((resolve) => {
    child.once('exit', () => resolve());
    child.once('error', () => resolve());
  });
  const stop = () => end(child, ended);
  try {
    const port = await listening(child);
    const url = `http://127.0.0.1:${port}`;
    const answer = await fetch(`${url}/v2/`, { signal: AbortSignal.timeout(READY_BOUND_MS) });
    if (answer.status !== 200)
      throw new TroupeError('SETUP', `docker-registry answers ${answer.status} at ${url}`);
    await answer.arrayBuffer();
    return { url, port, pid: child.pid!, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

function configurationText(options: RegistryOptions): string {
  // YAML reads JSON, and JSON needs no care about characters in paths.
  return `${JSON.stringify(
    {
      version: 0.1,
      log: { level: 'info', formatter: 'json', accesslog: { disabled: true } },
      storage: { filesystem: { rootdirectory: join(options.directory, 'blobs') }, delete: { enabled: true } },
      http: { addr: `127.0.0.1:${options.port ?? 0}`, secret: randomBytes(24).toString('hex') },
    },
    undefined,
    2,
  )}\n`;
}

/** Resolves with the port of docker-registry's own line `listening on 127.0.0.1:PORT`. */
function listening(child: ChildProcess): Promise<number> {
  return new Promise((resolve, reject) => {
    const last: string[] = [];
    const fail = (what: string) => reject(new TroupeError('SETUP', [what, ...last].join('\n')));
    const bound = setTimeout(
      () => fail(`docker-registry was not ready within ${READY_BOUND_MS} ms`),
      READY_BOUND_MS,
    );
    // Lines are read for as long as it runs, so that the pipe never fills up.
    createInterface({ input: child.stderr! }).on('line', (line) => {
      const port = /listening on 127\.0\.0\.1:(\d+)/.exec(line)?.[1];
      if (port !== undefined) {
        clearTimeout(bound);
        resolve(Number(port));
      }
      last.push(line);
      if (last.length > KEPT_LINES) last.shift();
    });
    child.once('error', (error) => {
      clearTimeout(bound);
      fail(`docker-registry cannot be started: ${error.message}`);
    });
    child.once('close', (code) => {
      clearTimeout(bound);
      fail(`docker-registry ended with ${code}; is the package docker-registry installed?`);
    });
  });
}

async function end(child: ChildProcess, ended: Promise<void>): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null || child.pid === undefined) return;
  child.kill('SIGTERM');
  const bound = setTimeout(() => child.kill('SIGKILL'), STOP_BOUND_MS);
  await ended;
  clearTimeout(bound);
}
