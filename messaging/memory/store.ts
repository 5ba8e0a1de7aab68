// The Store port over a memory network, as one client has it.
import { TroupeError } from '../../schemas/errors.ts';
import { type BucketSettings, checkOptions, checkSettings, settingsOf } from '../buckets.ts';
import { checkBucketName } from '../checks.ts';
import type { Bucket, BucketOptions, Durability, Store } from '../ports.ts';
import { MemoryBucket } from './bucket.ts';
import { BucketState } from './bucket-state.ts';
import type { Client } from './client.ts';
import type { MemoryNetwork } from './network.ts';

export class MemoryStore implements Store {
  readonly #network: MemoryNetwork;
  readonly #client: Client;
  readonly #closing = new AbortController();

  constructor(network: MemoryNetwork, client: Client) {
    this.#network = network;
    this.#client = client;
  }

  async bucket(name: string, options: BucketOptions = {}): Promise<Bucket> {
    checkBucketName(name);
    checkOptions(name, options);
    await this.#reach();
    const known = this.#network.buckets.get(name);
    if (known) checkSettings(name, known.settings, options);
    const settings = known?.settings ?? settingsOf(options);
    openState(this.#network, name, settings);
    return new MemoryBucket(this.#network, this.#client, name, settings, this.#closing.signal);
  }

  async destroy(name: string): Promise<void> {
    await this.#reach();
    const state = this.#network.buckets.get(name);
    this.#network.buckets.delete(name);
    state?.close();
  }

  async durability(): Promise<Durability> {
    await this.#reach();
    return {
      serverVersion: 'memory',
      replicas: 1,
      syncAlways: false,
      warnings: ['Everything is kept in memory only and is lost when this process ends.'],
    };
  }

  async close(): Promise<void> {
    this.#closing.abort();
    this.#network.dismiss(this.#client);
  }

  async #reach(): Promise<void> {
    if (!this.#client.alive) return new Promise(() => {});
    if (this.#closing.signal.aborted || !this.#network.isConnected(this.#client)) {
      throw new TroupeError('UNAVAILABLE', 'there is no connection to NATS');
    }
  }
}

/** The bucket's state, made when missing. */
export function openState(network: MemoryNetwork, name: string, settings: BucketSettings): BucketState {
  let state = network.buckets.get(name);
  if (!state) {
    state = new BucketState(name, settings);
    network.buckets.set(name, state);
  }
  return state;
}
