// Builds the three images a first pod needs from what Debian ships: nginx from its packages, busybox from
// busybox-static, pause from a program written here. Nothing is installed and no script of a package is
// run; all work happens in a private directory which is removed again.
import { createHash } from 'node:crypto';
import { chmod, copyFile, mkdir, mkdtemp, readdir, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { TroupeError } from '../../schemas/errors.ts';
import { buildImage, type Image, machineArchitecture } from './image.ts';
import { pauseProgram } from './pause.ts';
import { storedImage, storeImage } from './store.ts';
import { runTool } from './tool.ts';

/** Raised when the recipe below changes, so that stored images of the old one are not used. */
const NGINX_RECIPE = 1;
const BUSYBOX = '/bin/busybox';
const PATH = 'PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';
const DOWNLOAD_BOUND_MS = 180_000;
const TOOL_BOUND_MS = 60_000;

/**
 * nginx and all that it is linked with on Debian 12; base-files and netbase so that it looks like a Debian.
 */
const NGINX_PACKAGES = [
  'nginx',
  'nginx-common',
  'libc6',
  'libcrypt1',
  'libpcre2-8-0',
  'libssl3',
  'zlib1g',
  'media-types',
  'base-files',
  'netbase',
];

const NGINX_CONFIGURATION = `user www-data;
worker_processes auto;
pid /run/nginx.pid;
error_log /var/log/nginx/error.log notice;
events { worker_connections 1024; }
http {
  include /etc/nginx/mime.types;
  default_type application/octet-stream;
  access_log /var/log/nginx/access.log combined;
  sendfile on;
  server {
    listen 80 default_server;
    root /usr/share/nginx/html;
    index index.html;
  }
}
`;

export type Progress = (line: string) => void;

export interface BuildOptions {
  /** Where built images are kept between runs. Default: nowhere. */
  readonly cache?: string;
  readonly progress?: Progress;
}

/**
 * The image of Debian's nginx: serves its default page on port 80, access log on standard output.
 * @param directory private; used for the work and left as it was
 * Throws `SETUP` when the packages cannot be had.
 */
export async function buildNginx(directory: string, options: BuildOptions = {}): Promise<Image> {
  const key = `nginx-${machineArchitecture()}-${await packagesKey()}`;
  const kept = options.cache === undefined ? undefined : await storedImage(options.cache, key);
  if (kept !== undefined) return kept;
  options.progress?.('building image nginx from Debian’s package');
  const image = await inside(directory, 'nginx', async (work) => {
    const root = join(work, 'root');
    const archives = join(work, 'archives');
    await mkdir(root, { mode: 0o755 });
    await mkdir(archives, { mode: 0o700 });
    await apt(['download', ...NGINX_PACKAGES], archives);
    for (const file of (await readdir(archives)).sort()) {
      await runTool('dpkg', ['-x', join(archives, file), root], { boundMs: TOOL_BOUND_MS });
    }
    await finishNginx(root);
    return buildImage(root, {
      Env: [PATH],
      Cmd: ['nginx', '-g', 'daemon off;'],
      ExposedPorts: { '80/tcp': {} },
      StopSignal: 'SIGQUIT',
    });
  });
  if (options.cache !== undefined) await storeImage(options.cache, key, image);
  return image;
}

/** The image of Debian's static busybox: one program and a link for each of its commands. */
export async function buildBusybox(directory: string): Promise<Image> {
  return inside(directory, 'busybox', async (root) => {
    await addBusybox(root);
    await addAccounts(root);
    await addFile(root, 'etc/hostname', 'busybox\n');
    return buildImage(root, { Env: [PATH], Cmd: ['sh'] });
  });
}

/** The image of the program that holds a pod's namespaces. */
export async function buildPause(directory: string): Promise<Image> {
  return inside(directory, 'pause', async (root) => {
    await writeFile(join(root, 'pause'), pauseProgram(machineArchitecture()));
    await chmod(join(root, 'pause'), 0o755);
    return buildImage(root, { Entrypoint: ['/pause'] });
  });
}

/** Calls `work` with a new directory in `parent` and removes it afterwards. */
async function inside<T>(parent: string, name: string, work: (path: string) => Promise<T>): Promise<T> {
  await mkdir(parent, { recursive: true, mode: 0o700 });
  const path = await mkdtemp(join(parent, `${name}-`));
  try {
    return await work(path);
  } finally {
    await rm(path, { recursive: true, force: true });
  }
}

/** Names the exact versions of the packages and the recipe. Asks apt's lists only, not the network. */
async function packagesKey(): Promise<string> {
  const uris = await apt(['download', '--print-uris', ...NGINX_PACKAGES]);
  const versions = uris
    .split('\n')
    .filter((line) => line.startsWith("'"))
    .map((line) => line.split(' ').slice(1).join(' '))
    .sort();
  return createHash('sha256')
    .update([NGINX_RECIPE, NGINX_CONFIGURATION, ...versions].join('\n'))
    .digest('hex')
    .slice(0, 16);
}

/**
 * One apt-get command; when it fails since apt’s lists are missing or old, they are fetched and it is tried
 * again.
 */
async function apt(args: readonly string[], directory?: string): Promise<string> {
  // Without its own user apt can write into a private directory; the archives' digests are checked all the
  // same.
  const run = () =>
    runTool('apt-get', ['-q', '-o', 'APT::Sandbox::User=root', ...args], {
      directory,
      boundMs: DOWNLOAD_BOUND_MS,
    });
  try {
    return await run();
  } catch (first) {
    if (process.getuid?.() !== 0) throw first;
    try {
      await runTool('apt-get', ['update', '-q'], { boundMs: DOWNLOAD_BOUND_MS });
      return await run();
    } catch (cause) {
      const about = `Debian’s nginx package cannot be downloaded: ${(cause as Error).message}`;
      throw new TroupeError('SETUP', `${about}; see that apt-get update works on this machine`, { cause });
    }
  }
}

async function finishNginx(root: string): Promise<void> {
  for (const path of ['doc', 'man', 'lintian', 'locale', 'bug']) {
    await rm(join(root, 'usr/share', path), { recursive: true, force: true });
  }
  for (const base of ['lib', 'usr/lib']) {
    for (const multiarch of ['x86_64-linux-gnu', 'aarch64-linux-gnu']) {
      await rm(join(root, base, multiarch, 'gconv'), { recursive: true, force: true });
    }
  }
  await addBusybox(root);
  await addAccounts(root);
  await addFile(root, 'etc/nginx/nginx.conf', NGINX_CONFIGURATION);
  const logs = join(root, 'var/log/nginx');
  await rm(logs, { recursive: true, force: true });
  await addDirectory(root, 'var/log/nginx');
  await symlink('/dev/stdout', join(logs, 'access.log'));
  await symlink('/dev/stderr', join(logs, 'error.log'));
}

async function addBusybox(root: string): Promise<void> {
  await addDirectory(root, 'bin');
  const program = join(root, 'bin/busybox');
  await copyFile(BUSYBOX, program).catch((cause: unknown) => {
    const cure = 'apt-get install -y --no-install-recommends busybox-static';
    throw new TroupeError('SETUP', `${BUSYBOX} is missing; run: ${cure}`, { cause });
  });
  await chmod(program, 0o755);
  const names = (await runTool(BUSYBOX, ['--list'], { boundMs: TOOL_BOUND_MS })).split('\n').filter(Boolean);
  for (const name of names) {
    if (name === 'busybox') continue;
    await symlink('busybox', join(root, 'bin', name)).catch(keepExisting);
  }
}

async function addAccounts(root: string): Promise<void> {
  const users = ['root:x:0:0:root:/root:/bin/sh', 'www-data:x:33:33:www-data:/var/www:/bin/false'];
  const groups = ['root:x:0:', 'www-data:x:33:'];
  const nobody = ['nobody:x:65534:65534:nobody:/nonexistent:/bin/false'];
  await addFile(root, 'etc/passwd', `${[...users, ...nobody].join('\n')}\n`);
  await addFile(root, 'etc/group', `${[...groups, 'nogroup:x:65534:'].join('\n')}\n`);
  for (const path of ['root', 'run', 'var/tmp', 'var/www', 'tmp', 'etc', 'proc', 'sys', 'dev']) {
    await addDirectory(root, path);
  }
  await chmod(join(root, 'tmp'), 0o1777);
  await chmod(join(root, 'var/tmp'), 0o1777);
  await chmod(join(root, 'root'), 0o700);
}

/** Modes are set apart from making, since the process' umask must not show in the image. */
async function addDirectory(root: string, path: string): Promise<void> {
  let whole = root;
  for (const part of path.split('/')) {
    whole = join(whole, part);
    const made = await mkdir(whole).then(() => true, keepExisting);
    if (made) await chmod(whole, 0o755);
  }
}

async function addFile(root: string, path: string, text: string): Promise<void> {
  await addDirectory(root, path.slice(0, path.lastIndexOf('/')));
  await rm(join(root, path), { force: true });
  await writeFile(join(root, path), text);
  await chmod(join(root, path), 0o644);
}

function keepExisting(error: NodeJS.ErrnoException): false {
  if (error.code === 'EEXIST') return false;
  throw error;
}
