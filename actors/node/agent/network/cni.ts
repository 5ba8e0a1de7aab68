// The pod network of one node as CNI plugins make it: writes the configuration for the node's pod CIDR, and at the end
// takes away what the plugins leave: the bridge, addresses, port rules and the kernel's switch for forwarding. It makes
// no address itself and knows nothing of other nodes.
import { createHash } from 'node:crypto';
import { mkdir, readdir, rm, rmdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { TroupeError } from '../../../../schemas/errors.ts';
import { runProgram } from '../runtime/programs.ts';
import { giveForwarding, takeForwarding } from './forwarding.ts';
import { removePortRules } from './port-rules.ts';

/** An interface's name has at most 15 bytes. */
const INTERFACE_NAME_BYTES = 15;
const CONFLIST = '10-troupe.conflist';
/** Where libcni remembers what it did, whatever it is told. */
const CNI_CACHE = '/var/lib/cni';

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
  await takeForwarding(options.bridge);
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
  await giveForwarding(options.bridge);
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
    `${JSON.stringify(bridge)} cannot name a bridge: up to ${INTERFACE_NAME_BYTES} of a-z, 0-9 and '-'.`,
  );
}

async function hasLink(name: string): Promise<boolean> {
  return (await runProgram('ip', ['link', 'show', 'dev', name])).exitCode === 0;
}

async function removeCache(network: string): Promise<void> {
  for (const folder of ['results', 'cache/results']) {
    const results = path.join(CNI_CACHE, folder);
    const names = await readdir(results).catch(() => []);
    for (const name of names) {
      if (!name.startsWith(`${network}-`)) continue;
      // `<network>-<sandbox>-eth0`; the same sandbox's loopback has a result of its own.
      const sandbox = name.slice(network.length + 1, name.lastIndexOf('-'));
      await rm(path.join(results, name));
      await rm(path.join(results, `cni-loopback-${sandbox}-lo`), { force: true });
    }
  }
  // Only what is empty goes, from the inside to the outside.
  for (const folder of ['results', 'cache/results', 'cache', '']) {
    await rmdir(path.join(CNI_CACHE, folder)).catch(() => {});
  }
}

async function mustRun(program: string, args: string[]): Promise<void> {
  const { exitCode, stderr } = await runProgram(program, args);
  if (exitCode !== 0) throw new TroupeError('SETUP', `${program} ${args.join(' ')}: ${stderr.trim()}`);
}
