// Runs one seed from beginning to end and says what came of it: a digest when all held, or which invariant broke, when,
// and how to see it again.
import type { KubeObject } from '../../schemas/object.ts';
import { CLUSTER, SimCluster, type SimOptions } from './cluster.ts';
import type { Broken } from './invariants.ts';

export interface Outcome {
  readonly seed: number | string;
  readonly hash: string;
  readonly virtualMs: number;
  readonly steps: number;
  readonly messages: number;
  readonly commits: number;
  readonly log: readonly string[];
  readonly broken: SimFailure | undefined;
}

/** An invariant that did not hold. */
export class SimFailure extends Error {
  override readonly name = 'SimFailure';
  readonly broken: Broken;

  constructor(broken: Broken, cluster: { seed: number | string; steps: number; virtualMs: number }) {
    const { seed, steps, virtualMs } = cluster;
    super(
      [
        `seed ${seed}: ${broken.invariant}`,
        `  at step ${steps}, ${(virtualMs / 1_000).toFixed(3)} s of virtual time`,
        `  expected ${broken.expected}`,
        `  actual   ${broken.actual}`,
        `  replay   SEED=${seed} npx jest specs/sim/kernel`,
      ].join('\n'),
    );
    this.broken = broken;
  }
}

/** Everything has to settle within so much virtual time after healing. */
const SETTLE_WITHIN_MS = 180_000;
const LOOK_EVERY_MS = 1_000;
/** Nodes have fallen silent and every idle actor has left memory after so long. */
const IDLE_MS = 130_000;
/** Whatever a stopped process still waits for is over after so long. */
const DRAIN_MS = 60_000;

/** Runs one seed. Never rejects for a broken invariant; it is in the outcome. */
export async function runSeed(options: SimOptions): Promise<Outcome> {
  let failure: SimFailure | undefined;
  const cluster = new SimCluster(options, (broken) => {
    if (failure) return;
    const { steps, elapsedMs } = cluster.timeline;
    failure = new SimFailure(broken, { seed: options.seed, steps, virtualMs: elapsedMs });
    cluster.history.say(`BROKEN ${broken.invariant}: expected ${broken.expected}, actual ${broken.actual}`);
    cluster.timeline.fail(failure);
  });
  try {
    await phases(cluster);
  } catch (error) {
    if (error !== failure) {
      const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
      cluster.invariants.check(false, 'the simulation itself goes on', 'no error', text);
    }
  }
  const { history, timeline } = cluster;
  return {
    seed: options.seed,
    hash: history.hash,
    virtualMs: timeline.elapsedMs,
    steps: timeline.steps,
    messages: history.messages,
    commits: history.commits,
    log: history.last(400),
    broken: failure,
  };
}

async function phases(cluster: SimCluster): Promise<void> {
  const { timeline, swarm, history } = cluster;
  history.say(JSON.stringify(swarm));
  await cluster.start();
  await timeline.advance(swarm.safetyMs);
  history.say('healing');
  for (const client of cluster.clients) client.stop();
  cluster.faults.heal();
  cluster.nemesis.heal();
  for (const host of cluster.hosts) host.start();
  for (const agent of cluster.agents) agent.start();
  cluster.network.refresh();
  await settle(cluster);
  // Agents would go on confirming their pods, which keeps those in memory.
  for (const agent of cluster.agents) agent.crash();
  await timeline.advance(IDLE_MS);
  rested(cluster);
  await stop(cluster);
}

/** Liveness: after healing, everything comes to rest, or something says why not. */
async function settle(cluster: SimCluster): Promise<void> {
  const { timeline, invariants } = cluster;
  const until = timeline.elapsedMs + SETTLE_WITHIN_MS;
  let reason = await unsettled(cluster);
  while (reason !== undefined && timeline.elapsedMs < until) {
    await timeline.advance(LOOK_EVERY_MS);
    reason = await unsettled(cluster);
  }
  invariants.check(reason === undefined, 'everything settles', `within ${SETTLE_WITHIN_MS} ms`, reason);
  await timeline.advance(0);
}

/** Why the cluster is not at rest; undefined when it is. */
export async function unsettled(cluster: SimCluster): Promise<string | undefined> {
  const held = new Map<string, number>();
  for (const { name, running } of cluster.hosts) {
    if (!running) return `${name} is not up`;
    held.set(name, running.kernel.shardCount);
  }
  const shards = [...held.values()].reduce((sum, count) => sum + count, 0);
  if (shards !== cluster.swarm.shards) return `shards held: ${JSON.stringify([...held])}`;
  const bound = new Map<string, string>();
  const ended = new Set<string>();
  for (const [key, { record }] of cluster.invariants.newest) {
    if (!record) continue;
    const { value } = record.actor;
    if (record.actor.quarantine) return `${key} is quarantined: ${record.actor.quarantine.message}`;
    if (key.startsWith('alarms.') && value !== 'finished') return `${key} is ${value}`;
    if (key.startsWith('nodes.') && value !== 'ready') return `${key} is ${value}`;
    if (!key.startsWith('pods.')) continue;
    const reason = unsettledPod(record.object);
    if (reason) return `${key} is ${value}: ${reason}`;
    const { nodeName } = record.object.spec as { nodeName?: string };
    if (isEnded(record.object)) ended.add(record.object.metadata.uid!);
    else if (nodeName) bound.set(`${nodeName}/${record.object.metadata.uid}`, key);
  }
  for (const node of cluster.agents) {
    for (const { uid, name } of await node.pods()) {
      if (ended.has(uid)) continue;
      if (!bound.delete(`${node.name}/${uid}`))
        return `${node.name} has ${name} ${uid}, which is not bound to it`;
    }
  }
  for (const [where, key] of bound) return `${key} does not run on ${where}`;
  return undefined;
}

function isEnded({ status }: KubeObject): boolean {
  const { phase } = status as { phase?: string };
  return phase === 'Succeeded' || phase === 'Failed';
}

function unsettledPod({ metadata, status }: KubeObject): string | undefined {
  if (metadata.deletionTimestamp) return 'deleted but still there';
  const { phase, conditions = [] } = status as {
    phase?: string;
    conditions?: { type: string; status: string; reason?: string }[];
  };
  if (phase === 'Running' || phase === 'Succeeded' || phase === 'Failed') return undefined;
  const scheduled = conditions.find(({ type }) => type === 'PodScheduled');
  return scheduled?.reason === 'Unschedulable' ? undefined : `${phase} without a reason`;
}

/** What was acknowledged is there, and nothing is in memory that need not be. */
function rested(cluster: SimCluster): void {
  const { invariants, clients, hosts } = cluster;
  for (const client of clients) {
    for (const [counter, ops] of client.added) {
      const record = invariants.newest.get(`counters.default.${counter}`)?.record;
      const counted = (record?.actor.context.counted ?? []) as string[];
      const missing = ops.filter((op) => !counted.includes(op));
      invariants.check(missing.length === 0, 'an acknowledged write is never lost', counter, missing.join());
    }
  }
  let active = 0;
  for (const { record } of invariants.newest.values()) if (record && !record.actor.settled) active += 1;
  const inMemory = hosts.reduce((sum, { running }) => sum + (running?.kernel.activationCount ?? 0), 0);
  invariants.check(inMemory <= active, 'settled actors leave memory', `≤ ${active} activations`, inMemory);
}

/** After everything has stopped in good order nothing is left: no timer, no subscription. */
async function stop(cluster: SimCluster): Promise<void> {
  const { timeline, invariants, hosts, clientProcesses } = cluster;
  const processes = hosts.map(({ process }) => process!);
  for (const process of clientProcesses) process.crash();
  for (const host of hosts) void host.leave().catch((error) => timeline.fail(error as Error));
  await timeline.advance(DRAIN_MS);
  for (const { name, subscriptions, clock } of processes) {
    invariants.check(
      subscriptions === 0,
      'a stopped host leaves no subscription',
      0,
      `${subscriptions} of ${name}`,
    );
    invariants.check(clock.armed === 0, 'a stopped host leaves no timer', 0, `${clock.armed} of ${name}`);
  }
  await timeline.advance(0);
}

export { CLUSTER };
