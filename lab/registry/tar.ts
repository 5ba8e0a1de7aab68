// Writes a directory as a tar archive that depends on nothing but names, modes, links and contents: owner
// 0, time 0, entries in byte order. So the same root directory gives the same digest on every machine. It
// never follows links.
import { lstat, readdir, readFile, readlink } from 'node:fs/promises';
import { join } from 'node:path';

const BLOCK_BYTES = 512;
const NAME_BYTES = 100;

type EntryType = '0' | '2' | '5' | 'L' | 'K';

interface Entry {
  readonly name: string;
  readonly type: EntryType;
  readonly mode: number;
  readonly body?: Uint8Array;
  readonly link?: string;
}

/** One file given by its contents, for archives that are not on disk. */
export interface TarFile {
  readonly name: string;
  readonly body: Uint8Array;
}

/**
 * The tar archive of everything under `root`. Files, directories and symbolic links are archived; sockets,
 * devices and FIFOs are left out, since an image must not carry them.
 */
export async function tarOfDirectory(root: string): Promise<Buffer> {
  const parts: Buffer[] = [];
  await addDirectory(root, '', parts);
  parts.push(Buffer.alloc(2 * BLOCK_BYTES));
  return Buffer.concat(parts);
}

/** The tar archive of the given files, in the given order. */
export function tarOfFiles(files: readonly TarFile[]): Buffer {
  const parts = files.flatMap(({ name, body }) => encode({ name, type: '0', mode: 0o644, body }));
  return Buffer.concat([...parts, Buffer.alloc(2 * BLOCK_BYTES)]);
}

async function addDirectory(root: string, prefix: string, parts: Buffer[]): Promise<void> {
  const names = (await readdir(join(root, prefix))).sort((a, b) =>
    Buffer.compare(Buffer.from(a), Buffer.from(b)),
  );
  for (const child of names) {
    const name = prefix + child;
    const path = join(root, name);
    const stat = await lstat(path);
    const mode = stat.mode & 0o7777;
    if (stat.isSymbolicLink()) {
      parts.push(...encode({ name, type: '2', mode: 0o777, link: await readlink(path) }));
    } else if (stat.isDirectory()) {
      parts.push(...encode({ name: `${name}/`, type: '5', mode }));
      await addDirectory(root, `${name}/`, parts);
    } else if (stat.isFile()) {
      parts.push(...encode({ name, type: '0', mode, body: await readFile(path) }));
    }
  }
}

// Names over 100 bytes are carried the GNU way: an entry of type L (or K for link targets) before the entry
// itself.
function encode(entry: Entry): Buffer[] {
  const parts: Buffer[] = [];
  if (Buffer.byteLength(entry.name) > NAME_BYTES) parts.push(...long('L', entry.name));
  if (entry.link !== undefined && Buffer.byteLength(entry.link) > NAME_BYTES) {
    parts.push(...long('K', entry.link));
  }
  parts.push(header(entry));
  if (entry.body !== undefined) parts.push(...padded(entry.body));
  return parts;
}

function long(type: 'L' | 'K', text: string): Buffer[] {
  const body = Buffer.from(`${text}\0`);
  return [header({ name: '././@LongLink', type, mode: 0, body }), ...padded(body)];
}

function padded(body: Uint8Array): Buffer[] {
  const rest = body.length % BLOCK_BYTES;
  const bytes = Buffer.from(body.buffer, body.byteOffset, body.byteLength);
  return rest === 0 ? [bytes] : [bytes, Buffer.alloc(BLOCK_BYTES - rest)];
}

function header(entry: Entry): Buffer {
  const block = Buffer.alloc(BLOCK_BYTES);
  block.write(entry.name.slice(0, NAME_BYTES), 0, NAME_BYTES, 'utf8');
  octal(block, 100, 8, entry.mode);
  octal(block, 108, 8, 0);
  octal(block, 116, 8, 0);
  octal(block, 124, 12, entry.body?.length ?? 0);
  octal(block, 136, 12, 0);
  block.fill(' ', 148, 156);
  block.write(entry.type, 156, 'latin1');
  if (entry.link !== undefined) block.write(entry.link, 157, NAME_BYTES, 'utf8');
  block.write('ustar  \0', 257, 'latin1');
  const sum = block.reduce((total, byte) => total + byte, 0);
  block.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148, 'latin1');
  return block;
}

function octal(block: Buffer, offset: number, length: number, value: number): void {
  block.write(`${value.toString(8).padStart(length - 1, '0')}\0`, offset, 'latin1');
}
