// The Files port in memory: for simulation and embedded clusters. As strict about paths as the real one.
import type { Files } from '../ports.ts';
import { Bell } from './bell.ts';
import { checkPath } from './paths.ts';

const ROOT = '/memory';

export class MemoryFiles implements Files {
  private readonly contents = new Map<string, Uint8Array>();
  private readonly bells = new Map<string, Set<Bell>>();

  absolute(path: string): string {
    return `${ROOT}/${checkPath(path)}`;
  }

  async makeDirectory(path: string): Promise<void> {
    checkPath(path);
  }

  async read(path: string): Promise<Uint8Array | undefined> {
    return this.contents.get(checkPath(path))?.slice();
  }

  async write(path: string, content: Uint8Array): Promise<void> {
    this.put(checkPath(path), content.slice());
  }

  async list(path: string): Promise<string[]> {
    const prefix = `${checkPath(path)}/`;
    const names = new Set<string>();
    for (const file of this.contents.keys()) {
      if (file.startsWith(prefix)) names.add(file.slice(prefix.length).split('/')[0]!);
    }
    return [...names].sort();
  }

  async remove(path: string): Promise<void> {
    const given = checkPath(path);
    if (this.contents.delete(given)) return this.tell(given);
    for (const file of this.contents.keys()) if (file.startsWith(`${given}/`)) this.contents.delete(file);
  }

  async sizeBytes(path: string): Promise<number | undefined> {
    return this.contents.get(checkPath(path))?.length;
  }

  async readRange(path: string, offset: number, maxBytes: number): Promise<Uint8Array> {
    return this.contents.get(checkPath(path))?.slice(offset, offset + maxBytes) ?? new Uint8Array(0);
  }

  async *changes(path: string, signal: AbortSignal): AsyncGenerator<void> {
    const given = checkPath(path);
    const bell = new Bell(signal);
    const bells = this.bells.get(given) ?? new Set();
    this.bells.set(given, bells.add(bell));
    try {
      yield* bell.rings();
    } finally {
      bells.delete(bell);
      if (bells.size === 0) this.bells.delete(given);
    }
  }

  /** Appends to the file at an absolute path, as a container runtime does with a log. */
  append(absolute: string, text: string): void {
    if (!absolute.startsWith(`${ROOT}/`)) throw new Error(`${absolute} is not below ${ROOT}`);
    const path = absolute.slice(ROOT.length + 1);
    const added = new TextEncoder().encode(text);
    const before = this.contents.get(path) ?? new Uint8Array(0);
    const size = before.length + added.length;
    const room = new Uint8Array(before.buffer);
    // Room is doubled, so that a file that grows by lines is not copied for each of them.
    const fits = before.byteOffset === 0 && size <= room.length;
    const whole = fits ? room : new Uint8Array(Math.max(size, 2 * before.length));
    if (!fits) whole.set(before);
    whole.set(added, before.length);
    this.put(path, whole.subarray(0, size));
  }

  private put(path: string, content: Uint8Array): void {
    this.contents.set(path, content);
    this.tell(path);
  }

  private tell(path: string): void {
    for (const bell of this.bells.get(path) ?? []) bell.ring();
  }
}
