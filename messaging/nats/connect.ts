// Opens one connection and gives it as Bus and Store. The only way for the rest of Troupe to reach NATS.
import type { Bus, Store } from '../ports.ts';
import { NatsBus } from './bus.ts';
import { type Features, featuresOf } from './features.ts';
import { openLink } from './link.ts';
import type { NatsOptions } from './options.ts';
import { NatsStore } from './store.ts';

/** A write whose acknowledgement is late for so long has most likely lost its server; asking again tells. */
const WRITE_TIMEOUT_MS = 2_000;

export interface NatsWorld {
  readonly bus: Bus;
  readonly store: Store;
  readonly features: Features;
  close(): Promise<void>;
}

/**
 * Connects, once; later losses are repaired without end. Errors: `UNAVAILABLE` when no server can be reached,
 * `UNAUTHORIZED` for wrong credentials, `SETUP` for a server that is too old.
 *
 * @example
 * const { bus, store, close } = await connectNats({
 *   servers: 'nats://127.0.0.1:4222', name: 'example',
 *   clock: systemClock(), random: systemRandom(), trace: silentTrace,
 * });
 */
export async function connectNats(options: NatsOptions): Promise<NatsWorld> {
  const link = await openLink(options);
  const writeTimeoutMs = options.writeTimeoutMs ?? WRITE_TIMEOUT_MS;
  const store = new NatsStore(link, { writeTimeoutMs, syncAlways: options.syncAlways });
  const close = async () => {
    await store.close();
    await link.close();
  };
  try {
    return { bus: new NatsBus(link), store, features: featuresOf(link.serverVersion), close };
  } catch (error) {
    await close();
    throw error;
  }
}
