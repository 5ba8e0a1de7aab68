// Stands in for the public registries where they cannot be reached: builds the images of a first pod from
// Debian's packages, serves them from docker-registry on loopback under the names the public registries
// use, and says where. The container runtime then pulls `nginx` the ordinary way. Nothing of it is left
// after `stop`, but for the cache.
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { TroupeError } from '../../schemas/errors.ts';
import { type Image, pushImage } from './image.ts';
import { buildBusybox, buildNginx, buildPause, type Progress } from './images.ts';
import { startRegistry } from './registry.ts';

const PUBLIC_REGISTRY = 'https://registry-1.docker.io/v2/';
const REACHABLE_BOUND_MS = 3_000;

export interface ServedImage {
  /** As a pod names it in full, for example `docker.io/library/nginx:latest`. */
  readonly reference: string;
  readonly repository: string;
  readonly tag: string;
  /** Digest of the manifest. */
  readonly digest: string;
}

export interface DebianImages {
  /** The registry's own address, `http://127.0.0.1:PORT`. */
  readonly url: string;
  /** Registry name → address of its stand-in: what `certs.d/NAME/hosts.toml` says to containerd. */
  readonly mirrors: Readonly<Record<'docker.io' | 'registry.k8s.io', string>>;
  readonly images: readonly ServedImage[];
  /** Ends the registry and removes what it stored. Safe to call again. */
  stop(): Promise<void>;
}

export interface DebianImagesOptions {
  /** A private directory; a new one is made in it for the registry, and removed on `stop`. */
  readonly directory: string;
  /**
   * Where built images are kept between runs. Default: `node_modules/.cache/troupe` of this package, if
   * there.
   */
  readonly cache?: string;
  /** One line for each thing that takes time. */
  readonly progress?: Progress;
}

/**
 * True when the registry of docker.io answers within 3 s. Asks once, by HEAD, and accepts no answer but
 * that of a registry, so that a captive portal is not taken for one.
 */
export async function publicRegistryReachable(url = PUBLIC_REGISTRY): Promise<boolean> {
  try {
    const signal = AbortSignal.timeout(REACHABLE_BOUND_MS);
    const answer = await fetch(url, { method: 'HEAD', redirect: 'error', signal });
    const version = answer.headers.get('docker-distribution-api-version');
    return (answer.status === 200 || answer.status === 401) && version === 'registry/2.0';
  } catch {
    return false;
  }
}

/**
 * Serves nginx and busybox as docker.io has them, and pause as registry.k8s.io has it.
 * Throws `SETUP` when a Debian package is missing or cannot be downloaded.
 *
 * @example
 * const served = await serveDebianImages({ directory: '/run/troupe', progress: (line) => show(line) });
 * served.mirrors['docker.io']; // 'http://127.0.0.1:41234'
 */
export async function serveDebianImages(options: DebianImagesOptions): Promise<DebianImages> {
  await mkdir(options.directory, { recursive: true, mode: 0o700 });
  const directory = await mkdtemp(join(options.directory, 'registry-'));
  const cache = options.cache ?? packageCache();
  const { progress } = options;
  let registry: Awaited<ReturnType<typeof startRegistry>> | undefined;
  const stop = async () => {
    await registry?.stop();
    await rm(directory, { recursive: true, force: true });
  };
  try {
    registry = await startRegistry({ directory });
    const { url } = registry;
    progress?.(`serving images at ${url}`);
    const work = join(directory, 'work');
    const images: ServedImage[] = [];
    const serve = async (host: string, repository: string, tag: string, image: Image) => {
      const digest = await pushImage(url, repository, tag, image);
      images.push({ reference: `${host}/${repository}:${tag}`, repository, tag, digest });
    };
    await serve('registry.k8s.io', 'pause', '3.6', await buildPause(work));
    await serve('docker.io', 'library/busybox', 'latest', await buildBusybox(work));
    await serve('docker.io', 'library/nginx', 'latest', await buildNginx(work, { cache, progress }));
    return { url, mirrors: { 'docker.io': url, 'registry.k8s.io': url }, images, stop };
  } catch (error) {
    await stop();
    if (error instanceof TroupeError) throw error;
    throw new TroupeError('SETUP', `images cannot be served: ${(error as Error).message}`, { cause: error });
  }
}

/**
 * The cache of the clone this file is in, compiled or not; undefined where the package has no node_modules.
 */
function packageCache(): string | undefined {
  let at = import.meta.dirname;
  while (at !== dirname(at)) {
    if (existsSync(join(at, 'package.json'))) {
      const modules = join(at, 'node_modules');
      return existsSync(modules) ? join(modules, '.cache', 'troupe') : undefined;
    }
    at = dirname(at);
  }
  return undefined;
}
