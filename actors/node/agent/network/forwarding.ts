// The kernel's switch for forwarding IPv4, which pods need and the bridge plugin turns on without a word. The first
// node of a machine notes how it stood and the last one puts it back.
import { mkdir, readFile, rm, rmdir, writeFile } from 'node:fs/promises';
import path from 'node:path';

export interface ForwardingPlaces {
  readonly switchFile: string;
  /** Shared by all nodes of the machine and gone at the next boot, as the switch's value is. */
  readonly memory: string;
}

const MACHINE: ForwardingPlaces = {
  switchFile: '/proc/sys/net/ipv4/ip_forward',
  memory: '/run/troupe/forwarding',
};

/** Turns forwarding on for `user`, a name unique on this machine. Safe to repeat. */
export async function takeForwarding(user: string, places = MACHINE): Promise<void> {
  const { switchFile, memory } = places;
  await mkdir(path.join(memory, 'users'), { recursive: true, mode: 0o700 });
  await writeFile(path.join(memory, 'users', user), '', { mode: 0o600 });
  const value = await readFile(switchFile, 'utf8');
  await writeFile(path.join(memory, 'former'), value, { flag: 'wx', mode: 0o600 }).catch(
    (error: NodeJS.ErrnoException) => {
      if (error.code !== 'EEXIST') throw error;
    },
  );
  if (value.trim() !== '1') await writeFile(switchFile, '1\n');
}

/** `user` needs it no more. When nobody does, the switch stands as it stood. Idempotent. */
export async function giveForwarding(user: string, places = MACHINE): Promise<void> {
  const { switchFile, memory } = places;
  await rm(path.join(memory, 'users', user), { force: true });
  const isLast = await rmdir(path.join(memory, 'users')).then(
    () => true,
    () => false,
  );
  if (!isLast) return;
  const former = await readFile(path.join(memory, 'former'), 'utf8').catch(() => undefined);
  if (former !== undefined && former !== (await readFile(switchFile, 'utf8'))) {
    await writeFile(switchFile, former);
  }
  await rm(memory, { recursive: true, force: true });
  // The folder above may be in use for something else.
  await rmdir(path.dirname(memory)).catch(() => {});
}
