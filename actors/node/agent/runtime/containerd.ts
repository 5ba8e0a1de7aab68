// Starts, finds again and stops a private containerd for one node. It has its own root, state and socket, and a mount
// namespace of its own, so that nothing it mounts is seen on the machine and everything vanishes with its last
// process. It outlives the agent: an agent that comes back adopts it, and a containerd that died is started again in
// the mount namespace its living shims hold, so that containers go on with the same processes.
// It never touches the machine's own containerd.
import { spawn } from 'node:child_process';
import { chmod, mkdir, open, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { Clock } from '../../../../messaging/ports.ts';
import { TroupeError } from '../../../../schemas/errors.ts';
import {
  type ContainerdPaths,
  containerdConfig,
  containerdPaths,
  DEFAULT_SANDBOX_IMAGE,
  mirrorConfig,
} from './containerd-config.ts';
import { connectCri } from './cri.ts';
import {
  findContainerd,
  findProgram,
  holdsWithin,
  isContainerd,
  shimsOf,
  signalProcess,
  systemPath,
} from './processes.ts';

/** How long containerd may take until it answers; it takes about 0.3 s, and some seconds on a loaded machine. */
const READY_WITHIN_MS = 10_000;
/** How long it may take to end before it is killed. */
const STOP_WITHIN_MS = 5_000;
/** How often an adopted containerd, which is no child of ours, is looked at. */
const WATCH_MS = 500;
/** The kernel's limit on a socket's path, with the byte that ends it. */
const SOCKET_PATH_BYTES = 108;
const LARGEST_LOG_BYTES = 16 * 1024 * 1024;
const CNI_BIN_DIRS = ['/usr/lib/cni', '/opt/cni/bin', '/usr/libexec/cni'];

/**
 * Runs as the first program in the new mount namespace. $1 is containerd, $2 its configuration.
 * `rshared`: bidirectional propagation works inside. crun refuses a version 1 machine on which the version 2 tree is
 * mounted too. Shims put their sockets below /run/containerd whatever they are told, so that gets a file system of
 * its own; the folder may vanish between the two steps, hence the second try.
 */
const ENTER_SCRIPT = `set -e
mount --make-rshared /
if mountpoint -q /sys/fs/cgroup/unified; then umount /sys/fs/cgroup/unified; fi
mkdir -p /run/containerd
mount -t tmpfs -o mode=0711 tmpfs /run/containerd || {
  mkdir -p /run/containerd
  mount -t tmpfs -o mode=0711 tmpfs /run/containerd
}
exec "$1" -c "$2"
`;

export interface ContainerdOptions {
  /** Private directory; made when missing. Keep it short: a socket's path has at most 107 bytes. */
  readonly directory: string;
  /** Where the agent writes the CNI configuration. */
  readonly cniConfDir: string;
  /** Registry name, such as `docker.io` or `_default` for all, to the mirror's URL. */
  readonly registryMirrors?: Readonly<Record<string, string>>;
  /** Default: `registry.k8s.io/pause:3.6`. */
  readonly sandboxImage?: string;
  readonly clock: Clock;
  /** Told in sentences what is done. */
  readonly log?: (line: string) => void;
}

export interface Containerd {
  readonly socket: string;
  readonly pid: number;
  /** True when it already ran. */
  readonly adopted: boolean;
  /** The arguments that run `command` in containerd's mount namespace, where volumes must be mounted. */
  enter(command: readonly string[]): string[];
  /** Ends containerd. Containers go on. */
  stop(): Promise<void>;
  /** Lets go of it without ending it; `exited` may then never resolve. */
  release(): void;
  /** Resolves when it has ended, for whatever reason. */
  readonly exited: Promise<void>;
}

/**
 * Makes sure that the private containerd of `directory` runs and answers.
 * Fails with `SETUP` when a program is missing, when not root, when a path is too long, or when it does not answer.
 */
export async function startContainerd(options: ContainerdOptions): Promise<Containerd> {
  const paths = containerdPaths(path.resolve(options.directory));
  checkMachine(paths);
  await mkdir(paths.directory, { recursive: true, mode: 0o700 });
  await writeMirrors(paths, options.registryMirrors ?? {});
  const running = await runningContainerd(paths);
  if (running !== undefined) {
    if (await answersWithin(paths, options.clock, () => isContainerd(running, paths.config))) {
      options.log?.(`adopted the containerd that runs as process ${running}`);
      return adopted(paths, running, options.clock);
    }
    options.log?.(`containerd, process ${running}, does not answer: it is started anew`);
    await endProcess(paths, running, options.clock);
  }
  await writeConfig(paths, options);
  return launchContainerd(paths, options.clock, options.log);
}

/** Starts it with the configuration that lies in its directory; the caller knows that it does not run. */
export async function launchContainerd(
  paths: ContainerdPaths,
  clock: Clock,
  log?: (line: string) => void,
): Promise<Containerd> {
  const program = await requiredProgram('containerd', 'containerd');
  const shim = shimsOf(paths.socket)[0];
  const argv =
    shim === undefined
      ? ['unshare', '-m', '--propagation', 'private', 'sh', '-c', ENTER_SCRIPT, 'sh', program, paths.config]
      : ['nsenter', '-t', String(shim), '-m', program, '-c', paths.config];
  await rm(paths.socket, { force: true });
  await rotate(paths.log);
  const output = await open(paths.log, 'a', 0o600);
  const env = { ...process.env, PATH: systemPath() };
  const stdio = ['ignore', output.fd, output.fd] as const;
  const child = spawn(argv[0]!, argv.slice(1), { detached: true, cwd: '/', env, stdio: [...stdio] });
  const exited = new Promise<void>((resolve) => {
    child.once('exit', () => resolve());
    child.once('error', () => resolve());
  });
  await output.close();
  const { pid } = child;
  if (pid === undefined) throw setup(`${argv[0]} cannot be run`, 'Install util-linux.');
  child.unref();
  await writeFile(paths.pid, `${pid}\n`, { mode: 0o600 });
  let isAlive = true;
  void exited.then(() => {
    isAlive = false;
  });
  if (!(await answersWithin(paths, clock, () => isAlive))) {
    const text = await lastLines(paths.log);
    if (isAlive) await endProcess(paths, pid, clock);
    throw setup(
      `containerd ${isAlive ? `did not answer within ${READY_WITHIN_MS / 1_000} s` : 'ended at once'}`,
      `Its last words, from ${paths.log}:\n${text}`,
    );
  }
  log?.(`started containerd as process ${pid}${shim === undefined ? '' : ' beside its living containers'}`);
  return handleOf(paths, pid, clock, { adopted: false, exited, release: () => {} });
}

/**
 * The process id of the containerd that runs for this directory, if one does. The file may be missing or old when an
 * agent was killed at a bad moment; the process table then tells.
 */
export async function runningContainerd(paths: ContainerdPaths): Promise<number | undefined> {
  const text = await readFile(paths.pid, 'utf8').catch(() => '');
  const pid = Number(text.trim());
  return pid > 0 && isContainerd(pid, paths.config) ? pid : findContainerd(paths.config);
}

/** Ends a containerd of ours: asks, waits, kills. */
export async function endProcess(paths: ContainerdPaths, pid: number, clock: Clock): Promise<void> {
  const isGone = () => !isContainerd(pid, paths.config);
  for (const signal of ['SIGTERM', 'SIGKILL'] as const) {
    if (isGone()) break;
    signalProcess(pid, signal);
    if (await holdsWithin(clock, STOP_WITHIN_MS, isGone)) break;
  }
  await rm(paths.pid, { force: true });
}

function adopted(paths: ContainerdPaths, pid: number, clock: Clock): Containerd {
  const released = new AbortController();
  const exited = new Promise<void>((resolve) => {
    void (async () => {
      while (!released.signal.aborted) {
        if (!isContainerd(pid, paths.config)) return resolve();
        await clock.sleep(WATCH_MS, released.signal);
      }
    })();
  });
  return handleOf(paths, pid, clock, { adopted: true, exited, release: () => released.abort() });
}

function handleOf(
  paths: ContainerdPaths,
  pid: number,
  clock: Clock,
  rest: Pick<Containerd, 'adopted' | 'exited' | 'release'>,
): Containerd {
  return {
    socket: paths.socket,
    pid,
    ...rest,
    enter: (command) => ['nsenter', '-t', String(pid), '-m', '--', ...command],
    async stop() {
      await endProcess(paths, pid, clock);
      await rest.exited;
    },
  };
}

function checkMachine(paths: ContainerdPaths): void {
  if (process.getuid?.() !== 0) throw setup('running containers needs root', 'Run as root, or with sudo.');
  const longest = Buffer.byteLength(`${paths.socket}.ttrpc`) + 1;
  if (longest > SOCKET_PATH_BYTES) {
    throw setup(
      `${paths.directory}: the path is too long for containerd's sockets by ${longest - SOCKET_PATH_BYTES} bytes`,
      'Choose a shorter directory.',
    );
  }
}

async function writeConfig(paths: ContainerdPaths, options: ContainerdOptions): Promise<void> {
  const ociRuntimes: { name: string; path: string }[] = [];
  for (const name of ['crun', 'runc']) {
    const program = await findProgram(name);
    if (program !== undefined) ociRuntimes.push({ name, path: program });
  }
  if (ociRuntimes.length === 0) throw missing('crun or runc', 'crun');
  const text = containerdConfig(paths, {
    cniConfDir: options.cniConfDir,
    cniBinDir: await cniBinDir(),
    sandboxImage: options.sandboxImage ?? DEFAULT_SANDBOX_IMAGE,
    ociRuntimes,
  });
  await writeFile(paths.config, text, { mode: 0o600 });
  await chmod(paths.config, 0o600);
}

async function writeMirrors(
  paths: ContainerdPaths,
  mirrors: Readonly<Record<string, string>>,
): Promise<void> {
  await rm(paths.mirrors, { recursive: true, force: true });
  await mkdir(paths.mirrors, { recursive: true, mode: 0o700 });
  for (const [registry, url] of Object.entries(mirrors)) {
    if (!/^[\w.:-]+$/.test(registry) || registry.startsWith('.')) {
      throw setup(`${JSON.stringify(registry)} is no registry's name`, 'Give a host, such as docker.io.');
    }
    const folder = path.join(paths.mirrors, registry);
    await mkdir(folder, { mode: 0o700 });
    await writeFile(path.join(folder, 'hosts.toml'), mirrorConfig(url), { mode: 0o600 });
  }
}

async function cniBinDir(): Promise<string> {
  for (const folder of CNI_BIN_DIRS) {
    const isThere = await stat(path.join(folder, 'bridge')).then(
      () => true,
      () => false,
    );
    if (isThere) return folder;
  }
  throw missing('the CNI plugins', 'containernetworking-plugins');
}

async function answersWithin(paths: ContainerdPaths, clock: Clock, isAlive: () => boolean): Promise<boolean> {
  const runtime = connectCri({ socket: paths.socket, clock });
  let answered = false;
  try {
    await holdsWithin(clock, READY_WITHIN_MS, async () => {
      answered = await runtime.status().then(
        (status) => status.ready,
        () => false,
      );
      return answered || !isAlive();
    });
  } finally {
    runtime.close();
  }
  return answered;
}

async function requiredProgram(name: string, debianPackage: string): Promise<string> {
  const found = await findProgram(name);
  if (found === undefined) throw missing(name, debianPackage);
  return found;
}

async function rotate(file: string): Promise<void> {
  const size = await stat(file).then(
    (found) => found.size,
    () => 0,
  );
  if (size > LARGEST_LOG_BYTES) await rename(file, `${file}.1`);
}

async function lastLines(file: string): Promise<string> {
  const text = await readFile(file, 'utf8').catch(() => '');
  return text.trimEnd().split('\n').slice(-8).join('\n');
}

function missing(what: string, debianPackage: string): TroupeError {
  return setup(`${what}: not found on this machine`, `Install it: apt-get install ${debianPackage}`);
}

function setup(what: string, cure: string): TroupeError {
  return new TroupeError('SETUP', `${what}. ${cure}`);
}
