// The Bucket port over a memory network, as one client has it: what may go wrong on the way to the state goes wrong
// here, as the faults of the network say.
import { TroupeError } from '../../schemas/errors.ts';
import type { BucketSettings } from '../buckets.ts';
import { checkFilter, checkKey, checkSize } from '../checks.ts';
import type { Bucket, Entry, WatchEvent, WatchOptions } from '../ports.ts';
import type { BucketState } from './bucket-state.ts';
import { type Client, clockOf } from './client.ts';
import type { ReadFate, WriteFate } from './faults.ts';
import type { MemoryNetwork } from './network.ts';
import { openState } from './store.ts';
import { watchState } from './watch.ts';

export class MemoryBucket implements Bucket {
  readonly name: string;
  readonly #network: MemoryNetwork;
  readonly #client: Client;
  readonly #settings: BucketSettings;
  readonly #closing: AbortSignal;

  constructor(
    network: MemoryNetwork,
    client: Client,
    name: string,
    settings: BucketSettings,
    closing: AbortSignal,
  ) {
    this.name = name;
    this.#network = network;
    this.#client = client;
    this.#settings = settings;
    this.#closing = closing;
  }

  async get(key: string): Promise<Entry | undefined> {
    checkKey(key);
    return this.#read(key, (state, nowMs) => copyOf(state.newest(key, nowMs)));
  }

  async getRevision(key: string, revision: number): Promise<Entry | undefined> {
    checkKey(key);
    return this.#read(key, (state, nowMs) => copyOf(state.at(key, revision, nowMs)));
  }

  async history(key: string): Promise<Entry[]> {
    checkKey(key);
    return this.#read(key, (state, nowMs) => state.history(key, nowMs).map((entry) => copyOf(entry)!));
  }

  async lastRevision(): Promise<number> {
    return this.#read('', (state) => state.lastRevision);
  }

  async update(key: string, value: Uint8Array, expected: number): Promise<number> {
    this.#checkWrite(key, value);
    return this.#write(key, value, 'put', expected);
  }

  async put(key: string, value: Uint8Array): Promise<number> {
    this.#checkWrite(key, value);
    return this.#write(key, value, 'put', undefined);
  }

  async delete(key: string, expected: number): Promise<number> {
    checkKey(key);
    return this.#write(key, new Uint8Array(0), 'delete', expected);
  }

  watch(options: WatchOptions = {}): AsyncIterable<WatchEvent> {
    checkFilter(options.filter ?? '>');
    return watchState({
      network: this.#network,
      client: this.#client,
      closing: this.#closing,
      options,
      name: this.name,
      state: () => this.#state(),
    });
  }

  #checkWrite(key: string, value: Uint8Array): void {
    checkKey(key);
    const { maxPayloadBytes } = this.#network;
    checkSize(value, { 'Nats-Expected-Last-Subject-Sequence': '0' }, maxPayloadBytes, key);
  }

  /** A file bucket that is gone stays gone; one that lived in memory is made again. */
  #state(): BucketState {
    const state = this.#network.buckets.get(this.name);
    if (state) return state;
    if (this.#settings.storage === 'memory') return openState(this.#network, this.name, this.#settings);
    throw new TroupeError('NOT_FOUND', `bucket "${this.name}" no longer exists on the server`);
  }

  #reach(): void {
    if (this.#closing.aborted || !this.#network.isConnected(this.#client)) {
      throw new TroupeError('UNAVAILABLE', `bucket "${this.name}": there is no connection to NATS`);
    }
  }

  async #read<T>(key: string, look: (state: BucketState, nowMs: number) => T): Promise<T> {
    if (!this.#client.alive) return new Promise(() => {});
    this.#reach();
    const network = this.#network;
    const hook = network.faults.onRead;
    const fate: ReadFate = hook ? hook.call(network.faults, this.#client.name, this.name, key) : 'ok';
    if (fate === 'ok' || fate === undefined) return look(this.#state(), network.clock.now());
    const delayMs = fate === 'lose' ? Number.POSITIVE_INFINITY : fate.delayMs;
    await this.#wait(Math.min(delayMs, network.writeTimeoutMs));
    if (delayMs > network.writeTimeoutMs || !network.isConnected(this.#client)) {
      throw new TroupeError(
        'TIMEOUT',
        `bucket "${this.name}": no answer within ${network.writeTimeoutMs} ms`,
      );
    }
    return look(this.#state(), network.clock.now());
  }

  async #write(
    key: string,
    value: Uint8Array,
    operation: Entry['operation'],
    expected: number | undefined,
  ): Promise<number> {
    if (!this.#client.alive) return new Promise(() => {});
    this.#reach();
    const network = this.#network;
    const store = (bytes: Uint8Array) => {
      const state = this.#state();
      const nowMs = network.clock.now();
      if (expected !== undefined) state.compare(key, expected, nowMs);
      return state.append(key, bytes, operation, nowMs);
    };
    const hook = network.faults.onWrite;
    const fate: WriteFate = hook ? hook.call(network.faults, this.#client.name, this.name, key) : 'ok';
    if (fate === 'ok' || fate === undefined) return store(value);
    const bytes = value.slice();
    return new Promise((resolve, reject) => this.#writeLate(fate, key, () => store(bytes), resolve, reject));
  }

  #writeLate(
    fate: Exclude<WriteFate, 'ok'>,
    key: string,
    store: () => number,
    resolve: (revision: number) => void,
    reject: (error: unknown) => void,
  ): void {
    const network = this.#network;
    const client = this.#client;
    const clock = clockOf(client, network.clock);
    const end = (settle: () => void) => {
      timer.cancel();
      client.listeners.delete(onConnection);
      if (client.alive) settle();
    };
    const unsure = (why: string) => end(() => reject(new TroupeError('UNSURE', `${key}: ${why}`)));
    const onConnection = (connected: boolean) => {
      if (!connected) unsure('the connection was lost before the write was acknowledged');
    };
    const timer = clock.after(network.writeTimeoutMs, () =>
      unsure(`the write was not acknowledged within ${network.writeTimeoutMs} ms`),
    );
    client.listeners.add(onConnection);
    if (fate === 'loseRequest') return;
    const delayMs = typeof fate === 'object' ? fate.delayMs : 0;
    const replyDelayMs = typeof fate === 'object' ? (fate.replyDelayMs ?? 0) : Number.POSITIVE_INFINITY;
    // The request is on its way: it arrives even when its sender is gone by then.
    network.clock.after(delayMs, () => {
      const outcome = attempt(store);
      if (replyDelayMs > network.writeTimeoutMs) return;
      const answer = () =>
        end(() => ('error' in outcome ? reject(outcome.error) : resolve(outcome.revision)));
      if (replyDelayMs > 0) clock.after(replyDelayMs, answer);
      else answer();
    });
  }

  #wait(ms: number): Promise<void> {
    const clock = clockOf(this.#client, this.#network.clock);
    return new Promise((resolve) => clock.after(ms, resolve));
  }
}

function attempt(store: () => number): { revision: number } | { error: unknown } {
  try {
    return { revision: store() };
  } catch (error) {
    return { error };
  }
}

function copyOf(entry: Entry | undefined): Entry | undefined {
  return entry && { ...entry, value: entry.value.slice() };
}
