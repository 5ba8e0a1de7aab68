// Checks of the machine itself: Node, rights, packages, the kernel, control groups, disk.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Check, missing, ok, type Probe, warning } from './check.ts';

const OLDEST_NODE = [20, 11] as const;
/** Numbers of the capabilities containers cannot be made without. */
const CAPABILITIES: Readonly<Record<string, number>> = {
  CAP_CHOWN: 0,
  CAP_DAC_OVERRIDE: 1,
  CAP_KILL: 5,
  CAP_SETUID: 7,
  CAP_NET_ADMIN: 12,
  CAP_SYS_CHROOT: 18,
  CAP_SYS_ADMIN: 21,
  CAP_MKNOD: 27,
};
const GIB = 1024 ** 3;
const LEAST_BYTES = GIB / 2;
const ENOUGH_BYTES = 2 * GIB;

export interface MachineInput {
  readonly nodeVersion: string;
  readonly uid: number | undefined;
  /** Where the state of clusters is kept. */
  readonly directory: string;
}

export async function machineChecks(probe: Probe, input: MachineInput): Promise<Check[]> {
  const checks = [nodeCheck(input.nodeVersion), await rightsCheck(probe, input.uid)];
  checks.push(...(await packageChecks(probe)));
  checks.push(
    await cgroupCheck(probe),
    ...(await kernelChecks(probe)),
    await diskCheck(probe, input.directory),
  );
  return checks;
}

export function nodeCheck(version: string): Check {
  const [major = 0, minor = 0] = version.replace(/^v/, '').split('.').map(Number);
  const [least, lesser] = OLDEST_NODE;
  const fine = major > least || (major === least && minor >= lesser);
  if (fine) return ok('node', version);
  return missing('node', `${version} is too old`, `install Node.js ${OLDEST_NODE.join('.')} or newer`);
}

async function rightsCheck(probe: Probe, uid: number | undefined): Promise<Check> {
  const cure = 'run as root, or use troupe up --runtime simulated';
  if (uid !== 0) return missing('root', `running as uid ${uid}`, cure);
  const status = (await probe.read('/proc/self/status')) ?? '';
  const bits = BigInt(`0x${/^CapEff:\s*([0-9a-f]+)$/m.exec(status)?.[1] ?? '0'}`);
  const lacking = Object.entries(CAPABILITIES).filter(([, bit]) => ((bits >> BigInt(bit)) & 1n) === 0n);
  if (lacking.length === 0) return ok('root', 'all capabilities that containers need');
  return missing(
    'root',
    `without ${lacking.map(([name]) => name).join(', ')}`,
    'give this machine these capabilities',
  );
}

interface PackageRow {
  readonly name: string;
  readonly why: string;
  readonly provides: readonly string[];
}

/** The table the setup installs from. */
function packageTable(): PackageRow[] {
  const path = join(import.meta.dirname, '../../setup/debian.json');
  return (JSON.parse(readFileSync(path, 'utf8')) as { packages: PackageRow[] }).packages;
}

async function packageChecks(probe: Probe): Promise<Check[]> {
  const checks: Check[] = [];
  const found: string[] = [];
  for (const { name, why, provides } of packageTable()) {
    const lacking: string[] = [];
    for (const program of provides) {
      const there = program.startsWith('/')
        ? ((await probe.mode(program)) ?? 0) & 0o111
        : await probe.program(program);
      if (!there) lacking.push(program);
    }
    if (lacking.length === 0) found.push(name);
    else checks.push(missing(name, `${lacking.join(', ')} not found; it ${why}`, `apt-get install ${name}`));
  }
  return [ok('packages', found.join(' ')), ...checks];
}

async function cgroupCheck(probe: Probe): Promise<Check> {
  const mounts = (await probe.read('/proc/self/mounts')) ?? '';
  const v2 = / \/sys\/fs\/cgroup cgroup2 /.test(mounts);
  const v1 = / \/sys\/fs\/cgroup\/[^ ]+ cgroup /.test(mounts);
  const hybrid = / \/sys\/fs\/cgroup\/unified cgroup2 /.test(mounts);
  if (v2) return ok('cgroups', 'version 2');
  if (!v1)
    return missing('cgroups', 'no control groups below /sys/fs/cgroup', 'mount them, or boot with systemd');
  const memory = / \/sys\/fs\/cgroup\/memory cgroup /.test(mounts);
  if (!memory)
    return warning(
      'cgroups',
      'version 1 without memory: limits do not hold',
      'boot with cgroup_enable=memory',
    );
  // crun refuses the hybrid layout; a private containerd therefore gets a mount namespace without the second tree.
  const layout = hybrid ? 'version 1 with an idle version 2 tree, hidden from crun' : 'version 1';
  return ok('cgroups', layout);
}

async function kernelChecks(probe: Probe): Promise<Check[]> {
  const checks: Check[] = [];
  const systems = (await probe.read('/proc/filesystems')) ?? '';
  if (/\boverlay$/m.test(systems)) checks.push(ok('overlayfs', 'in the kernel'));
  else checks.push(missing('overlayfs', 'the kernel has no overlayfs', 'modprobe overlay'));
  const bridged = (await probe.read('/proc/sys/net/bridge/bridge-nf-call-iptables'))?.trim();
  if (bridged === '1') checks.push(ok('bridge-nf', 'bridged packets pass the packet filter'));
  else {
    const cure = 'modprobe br_netfilter && sysctl -w net.bridge.bridge-nf-call-iptables=1';
    checks.push(warning('bridge-nf', 'pods of one node do not reach each other through Services', cure));
  }
  const forward = (await probe.read('/proc/sys/net/ipv4/ip_forward'))?.trim();
  const forwarding = forward === '1' ? 'on' : 'off; up turns it on and down puts it back';
  checks.push(ok('ip_forward', forwarding));
  const { exitCode, stderr } = await probe.run('nft', ['list', 'tables']);
  if (exitCode === 0) checks.push(ok('nftables', 'answers'));
  else if (exitCode !== 127) checks.push(missing('nftables', stderr.trim(), 'modprobe nf_tables'));
  return checks;
}

async function diskCheck(probe: Probe, directory: string): Promise<Check> {
  const free = await probe.freeBytes(directory);
  if (free === undefined) return warning('disk', `free space at ${directory} is not known`);
  const text = `${(free / GIB).toFixed(1)} GiB free at ${directory}`;
  if (free < LEAST_BYTES) return missing('disk', text, 'free some space: images need it');
  return free < ENOUGH_BYTES ? warning('disk', text, 'larger images will not fit') : ok('disk', text);
}
