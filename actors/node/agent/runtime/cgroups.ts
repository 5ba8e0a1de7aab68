// Removes control groups that runtimes leave behind: a runtime makes a pod's parent group and never removes it. Works
// on version 1 (one tree per controller) and version 2 (one tree). Never touches a group that still has processes.
import { readdir, rmdir } from 'node:fs/promises';
import path from 'node:path';

const ROOT = '/sys/fs/cgroup';

/** Removes the group at `group` (such as `/troupe/pod1`) with the groups below it, in every tree. Idempotent. */
export async function removeCgroup(group: string): Promise<void> {
  for (const folder of await placesOf(group)) await removeTree(folder);
}

/** The folders in which the group exists now; empty when it is gone. */
export async function cgroupFolders(group: string): Promise<string[]> {
  const found: string[] = [];
  for (const folder of await placesOf(group)) if ((await foldersIn(folder)) !== undefined) found.push(folder);
  return found;
}

async function placesOf(group: string): Promise<string[]> {
  const inside = path.posix.normalize(`/${group}`);
  if (inside === '/') throw new Error('the root control group cannot be removed');
  const trees = (await foldersIn(ROOT)) ?? [];
  return [ROOT, ...trees].map((tree) => path.join(tree, inside));
}

async function removeTree(folder: string): Promise<void> {
  for (const child of (await foldersIn(folder)) ?? []) await removeTree(child);
  try {
    await rmdir(folder);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    // Busy: something still runs in it. Whoever stops that asks again.
    if (code !== 'ENOENT' && code !== 'EBUSY' && code !== 'ENOTDIR') throw error;
  }
}

async function foldersIn(folder: string): Promise<string[] | undefined> {
  try {
    const entries = await readdir(folder, { withFileTypes: true });
    return entries.filter((entry) => entry.isDirectory()).map((entry) => path.join(folder, entry.name));
  } catch {
    return undefined;
  }
}
