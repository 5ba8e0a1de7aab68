// The processes of one cluster on this machine, found by their command lines in the process table, so that they
// are found whatever became of the files that named them. A process counts only when its own arguments name our
// directory.
import { readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import type { Clock } from '../../messaging/ports.ts';

/** `up`: the supervisor. `demo`: the mirror of the public registry. */
export type Role = 'up' | 'host' | 'node' | 'demo';

export interface RoleProcess {
  readonly role: Role;
  readonly pid: number;
}

const ROLES: readonly Role[] = ['up', 'host', 'node', 'demo'];
/** Marks a process as part of the cluster of a directory; see {@link roleArguments}. */
const MARK = '--directory';
/** Makes `up` the supervisor itself. */
export const SUPERVISE = '--supervise';
const POLL_MS = 20;

/** The program all roles are run by: this package's command. */
export function programPath(): string {
  return join(import.meta.dirname, '..', 'main.js');
}

/** The arguments of node for one role. */
export function roleArguments(role: Role, directory: string, more: readonly string[]): string[] {
  return [programPath(), role, MARK, directory, ...more];
}

/** Living processes of the cluster in `directory`; this one is left out. */
export function roleProcesses(directory: string): RoleProcess[] {
  const found: RoleProcess[] = [];
  for (const name of readdirSync('/proc')) {
    const pid = Number(name);
    if (!Number.isInteger(pid) || pid === process.pid) continue;
    const role = roleOf(commandLineOf(pid), directory);
    if (role !== undefined) found.push({ role, pid });
  }
  return found;
}

/** The role a command line stands for; exported for its spec. */
export function roleOf(words: readonly string[], directory: string): Role | undefined {
  const at = words.findIndex((word) => basename(word) === 'main.js');
  if (at < 0 || basename(words[0] ?? '') !== basename(process.execPath)) return undefined;
  const role = ROLES.find((known) => words[at + 1] === known);
  const isMarked = words[at + 2] === MARK && words[at + 3] === directory;
  // A user's own `troupe up` only waits for the supervisor and shows what it says.
  return isMarked && (role !== 'up' || words.includes(SUPERVISE)) ? role : undefined;
}

/** nats-server started from the directory `nats`, found without its pid file. */
export function serverProcesses(nats: string): number[] {
  const configuration = join(nats, 'nats-server.conf');
  return readdirSync('/proc')
    .map(Number)
    .filter((pid) => {
      if (!Number.isInteger(pid)) return false;
      const words = commandLineOf(pid);
      return basename(words[0] ?? '') === 'nats-server' && words.includes(configuration);
    });
}

/** A zombie has no command line, and so does not count as alive. */
export function commandLineOf(pid: number): string[] {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0').slice(0, -1);
  } catch {
    return [];
  }
}

export function isAlive(pid: number): boolean {
  return commandLineOf(pid).length > 0;
}

export interface EndOptions {
  readonly clock: Clock;
  /** How long it may take after SIGTERM before SIGKILL. */
  readonly withinMs: number;
}

/** Ends processes in good order, or by force when that takes too long. Gone ones are no error. */
export async function endProcesses(pids: readonly number[], options: EndOptions): Promise<void> {
  const { clock, withinMs } = options;
  for (const pid of pids) signal(pid, 'SIGTERM');
  if (await gone(pids, clock, withinMs)) return;
  for (const pid of pids) signal(pid, 'SIGKILL');
  await gone(pids, clock, 5_000);
}

async function gone(pids: readonly number[], clock: Clock, withinMs: number): Promise<boolean> {
  const until = clock.monotonic() + withinMs;
  while (pids.some(isAlive)) {
    if (clock.monotonic() >= until) return false;
    await clock.sleep(POLL_MS);
  }
  return true;
}

function signal(pid: number, name: 'SIGTERM' | 'SIGKILL'): void {
  try {
    process.kill(pid, name);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}
