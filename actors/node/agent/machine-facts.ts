// What a machine is, for its Node object: processors, memory, versions, addresses, and the ranges of addresses it already
// has routes for. Reads only.
import { readFile } from 'node:fs/promises';
import { arch, availableParallelism, hostname, networkInterfaces, release, totalmem } from 'node:os';
import { runProgram } from './runtime/programs.ts';

/** As many as Kubernetes puts on a node. */
export const MOST_PODS = 110;

export interface MachineFacts {
  readonly hostname: string;
  readonly architecture: string;
  readonly kernelVersion: string;
  readonly osImage: string;
  readonly machineID: string;
  readonly bootID: string;
  readonly capacity: { readonly cpu: string; readonly memory: string; readonly pods: string };
  /** The address other machines reach this one by; loopback when it has no other. */
  readonly address: string;
  /** IPv4 prefixes with a route, but for the default route. */
  readonly routedCidrs: readonly string[];
}

const ARCHITECTURES: Readonly<Record<string, string>> = { x64: 'amd64', arm64: 'arm64', arm: 'arm' };

export async function machineFacts(): Promise<MachineFacts> {
  const routes = await ipv4Routes();
  return {
    hostname: hostname(),
    architecture: ARCHITECTURES[arch()] ?? arch(),
    kernelVersion: release(),
    osImage: await osImage(),
    machineID: await textOf('/etc/machine-id'),
    bootID: await textOf('/proc/sys/kernel/random/boot_id'),
    capacity: {
      cpu: String(availableParallelism()),
      memory: `${Math.floor(totalmem() / 1024)}Ki`,
      pods: String(MOST_PODS),
    },
    address: addressOf(routes),
    routedCidrs: routedCidrs(routes),
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
