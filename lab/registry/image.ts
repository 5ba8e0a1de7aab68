// Makes an OCI image of one layer from a root directory, writes it as an OCI archive and pushes it to a
// registry by its HTTP API. It runs no tool and reads nothing but the root directory; the same directory
// gives the same digest.
import { createHash } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { promisify } from 'node:util';
import { gunzip, gzip } from 'node:zlib';
import { TroupeError } from '../../schemas/errors.ts';
import { tarOfDirectory, tarOfFiles } from './tar.ts';

const MANIFEST_TYPE = 'application/vnd.oci.image.manifest.v1+json';
const CONFIG_TYPE = 'application/vnd.oci.image.config.v1+json';
const LAYER_TYPE = 'application/vnd.oci.image.layer.v1.tar+gzip';
const EPOCH = '1970-01-01T00:00:00Z';
const REQUEST_BOUND_MS = 30_000;

/**
 * What a container of the image does unless told otherwise; the names are those of the OCI image
 * specification.
 */
export interface ImageConfig {
  readonly Cmd?: readonly string[];
  readonly Entrypoint?: readonly string[];
  readonly Env?: readonly string[];
  readonly WorkingDir?: string;
  readonly StopSignal?: string;
  readonly ExposedPorts?: Readonly<Record<string, Record<string, never>>>;
  readonly Labels?: Readonly<Record<string, string>>;
}

/** An image in memory. `digest` is that of the manifest: what `name@sha256:…` means. */
export interface Image {
  readonly layer: Buffer;
  readonly config: Buffer;
  readonly manifest: Buffer;
  readonly digest: string;
}

export type Architecture = 'amd64' | 'arm64';

/** This machine's architecture by its OCI name. Throws `SETUP` where there is none of ours. */
export function machineArchitecture(): Architecture {
  if (process.arch === 'x64') return 'amd64';
  if (process.arch === 'arm64') return 'arm64';
  throw new TroupeError(
    'SETUP',
    `images are built for amd64 and arm64 only; this machine is ${process.arch}`,
  );
}

/** `sha256:` and the hexadecimal digest. */
export function digestOf(bytes: Uint8Array): string {
  return `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
}

/** Builds the image of everything under `root`. */
export async function buildImage(
  root: string,
  config: ImageConfig,
  architecture = machineArchitecture(),
): Promise<Image> {
  const tar = await tarOfDirectory(root);
  const layer = await promisify(gzip)(tar, { level: 6 });
  const description = {
    created: EPOCH,
    architecture,
    os: 'linux',
    config,
    rootfs: { type: 'layers', diff_ids: [digestOf(tar)] },
    history: [{ created: EPOCH, created_by: 'troupe' }],
  };
  return imageOf(layer, Buffer.from(JSON.stringify(description)));
}

/** Puts an image together again from its stored layer and configuration. */
export function imageOf(layer: Buffer, config: Buffer): Image {
  const manifest = Buffer.from(
    JSON.stringify({
      schemaVersion: 2,
      mediaType: MANIFEST_TYPE,
      config: { mediaType: CONFIG_TYPE, digest: digestOf(config), size: config.length },
      layers: [{ mediaType: LAYER_TYPE, digest: digestOf(layer), size: layer.length }],
    }),
  );
  return { layer, config, manifest, digest: digestOf(manifest) };
}

/** True when the layer is, unpacked, what the configuration says it is. */
export async function isWhole(image: Image): Promise<boolean> {
  try {
    const { rootfs } = JSON.parse(image.config.toString('utf8')) as { rootfs: { diff_ids: string[] } };
    return digestOf(await promisify(gunzip)(image.layer)) === rootfs.diff_ids[0];
  } catch {
    return false;
  }
}

/**
 * Writes the image as an OCI archive, as `ctr images import` reads it.
 * @param reference full name, for example `docker.io/library/busybox:latest`
 */
export async function writeOciArchive(image: Image, reference: string, file: string): Promise<void> {
  const index = {
    schemaVersion: 2,
    mediaType: 'application/vnd.oci.image.index.v1+json',
    manifests: [
      {
        mediaType: MANIFEST_TYPE,
        digest: image.digest,
        size: image.manifest.length,
        annotations: {
          'io.containerd.image.name': reference,
          'org.opencontainers.image.ref.name': reference.slice(reference.lastIndexOf(':') + 1),
        },
      },
    ],
  };
  const blobs = [image.layer, image.config, image.manifest];
  const archive = tarOfFiles([
    { name: 'oci-layout', body: Buffer.from('{"imageLayoutVersion":"1.0.0"}') },
    { name: 'index.json', body: Buffer.from(JSON.stringify(index)) },
    ...blobs.map((body) => ({ name: `blobs/sha256/${digestOf(body).slice('sha256:'.length)}`, body })),
  ]);
  await writeFile(file, archive, { mode: 0o600 });
}

/**
 * Pushes the image as `repository:tag` and returns the digest the registry gave it. What the registry has
 * already is not sent again. Throws `UNAVAILABLE` when the registry does not answer, `SETUP` when it
 * refuses.
 */
export async function pushImage(
  registry: string,
  repository: string,
  tag: string,
  image: Image,
): Promise<string> {
  for (const blob of [image.layer, image.config]) await pushBlob(registry, repository, blob);
  const answer = await ask(
    'PUT',
    new URL(`/v2/${repository}/manifests/${tag}`, registry),
    201,
    image.manifest,
    MANIFEST_TYPE,
  );
  const digest = answer.headers.get('docker-content-digest');
  if (digest !== image.digest) {
    throw new TroupeError(
      'SETUP',
      `registry stored ${repository}:${tag} as ${digest}, expected ${image.digest}`,
    );
  }
  return image.digest;
}

async function pushBlob(registry: string, repository: string, blob: Buffer): Promise<void> {
  const digest = digestOf(blob);
  const there = await ask('HEAD', new URL(`/v2/${repository}/blobs/${digest}`, registry), undefined);
  if (there.status === 200) return;
  const started = await ask('POST', new URL(`/v2/${repository}/blobs/uploads/`, registry), 202);
  const upload = new URL(started.headers.get('location') ?? '', registry);
  upload.searchParams.set('digest', digest);
  await ask('PUT', upload, 201, blob, 'application/octet-stream');
}

async function ask(
  method: string,
  url: URL,
  expected: number | undefined,
  body?: Buffer,
  contentType?: string,
): Promise<Response> {
  const headers = contentType === undefined ? undefined : { 'content-type': contentType };
  const signal = AbortSignal.timeout(REQUEST_BOUND_MS);
  const answer = await fetch(url, { method, headers, body: body && new Uint8Array(body), signal }).catch(
    (cause: unknown) => {
      throw new TroupeError('UNAVAILABLE', `registry ${url.origin} does not answer`, { cause });
    },
  );
  const text = await answer.text();
  if (expected !== undefined && answer.status !== expected) {
    throw new TroupeError('SETUP', `${method} ${url.pathname}: ${answer.status} ${text.slice(0, 200)}`);
  }
  return answer;
}
