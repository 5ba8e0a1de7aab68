// One body for both sides of the Files port.
import { appendFile, mkdtemp, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { MemoryFiles } from '../../actors/node/agent/files/memory.ts';
import { openFiles } from '../../actors/node/agent/files/real.ts';
import type { Files } from '../../actors/node/agent/ports.ts';

interface Side {
  readonly files: Files;
  append(absolute: string, text: string): Promise<void>;
  close(): Promise<void>;
}

const sides: Record<string, () => Promise<Side>> = {
  memory: async () => {
    const files = new MemoryFiles();
    return { files, append: async (path, text) => files.append(path, text), close: async () => {} };
  },
  real: async () => {
    const root = await mkdtemp(join(tmpdir(), 'troupe-files-'));
    const close = () => rm(root, { recursive: true, force: true });
    return { files: await openFiles(join(root, 'agent')), append: appendFile, close };
  },
};

const bytes = (text: string) => new TextEncoder().encode(text);
const text = (content: Uint8Array | undefined) => content && new TextDecoder().decode(content);

describe.each(Object.keys(sides))('files: %s', (name) => {
  let side: Side;
  beforeEach(async () => {
    side = await sides[name]!();
  });
  afterEach(() => side.close());

  test('what is written is read, replaced as a whole, listed and removed', async () => {
    const { files } = side;
    expect(await files.read('pods/a.json')).toBeUndefined();
    await files.write('pods/b.json', bytes('b'));
    await files.write('pods/a.json', bytes('a much longer first content'));
    await files.write('pods/a.json', bytes('short'));
    expect(text(await files.read('pods/a.json'))).toBe('short');
    expect(await files.sizeBytes('pods/a.json')).toBe(5);
    expect(await files.list('pods')).toEqual(['a.json', 'b.json']);
    await files.remove('pods/a.json');
    await files.remove('pods/a.json');
    expect(await files.list('pods')).toEqual(['b.json']);
    await files.remove('pods');
    expect(await files.list('pods')).toEqual([]);
    expect(await files.sizeBytes('pods/b.json')).toBeUndefined();
  });

  test('a range is what there is of it', async () => {
    const { files } = side;
    await files.write('log', bytes('0123456789'));
    expect(text(await files.readRange('log', 3, 4))).toBe('3456');
    expect(text(await files.readRange('log', 8, 100))).toBe('89');
    expect(text(await files.readRange('log', 10, 100))).toBe('');
    expect(text(await files.readRange('nothing', 0, 100))).toBe('');
  });

  test('growth is announced until the signal ends it', async () => {
    const { files } = side;
    await files.makeDirectory('logs/web');
    await files.write('logs/web/0.log', bytes('one\n'));
    const ending = new AbortController();
    const changes = files.changes('logs/web/0.log', ending.signal)[Symbol.asyncIterator]();
    expect(await changes.next()).toEqual({ done: false, value: undefined });
    await side.append(files.absolute('logs/web/0.log'), 'two\n');
    expect(await changes.next()).toEqual({ done: false, value: undefined });
    expect(text(await files.read('logs/web/0.log'))).toBe('one\ntwo\n');
    ending.abort();
    for (let last = await changes.next(); !last.done; ) last = await changes.next();
  });

  test.each(['../x', 'a/../../x', '/etc/passwd', '', 'a//b', './a', 'a/.', '.hidden', 'a\0b', 'a\nb'])(
    'the path %j is refused everywhere',
    async (path) => {
      const { files } = side;
      expect(() => files.absolute(path)).toThrow('is not a path below');
      for (const call of [
        () => files.read(path),
        () => files.write(path, bytes('x')),
        () => files.list(path),
        () => files.remove(path),
        () => files.sizeBytes(path),
        () => files.readRange(path, 0, 1),
        () => files.makeDirectory(path),
      ]) {
        await expect(call()).rejects.toMatchObject({ code: 'BAD_REQUEST' });
      }
    },
  );
});

describe('files: real alone', () => {
  let side: Side;
  beforeEach(async () => {
    side = await sides.real!();
  });
  afterEach(() => side.close());

  test('files are private and no temporary stays', async () => {
    const { files } = side;
    await files.write('pods/a.json', bytes('a'));
    const modes = await Promise.all(['pods', 'pods/a.json'].map((path) => stat(files.absolute(path))));
    expect(modes.map(({ mode }) => (mode & 0o777).toString(8))).toEqual(['700', '600']);
    expect(await files.list('pods')).toEqual(['a.json']);
  });

  test('symbolic links lead nowhere', async () => {
    const { files } = side;
    const outside = join(files.absolute('x'), '..', '..', 'outside');
    await writeFile(outside, 'secret');
    await files.makeDirectory('pods');
    await symlink(outside, files.absolute('pods/link'));
    await symlink(join(outside, '..'), files.absolute('way'));
    await expect(files.read('pods/link')).rejects.toMatchObject({ code: 'BAD_REQUEST' });
    await expect(files.read('way/outside')).rejects.toMatchObject({ code: 'BAD_REQUEST' });
    await expect(files.remove('way/outside')).rejects.toMatchObject({ code: 'BAD_REQUEST' });
    await expect(files.write('way/more/x', bytes('x'))).rejects.toMatchObject({ code: 'BAD_REQUEST' });
    expect((await stat(outside)).size).toBe(6);
  });
});
