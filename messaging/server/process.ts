// One process of nats-server: whether it lives, whether it answers, and its end, all within bounds.
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { TroupeError } from '../../schemas/errors.ts';
import type { Clock } from '../ports.ts';
import type { Paths } from './configuration.ts';

const POLL_MS = 10;
const PROBE_MS = 500;

/** The pid in the pid file, when that process runs `program` with this directory's configuration. */
export function livingPid(paths: Paths, program: string): number | undefined {
  let pid: number;
  try {
    pid = Number(readFileSync(paths.pid, 'utf8').trim());
  } catch {
    return undefined;
  }
  return Number.isInteger(pid) && pid > 1 && isOurs(pid, paths, program) ? pid : undefined;
}

/** A pid may have been given to another process since: the program and its arguments must be ours. */
export function isOurs(pid: number, paths: Paths, program: string): boolean {
  try {
    const executable = readlinkSync(`/proc/${pid}/exe`).replace(/ \(deleted\)$/, '');
    const words = readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0');
    const isServer = executable === program || executable.endsWith('/nats-server');
    return isServer && words.includes(paths.configuration) && !isZombie(pid);
  } catch {
    return false;
  }
}

/** Dead but not yet collected by its parent. While another of its threads still ends, its port is not free. */
function isZombie(pid: number): boolean {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  const isDead = stat.slice(stat.lastIndexOf(')') + 2).startsWith('Z');
  return isDead && readdirSync(`/proc/${pid}/task`).length <= 1;
}

/** What the server says first to whoever connects, or undefined when nothing of that kind listens there. */
export function greeting(host: string, port: number): Promise<{ jetstream?: boolean } | undefined> {
  return new Promise((resolve) => {
    let text = '';
    const socket = connect({ host, port });
    const end = (info: { jetstream?: boolean } | undefined) => {
      socket.destroy();
      resolve(info);
    };
    socket.setTimeout(PROBE_MS, () => end(undefined));
    socket.on('error', () => end(undefined));
    socket.on('close', () => resolve(undefined));
    socket.on('data', (chunk) => {
      text += chunk.toString('latin1');
      const line = /^INFO (.*)\r\n/.exec(text)?.[1];
      if (line) end(parseInfo(line));
      else if (text.length > 65_536 || !'INFO '.startsWith(text.slice(0, 5))) end(undefined);
    });
  });
}

function parseInfo(line: string): { jetstream?: boolean } | undefined {
  try {
    return JSON.parse(line) as { jetstream?: boolean };
  } catch {
    return undefined;
  }
}

/** Polls until `check` holds; false when `withinMs` is over. */
export async function eventually(
  clock: Clock,
  withinMs: number,
  check: () => boolean | Promise<boolean>,
): Promise<boolean> {
  const until = clock.monotonic() + withinMs;
  for (;;) {
    if (await check()) return true;
    if (clock.monotonic() >= until) return false;
    await clock.sleep(POLL_MS);
  }
}

export function send(pid: number, signal: 'SIGTERM' | 'SIGKILL'): void {
  try {
    process.kill(pid, signal);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}

/** A port that nobody uses now. */
export function freePort(host: string): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer();
    probe.on('error', (cause) => reject(new TroupeError('SETUP', `no port is free on ${host}`, { cause })));
    probe.listen(0, host, () => {
      const address = probe.address();
      probe.close(() => resolve(typeof address === 'object' && address ? address.port : 0));
    });
  });
}
