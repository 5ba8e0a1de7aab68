// A cluster on this machine as a user has it: the compiled command's own `up`, its processes, a real
// nats-server and, unless simulated, a real containerd that pulls from a registry on loopback. Taken away so
// thoroughly that `leftovers` is empty.
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import path from 'node:path';
import { cgroupFolders } from '../../actors/node/agent/runtime/cgroups.ts';
import { runProgram } from '../../actors/node/agent/runtime/programs.ts';
import { loadContext } from '../../cli/context.ts';
import { namesOf, placeOf } from '../../cli/up/place.ts';
import { type Role, roleProcesses, serverProcesses } from '../../cli/up/roles.ts';
import { pushImage } from '../../lab/registry/image.ts';
import { buildBusybox, buildPause } from '../../lab/registry/images.ts';
import { startRegistry } from '../../lab/registry/registry.ts';
import { type Client, clientOf } from '../../messaging/client/index.ts';
import { connectNats, type NatsWorld } from '../../messaging/nats/index.ts';
import { silentTrace, systemClock, systemRandom } from '../../messaging/system/index.ts';
import type { KubeObject } from '../../schemas/object.ts';

export const MAIN = path.join(process.cwd(), 'dist', 'cli', 'main.js');

export interface CommandResult {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs the compiled `troupe` to its end. `onStart` gets the process. */
export function troupe(
  args: readonly string[],
  onStart: (kill: (signal: NodeJS.Signals) => void) => void = () => {},
  more: Readonly<Record<string, string>> = {},
): Promise<CommandResult> {
  if (!existsSync(MAIN)) throw new Error(`${MAIN} is missing: npm run build`);
  return new Promise((resolve) => {
    const env = {
      ...process.env,
      TROUPE_SERVER: undefined,
      TROUPE_CLUSTER: undefined,
      TMPDIR: '/tmp',
      ...more,
    };
    const child = spawn(process.execPath, [MAIN, ...args], { env, stdio: ['ignore', 'pipe', 'pipe'] });
    let stdout = '';
    let stderr = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      stdout += text;
    });
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      stderr += text;
    });
    child.once('exit', (code, signal) => resolve({ code: signal ? 128 : (code ?? 0), stdout, stderr }));
    onStart((signal) => child.kill(signal));
  });
}

export interface RealCluster {
  readonly directory: string;
  readonly client: Client;
  readonly nats: NatsWorld;
  /** Address of the mirror; absent when simulated. */
  readonly mirror: string | undefined;
  troupe(...args: string[]): Promise<CommandResult>;
  pidOf(role: Role | 'nats-server' | 'containerd'): Promise<number>;
  /** Kills it with -9; resolves to the process id it had. */
  kill(role: Role | 'nats-server' | 'containerd'): Promise<number>;
  /** Resolves when another process than `former` has taken the part. */
  restarted(role: Role | 'nats-server' | 'containerd', former: number): Promise<number>;
  up(): Promise<CommandResult>;
  /** Takes all away; resolves to what is left all the same, in words. */
  remove(): Promise<string[]>;
}

export interface RealClusterOptions {
  readonly runtime: 'containerd' | 'simulated';
  /** Called with the cluster's directory before anything is started in it. */
  readonly prepare?: (directory: string) => Promise<void>;
  /** More flags of `up`. */
  readonly flags?: readonly string[];
  /** More of the environment of `up`. */
  readonly env?: Readonly<Record<string, string>>;
  /** Default `spec`. */
  readonly cluster?: string;
}

export async function startRealCluster(options: RealClusterOptions): Promise<RealCluster> {
  const directory = await mkdtemp('/tmp/troupe-spec-');
  await options.prepare?.(directory);
  const mirror = options.runtime === 'containerd' ? await startMirror() : undefined;
  const { cluster = 'spec' } = options;
  const flags = ['--detach', '--directory', directory, '--cluster', cluster, '--node', 'n1'];
  flags.push('--runtime', options.runtime, ...(options.flags ?? []));
  if (mirror) flags.push('--registry-mirror', mirror.url);
  const up = () => troupe(['up', ...flags], () => {}, options.env);
  const remove = async () => {
    const { code, stderr } = await troupe(['down', '--directory', directory]);
    await mirror?.stop();
    const left = await leftovers(directory);
    await rm(directory, { recursive: true, force: true });
    return code === 0 ? left : [`down ended with ${code}: ${stderr}`, ...left];
  };
  const started = await up();
  if (started.code !== 0) {
    await remove();
    throw new Error(`up ended with ${started.code}:\n${started.stdout}${started.stderr}`);
  }
  const clock = systemClock();
  const random = systemRandom();
  const context = (await loadContext(placeOf(directory).context))!;
  const { server: servers, user, pass } = context;
  const nats = await connectNats({ servers, user, pass, name: 'spec', clock, random, trace: silentTrace });
  const client = clientOf({ bus: nats.bus, clock, random, cluster });
  const pidOf = (role: Role | 'nats-server' | 'containerd') =>
    until(`${role} runs`, () => pidNow(directory, role));
  return {
    directory,
    client,
    nats,
    mirror: mirror?.url,
    troupe: (...args) => troupe(['--context-file', placeOf(directory).context, ...args]),
    pidOf,
    async kill(role) {
      const pid = await pidOf(role);
      process.kill(pid, 'SIGKILL');
      return pid;
    },
    restarted: (role, former) =>
      until(`${role} is not process ${former} any more`, async () => {
        const pid = await pidNow(directory, role);
        return pid === former ? undefined : pid;
      }),
    up,
    async remove() {
      await client.close();
      await nats.close();
      return remove();
    },
  };
}

async function startMirror(): Promise<{ url: string; stop(): Promise<void> }> {
  const directory = await mkdtemp('/tmp/troupe-mirror-');
  const registry = await startRegistry({ directory });
  await pushImage(registry.url, 'library/busybox', 'latest', await buildBusybox(directory));
  await pushImage(registry.url, 'pause', '3.6', await buildPause(directory));
  const stop = async () => {
    await registry.stop();
    await rm(directory, { recursive: true, force: true });
  };
  return { url: registry.url, stop };
}

async function pidNow(
  directory: string,
  role: Role | 'nats-server' | 'containerd',
): Promise<number | undefined> {
  if (role === 'nats-server') return serverProcesses(placeOf(directory).nats)[0];
  if (role !== 'containerd') return roleProcesses(directory).find((one) => one.role === role)?.pid;
  const config = path.join(directory, 'node', 'containerd', 'config.toml');
  for (const name of await readdir('/proc')) {
    if (!/^\d+$/.test(name)) continue;
    const words = (await readFile(`/proc/${name}/cmdline`, 'utf8').catch(() => '')).split('\0');
    if (path.basename(words[0] ?? '') === 'containerd' && words.includes(config)) return Number(name);
  }
  return undefined;
}

/** Asks until there is an answer: for what nothing announces. A time-out says what was waited for. */
export async function until<T>(
  what: string,
  look: () => Promise<T | undefined> | T | undefined,
  withinMs = 30_000,
): Promise<T> {
  const end = performance.now() + withinMs;
  for (;;) {
    const found = await look();
    if (found !== undefined) return found;
    if (performance.now() >= end) throw new Error(`not within ${withinMs} ms: ${what}`);
    await systemClock().sleep(50);
  }
}

/** What bears the directory's names on this machine, in words. */
export async function leftovers(directory: string): Promise<string[]> {
  const { bridge, cgroupRoot } = namesOf(directory);
  const found: string[] = [];
  for (const name of await readdir('/proc')) {
    if (!/^\d+$/.test(name)) continue;
    const line = await readFile(`/proc/${name}/cmdline`, 'utf8').catch(() => '');
    if (line.includes(directory)) found.push(`process ${name}: ${line.replaceAll('\0', ' ')}`);
  }
  const has = (text: string, word: string) => text.split('\n').filter((line) => line.includes(word));
  found.push(...has(await readFile('/proc/self/mountinfo', 'utf8'), directory));
  found.push(...has((await runProgram('ip', ['-o', 'link'])).stdout, bridge));
  found.push(...has((await runProgram('nft', ['list', 'ruleset'])).stdout, bridge));
  found.push(...(await cgroupFolders(cgroupRoot)));
  const cached = await readdir('/var/lib/cni/results').catch(() => [] as string[]);
  found.push(...cached.filter((name) => name.startsWith(bridge)));
  const users = await readdir('/run/troupe/forwarding/users').catch(() => [] as string[]);
  found.push(...users.filter((name) => name === bridge));
  if (existsSync(directory)) found.push(`directory ${directory}`);
  return found;
}

/** A pod of one busybox. */
export function busybox(name: string, command: readonly string[], more: object = {}): KubeObject {
  const container = { name: 'main', image: 'busybox', imagePullPolicy: 'IfNotPresent', command };
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, namespace: 'default' },
    spec: { terminationGracePeriodSeconds: 1, ...more, containers: [container] },
  } as KubeObject;
}

/** Process ids of the containers of a pod, the sandbox's own left out; from its control groups. */
export async function containerPids(directory: string, uid: string): Promise<number[]> {
  const { cgroupRoot } = namesOf(directory);
  const pids = new Set<number>();
  for (const folder of await cgroupFolders(`${cgroupRoot}/pod${uid}`)) {
    for (const child of await readdir(folder, { withFileTypes: true })) {
      if (!child.isDirectory()) continue;
      const text = await readFile(path.join(folder, child.name, 'cgroup.procs'), 'utf8').catch(() => '');
      for (const pid of text.split('\n').filter(Boolean)) pids.add(Number(pid));
    }
  }
  return [...pids].sort((left, right) => left - right);
}
