// The stand-in for the public registries, with the real docker-registry and Debian's real packages.
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, readdir, rm, stat } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { gunzipSync } from 'node:zlib';
import { digestOf } from '../../lab/registry/image.ts';
import { publicRegistryReachable, serveDebianImages } from '../../lab/registry/mirror.ts';
import { startRegistry } from '../../lab/registry/registry.ts';

const run = promisify(execFile);
let directory: string;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'troupe-registry-'));
});

afterEach(async () => {
  await rm(directory, { recursive: true, force: true });
});

async function get(url: string): Promise<{ type: string | null; digest: string | null; bytes: Buffer }> {
  const answer = await fetch(url, { headers: { accept: 'application/vnd.oci.image.manifest.v1+json' } });
  expect(answer.status).toBe(200);
  const bytes = Buffer.from(await answer.arrayBuffer());
  return {
    type: answer.headers.get('content-type'),
    digest: answer.headers.get('docker-content-digest'),
    bytes,
  };
}

test('three images are served with the right digests, and nothing is left after stop', async () => {
  const lines: string[] = [];
  const cache = join(directory, 'cache');
  const served = await serveDebianImages({ directory, cache, progress: (line) => lines.push(line) });
  try {
    expect(served.images.map((image) => image.reference)).toEqual([
      'registry.k8s.io/pause:3.6',
      'docker.io/library/busybox:latest',
      'docker.io/library/nginx:latest',
    ]);
    expect(served.mirrors).toEqual({ 'docker.io': served.url, 'registry.k8s.io': served.url });
    for (const image of served.images) {
      const manifest = await get(`${served.url}/v2/${image.repository}/manifests/${image.tag}`);
      expect(manifest.type).toBe('application/vnd.oci.image.manifest.v1+json');
      expect(manifest.digest).toBe(image.digest);
      expect(digestOf(manifest.bytes)).toBe(image.digest);
      const { config, layers } = JSON.parse(manifest.bytes.toString('utf8'));
      const blob = (digest: string) => get(`${served.url}/v2/${image.repository}/blobs/${digest}`);
      const stored = JSON.parse((await blob(config.digest)).bytes.toString('utf8'));
      const layer = gunzipSync((await blob(layers[0].digest)).bytes);
      expect(digestOf(layer)).toBe(stored.rootfs.diff_ids[0]);
    }
    const made = (await readdir(directory)).find((name) => name.startsWith('registry-'))!;
    expect((await stat(join(directory, made))).mode & 0o777).toBe(0o700);
    expect(lines).toContain('building image nginx from Debian’s package');
    await cachedRun(cache, served.images.at(-1)!.digest);
  } finally {
    await served.stop();
    await served.stop();
  }
  await expect(fetch(`${served.url}/v2/`)).rejects.toThrow('fetch failed');
  expect(await readdir(directory)).toEqual(['cache']);
}, 180_000);

// A second stand-in beside the first: its own port, the same nginx, nothing built.
async function cachedRun(cache: string, nginxDigest: string): Promise<void> {
  const lines: string[] = [];
  const second = await serveDebianImages({ directory, cache, progress: (line) => lines.push(line) });
  try {
    expect(second.images.at(-1)!.digest).toBe(nginxDigest);
    expect(lines).toEqual([`serving images at ${second.url}`]);
  } finally {
    await second.stop();
  }
}

test('a registry listens on loopback only and its process ends with stop', async () => {
  const registry = await startRegistry({ directory: join(directory, 'one') });
  const sockets = (await run('ss', ['-Hltn', `sport = :${registry.port}`])).stdout.trim().split('\n');
  await registry.stop();
  expect(sockets.map((line) => line.split(/\s+/)[3])).toEqual([`127.0.0.1:${registry.port}`]);
  expect(existsSync(`/proc/${registry.pid}`)).toBe(false);
});

test('a port that is taken is an error that names the reason', async () => {
  const first = await startRegistry({ directory: join(directory, 'one') });
  try {
    const second = startRegistry({ directory: join(directory, 'two'), port: first.port });
    await expect(second).rejects.toThrow('address already in use');
    await expect(second).rejects.toMatchObject({ code: 'SETUP' });
  } finally {
    await first.stop();
  }
});

test('only what answers like a registry counts as one', async () => {
  const registry = await startRegistry({ directory: join(directory, 'one') });
  const portal = await listen();
  try {
    expect(await publicRegistryReachable(`${registry.url}/v2/`)).toBe(true);
    const { port } = portal.address() as AddressInfo;
    expect(await publicRegistryReachable(`http://127.0.0.1:${port}/v2/`)).toBe(false);
  } finally {
    await new Promise((resolve) => portal.close(resolve));
    await registry.stop();
  }
  expect(await publicRegistryReachable(`${registry.url}/v2/`)).toBe(false);
});

function listen(): Promise<Server> {
  const server = createServer((_, response) => response.end('Please log in'));
  return new Promise((resolve) => server.listen(0, '127.0.0.1', () => resolve(server)));
}
