// The Files port on a directory of the machine. Files 0600, directories 0700, whatever the umask; a new content is
// written beside the old one and renamed over it. Paths never leave the root, not even through symbolic links.
import { constants, watch } from 'node:fs';
import { chmod, lstat, mkdir, open, readdir, realpath, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { TroupeError } from '../../../../schemas/errors.ts';
import type { Files } from '../ports.ts';
import { Bell } from './bell.ts';
import { checkPath } from './paths.ts';

const FILE_MODE = 0o600;
const DIRECTORY_MODE = 0o700;
const TEMPORARY = '.new';

/** Opens the directory, making it when it is missing; its parents must exist. */
export async function openFiles(root: string): Promise<Files> {
  await mkdir(root, { recursive: true, mode: DIRECTORY_MODE });
  await chmod(root, DIRECTORY_MODE);
  return new RealFiles(await realpath(root));
}

class RealFiles implements Files {
  private readonly root: string;
  private writes = 0;

  constructor(root: string) {
    this.root = root;
  }

  absolute(path: string): string {
    return join(this.root, checkPath(path));
  }

  async makeDirectory(path: string): Promise<void> {
    const names = checkPath(path).split('/');
    for (let depth = 1; depth <= names.length; depth += 1) {
      const directory = join(this.root, ...names.slice(0, depth));
      try {
        await mkdir(directory, { mode: DIRECTORY_MODE });
      } catch (error) {
        if (codeOf(error) !== 'EEXIST') throw error;
        if (!(await lstat(directory)).isDirectory()) throw notOurs(path);
      }
    }
  }

  async read(path: string): Promise<Uint8Array | undefined> {
    const file = await this.openToRead(path);
    if (!file) return undefined;
    try {
      return await file.readFile();
    } finally {
      await file.close();
    }
  }

  async write(path: string, content: Uint8Array): Promise<void> {
    const target = this.absolute(path);
    const parent = path.split('/').slice(0, -1).join('/');
    if (parent) await this.makeDirectory(parent);
    this.writes += 1;
    const temporary = `${target}.${process.pid}-${this.writes}${TEMPORARY}`;
    try {
      const file = await open(temporary, 'wx', FILE_MODE);
      try {
        await file.chmod(FILE_MODE);
        await file.writeFile(content);
        await file.datasync();
      } finally {
        await file.close();
      }
      await rename(temporary, target);
    } catch (error) {
      await rm(temporary, { force: true }).catch(() => {});
      throw error;
    }
  }

  async list(path: string): Promise<string[]> {
    await this.checkParents(path);
    const names = await readdir(this.absolute(path)).catch(whenMissing([] as string[]));
    return names.filter((name) => !name.endsWith(TEMPORARY)).sort();
  }

  async remove(path: string): Promise<void> {
    await this.checkParents(path);
    await rm(this.absolute(path), { recursive: true, force: true });
  }

  async sizeBytes(path: string): Promise<number | undefined> {
    await this.checkParents(path);
    return lstat(this.absolute(path)).then(({ size }) => size, whenMissing(undefined));
  }

  async readRange(path: string, offset: number, maxBytes: number): Promise<Uint8Array> {
    const file = await this.openToRead(path);
    if (!file) return new Uint8Array(0);
    try {
      const { buffer, bytesRead } = await file.read(Buffer.alloc(maxBytes), 0, maxBytes, offset);
      return buffer.subarray(0, bytesRead);
    } finally {
      await file.close();
    }
  }

  async *changes(path: string, signal: AbortSignal): AsyncGenerator<void> {
    await this.checkParents(path);
    const target = this.absolute(path);
    const name = path.split('/').at(-1);
    const bell = new Bell(signal);
    // The directory is watched, since a file that is renamed away takes its watch along.
    const watcher = watch(dirname(target), (_event, changed) => {
      if (changed === null || changed === name) bell.ring();
    });
    watcher.on('error', () => bell.ring());
    try {
      yield* bell.rings();
    } finally {
      watcher.close();
    }
  }

  private async openToRead(path: string) {
    await this.checkParents(path);
    const flags = constants.O_RDONLY | constants.O_NOFOLLOW;
    try {
      return await open(this.absolute(path), flags);
    } catch (error) {
      if (codeOf(error) === 'ELOOP') throw notOurs(path);
      return whenMissing(undefined)(error);
    }
  }

  /** A symbolic link on the way could lead anywhere. */
  private async checkParents(path: string): Promise<void> {
    const parent = dirname(this.absolute(path));
    const real = await realpath(parent).catch(whenMissing(parent));
    if (real !== parent) throw notOurs(path);
  }
}

function notOurs(path: string): TroupeError {
  return new TroupeError('BAD_REQUEST', `"${path}" leads out of the agent's directory`);
}

function codeOf(error: unknown): string | undefined {
  return (error as NodeJS.ErrnoException).code;
}

function whenMissing<T>(value: T): (error: unknown) => T {
  return (error) => {
    if (codeOf(error) === 'ENOENT' || codeOf(error) === 'ENOTDIR') return value;
    throw error;
  };
}
