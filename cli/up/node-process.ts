// `troupe node`: one process that runs the containers of a machine, in the foreground, until it is asked to
// end. What to run them with it reads from the plan that `up` left; what it has to say goes to standard error.

import { KERNEL_LIMITS } from '../../actors/kernel/limits.ts';
import { Notes } from '../../actors/kernel/notes.ts';
import { decodeRecord } from '../../actors/kernel/record.ts';
import { startAgent } from '../../actors/node/agent/agent.ts';
import { openFiles } from '../../actors/node/agent/files/real.ts';
import { startRealNode } from '../../actors/node/agent/real.ts';
import { machineFacts } from '../../actors/node/agent/real-machine.ts';
import { realNodePaths } from '../../actors/node/agent/real-removal.ts';
import type { Note } from '../../actors/node/agent/scope.ts';
import { SimulatedRuntime } from '../../lab/sim/runtime.ts';
import { keyOf } from '../../messaging/identity.ts';
import type { Clock, Trace, World } from '../../messaging/ports.ts';
import { bucketsOf } from '../../messaging/subjects.ts';
import { hasCode } from '../../schemas/errors.ts';
import { connectFrom } from './connect.ts';
import { untilAborted, within } from './host-process.ts';
import { makePlace, namesOf, type Plan, readPlan } from './place.ts';

const STOP_MS = 5_000;
/** Every container has its own grace. */
const DRAIN_MS = 120_000;
const RETRY_MS = 50;

export interface NodeProcessOptions {
  readonly name: string;
  readonly contextFile: string;
  readonly directory: string;
  readonly version: string;
  readonly criSocket?: string;
  readonly drain?: boolean;
  readonly clock: Clock;
  readonly trace: Trace;
  readonly signal: AbortSignal;
}

interface Part {
  readonly ready: Promise<void>;
  stop(drain: boolean): Promise<void>;
}

/** Runs pods until `signal` is aborted. Errors: those of connecting and starting. */
export async function runNode(options: NodeProcessOptions): Promise<void> {
  const { name, clock, trace, signal, drain = false } = options;
  const { world, nats, context } = await connectFrom({ ...options, name: `node ${name}` });
  try {
    const { cluster } = context;
    const shards = await shardsOf(world, cluster, signal);
    if (shards === undefined) return;
    const note = await notesOf(world, cluster, name);
    const node = await startPart({ ...options, world, cluster, shards, note });
    // An agent that cannot start ends the process, and the supervisor begins anew.
    const failed = node.ready.then(
      () => untilAborted(signal),
      async (error: unknown) => {
        await node.stop(false);
        if (!signal.aborted) throw error;
      },
    );
    void node.ready.then(
      () => trace.log('info', 'node is ready', { name, cluster }),
      () => {},
    );
    await Promise.race([failed, untilAborted(signal)]);
    trace.log('info', drain ? 'node drains' : 'node ends; its containers go on');
    await within(clock, drain ? DRAIN_MS : STOP_MS, node.stop(drain));
  } finally {
    await within(clock, STOP_MS, nats.close());
  }
}

interface PartOptions extends NodeProcessOptions {
  readonly world: World;
  readonly cluster: string;
  readonly shards: number;
  readonly note: Note;
}

async function startPart(options: PartOptions): Promise<Part> {
  const { directory, cluster, name, world, shards, note, version } = options;
  const place = makePlace(directory);
  const plan: Partial<Plan> = readPlan(place) ?? {};
  if (plan.runtime === 'simulated') return simulatedPart(options, place.node);
  const node = await startRealNode({
    ...namesOf(place.directory),
    directory: place.node,
    criSocket: options.criSocket ?? plan.criSocket,
    registryMirrors: plan.registryMirrors,
    cluster,
    node: name,
    world,
    shards,
    note,
    version,
  });
  return { ready: node.agent.ready, stop: (drain) => node.stop({ drain }) };
}

/** Containers are only acted; they end with this process. */
async function simulatedPart(options: PartOptions, directory: string): Promise<Part> {
  const { cluster, name, world, shards, note, version } = options;
  const { clock, random } = world;
  const facts = await machineFacts();
  const runtime = new SimulatedRuntime({ clock, random, podCIDR: '10.244.0.0/24' });
  const agent = await startAgent({
    world,
    cluster,
    node: name,
    runtime,
    files: await openFiles(realNodePaths(directory).files),
    shards,
    note,
    // Nothing is used up by acting.
    capacity: { ...facts.capacity, cpuMillis: 1_000_000, pods: 10_000 },
    addresses: [{ type: 'InternalIP', address: facts.address }],
    info: { ...facts.info, kubeletVersion: version },
    onPodCIDR: (cidr) => runtime.usePodCIDR(cidr),
  });
  return {
    ready: agent.ready,
    async stop(drain) {
      await agent.stop({ leavePods: !drain });
      runtime.close();
    },
  };
}

/** The cluster's number of shards, as soon as a host has written it; undefined when `signal` is aborted before. */
async function shardsOf(world: World, cluster: string, signal: AbortSignal): Promise<number | undefined> {
  const key = keyOf({ plural: 'clusters', namespace: '', name: cluster });
  while (!signal.aborted) {
    try {
      const bucket = await world.store.bucket(bucketsOf(cluster).objects);
      const entry = await bucket.get(key);
      if (entry?.operation === 'put') {
        const { spec } = decodeRecord(entry.value, key).object;
        return (spec as { shards: number }).shards;
      }
    } catch (error) {
      if (!hasCode(error, 'UNAVAILABLE', 'TIMEOUT')) throw error;
    }
    await world.clock.sleep(RETRY_MS, signal);
  }
  return undefined;
}

async function notesOf(world: World, cluster: string, node: string): Promise<Note> {
  const { clock, trace, store } = world;
  const { eventTtlMs: maxAgeMs, notesInFlight: inFlight } = KERNEL_LIMITS;
  const options = { history: 1, storage: 'memory', maxAgeMs } as const;
  const bucket = await store.bucket(bucketsOf(cluster).events, options);
  const notes = new Notes({ bucket, clock, trace, component: `kubelet/${node}`, inFlight });
  return (involved, occurrence) => notes.note(involved, occurrence);
}
