// Looks for what former runs left behind: processes without their supervisor, containers, mounts, bridges,
// tables and control groups. Each finding names the directory it belongs to, since `troupe down` takes it away
// by that.
import { join } from 'node:path';
import { bridgeName } from '../../actors/node/agent/network/cni.ts';
import { type Plan, placeOf, readPlan } from '../up/place.ts';
import { supervisorOf } from '../up/start.ts';
import { type Check, ok, type Probe, warning } from './check.ts';

const OURS = /^troupe[0-9a-f]{9}$/;

/** What of ours is on the machine now, by the names it bears. */
export interface Traces {
  /** Directories that command lines and mounts of ours name. */
  readonly directories: readonly string[];
  readonly bridges: readonly string[];
  /** Bridges that something is plugged into. */
  readonly inUse: readonly string[];
  readonly tables: readonly string[];
  readonly cgroups: readonly string[];
}

export async function leftoverChecks(probe: Probe, roots: readonly string[]): Promise<Check[]> {
  const traces = await tracesOf(probe);
  // Who runs a private nats-server or containerd by other means than `up` has no plan, and is nobody's leftover.
  const named = traces.directories.filter((directory) => planIn(directory) !== undefined);
  const known = new Set([...named, ...(await plannedDirectories(probe, roots))]);
  const checks: Check[] = [];
  const explained = new Set<string>();
  for (const directory of known) {
    const plan = planIn(directory);
    const bridge = plan?.bridge ?? bridgeName(join(directory, 'node', 'cni'));
    explained.add(bridge);
    const check = directoryCheck(directory, bridge, plan, traces);
    if (check) checks.push(check);
  }
  checks.push(...strangers(traces, explained));
  return checks.length > 0 ? checks : [ok('leftovers', 'none')];
}

function directoryCheck(
  directory: string,
  bridge: string,
  plan: Plan | undefined,
  traces: Traces,
): Check | undefined {
  const has = (names: readonly string[], what: string) => (names.includes(bridge) ? what : '');
  const found = [
    traces.directories.includes(directory) ? 'processes or mounts' : '',
    has(traces.bridges, 'a bridge'),
    has(traces.tables, 'a table'),
    has(traces.cgroups, 'control groups'),
  ].filter(Boolean);
  if (supervisorOf(directory) !== undefined)
    return ok('running', `cluster "${plan?.cluster}" in ${directory}`);
  if (found.length === 0) return undefined;
  const what = `${found.join(', ')} of ${directory}, which nobody supervises`;
  return warning('leftovers', what, `troupe down --directory ${directory}`);
}

/** Bears our name, but the directory it came from is gone. What pods are plugged into is somebody's. */
function strangers({ bridges, tables, cgroups, inUse }: Traces, explained: ReadonlySet<string>): Check[] {
  const lost = (names: readonly string[]) =>
    names.filter((name) => !explained.has(name) && !inUse.includes(name));
  return [
    ...lost(bridges).map((name) => warning('leftovers', `bridge ${name}`, `ip link delete ${name}`)),
    ...lost(tables).map((name) =>
      warning('leftovers', `nftables table ${name}`, `nft delete table ip ${name}`),
    ),
    ...lost(cgroups).map((name) =>
      warning(
        'leftovers',
        `control groups ${name}`,
        `find /sys/fs/cgroup -depth -type d -path '*/${name}*' -exec rmdir {} +`,
      ),
    ),
  ];
}

export async function tracesOf(probe: Probe): Promise<Traces> {
  const links = (await probe.run('ip', ['-o', 'link'])).stdout;
  const tables = (await probe.run('nft', ['list', 'tables'])).stdout;
  const cgroups = new Set<string>();
  for (const tree of ['', ...(await probe.list('/sys/fs/cgroup'))]) {
    for (const name of await probe.list(join('/sys/fs/cgroup', tree))) if (OURS.test(name)) cgroups.add(name);
  }
  return {
    directories: [...new Set([...(await processDirectories(probe)), ...(await mountDirectories(probe))])],
    inUse: [...links.matchAll(/ master (troupe[0-9a-f]{9}) /g)].map(([, name]) => name!),
    bridges: [...links.matchAll(/^\d+: (troupe[0-9a-f]{9})[:@]/gm)].map(([, name]) => name!),
    tables: [...tables.matchAll(/^table ip (troupe[0-9a-f]{9})$/gm)].map(([, name]) => name!),
    cgroups: [...cgroups],
  };
}

/** From the command lines of our processes, of private nats-servers, of containerds and of shims. */
async function processDirectories(probe: Probe): Promise<string[]> {
  const found: string[] = [];
  for (const name of await probe.list('/proc')) {
    if (!/^\d+$/.test(name)) continue;
    const words = ((await probe.read(`/proc/${name}/cmdline`)) ?? '').split('\0');
    const directory = directoryOf(words);
    if (directory !== undefined) found.push(directory);
  }
  return found;
}

/** The cluster's directory behind a command line; exported for its spec. */
export function directoryOf(words: readonly string[]): string | undefined {
  const [program = ''] = words;
  if (/(^|\/)node$/.test(program) && /\/cli\/main\.js$/.test(words[1] ?? '') && words[3] === '--directory') {
    const isRole = words[2] === 'host' || words[2] === 'node' || words.includes('--supervise');
    return isRole ? words[4] : undefined;
  }
  for (const word of words) {
    const below =
      /^(\/.+)\/(?:nats\/nats-server\.conf|node\/containerd\/(?:config\.toml|containerd\.sock))$/.exec(word);
    if (below) return below[1];
  }
  return undefined;
}

async function mountDirectories(probe: Probe): Promise<string[]> {
  const mounts = (await probe.read('/proc/self/mountinfo')) ?? '';
  return [...mounts.matchAll(/ (\/\S+)\/node\/(?:containerd|agent)\//g)].map(([, directory]) => directory!);
}

/** Directories in the usual places that hold a plan. */
async function plannedDirectories(probe: Probe, roots: readonly string[]): Promise<string[]> {
  const found: string[] = [];
  for (const root of roots) {
    for (const name of await probe.list(root)) {
      const directory = join(root, name);
      if ((await probe.mode(placeOf(directory).plan)) !== undefined) found.push(directory);
    }
  }
  return found;
}

function planIn(directory: string): Plan | undefined {
  try {
    return readPlan(placeOf(directory));
  } catch {
    return undefined;
  }
}
