// A private containerd with its own pod network for one spec file: started from images that are built here and served
// by a registry on loopback, and taken away so thoroughly that `leftovers` has nothing to tell.
import { randomInt } from 'node:crypto';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { bridgeName, removeCni, writeCni } from '../../actors/node/agent/network/cni.ts';
import { cgroupFolders } from '../../actors/node/agent/runtime/cgroups.ts';
import { type Containerd, startContainerd } from '../../actors/node/agent/runtime/containerd.ts';
import { containerdPaths } from '../../actors/node/agent/runtime/containerd-config.ts';
import { removeContainerd } from '../../actors/node/agent/runtime/containerd-removal.ts';
import { connectCri } from '../../actors/node/agent/runtime/cri.ts';
import type { Runtime } from '../../actors/node/agent/runtime/port.ts';
import { commandLine } from '../../actors/node/agent/runtime/processes.ts';
import { runProgram } from '../../actors/node/agent/runtime/programs.ts';
import { pushImage } from '../../lab/registry/image.ts';
import { buildBusybox, buildPause } from '../../lab/registry/images.ts';
import { type Registry, startRegistry } from '../../lab/registry/registry.ts';
import type { Clock } from '../../messaging/ports.ts';
import { systemClock } from '../../messaging/system/clock.ts';

const PREFIX = '/tmp/troupe-rt-';
/** Holds the process id of the spec. */
const OWNER = 'owner';

export interface RealRuntime {
  readonly runtime: Runtime;
  readonly containerd: Containerd;
  readonly clock: Clock;
  readonly registry: Registry;
  readonly directory: string;
  readonly podCIDR: string;
  readonly bridge: string;
  /** Where containerd has its files. */
  readonly containerdDirectory: string;
  readonly cgroupRoot: string;
  /** Kills containerd with -9; containers go on. */
  kill(): Promise<void>;
  /** Starts it again, as an agent that comes back would. */
  revive(): Promise<Containerd>;
  /** Takes all away and returns what is left all the same, in words. */
  remove(): Promise<string[]>;
}

export interface RealRuntimeOptions {
  /** Gives containerd a disk of this size. */
  readonly diskBytes?: number;
}

export async function startRealRuntime(options: RealRuntimeOptions = {}): Promise<RealRuntime> {
  const clock = systemClock();
  await removeAbandoned(clock);
  const directory = await mkdtemp(PREFIX);
  await writeFile(path.join(directory, OWNER), String(process.pid));
  const registry = await startRegistry({ directory: path.join(directory, 'registry') });
  await pushImage(registry.url, 'library/busybox', 'latest', await buildBusybox(directory));
  await pushImage(registry.url, 'pause', '3.6', await buildPause(directory));
  const cni = { directory: path.join(directory, 'cni'), bridge: bridgeName(directory) };
  const podCIDR = await freeCIDR();
  const cniConfDir = await writeCni({ ...cni, podCIDR });
  const cgroupRoot = cgroupRootOf(directory);
  const containerdDirectory = path.join(directory, 'containerd');
  if (options.diskBytes !== undefined) await mountDisk(containerdDirectory, options.diskBytes);
  const start = () =>
    startContainerd({
      directory: containerdDirectory,
      cniConfDir,
      registryMirrors: { _default: registry.url },
      clock,
    });
  let containerd = await start();
  const runtime = connectCri({ socket: containerd.socket, clock });
  return {
    runtime,
    get containerd() {
      return containerd;
    },
    clock,
    registry,
    directory,
    podCIDR,
    bridge: cni.bridge,
    containerdDirectory,
    cgroupRoot,
    async kill() {
      process.kill(containerd.pid, 'SIGKILL');
      await containerd.exited;
    },
    async revive() {
      containerd = await start();
      return containerd;
    },
    async remove() {
      runtime.close();
      containerd.release();
      await removeWorld(directory, clock);
      await registry.stop();
      await rm(directory, { recursive: true, force: true });
      return leftovers(directory, cni.bridge, cgroupRoot);
    },
  };
}

async function removeWorld(directory: string, clock: Clock): Promise<void> {
  const cgroupRoot = cgroupRootOf(directory);
  await removeContainerd(path.join(directory, 'containerd'), { clock, cgroupRoot });
  await removeCni({ directory: path.join(directory, 'cni'), bridge: bridgeName(directory) });
}

/** Takes away what specs left that were killed in the middle: their containerd outlives them, as it should. */
async function removeAbandoned(clock: Clock): Promise<void> {
  for (const name of await readdir(path.dirname(PREFIX))) {
    const directory = path.join(path.dirname(PREFIX), name);
    if (!directory.startsWith(PREFIX)) continue;
    const owner = Number(await readFile(path.join(directory, OWNER), 'utf8').catch(() => ''));
    if (!(owner > 0) || commandLine(owner).length > 0) continue;
    // Of several specs that see it, the one that makes this folder takes it away.
    const isMine = await mkdir(path.join(directory, 'abandoned')).then(
      () => true,
      () => false,
    );
    if (!isMine) continue;
    await removeWorld(directory, clock);
    await rm(directory, { recursive: true, force: true });
  }
}

function cgroupRootOf(directory: string): string {
  return `/troupe-spec-${directory.slice(PREFIX.length)}`;
}

/** Mounted before containerd has its own namespace, which gets a copy of the mount. */
async function mountDisk(directory: string, sizeBytes: number): Promise<void> {
  const root = containerdPaths(directory).root;
  await mkdir(root, { recursive: true });
  const { exitCode, stderr } = await runProgram('mount', [
    '-t',
    'tmpfs',
    '-o',
    `size=${sizeBytes}`,
    'tmpfs',
    root,
  ]);
  if (exitCode !== 0) throw new Error(stderr);
}

async function leftovers(directory: string, bridge: string, cgroupRoot: string): Promise<string[]> {
  const found: string[] = [];
  for (const name of await readdir('/proc')) {
    if (!/^\d+$/.test(name)) continue;
    const line = await readFile(`/proc/${name}/cmdline`, 'utf8').catch(() => '');
    if (line.includes(directory)) found.push(`process ${name}: ${line.replaceAll('\0', ' ')}`);
  }
  const mounts = await readFile('/proc/self/mountinfo', 'utf8');
  found.push(...mounts.split('\n').filter((line) => line.includes(directory)));
  const links = await runProgram('ip', ['-o', 'link']);
  found.push(...links.stdout.split('\n').filter((line) => line.includes(bridge)));
  const rules = await runProgram('iptables', ['-w', '-t', 'nat', '-S']);
  found.push(...rules.stdout.split('\n').filter((line) => line.includes(bridge)));
  found.push(...(await cgroupFolders(cgroupRoot)));
  const cached = await readdir('/var/lib/cni/results').catch(() => []);
  found.push(...cached.filter((name) => name.startsWith(bridge)));
  return found;
}

/** A /24 of 10.0.0.0/8 that no route of this machine touches. */
async function freeCIDR(): Promise<string> {
  const routes = (await runProgram('ip', ['-o', 'route'])).stdout;
  for (;;) {
    const prefix = `10.${randomInt(60, 250)}.${randomInt(0, 250)}`;
    if (!routes.includes(`${prefix}.`)) return `${prefix}.0/24`;
  }
}
