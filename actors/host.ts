// A whole host: the kernel with every kind of actor Troupe has, the first namespaces, and ears for the nodes.

import type { ActorId } from '../messaging/identity.ts';
import { hasCode } from '../schemas/errors.ts';
import { FIRST_NAMESPACES, Namespace } from './cluster/namespace.ts';
import type { ActorDefinition } from './kernel/definition.ts';
import { Host, type HostOptions } from './kernel/host.ts';
import { Node } from './node/actor.ts';
import { LIVENESS, Liveness, type LivenessLimits } from './node/liveness.ts';
import { Pod } from './pod/actor.ts';

/** Every kind of actor of Troupe. */
export const DEFINITIONS: readonly ActorDefinition[] = [Pod, Node, Namespace];

export interface StartHostOptions extends Omit<HostOptions, 'definitions'> {
  /** Kinds of the embedder's own, beside Troupe's. */
  readonly definitions?: readonly ActorDefinition[];
  readonly liveness?: Partial<LivenessLimits>;
}

export interface RunningHost extends AsyncDisposable {
  readonly kernel: Host;
  /** Gives its actors over to the other hosts and ends. */
  stop(): Promise<void>;
  /** Ends without a word, as a crash does. */
  crash(): void;
}

/** Starts a host; resolves when it serves the API and holds its share of the actors. */
export async function startHost(options: StartHostOptions): Promise<RunningHost> {
  const definitions = [...DEFINITIONS, ...(options.definitions ?? [])];
  const kernel = await Host.start({ ...options, definitions });
  const liveness = new Liveness(kernel, { ...LIVENESS, ...options.liveness });
  try {
    await createNamespaces(kernel);
  } catch (error) {
    liveness.stop();
    await kernel.stop();
    throw error;
  }
  const stop = async () => {
    liveness.stop();
    await kernel.stop();
  };
  const crash = () => {
    liveness.stop();
    kernel.crash();
  };
  return { kernel, stop, crash, [Symbol.asyncDispose]: stop };
}

async function createNamespaces({ router, view }: Host): Promise<void> {
  const missing = FIRST_NAMESPACES.filter((name) => view.get(`namespaces._.${name}`) === undefined);
  await Promise.all(
    missing.map(async (name) => {
      const id: ActorId = { plural: 'namespaces', namespace: '', name };
      const body = { apiVersion: 'v1', kind: 'Namespace', metadata: { name } };
      try {
        await router.ask(id, { type: 'object.create', body }, { from: 'host' });
      } catch (error) {
        if (!hasCode(error, 'ALREADY_EXISTS')) throw error;
      }
    }),
  );
}
