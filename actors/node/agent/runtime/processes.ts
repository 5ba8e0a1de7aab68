// Reads the process table, to find again what outlived an agent: a private containerd and its shims. A process counts
// only when its command line names our own files, since process ids are used again.
import { readdirSync, readFileSync } from 'node:fs';
import { access, constants } from 'node:fs/promises';
import path from 'node:path';
import type { Clock } from '../../../../messaging/ports.ts';

const SYSTEM_FOLDERS = ['/usr/local/sbin', '/usr/local/bin', '/usr/sbin', '/usr/bin', '/sbin', '/bin'];

/** PATH with the folders of system programs, which a user's PATH may lack. */
export function systemPath(): string {
  const own = (process.env.PATH ?? '').split(':').filter((folder) => folder.startsWith('/'));
  return [...new Set([...own, ...SYSTEM_FOLDERS])].join(':');
}

/** The absolute path of a program, or undefined when it is not installed. */
export async function findProgram(name: string): Promise<string | undefined> {
  for (const folder of systemPath().split(':')) {
    const candidate = path.join(folder, name);
    try {
      await access(candidate, constants.X_OK);
      return candidate;
    } catch {
      // The next folder may have it.
    }
  }
  return undefined;
}

/** The arguments of a living process; empty when there is none, or when it is a zombie. */
export function commandLine(pid: number): string[] {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0').slice(0, -1);
  } catch {
    return [];
  }
}

/** True while `pid` is the containerd that was started with this configuration. */
export function isContainerd(pid: number, configPath: string): boolean {
  const [program, ...rest] = commandLine(pid);
  return program !== undefined && path.basename(program) === 'containerd' && rest.includes(configPath);
}

/** The containerd that was started with this configuration. */
export function findContainerd(configPath: string): number | undefined {
  return allProcesses().find((pid) => isContainerd(pid, configPath));
}

/** The shims that belong to the containerd listening on `socket`. */
export function shimsOf(socket: string): number[] {
  return allProcesses().filter((pid) => {
    const [program, ...rest] = commandLine(pid);
    if (program === undefined || !path.basename(program).startsWith('containerd-shim')) return false;
    return rest[rest.indexOf('-address') + 1] === socket;
  });
}

/** The given processes and everything below them. A shim adopts what its containers leave behind. */
export function withDescendants(roots: readonly number[]): number[] {
  const children = new Map<number, number[]>();
  for (const pid of allProcesses()) {
    const parent = parentOf(pid);
    if (parent !== undefined) children.set(parent, [...(children.get(parent) ?? []), pid]);
  }
  const found = new Set<number>();
  const queue = [...roots];
  for (let pid = queue.pop(); pid !== undefined; pid = queue.pop()) {
    if (found.has(pid)) continue;
    found.add(pid);
    queue.push(...(children.get(pid) ?? []));
  }
  return [...found];
}

/** Sends a signal; a process that is gone is no error. */
export function signalProcess(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}

/** Waits until `condition` holds; false when it did not within `withinMs`. */
export async function holdsWithin(
  clock: Clock,
  withinMs: number,
  condition: () => boolean | Promise<boolean>,
): Promise<boolean> {
  const end = clock.monotonic() + withinMs;
  while (!(await condition())) {
    if (clock.monotonic() >= end) return false;
    await clock.sleep(20);
  }
  return true;
}

function allProcesses(): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number);
}

function parentOf(pid: number): number | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // The name in parentheses may hold anything, so the fields are counted after its end: state, then parent.
    return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]);
  } catch {
    return undefined;
  }
}
