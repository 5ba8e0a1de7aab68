// What the demo must leave as it found it: mounts, links, rules, routes, control groups, the kernel's switch
// for forwarding, processes of ours. Taken before and after, and compared. Reads only.
import type { Probe } from '../doctor/check.ts';

/** Names of things, by what they are. */
export type MachineState = Readonly<Record<string, readonly string[]>>;

export interface Difference {
  /** `mount`, `link`, … */
  readonly what: string;
  readonly name: string;
  readonly change: 'left' | 'gone';
}

/** `directory`: processes that name it on their command lines are counted. */
export async function machineState(probe: Probe, directory: string): Promise<MachineState> {
  const [mounts, forwarding, links, routes, rules] = await Promise.all([
    probe.read('/proc/self/mountinfo'),
    probe.read('/proc/sys/net/ipv4/ip_forward'),
    probe.run('ip', ['-o', 'link']),
    probe.run('ip', ['-4', 'route', 'show', 'table', 'all']),
    probe.run('nft', ['list', 'ruleset']),
  ]);
  return {
    mount: mountsOf(mounts ?? ''),
    link: [...links.stdout.matchAll(/^\d+: ([^:@\s]+)/gm)].map(([, name]) => name!),
    route: linesOf(routes.stdout),
    rule: rulesOf(rules.stdout),
    'control group': await cgroupsOf(probe),
    process: await processesOf(probe, directory),
    'CNI result': await probe.list('/var/lib/cni/results'),
    ip_forward: [(forwarding ?? '').trim()],
  };
}

/** What is there now and was not, and the other way round. */
export function differences(before: MachineState, after: MachineState): Difference[] {
  const found: Difference[] = [];
  for (const what of Object.keys(before)) {
    const was = before[what] ?? [];
    const is = after[what] ?? [];
    for (const name of is) if (!was.includes(name)) found.push({ what, name, change: 'left' });
    for (const name of was) if (!is.includes(name)) found.push({ what, name, change: 'gone' });
  }
  return found;
}

function mountsOf(mountinfo: string): string[] {
  return linesOf(mountinfo).map((line) => {
    const [words = '', rest = ''] = line.split(' - ');
    return `${words.split(' ')[4]} (${rest.split(' ')[0]})`;
  });
}

/** Rules under the path of their table and chain; counters move by themselves, and empty chains do nothing. */
export function rulesOf(ruleset: string): string[] {
  const path: string[] = [];
  const rules: string[] = [];
  for (const line of linesOf(ruleset)) {
    if (line.startsWith('#')) continue;
    if (line.endsWith('{')) path.push(line.slice(0, -1).trim());
    else if (line === '}') path.pop();
    else if (!/^type \S+ hook /.test(line)) {
      rules.push(`${path.join(' ')}: ${line.replace(/ counter packets \d+ bytes \d+/, '')}`);
    }
  }
  return rules;
}

async function cgroupsOf(probe: Probe): Promise<string[]> {
  const found = new Set<string>();
  for (const tree of ['', ...(await probe.list('/sys/fs/cgroup'))]) {
    for (const name of await probe.list(`/sys/fs/cgroup/${tree}`)) {
      if (name.startsWith('troupe')) found.add(name);
    }
  }
  return [...found];
}

async function processesOf(probe: Probe, directory: string): Promise<string[]> {
  const found: string[] = [];
  for (const pid of await probe.list('/proc')) {
    if (!/^\d+$/.test(pid) || Number(pid) === process.pid) continue;
    const line = ((await probe.read(`/proc/${pid}/cmdline`)) ?? '').replaceAll('\0', ' ').trim();
    if (line.includes(directory)) found.push(`${pid} ${line}`);
  }
  return found;
}

function linesOf(text: string): string[] {
  return text
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '');
}
