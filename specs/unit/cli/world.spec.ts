import { mkdir, mkdtemp, rm, symlink, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sources } from '../../../cli/world.ts';

let root: string;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'troupe-files-'));
  await mkdir(join(root, 'below'));
  await writeFile(join(root, 'b.yml'), 'b');
  await writeFile(join(root, 'a.yaml'), 'a');
  await writeFile(join(root, 'notes.txt'), 'no');
  await writeFile(join(root, 'below', 'c.json'), 'c');
});
afterEach(() => rm(root, { recursive: true }));

const namesOf = async (path: string, recursive = false) =>
  (await sources(path, recursive)).map(({ name, text }) => `${name.slice(root.length + 1)}=${text}`);

test('a file is read whatever it is called', async () => {
  expect(await namesOf(join(root, 'notes.txt'))).toEqual(['notes.txt=no']);
});

test('of a directory the manifests, in order, and those below when asked for', async () => {
  expect(await namesOf(root)).toEqual(['a.yaml=a', 'b.yml=b']);
  expect(await namesOf(root, true)).toEqual(['a.yaml=a', 'b.yml=b', 'below/c.json=c']);
});

test('a circle of links is not followed', async () => {
  await symlink(root, join(root, 'below', 'up'));
  expect(await namesOf(root, true)).toEqual(['a.yaml=a', 'b.yml=b', 'below/c.json=c']);
});

test('what cannot be read is told by its path', async () => {
  const path = join(root, 'none.yaml');
  await expect(sources(path, false)).rejects.toThrow(`the path "${path}" does not exist`);
  await mkdir(join(root, 'empty'));
  await expect(sources(join(root, 'empty'), true)).rejects.toThrow(
    `error reading [${join(root, 'empty')}]: recognized file extensions are [.json .yaml .yml]`,
  );
});

test('a file beyond all measure is not even read', async () => {
  const path = join(root, 'huge.yaml');
  await writeFile(path, '');
  await truncate(path, 9 * 1024 * 1024);
  await expect(sources(path, false)).rejects.toMatchObject({
    code: 'TOO_LARGE',
    message: `error parsing ${path}: the file has 9437184 bytes; at most 8388608 are read`,
  });
});
