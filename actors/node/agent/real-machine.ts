// What a machine is, for its Node object: processors, memory, versions, addresses, and the ranges of addresses
// it already has routes for. Reads only.
import { readFile } from 'node:fs/promises';
import { arch, availableParallelism, hostname, networkInterfaces, release, totalmem } from 'node:os';
import type { NodeCapacity } from './promises.ts';
import type { NodeInfo } from './registration.ts';
import { runProgram } from './runtime/programs.ts';

/** As many as Kubernetes puts on a node. */
export const MOST_PODS = 110;

export interface MachineFacts {
  readonly hostname: string;
  readonly info: Partial<NodeInfo>;
  readonly capacity: NodeCapacity;
  /** The address other machines reach this one by; loopback when it has no other. */
  readonly address: string;
}

const ARCHITECTURES: Readonly<Record<string, string>> = { x64: 'amd64', arm64: 'arm64', arm: 'arm' };

export async function machineFacts(): Promise<MachineFacts> {
  const machineID = await textOf('/etc/machine-id');
  return {
    hostname: hostname(),
    info: {
      architecture: ARCHITECTURES[arch()] ?? arch(),
      bootID: await textOf('/proc/sys/kernel/random/boot_id'),
      kernelVersion: release(),
      machineID,
      osImage: await osImage(),
      systemUUID: (await textOf('/sys/class/dmi/id/product_uuid')) || machineID,
    },
    capacity: { cpuMillis: availableParallelism() * 1_000, memoryBytes: totalmem(), pods: MOST_PODS },
    address: addressOf(await ipv4Routes()),
  };
}

export interface Route {
  readonly dst?: string;
  readonly dev?: string;
  readonly prefsrc?: string;
}

/** Prefixes in CIDR notation; a single address is `/32`. `own`: links of ours, whose routes do not count. */
export function routedCidrs(routes: readonly Route[], own: readonly string[] = []): string[] {
  const prefixes = routes
    .filter(({ dev }) => dev === undefined || !own.includes(dev))
    .map(({ dst }) => dst ?? '')
    .filter((dst) => /^\d+\.\d+\.\d+\.\d+(\/\d+)?$/.test(dst) && dst !== '0.0.0.0/0')
    .map((dst) => (dst.includes('/') ? dst : `${dst}/32`));
  return [...new Set(prefixes)];
}

export async function ipv4Routes(): Promise<Route[]> {
  const { exitCode, stdout } = await runProgram('ip', ['-j', '-4', 'route', 'show', 'table', 'main']);
  if (exitCode !== 0) return [];
  try {
    return JSON.parse(stdout || '[]') as Route[];
  } catch {
    return [];
  }
}

/** That of the interface with the default route, else the first that is not loopback. */
function addressOf(routes: readonly Route[]): string {
  const all = networkInterfaces();
  const outward = routes.find(({ dst }) => dst === 'default');
  if (outward?.prefsrc) return outward.prefsrc;
  const links = outward?.dev ? [outward.dev, ...Object.keys(all)] : Object.keys(all);
  for (const link of links) {
    const found = all[link]?.find(({ family, internal }) => family === 'IPv4' && !internal);
    if (found) return found.address;
  }
  return '127.0.0.1';
}

async function osImage(): Promise<string> {
  const text = await textOf('/etc/os-release');
  return /^PRETTY_NAME="?([^"\n]*)"?$/m.exec(text)?.[1] ?? 'Linux';
}

async function textOf(path: string): Promise<string> {
  return (await readFile(path, 'utf8').catch(() => '')).trim();
}
