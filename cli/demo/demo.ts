// `npm run demo`: one pod, from nothing to its page and back to nothing. A private directory, a cluster in it,
// the mission's own manifest, and at the end the machine as it was, which is checked and not only hoped for.
import { existsSync, mkdtempSync, readFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { publicRegistryReachable } from '../../lab/registry/mirror.ts';
import type { Clock } from '../../messaging/ports.ts';
import { TroupeError } from '../../schemas/errors.ts';
import { realProbe } from '../doctor/probe.ts';
import { namesOf } from '../up/place.ts';
import type { Progress } from '../up/progress.ts';
import { nodeLine, sayWarnings } from '../up/say.ts';
import { bringUp, type Up } from '../up/start.ts';
import { takeDown } from '../up/take-down.ts';
import { act } from './act.ts';
import { startMirror } from './images.ts';
import { type Difference, differences, type MachineState, machineState } from './machine-state.ts';

/** A socket's path has at most 107 bytes, so a long temporary directory is of no use. */
const LONGEST_TMP = 50;
/** Interfaces and mounts of what has ended vanish a moment later. */
const SETTLE_MS = 3_000;
const LOOK_MS = 100;

export interface DemoOptions {
  readonly keep: boolean;
  /** How the user calls the program, for the lines that say how to go on. */
  readonly command: string;
  readonly clock: Clock;
  readonly progress: Progress;
  readonly print: (line: string) => void;
  readonly signal: AbortSignal;
}

/** Resolves to the exit code. Whatever happens on the way, everything is taken down, unless it is to be kept. */
export async function demo(options: DemoOptions): Promise<number> {
  const { clock, print, keep } = options;
  if (process.getuid?.() !== 0)
    throw new TroupeError('SETUP', 'running containers needs root: sudo npm run demo');
  const begun = clock.monotonic();
  const manifest = readFileSync(manifestPath(), 'utf8');
  const directory = mkdtempSync(join(temporary(), 'troupe-demo-'));
  const probe = realProbe();
  const before = await machineState(probe, directory);
  let isKept = false;
  try {
    const up = await begin(directory, options);
    print(`applying examples/nginx-pod.yaml`);
    await act({ ...options, up, manifest });
    isKept = keep;
    if (keep) sayKept(up, options);
  } finally {
    if (!isKept) await end(directory, options);
  }
  if (isKept) return 0;
  const left = await untilAsBefore(before, directory, clock);
  const seconds = ((clock.monotonic() - begun) / 1_000).toFixed(1);
  return report(left, directory, `${seconds} s`, print);
}

async function begin(directory: string, options: DemoOptions): Promise<Up> {
  const { clock, progress, print, signal } = options;
  const step = progress.step('asking the public registry');
  const isPublic = await publicRegistryReachable();
  step.done();
  if (signal.aborted) throw new TroupeError('TIMEOUT', 'interrupted');
  let registryMirrors: Record<string, string> = {};
  if (isPublic) print('images come from the public registry');
  else {
    registryMirrors = await startMirror({ directory, clock, progress, signal });
    const url = registryMirrors['docker.io'];
    print(
      `the public registry cannot be reached: images are made from Debian's packages and served at ${url}`,
    );
  }
  const up = await bringUp({ directory, cluster: 'demo', registryMirrors, clock, progress, signal });
  print(`a cluster is up: nats-server, one host, one node, in ${directory}`);
  print(nodeLine(up.node));
  sayWarnings(progress, up.warnings);
  print('');
  return up;
}

async function end(directory: string, { clock, progress, print }: DemoOptions): Promise<void> {
  const step = progress.step('taking everything down');
  try {
    await takeDown({ directory, clock, progress, keepData: false });
  } finally {
    await rm(directory, { recursive: true, force: true });
    step.done();
  }
  print('everything is taken down');
}

/** What differs after all that takes a moment has had it. */
async function untilAsBefore(before: MachineState, directory: string, clock: Clock): Promise<Difference[]> {
  const until = clock.monotonic() + SETTLE_MS;
  for (;;) {
    const left = differences(before, await machineState(realProbe(), directory));
    if (left.length === 0 || clock.monotonic() >= until) return left;
    await clock.sleep(LOOK_MS);
  }
}

/** What bears our names is our failure; what does not was changed by somebody else meanwhile, and is told. */
function report(
  left: readonly Difference[],
  directory: string,
  took: string,
  print: (line: string) => void,
): number {
  const { bridge } = namesOf(directory);
  const isOurs = ({ what, name }: Difference) =>
    what === 'ip_forward' || name.includes(bridge) || name.includes(directory) || name.includes('CNI-');
  const ours = left.filter(isOurs);
  const words = ({ what, name, change }: Difference) => `  ${what} ${change}: ${name}`;
  for (const difference of left.filter((one) => !isOurs(one))) {
    print(`changed meanwhile, not by the demo:${words(difference)}`);
  }
  if (ours.length === 0) {
    print(
      `the machine is as it was: mounts, links, routes, rules, control groups, processes (${took} in all)`,
    );
    return 0;
  }
  print('the machine is NOT as it was:');
  for (const difference of ours) print(words(difference));
  return 1;
}

function sayKept({ place }: Up, { command, print }: DemoOptions): void {
  const context = `--context-file ${place.context}`;
  print('The cluster stays up. Go on with:');
  print(`  ${command} ${context} get pods -o wide`);
  print(`  ${command} ${context} logs nginx-pod`);
  print(`  ${command} ${context} facts`);
  print('and take it down with:');
  print(`  ${command} down --directory ${place.directory}`);
}

function temporary(): string {
  const given = tmpdir();
  return given.length <= LONGEST_TMP ? given : '/tmp';
}

/** Beside package.json, whether this runs compiled or not. */
function manifestPath(): string {
  for (let at = import.meta.dirname; at !== dirname(at); at = dirname(at)) {
    const path = join(at, 'examples', 'nginx-pod.yaml');
    if (existsSync(join(at, 'package.json')) && existsSync(path)) return path;
  }
  throw new TroupeError('SETUP', 'examples/nginx-pod.yaml is missing from this package');
}
