// One watch of a memory bucket. While all goes well the state hands each entry to a bounded queue; after an
// overflow, a lost connection or a broken watch the queue is dropped and the watch resumes behind the last entry it
// yielded, as the real one does: GONE when that place is no longer kept.
import { TroupeError } from '../../schemas/errors.ts';
import type { Entry, WatchEvent, WatchOptions } from '../ports.ts';
import type { BucketState, Observer } from './bucket-state.ts';
import { type Client, clockOf } from './client.ts';
import type { WatchFate } from './faults.ts';
import type { MemoryNetwork } from './network.ts';

/** Entries that may wait for the reader. */
const MAX_WAITING = 8_192;

export interface WatchInput {
  readonly network: MemoryNetwork;
  readonly client: Client;
  readonly closing: AbortSignal;
  readonly options: WatchOptions;
  readonly name: string;
  readonly state: () => BucketState;
}

export function watchState(input: WatchInput): AsyncIterable<WatchEvent> {
  return { [Symbol.asyncIterator]: () => run(new Watch(input)) };
}

async function* run(watch: Watch): AsyncGenerator<WatchEvent> {
  try {
    if (!(await watch.connected())) return;
    const revision = watch.start();
    while ((await watch.ready(false)) && watch.nextRevision <= revision) {
      const entry = await watch.take();
      if (entry) yield { type: 'entry', entry };
    }
    if (watch.ended) return;
    yield { type: 'current', revision };
    watch.initial = false;
    while (await watch.ready(true)) {
      const entry = await watch.take();
      if (entry) yield { type: 'entry', entry };
    }
  } finally {
    watch.stop();
  }
}

class Watch implements Observer {
  readonly #input: WatchInput;
  readonly #filter: string;
  #state!: BucketState;
  #unobserve: () => void = () => {};
  #queue: Entry[] = [];
  #next = 0;
  /** The last revision that was yielded, or left out for good. */
  #cursor = 0;
  /** What the watch began with reaches this far; deletions up to it are left out. */
  #startRevision = 0;
  /** True until `current` was yielded. */
  initial = true;
  #lost = false;
  #gone = false;
  #wake: (() => void) | undefined;

  constructor(input: WatchInput) {
    this.#input = input;
    this.#filter = input.options.filter ?? '>';
    input.client.listeners.add(this.#onConnection);
    input.options.signal?.addEventListener('abort', this.#onEnd);
    input.closing.addEventListener('abort', this.#onEnd);
  }

  get ended(): boolean {
    return this.#input.closing.aborted || (this.#input.options.signal?.aborted ?? false);
  }

  /** Waits for the connection; false when the watch ended meanwhile. */
  async connected(): Promise<boolean> {
    const { network, client } = this.#input;
    while (!this.ended && !network.isConnected(client)) await this.#sleep();
    return !this.ended;
  }

  /** Fills the queue with what there is; returns the revision that this reaches. */
  start(): number {
    this.#state = this.#input.state();
    this.#startRevision = this.#state.lastRevision;
    this.#unobserve = this.#state.observe(this.#filter, this);
    const { fromRevision } = this.#input.options;
    if (fromRevision !== undefined) this.#cursor = fromRevision - 1;
    this.#replay();
    return this.#startRevision;
  }

  /** True when {@link take} has something to do; with `wait` it waits for that. False when the watch ended. */
  async ready(wait: boolean): Promise<boolean> {
    for (;;) {
      if (this.ended) return false;
      if (!(await this.connected())) return false;
      if (this.#gone) throw this.#vanished();
      if (this.#lost) this.#replay();
      if (!wait || this.#next < this.#queue.length) return true;
      await this.#sleep();
    }
  }

  /** Revision of the entry that comes next; infinite when none waits. */
  get nextRevision(): number {
    return this.#queue[this.#next]?.revision ?? Number.POSITIVE_INFINITY;
  }

  /** The next entry, or undefined when the watch broke here and resumes. */
  async take(): Promise<Entry | undefined> {
    const { network, client, name } = this.#input;
    const entry = this.#queue[this.#next]!;
    const hook = network.faults.onWatch;
    const fate: WatchFate = (hook ? hook.call(network.faults, client.name, name, entry.key) : 'ok') ?? 'ok';
    if (fate === 'break') {
      this.#drop();
      return undefined;
    }
    this.#next += 1;
    if (this.#next === this.#queue.length) this.#queue = [];
    else if (this.#next > 1_024) this.#queue.splice(0, this.#next);
    if (this.#queue.length === 0 || this.#next > 1_024) this.#next = 0;
    this.#cursor = entry.revision;
    if (fate !== 'ok') {
      const clock = clockOf(client, network.clock);
      await new Promise<void>((resolve) => clock.after(fate.delayMs, resolve));
    }
    return { ...entry, value: entry.value.slice() };
  }

  onEntry(entry: Entry): void {
    if (this.#lost) return;
    if (this.#queue.length - this.#next >= MAX_WAITING) {
      this.#drop();
      return;
    }
    this.#queue.push(entry);
    this.#wake?.();
  }

  onGone(): void {
    this.#gone = true;
    this.#wake?.();
  }

  stop(): void {
    this.#unobserve();
    this.#input.client.listeners.delete(this.#onConnection);
    this.#input.options.signal?.removeEventListener('abort', this.#onEnd);
    this.#input.closing.removeEventListener('abort', this.#onEnd);
  }

  readonly #onConnection = (connected: boolean): void => {
    if (!this.#input.client.alive) {
      this.stop();
      return;
    }
    if (!connected) this.#drop();
    this.#wake?.();
  };

  readonly #onEnd = (): void => {
    this.#wake?.();
  };

  #drop(): void {
    this.#queue = [];
    this.#next = 0;
    this.#lost = true;
    this.#wake?.();
  }

  #replay(): void {
    const state = this.#state;
    const nowMs = this.#input.network.clock.now();
    this.#lost = false;
    this.#next = 0;
    if (this.initial && this.#input.options.fromRevision === undefined) {
      const before = state.snapshot(this.#filter, nowMs).filter((entry) => this.#isWanted(entry.revision));
      this.#queue = [...before, ...state.since(this.#startRevision + 1, this.#filter, nowMs)];
      return;
    }
    const from = this.#cursor + 1;
    const first = state.firstRevision(nowMs);
    if (from > state.lastRevision + 1 || (from < first && from <= state.lastRevision)) {
      throw new TroupeError('GONE', `revision ${from} of bucket "${this.#input.name}" is no longer kept`);
    }
    this.#queue = state.since(from, this.#filter, nowMs);
  }

  #isWanted(revision: number): boolean {
    return revision > this.#cursor && revision <= this.#startRevision;
  }

  #vanished(): TroupeError {
    const text = `bucket "${this.#input.name}" was lost by the server`;
    const volatile = this.#state.settings.storage === 'memory';
    return new TroupeError(volatile ? 'GONE' : 'NOT_FOUND', text);
  }

  async #sleep(): Promise<void> {
    await new Promise<void>((resolve) => {
      this.#wake = resolve;
    });
    this.#wake = undefined;
  }
}
