// The ports through which the message side of Troupe touches the world: time, chance, the bus, the store and the
// trace. Real adapters are in `nats/` and `system/`, their twins in `memory/`; both pass the same conformance specs.
// Code behind these ports never knows which side it runs on.

/** Time. Everything that waits, waits here, so that the simulation can move it. */
export interface Clock {
  /** Milliseconds since the epoch. May jump; use it for what is stored and shown. */
  now(): number;
  /** Milliseconds that only ever grow; use it to measure how long something took. */
  monotonic(): number;
  /** Calls `run` once after `ms`. */
  after(ms: number, run: () => void): Timer;
  /** Resolves after `ms`, or at once when `signal` is aborted. Never rejects. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
}

export interface Timer {
  cancel(): void;
}

/** Chance. Seeded in the simulation; forked by name, so that a draw added in one place shifts no other. */
export interface Random {
  /** A number in [0, 1). */
  next(): number;
  /** A whole number in [0, bound). */
  below(bound: number): number;
  /** A version 4 UUID. */
  uuid(): string;
  /** `length` lower-case letters and digits, as in generated names. */
  token(length: number): string;
  fork(name: string): Random;
}

export type Headers = Readonly<Record<string, string>>;

/** One message as it arrives. */
export interface Message {
  readonly subject: string;
  readonly data: Uint8Array;
  readonly headers: Headers;
  /** The subject the sender waits on, when it expects an answer. */
  readonly reply: string | undefined;
  /** Answers the sender; a no-op when it expects none. */
  respond(data: Uint8Array, headers?: Headers): void;
}

export interface Subscription {
  /** Stops delivery at once. */
  unsubscribe(): void;
}

export interface RequestOptions {
  /** Bound on the wait for the answer. */
  readonly timeoutMs: number;
  readonly headers?: Headers;
}

export interface StreamOptions {
  readonly headers?: Headers;
  /** The stream fails with TIMEOUT when nothing came for so long; 0 waits for ever. */
  readonly idleMs: number;
  readonly signal?: AbortSignal;
}

export type BusStatus = 'connected' | 'disconnected' | 'closed';

export interface ServiceDescription {
  /** As in `nats micro ls`: letters, digits, `-` and `_`. */
  readonly name: string;
  readonly version: string;
  readonly description: string;
  readonly metadata?: Record<string, string>;
  readonly endpoints: readonly {
    readonly name: string;
    /** A subject with wildcards. */
    readonly subject: string;
    readonly metadata?: Record<string, string>;
  }[];
}

/**
 * The bus. At most once, unordered between subjects, ordered within one sender and subject.
 * Errors: `UNAVAILABLE` (nobody listens or no connection: certainly not delivered), `TIMEOUT` (perhaps delivered),
 * `TOO_LARGE` (over {@link Bus.maxPayloadBytes}).
 */
export interface Bus {
  readonly maxPayloadBytes: number;
  /** With `reply`, answers go to that subject: a request passed on for somebody else. */
  publish(subject: string, data: Uint8Array, headers?: Headers, reply?: string): void;
  request(subject: string, data: Uint8Array, options: RequestOptions): Promise<Message>;
  /**
   * One request, many answers. The answering side sends any number of messages to `reply` and ends with an empty
   * one that carries the header `Troupe-End`; when that header's value is not `ok` it is a JSON Status and the
   * iteration throws it as a TroupeError. Leaving the iteration publishes to `<reply>.cancel`.
   */
  stream(subject: string, data: Uint8Array, options: StreamOptions): AsyncIterable<Message>;
  /** `*` matches a token, a trailing `>` the rest. With `queue` each message reaches one member of the group. */
  subscribe(
    subject: string,
    onMessage: (message: Message) => void,
    options?: { queue?: string },
  ): Subscription;
  /** Serves endpoints as a NATS micro service (`nats micro ls`); members of one service share the load. */
  serve(
    service: ServiceDescription,
    onMessage: (message: Message, endpoint: string) => void,
  ): Promise<Subscription>;
  /** Calls at every change; returns the way to stop. */
  onStatus(listener: (status: BusStatus) => void): () => void;
  readonly status: BusStatus;
  /** Resolves when all that was published has reached the server. */
  flush(): Promise<void>;
  close(): Promise<void>;
}

export interface Entry {
  readonly key: string;
  /** Empty for deletions. */
  readonly value: Uint8Array;
  readonly revision: number;
  readonly operation: 'put' | 'delete';
  /** Milliseconds since the epoch, by the store's clock. */
  readonly createdAt: number;
}

/** What a watch yields: an entry, or the mark that everything up to `revision` has been yielded. */
export type WatchEvent =
  | { readonly type: 'entry'; readonly entry: Entry }
  | { readonly type: 'current'; readonly revision: number };

export interface WatchOptions {
  /** A key with `*` and `>` as in subjects. Default: all keys. */
  readonly filter?: string;
  /**
   * First revision to yield, when resuming. Without it the newest entry of each key comes first (deletions left
   * out), then `current`, then every change.
   */
  readonly fromRevision?: number;
  readonly signal?: AbortSignal;
}

export interface BucketOptions {
  /** Values kept per key. Default 64. */
  readonly history?: number;
  readonly storage?: 'file' | 'memory';
  /** Entries vanish after so long. Default: never. */
  readonly maxAgeMs?: number;
  readonly replicas?: number;
}

/**
 * A key-value bucket with one revision over all keys. Reads come from the leader.
 * Write errors: `STALE_REVISION` (certainly not written), `UNSURE` (perhaps written: reading tells), `UNAVAILABLE`
 * (certainly not written), `TOO_LARGE`.
 */
export interface Bucket {
  readonly name: string;
  get(key: string): Promise<Entry | undefined>;
  /** The value a key had at this very revision, or undefined when it is not kept. */
  getRevision(key: string, revision: number): Promise<Entry | undefined>;
  /**
   * Compare and set: writes when the key's newest revision is `expected`. 0: the key must not exist, or be deleted.
   * Returns the new revision.
   */
  update(key: string, value: Uint8Array, expected: number): Promise<number>;
  /** Writes without comparing. Only for what has one writer by nature, such as a heartbeat. */
  put(key: string, value: Uint8Array): Promise<number>;
  /** Compare and delete; leaves a marker that watchers see. Returns the marker's revision. */
  delete(key: string, expected: number): Promise<number>;
  /** Kept entries of one key, oldest first, deletions included. */
  history(key: string): Promise<Entry[]>;
  /** The newest revision of the bucket, as the leader knows it. */
  lastRevision(): Promise<number>;
  /**
   * Everything that happens, in order, each (key, revision) once, without gaps, over reconnections and server
   * restarts. Ends when `signal` is aborted or the bucket is closed; throws `GONE` when `fromRevision` or the place
   * to resume from is no longer kept, and the caller starts anew.
   */
  watch(options?: WatchOptions): AsyncIterable<WatchEvent>;
}

/** What the servers really promise, read from the servers' own answers. */
export interface Durability {
  readonly serverVersion: string;
  readonly replicas: number;
  /** True when each acknowledged write is on disk; undefined when the server does not tell. */
  readonly syncAlways: boolean | undefined;
  /** Sentences for the user; empty when nothing is to be warned of. */
  readonly warnings: readonly string[];
}

export interface Store {
  /** Opens a bucket and creates it when missing; a bucket whose settings differ is an error `CONFLICT`. */
  bucket(name: string, options?: BucketOptions): Promise<Bucket>;
  /** Removes a bucket with all it holds; nothing happens when it is missing. */
  destroy(name: string): Promise<void>;
  durability(): Promise<Durability>;
  close(): Promise<void>;
}

export type TraceLevel = 'debug' | 'info' | 'warn' | 'error';

/** What the code has to say to operators. Never secrets, never whole objects. */
export interface Trace {
  log(level: TraceLevel, message: string, fields?: Record<string, unknown>): void;
  /** The same trace with fields added to every line. */
  with(fields: Record<string, unknown>): Trace;
}

/** All of it together, handed in once. */
export interface World {
  readonly clock: Clock;
  readonly random: Random;
  readonly bus: Bus;
  readonly store: Store;
  readonly trace: Trace;
}
