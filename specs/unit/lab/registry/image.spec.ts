import { execFileSync } from 'node:child_process';
import {
  chmod,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  readlink,
  rm,
  stat,
  symlink,
  utimes,
  writeFile,
} from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { buildImage, digestOf, imageOf, isWhole, writeOciArchive } from '../../../../lab/registry/image.ts';
import { storedImage, storeImage } from '../../../../lab/registry/store.ts';

const LONG = `${'d'.repeat(90)}/${'f'.repeat(90)}`;
let directory: string;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'troupe-image-'));
});

afterEach(async () => {
  await rm(directory, { recursive: true, force: true });
});

async function rootDirectory(name: string, order: readonly string[]): Promise<string> {
  const root = join(directory, name);
  await mkdir(join(root, 'bin'), { recursive: true });
  await mkdir(join(root, 'd'.repeat(90)), { recursive: true });
  for (const path of order) {
    await writeFile(join(root, path), `contents of ${path}\n`);
    await chmod(join(root, path), 0o755);
  }
  await symlink('a', join(root, 'bin/link'));
  await symlink('x'.repeat(120), join(root, 'bin/long-link'));
  return root;
}

test('the same files give the same digest, whatever their order, owner and time', async () => {
  const one = await rootDirectory('one', ['bin/a', 'bin/b', LONG]);
  const two = await rootDirectory('two', [LONG, 'bin/b', 'bin/a']);
  await utimes(join(two, 'bin/a'), 1, 1);
  const first = await buildImage(one, { Cmd: ['a'] }, 'amd64');
  expect((await buildImage(two, { Cmd: ['a'] }, 'amd64')).digest).toBe(first.digest);
  expect((await buildImage(two, { Cmd: ['b'] }, 'amd64')).digest).not.toBe(first.digest);
  expect((await buildImage(two, { Cmd: ['a'] }, 'arm64')).digest).not.toBe(first.digest);
  await chmod(join(two, 'bin/a'), 0o700);
  expect((await buildImage(two, { Cmd: ['a'] }, 'amd64')).digest).not.toBe(first.digest);
});

test('the layer unpacks to what the root directory held', async () => {
  const image = await buildImage(await rootDirectory('one', ['bin/a', LONG]), {}, 'amd64');
  const out = join(directory, 'out');
  await mkdir(out);
  execFileSync('tar', ['-x', '-C', out], { input: gunzipSync(image.layer) });
  expect((await readdir(join(out, 'bin'))).sort()).toEqual(['a', 'link', 'long-link']);
  expect(await readFile(join(out, LONG), 'utf8')).toBe(`contents of ${LONG}\n`);
  expect((await stat(join(out, 'bin/a'))).mode & 0o7777).toBe(0o755);
  expect(await readlink(join(out, 'bin/link'))).toBe('a');
  expect(await readlink(join(out, 'bin/long-link'))).toBe('x'.repeat(120));
});

test('the manifest names configuration and layer by digest and size', async () => {
  const image = await buildImage(await rootDirectory('one', ['bin/a']), { StopSignal: 'SIGQUIT' }, 'arm64');
  const manifest = JSON.parse(image.manifest.toString('utf8'));
  expect(manifest.config).toMatchObject({ digest: digestOf(image.config), size: image.config.length });
  expect(manifest.layers).toHaveLength(1);
  expect(manifest.layers[0]).toMatchObject({ digest: digestOf(image.layer), size: image.layer.length });
  const config = JSON.parse(image.config.toString('utf8'));
  expect(config).toMatchObject({ architecture: 'arm64', os: 'linux', config: { StopSignal: 'SIGQUIT' } });
  expect(config.rootfs.diff_ids).toEqual([digestOf(gunzipSync(image.layer))]);
});

test('an OCI archive carries the reference and every blob under its digest', async () => {
  const image = await buildImage(await rootDirectory('one', ['bin/a']), {}, 'amd64');
  const file = join(directory, 'image.tar');
  await writeOciArchive(image, 'docker.io/library/a:1.2', file);
  const out = join(directory, 'out');
  await mkdir(out);
  execFileSync('tar', ['-x', '-C', out, '-f', file]);
  const [row] = JSON.parse(await readFile(join(out, 'index.json'), 'utf8')).manifests;
  expect(row.annotations['io.containerd.image.name']).toBe('docker.io/library/a:1.2');
  expect(row.annotations['org.opencontainers.image.ref.name']).toBe('1.2');
  expect(row.digest).toBe(image.digest);
  const names = await readdir(join(out, 'blobs/sha256'));
  expect(names.sort()).toEqual(
    [image.layer, image.config, image.manifest].map((blob) => digestOf(blob).slice(7)).sort(),
  );
});

test('a stored image comes back; a damaged one is not believed', async () => {
  const image = await buildImage(await rootDirectory('one', ['bin/a']), {}, 'amd64');
  const store = join(directory, 'store');
  expect(await storedImage(store, 'key')).toBeUndefined();
  await storeImage(store, 'key', image);
  await storeImage(store, 'key', image);
  expect((await storedImage(store, 'key'))?.digest).toBe(image.digest);
  expect(await readdir(store)).toEqual(['key']);
  const layer = await readFile(join(store, 'key', 'layer'));
  await writeFile(join(store, 'key', 'layer'), layer.subarray(0, layer.length - 20));
  expect(await storedImage(store, 'key')).toBeUndefined();
  expect(await isWhole(imageOf(image.config, image.config))).toBe(false);
});
