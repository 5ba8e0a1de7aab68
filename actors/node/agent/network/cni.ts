// The pod network of one node as CNI plugins make it: writes the configuration for the node's pod CIDR, and at the end
// takes away what the plugins leave: the bridge, addresses, port rules and the kernel's switch for forwarding. It makes
// no address itself and knows nothing of other nodes.
import { createHash } from 'node:crypto';
import { mkdir, readdir, readFile, rm, rmdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { TroupeError } from '../../../../schemas/errors.ts';
import { runProgram } from '../runtime/programs.ts';

/** An interface's name has at most 15 bytes. */
const INTERFACE_NAME_BYTES = 15;
const CONFLIST = '10-troupe.conflist';
/** Where libcni remembers what it did, whatever it is told. */
const CNI_CACHE = '/var/lib/cni';
const FORWARDING_SWITCH = '/proc/sys/net/ipv4/ip_forward';
/** Shared by all nodes of this machine and gone at the next boot, as the switch's value is. */
const FORWARDING_MEMORY = '/run/troupe/forwarding';

export interface CniOptions {
  /** The node's private directory for CNI; configuration and addresses lie below it. */
  readonly directory: string;
  /** Such as `10.244.1.0/24`. */
  readonly podCIDR: string;
  /** At most 15 bytes and unique on this machine: see {@link bridgeName}. */
  readonly bridge: string;
  /** Default 1500. */
  readonly mtu?: number;
}

/** A bridge's name that is unique for a node's directory. */
export function bridgeName(directory: string): string {
  return `troupe${createHash('sha256').update(path.resolve(directory)).digest('hex').slice(0, 9)}`;
}

/** The directory containerd reads the CNI configuration from. */
export function cniConfDir(directory: string): string {
  return path.join(directory, 'net.d');
}

/**
 * Writes the configuration and turns forwarding on; returns the directory of the configuration. Safe to repeat.
 * Fails with `SETUP` when the bridge's name cannot be one.
 */
export async function writeCni(options: CniOptions): Promise<string> {
  checkBridge(options.bridge);
  const confDir = cniConfDir(options.directory);
  await mkdir(confDir, { recursive: true, mode: 0o700 });
  await rememberForwarding(options.bridge);
  const text = `${JSON.stringify(conflist(options), undefined, 2)}\n`;
  await writeFile(path.join(confDir, CONFLIST), text, { mode: 0o600 });
  return confDir;
}

/**
 * Takes away what {@link writeCni} and the plugins made. Pods must be gone before: what is still connected is cut off.
 * Idempotent.
 */
export async function removeCni(options: Pick<CniOptions, 'directory' | 'bridge'>): Promise<void> {
  checkBridge(options.bridge);
  if (await hasLink(options.bridge)) await mustRun('ip', ['link', 'delete', options.bridge]);
  await removePortRules(options.bridge);
  await removeCache(options.bridge);
  await rm(options.directory, { recursive: true, force: true });
  await restoreForwarding(options.bridge);
}

/** The network bears the bridge's name, so that its rules and cached results can be told from others'. */
function conflist({ directory, podCIDR, bridge, mtu }: CniOptions): unknown {
  return {
    cniVersion: '0.4.0',
    name: bridge,
    plugins: [
      {
        type: 'bridge',
        bridge,
        isGateway: true,
        ipMasq: false,
        hairpinMode: true,
        mtu: mtu ?? 1500,
        ipam: {
          type: 'host-local',
          dataDir: path.join(directory, 'ipam'),
          ranges: [[{ subnet: podCIDR }]],
          routes: [{ dst: '0.0.0.0/0' }],
        },
      },
      { type: 'portmap', capabilities: { portMappings: true }, snat: true },
    ],
  };
}

function checkBridge(bridge: string): void {
  if (/^[a-z][a-z0-9-]*$/.test(bridge) && bridge.length <= INTERFACE_NAME_BYTES) return;
  throw new TroupeError(
    'SETUP',
    `${JSON.stringify(bridge)} cannot name a bridge. Use at most ${INTERFACE_NAME_BYTES} lower-case letters, digits and '-'.`,
  );
}

async function hasLink(name: string): Promise<boolean> {
  return (await runProgram('ip', ['link', 'show', 'dev', name])).exitCode === 0;
}

/**
 * Rules of pods that were never removed in order carry the network's name in a comment. When nobody's port rule is
 * left, the chains that portmap keeps for all networks go too; it makes them again when it needs them.
 */
async function removePortRules(network: string): Promise<void> {
  let rules = await natRules();
  const ours = rules.filter((rule) => rule.join(' ').includes(`name: "${network}"`));
  for (const rule of ours) await deleteRule(rule);
  const chains = new Set(ours.map(jumpOf).filter((chain) => chain?.startsWith('CNI-DN-')));
  for (const chain of chains) await deleteChain(chain!);
  rules = await natRules();
  if (rules.some((rule) => rule[0] === '-A' && rule[1] === 'CNI-HOSTPORT-DNAT')) return;
  for (const chain of ['CNI-HOSTPORT-DNAT', 'CNI-HOSTPORT-MASQ', 'CNI-HOSTPORT-SETMARK']) {
    for (const rule of rules) if (rule[0] === '-A' && jumpOf(rule) === chain) await deleteRule(rule);
    if (rules.some((rule) => rule[0] === '-N' && rule[1] === chain)) await deleteChain(chain);
  }
}

async function natRules(): Promise<string[][]> {
  const listed = await runProgram('iptables', ['-w', '-t', 'nat', '-S']);
  return listed.stdout.split('\n').map(wordsOf);
}

async function deleteRule([, ...words]: string[]): Promise<void> {
  await mustRun('iptables', ['-w', '-t', 'nat', '-D', ...words]);
}

async function deleteChain(chain: string): Promise<void> {
  await mustRun('iptables', ['-w', '-t', 'nat', '-F', chain]);
  await mustRun('iptables', ['-w', '-t', 'nat', '-X', chain]);
}

function jumpOf(rule: string[]): string | undefined {
  const at = rule.indexOf('-j');
  return at < 0 ? undefined : rule[at + 1];
}

/** Splits a line of `iptables -S` at blanks outside quotes, and takes the quotes and their escapes off. */
function wordsOf(line: string): string[] {
  const words = line.match(/"(?:[^"\\]|\\.)*"|\S+/g) ?? [];
  return words.map((word) => (word.startsWith('"') ? word.slice(1, -1).replaceAll(/\\(.)/g, '$1') : word));
}

async function removeCache(network: string): Promise<void> {
  for (const folder of ['results', 'cache/results']) {
    const results = path.join(CNI_CACHE, folder);
    const names = await readdir(results).catch(() => []);
    for (const name of names) if (name.startsWith(`${network}-`)) await rm(path.join(results, name));
  }
  // Only what is empty goes, from the inside to the outside.
  for (const folder of ['results', 'cache/results', 'cache', '']) {
    await rmdir(path.join(CNI_CACHE, folder)).catch(() => {});
  }
}

/** The bridge plugin turns forwarding on without saying so. The first node of a machine notes how it stood. */
async function rememberForwarding(bridge: string): Promise<void> {
  await mkdir(path.join(FORWARDING_MEMORY, 'users'), { recursive: true, mode: 0o700 });
  const former = await readFile(FORWARDING_SWITCH, 'utf8');
  await writeFile(path.join(FORWARDING_MEMORY, 'users', bridge), '', { mode: 0o600 });
  await writeFile(path.join(FORWARDING_MEMORY, 'former'), former, { flag: 'wx', mode: 0o600 }).catch(
    (error: NodeJS.ErrnoException) => {
      if (error.code !== 'EEXIST') throw error;
    },
  );
  if (former.trim() !== '1') await writeFile(FORWARDING_SWITCH, '1\n');
}

/** The last node of the machine puts the switch back. */
async function restoreForwarding(bridge: string): Promise<void> {
  const users = path.join(FORWARDING_MEMORY, 'users');
  await rm(path.join(users, bridge), { force: true });
  const isLast = await rmdir(users).then(
    () => true,
    () => false,
  );
  if (!isLast) return;
  const former = await readFile(path.join(FORWARDING_MEMORY, 'former'), 'utf8').catch(() => undefined);
  if (former !== undefined && former !== (await readFile(FORWARDING_SWITCH, 'utf8'))) {
    await writeFile(FORWARDING_SWITCH, former);
  }
  await rm(FORWARDING_MEMORY, { recursive: true, force: true });
  await rmdir(path.dirname(FORWARDING_MEMORY)).catch(() => {});
}

async function mustRun(program: string, args: string[]): Promise<void> {
  const { exitCode, stderr } = await runProgram(program, args);
  if (exitCode !== 0) throw new TroupeError('SETUP', `${program} ${args.join(' ')}: ${stderr.trim()}`);
}
