// Takes a private containerd away with everything it made: pods, shims, mounts, control groups and files. Works from
// any state, also when it was killed, and again after it was interrupted.
import { readdir, readFile, rm, rmdir, stat } from 'node:fs/promises';
import path from 'node:path';
import type { Clock } from '../../../../messaging/ports.ts';
import { cgroupFolders, removeCgroup } from './cgroups.ts';
import { endProcess, launchContainerd, runningContainerd } from './containerd.ts';
import { type ContainerdPaths, containerdPaths } from './containerd-config.ts';
import { connectCri } from './cri.ts';
import type { Runtime } from './port.ts';
import { holdsWithin, shimsOf, signalProcess, withDescendants } from './processes.ts';
import { runProgram } from './programs.ts';

/** How many pods are removed at the same time; more only wait for each other. */
const REMOVALS_AT_ONCE = 4;
const GONE_WITHIN_MS = 5_000;
/** Made by the first private containerd of a machine; goes with the last, when nobody else has anything in it. */
const SHIM_FOLDER = '/run/containerd';

export interface RemovalOptions {
  readonly clock: Clock;
  /** The control group below which the node's pods have theirs, when it is the node's own. */
  readonly cgroupRoot?: string;
  readonly log?: (line: string) => void;
}

/** Removes all there is of the private containerd in `directory`, and the directory. Idempotent. */
export async function removeContainerd(directory: string, options: RemovalOptions): Promise<void> {
  const paths = containerdPaths(path.resolve(directory));
  const groups = await removePods(paths, options);
  const pid = await runningContainerd(paths);
  if (pid !== undefined) await endProcess(paths, pid, options.clock);
  await killShims(paths, options.clock);
  await unmountBelow(paths.directory);
  if (options.cgroupRoot !== undefined) groups.push(options.cgroupRoot);
  for (const group of groups) {
    await holdsWithin(options.clock, GONE_WITHIN_MS, async () => {
      await removeCgroup(group);
      return (await cgroupFolders(group)).length === 0;
    });
  }
  await rm(paths.directory, { recursive: true, force: true });
  if (!(await isMountedSomewhere(SHIM_FOLDER))) await rmdir(SHIM_FOLDER).catch(() => {});
}

/**
 * Removes the pods the ordinary way, which also gives their addresses and port rules back; returns their control
 * groups. For that a containerd that died is started once more. What it cannot do is left to what comes after.
 */
async function removePods(paths: ContainerdPaths, { clock, log }: RemovalOptions): Promise<string[]> {
  const groups: string[] = [];
  try {
    if ((await runningContainerd(paths)) === undefined) {
      if (!(await exists(paths.config)) || !(await exists(paths.root))) return groups;
      (await launchContainerd(paths, clock, log)).release();
    }
    const runtime = connectCri({ socket: paths.socket, clock });
    try {
      const waiting = await runtime.listPodSandbox();
      const work = async () => {
        for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
          const group = await removePod(runtime, next.id);
          if (group !== undefined) groups.push(group);
        }
      };
      await Promise.all(Array.from({ length: REMOVALS_AT_ONCE }, work));
    } finally {
      runtime.close();
    }
  } catch (error) {
    log?.(`pods are removed by force, since containerd does not do it: ${(error as Error).message}`);
  }
  return groups;
}

async function removePod(runtime: Runtime, id: string): Promise<string | undefined> {
  const status = await runtime.podSandboxStatus(id).catch(() => undefined);
  await runtime.stopPodSandbox(id);
  await runtime.removePodSandbox(id);
  return status?.cgroupParent;
}

async function killShims(paths: ContainerdPaths, clock: Clock): Promise<void> {
  for (const pid of withDescendants(shimsOf(paths.socket))) signalProcess(pid, 'SIGKILL');
  await holdsWithin(clock, GONE_WITHIN_MS, () => shimsOf(paths.socket).length === 0);
}

/** In any process's namespace: removing the folder would take the mount away there. */
async function isMountedSomewhere(folder: string): Promise<boolean> {
  for (const name of await readdir('/proc')) {
    if (!/^\d+$/.test(name)) continue;
    const table = await readFile(`/proc/${name}/mountinfo`, 'utf8').catch(() => '');
    if (table.includes(` ${folder} `)) return true;
  }
  return false;
}

/** Mounts of our own namespace; those of containerd's vanished with its last process. Deepest first. */
async function unmountBelow(directory: string): Promise<void> {
  const table = await readFile('/proc/self/mountinfo', 'utf8');
  const points = table
    .split('\n')
    .map((line) => unescaped(line.split(' ')[4] ?? ''))
    .filter((point) => point === directory || point.startsWith(`${directory}/`));
  for (const point of points.reverse()) await runProgram('umount', ['-l', point]);
}

/** The kernel writes blanks and backslashes in paths as octal numbers. */
function unescaped(text: string): string {
  return text.replaceAll(/\\([0-7]{3})/g, (_, digits: string) =>
    String.fromCharCode(Number.parseInt(digits, 8)),
  );
}

async function exists(file: string): Promise<boolean> {
  return stat(file).then(
    () => true,
    () => false,
  );
}
