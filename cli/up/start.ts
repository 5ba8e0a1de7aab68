// Brings a cluster up on this machine: writes the plan, leaves the rest to a supervisor in the background, and
// waits until the node takes pods. What it started before an error is not taken away: `down` does that, and
// says so.
import { hostname } from 'node:os';
import type { Clock } from '../../messaging/ports.ts';
import { bucketsOf } from '../../messaging/subjects.ts';
import { silentTrace } from '../../messaging/system/index.ts';
import type { Node } from '../../schemas/node.ts';
import { type Context, loadContext, saveContext } from '../context.ts';
import { UsageError } from '../errors.ts';
import { connectFrom } from './connect.ts';
import { spawnRole } from './parts.ts';
import { makePlace, namesOf, type Place, type Plan, placeOf, readPlan, writePlan } from './place.ts';
import type { Progress } from './progress.ts';
import { untilReady } from './ready.ts';
import { isAlive, roleProcesses, SUPERVISE } from './roles.ts';

export interface UpOptions {
  readonly directory: string;
  readonly cluster: string;
  /** Default: this machine's name. */
  readonly node?: string;
  /** The user's own NATS; absent: a private nats-server. */
  readonly external?: Pick<Context, 'server' | 'user' | 'pass'>;
  readonly syncAlways?: boolean;
  readonly runtime?: Plan['runtime'];
  readonly criSocket?: string;
  readonly registryMirrors?: Readonly<Record<string, string>>;
  readonly clock: Clock;
  readonly progress: Progress;
  readonly signal: AbortSignal;
  readonly withinMs?: number;
}

export interface Up {
  readonly place: Place;
  readonly plan: Plan;
  readonly node: Node;
  /** It ran before; nothing was started. */
  readonly already: boolean;
  readonly supervisor: number | undefined;
  /** What the store does not promise, in sentences. */
  readonly warnings: readonly string[];
}

/** Errors: `SETUP`, `TIMEOUT`, `UNAUTHORIZED`. */
export async function bringUp(options: UpOptions): Promise<Up> {
  const running = supervisorOf(options.directory);
  const former = readPlan(placeOf(options.directory));
  if (running !== undefined && former) return arrived(options, former, running, true);
  const place = makePlace(options.directory);
  const plan = planOf(options, place);
  if (former && former.runtime !== plan.runtime) {
    const how = `${place.directory} belongs to a cluster with the ${former.runtime} runtime`;
    throw new UsageError(`${how}: take it down first, or choose another --directory`, 'down');
  }
  writePlan(place, plan);
  if (options.external) await saveContext(place.context, { ...options.external, cluster: plan.cluster });
  const supervisor = spawnRole('up', [SUPERVISE], place);
  supervisor.release();
  return arrived(options, plan, supervisor.pid, false);
}

async function arrived(
  options: UpOptions,
  plan: Plan,
  supervisor: number | undefined,
  already: boolean,
): Promise<Up> {
  const place = placeOf(options.directory);
  const isSupervised = () => supervisor !== undefined && isAlive(supervisor);
  const node = await untilReady({ ...options, place, plan, isSupervised });
  return { place, plan, node, already, supervisor, warnings: await durabilityWarnings(place, plan, options) };
}

function planOf(options: UpOptions, place: Place): Plan {
  return {
    cluster: options.cluster,
    node: options.node ?? machineName(),
    privateServer: options.external === undefined,
    syncAlways: options.syncAlways ?? false,
    runtime: options.runtime ?? 'containerd',
    criSocket: options.criSocket,
    registryMirrors: options.registryMirrors ?? {},
    ...namesOf(place.directory),
  };
}

/** The supervisor of the cluster in `directory`, if one lives. */
export function supervisorOf(directory: string): number | undefined {
  return roleProcesses(placeOf(directory).directory).find(({ role }) => role === 'up')?.pid;
}

/** This machine's name as an object may be named. */
export function machineName(): string {
  const name = hostname()
    .toLowerCase()
    .replace(/[^a-z0-9.-]/g, '-')
    .replace(/^[^a-z0-9]+|[^a-z0-9]+$/g, '');
  return name || 'node';
}

async function durabilityWarnings(
  place: Place,
  plan: Plan,
  { clock, signal }: UpOptions,
): Promise<readonly string[]> {
  const syncAlways = plan.privateServer ? plan.syncAlways : undefined;
  const { world, nats } = await connectFrom({
    contextFile: place.context,
    name: 'troupe up',
    clock,
    trace: silentTrace,
    signal,
    syncAlways,
    withinMs: 5_000,
  });
  try {
    await world.store.bucket(bucketsOf(plan.cluster).objects);
    return (await world.store.durability()).warnings;
  } finally {
    await nats.close();
  }
}

/** The context a later command finds. */
export async function contextOf(place: Place): Promise<Context> {
  return (await loadContext(place.context))!;
}
