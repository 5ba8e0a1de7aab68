// A whole cluster inside one process: hosts, nodes and a client, on a bus in memory or on NATS. For programs that embed
// Troupe and for tests; each host and node has a connection of its own, so that nothing works only locally.
import { type RunningHost, startHost } from '../actors/host.ts';
import type { ActorDefinition } from '../actors/kernel/definition.ts';
import { KERNEL_LIMITS } from '../actors/kernel/limits.ts';
import type { View } from '../actors/kernel/view.ts';
import { Client } from '../messaging/client/index.ts';
import { keyOf } from '../messaging/identity.ts';
import { memoryNetwork } from '../messaging/memory/index.ts';
import { connectNats } from '../messaging/nats/index.ts';
import type { Bus, Clock, Random, Store, Trace, World } from '../messaging/ports.ts';
import { startNatsServer } from '../messaging/server/index.ts';
import { silentTrace, systemClock, systemRandom } from '../messaging/system/index.ts';
import { type SimulatedNode, startSimulatedNode } from './sim/node.ts';
import type { SimulatedImage } from './sim/runtime-images.ts';

/** How to reach a NATS server. */
export interface NatsTarget {
  readonly servers: string | readonly string[];
  readonly user?: string;
  readonly pass?: string;
}

export interface ClusterOptions {
  /** Name of the cluster. Default `dev`. */
  readonly cluster?: string;
  /** Simulated nodes, named `n1`, `n2`, … Default 1. */
  readonly nodes?: number;
  /** Processes-to-be that share the actors. Default 1. */
  readonly hosts?: number;
  /** Containers are simulated; for real ones run `troupe up` and {@link connect}. */
  readonly runtime?: 'simulated';
  /**
   * Where messages and records go: `memory` (default; nothing installed, nothing kept), `embedded` (a private
   * nats-server in `directory`), or a server of your own.
   */
  readonly nats?: 'memory' | 'embedded' | NatsTarget;
  /** Private directory of the embedded server. */
  readonly directory?: string;
  /** What images do on the simulated nodes; one that is not named runs for ever. */
  readonly images?: Readonly<Record<string, SimulatedImage>>;
  /** Kinds of your own, beside Troupe's. */
  readonly definitions?: readonly ActorDefinition[];
  readonly clock?: Clock;
  readonly random?: Random;
  readonly trace?: Trace;
}

/** Gives each part of the cluster a connection of its own. */
interface Wiring {
  connect(name: string): Promise<{ bus: Bus; store: Store; close(): Promise<void> }>;
  close(): Promise<void>;
}

type Closer = () => Promise<void>;

/** A running cluster, which is its own client. */
export class Cluster extends Client {
  readonly hosts: readonly RunningHost[];
  readonly nodes: readonly SimulatedNode[];
  readonly #closers: Closer[];

  constructor(
    client: { bus: Bus; clock: Clock; random: Random; cluster: string },
    parts: { hosts: readonly RunningHost[]; nodes: readonly SimulatedNode[]; closers: Closer[] },
  ) {
    super(client);
    this.hosts = parts.hosts;
    this.nodes = parts.nodes;
    this.#closers = parts.closers;
  }

  /** Ends nodes, hosts and connections, last started first. */
  override async close(): Promise<void> {
    await super.close();
    for (let closer = this.#closers.pop(); closer; closer = this.#closers.pop()) await closer();
  }
}

/**
 * Starts a cluster in this process and resolves when it takes pods.
 *
 * Errors: `SETUP` when `embedded` is asked for and there is no nats-server; `UNAVAILABLE` for a server that does not
 * answer.
 *
 * @example
 * ```ts
 * await using cluster = await startCluster({ nodes: 3 });
 * await cluster.apply(await readFile('web.yaml', 'utf8'));
 * await cluster.pod('default/web').until((pod) => pod.status?.phase === 'Running', { withinMs: 30_000 });
 * ```
 */
export async function startCluster(options: ClusterOptions = {}): Promise<Cluster> {
  const { cluster = 'dev', trace = silentTrace, clock = systemClock(), random = systemRandom() } = options;
  const wiring = await wire(options, { clock, random, trace });
  const closers: Closer[] = [() => wiring.close()];
  const worldOf = async (name: string): Promise<World> => {
    const { bus, store, close } = await wiring.connect(name);
    closers.push(close);
    return { clock, random: random.fork(name), bus, store, trace };
  };
  try {
    const hosts: RunningHost[] = [];
    for (let index = 1; index <= (options.hosts ?? 1); index += 1) {
      const world = await worldOf(`h${index}`);
      const host = await startHost({ world, cluster, name: `h${index}`, definitions: options.definitions });
      closers.push(() => host.stop());
      hosts.push(host);
    }
    const nodes = await startNodes(
      options.nodes ?? 1,
      { cluster, images: options.images },
      worldOf,
      closers,
      hosts,
    );
    const { bus } = await worldOf('client');
    return new Cluster({ bus, clock, random: random.fork('client'), cluster }, { hosts, nodes, closers });
  } catch (error) {
    for (let closer = closers.pop(); closer; closer = closers.pop()) await closer().catch(() => {});
    throw error;
  }
}

async function startNodes(
  count: number,
  options: { cluster: string; images: ClusterOptions['images'] },
  worldOf: (name: string) => Promise<World>,
  closers: Closer[],
  hosts: readonly RunningHost[],
): Promise<SimulatedNode[]> {
  const shards = hosts[0]?.kernel.limits.shards ?? KERNEL_LIMITS.shards;
  const notes = hosts[0]?.kernel.notes;
  const nodes: SimulatedNode[] = [];
  for (let index = 1; index <= count; index += 1) {
    const node = `n${index}`;
    const world = await worldOf(node);
    const note = notes && ((...args: Parameters<typeof notes.note>) => notes.note(...args));
    const started = await startSimulatedNode({ world, node, shards, note, ...options });
    closers.push(() => started.agent.stop({ leavePods: true }));
    nodes.push(started);
  }
  await Promise.all(nodes.map(({ agent }) => agent.ready));
  await Promise.all(hosts.map(({ kernel }) => seenReady(kernel.view, nodes)));
  return nodes;
}

/** Resolves when a host's view shows every node Ready, so that the first pod finds them. */
async function seenReady(view: View, nodes: readonly SimulatedNode[]): Promise<void> {
  const missing = () => nodes.filter(({ agent }) => !isReady(view, agent.node));
  if (missing().length === 0) return;
  await new Promise<void>((resolve) => {
    const stop = view.onChange(() => {
      if (missing().length > 0) return;
      stop();
      resolve();
    });
  });
}

function isReady(view: View, node: string): boolean {
  const seen = view.get(keyOf({ plural: 'nodes', namespace: '', name: node }));
  const status = seen?.record.object.status as
    | { conditions?: { type: string; status: string }[] }
    | undefined;
  return status?.conditions?.some(({ type, status: value }) => type === 'Ready' && value === 'True') ?? false;
}

async function wire(
  options: ClusterOptions,
  ports: { clock: Clock; random: Random; trace: Trace },
): Promise<Wiring> {
  const { nats = 'memory' } = options;
  if (nats === 'memory') {
    const network = memoryNetwork({ ...ports, deliveriesPerTurn: 1_000 });
    const connect = async (name: string) => {
      const bus = network.bus(name);
      return { bus, store: network.store(name), close: () => bus.close() };
    };
    return { connect, close: async () => {} };
  }
  if (nats !== 'embedded') {
    return { connect: (name) => connectNats({ ...nats, ...ports, name }), close: async () => {} };
  }
  if (options.directory === undefined) throw new TypeError('nats: "embedded" needs a directory');
  const { directory, cluster = 'dev' } = options;
  const server = await startNatsServer({ directory, name: `troupe-${cluster}`, ...ports });
  const target = { servers: server.url, ...server.credentials };
  return { connect: (name) => connectNats({ ...target, ...ports, name }), close: () => server.stop() };
}
