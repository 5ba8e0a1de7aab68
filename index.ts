// The library's door: everything a program needs to run a cluster inside itself, or to speak to one elsewhere.
import { Client } from './messaging/client/index.ts';
import { connectNats } from './messaging/nats/index.ts';
import { silentTrace, systemClock, systemRandom } from './messaging/system/index.ts';

export { type RunningHost, type StartHostOptions, startHost } from './actors/host.ts';
export {
  type ActorDefinition,
  type ActorLimits,
  defineActor,
  type EffectScope,
  type PerformEffect,
} from './actors/kernel/definition.ts';
export { type Agent, type AgentOptions, startAgent } from './actors/node/agent/agent.ts';
export { Cluster, type ClusterOptions, type NatsTarget, startCluster } from './lab/cluster.ts';
export { type SimulatedNodeOptions, startSimulatedNode } from './lab/sim/node.ts';
export { Client } from './messaging/client/index.ts';
export type * from './messaging/client/types.ts';
export { memoryNetwork, seededRandom } from './messaging/memory/index.ts';
export { connectNats } from './messaging/nats/index.ts';
export type { Bus, Clock, Random, Store, Trace, World } from './messaging/ports.ts';
export { startNatsServer } from './messaging/server/index.ts';
export { silentTrace, systemClock, systemRandom } from './messaging/system/index.ts';
export { ERRORS, type ErrorCode, type Status, TroupeError } from './schemas/errors.ts';
export type { KubeObject, ObjectMeta } from './schemas/object.ts';
export type { Pod } from './schemas/pod/kind.ts';

export interface ConnectOptions {
  /** `nats://host:port`, one or more. */
  readonly servers: string | readonly string[];
  readonly user?: string;
  readonly pass?: string;
  readonly token?: string;
  /** Path of a `.creds` file. */
  readonly creds?: string;
  /** Name of the cluster. Default `dev`. */
  readonly cluster?: string;
}

/**
 * Connects to a running cluster over NATS. Errors: `UNAVAILABLE` when no server answers, `UNAUTHORIZED`.
 *
 * @example
 * ```ts
 * await using cluster = await connect({ servers: 'nats://127.0.0.1:4222' });
 * for await (const fact of cluster.facts()) console.log(fact.type, fact.subject);
 * ```
 */
export async function connect(options: ConnectOptions): Promise<Client> {
  const { cluster = 'dev', ...target } = options;
  const clock = systemClock();
  const random = systemRandom();
  const nats = await connectNats({ ...target, name: 'troupe-client', clock, random, trace: silentTrace });
  return new ConnectedClient({ bus: nats.bus, clock, random, cluster }, () => nats.close());
}

class ConnectedClient extends Client {
  readonly #disconnect: () => Promise<void>;

  constructor(options: ConstructorParameters<typeof Client>[0], disconnect: () => Promise<void>) {
    super(options);
    this.#disconnect = disconnect;
  }

  override async close(): Promise<void> {
    await super.close();
    await this.#disconnect();
  }
}
