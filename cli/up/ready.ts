// Waits until a cluster that is being started serves its API and its node takes pods, and says all the while
// what is being waited for. Gives up in bounded time, or at once when the supervisor is gone, with the last
// words of the logs.
import { readFileSync } from 'node:fs';
import { type Client, clientOf } from '../../messaging/client/index.ts';
import type { Clock } from '../../messaging/ports.ts';
import { silentTrace } from '../../messaging/system/index.ts';
import { hasCode, TroupeError } from '../../schemas/errors.ts';
import type { Node } from '../../schemas/node.ts';
import { loadContext } from '../context.ts';
import { type ConnectedWorld, connectFrom } from './connect.ts';
import type { Place, Plan } from './place.ts';
import type { Progress } from './progress.ts';

/** A first start builds nothing and pulls nothing: what takes longer is broken. */
export const READY_WITHIN_MS = 60_000;
const LOOK_MS = 50;
const TRY_MS = 2_000;
/** So many deaths while it starts are no accident. */
const MOST_DEATHS = 5;
const LAST_LINES = 4;

export interface ReadyOptions {
  readonly place: Place;
  readonly plan: Plan;
  readonly clock: Clock;
  readonly progress: Progress;
  readonly signal: AbortSignal;
  /** False as soon as waiting is in vain. */
  readonly isSupervised: () => boolean;
  readonly withinMs?: number;
}

/** Resolves when the node is Ready. Errors: `TIMEOUT` with what was waited for, `SETUP` when the supervisor ended. */
export async function untilReady(options: ReadyOptions): Promise<Node> {
  const { place, plan, clock, progress, signal, withinMs = READY_WITHIN_MS } = options;
  const until = clock.monotonic() + withinMs;
  const step = progress.step('waiting for nats-server');
  let waiting = 'nats-server';
  let connected: ConnectedWorld | undefined;
  try {
    while (clock.monotonic() < until && !signal.aborted) {
      if (!options.isSupervised()) throw ended(place);
      if (deathsIn(place) >= MOST_DEATHS) throw dying(place);
      connected ??= await connection(place, clock, signal);
      if (connected) {
        const node = await nodeOf(connected, plan);
        if (node && isReady(node)) return node;
        waiting = node === undefined ? 'the API' : node === null ? `node ${plan.node}` : readiness(node);
        step.note(`waiting for ${waiting}`);
      }
      await clock.sleep(LOOK_MS, signal);
    }
  } finally {
    step.done();
    await connected?.nats.close();
  }
  if (signal.aborted) throw new TroupeError('TIMEOUT', 'interrupted');
  throw new TroupeError(
    'TIMEOUT',
    `not ready within ${withinMs / 1_000} s, still waiting for ${waiting}${lastWords(place)}`,
  );
}

async function connection(
  place: Place,
  clock: Clock,
  signal: AbortSignal,
): Promise<ConnectedWorld | undefined> {
  if (!(await loadContext(place.context))) return undefined;
  const options = { name: 'troupe up', clock, trace: silentTrace, signal, withinMs: 0 };
  return connectFrom({ ...options, contextFile: place.context }).catch((error: unknown) => {
    if (hasCode(error, 'UNAVAILABLE')) return undefined;
    throw error;
  });
}

/** The Node; null when there is none yet; undefined when nobody answers. */
async function nodeOf({ world, context }: ConnectedWorld, { node }: Plan): Promise<Node | null | undefined> {
  await using client: Client = clientOf({ ...world, cluster: context.cluster, requestTimeoutMs: TRY_MS });
  try {
    return (await client.get('nodes', node)) as Node;
  } catch (error) {
    if (hasCode(error, 'NOT_FOUND')) return null;
    if (hasCode(error, 'UNAVAILABLE', 'TIMEOUT')) return undefined;
    throw error;
  }
}

export function isReady(node: Node): boolean {
  return node.status?.conditions?.some(({ type, status }) => type === 'Ready' && status === 'True') ?? false;
}

function readiness(node: Node): string {
  const ready = node.status?.conditions?.find(({ type }) => type === 'Ready');
  const why = ready?.message || ready?.reason;
  return `node ${node.metadata.name} to be Ready${why ? `: ${why}` : ''}`;
}

/** How often a part has died since the supervisor began. */
function deathsIn(place: Place): number {
  const log = textOf(place.log('up'));
  const begun = Math.max(0, log.lastIndexOf('supervising cluster'));
  return log.slice(begun).split('has ended unasked').length - 1;
}

function dying(place: Place): TroupeError {
  return new TroupeError('SETUP', `a part of the cluster ends again and again${lastWords(place)}`);
}

function ended(place: Place): TroupeError {
  return new TroupeError('SETUP', `the cluster ended while it was being started${lastWords(place)}`);
}

/** The ends of the logs, which hold no secrets. */
export function lastWords(place: Place): string {
  const parts = ['up', 'host', 'node'].flatMap((part) => {
    const lines = tailOf(place.log(part));
    return lines.length === 0 ? [] : [`\n${place.log(part)}:`, ...lines.map((line) => `\n  ${line}`)];
  });
  return parts.join('');
}

function tailOf(path: string): string[] {
  const lines = textOf(path).trimEnd().split('\n');
  return lines.slice(-LAST_LINES).filter((line) => line !== '');
}

function textOf(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
