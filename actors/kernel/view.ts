// One process's read model of a bucket: the newest value of every key, fed by a single watcher. Lists, watches, the
// table of nodes and the index of deadlines read it, so that nothing ever scans the store on a timer. It may lag behind
// the store; whoever needs a consistent read first waits for the revision it must have seen.

import { idOfKey } from '../../messaging/identity.ts';
import type { Bucket, Clock, Entry, Trace } from '../../messaging/ports.ts';
import { hasCode, TroupeError } from '../../schemas/errors.ts';
import { backOff } from './limits.ts';
import { type ActorRecord, decodeRecord } from './record.ts';

/** One key as the view knows it. Values are decoded when somebody looks. */
export class Seen {
  readonly key: string;
  readonly revision: number;
  readonly createdAt: number;
  private readonly value: Uint8Array;
  private decoded: ActorRecord | undefined;

  constructor(entry: Entry) {
    this.key = entry.key;
    this.revision = entry.revision;
    this.createdAt = entry.createdAt;
    this.value = entry.value;
  }

  /** Bytes as stored; the object alone is smaller. */
  get sizeBytes(): number {
    return this.value.length;
  }

  get record(): ActorRecord {
    this.decoded ??= decodeRecord(this.value, this.key);
    return this.decoded;
  }

  /** Gives back the memory of the decoded form; the bytes stay. */
  compact(): void {
    this.decoded = undefined;
  }
}

export interface Change {
  readonly key: string;
  readonly revision: number;
  /** Undefined when the key was deleted. */
  readonly now: Seen | undefined;
  /** Undefined when the key was not there. */
  readonly before: Seen | undefined;
}

const FIRST_RETRY_MS = 100;
const MOST_RETRY_MS = 5_000;

export interface ViewOptions {
  readonly bucket: Bucket;
  readonly clock: Clock;
  readonly trace: Trace;
  /** Changes kept for watchers that resume. */
  readonly backlog: number;
}

export class View {
  private readonly options: ViewOptions;
  private readonly kinds = new Map<string, Map<string, Seen>>();
  private readonly listeners = new Set<(change: Change) => void>();
  private readonly waiting: { revision: number; wake: () => void }[] = [];
  private readonly stopping = new AbortController();
  private backlog: Change[] = [];
  private latest = 0;
  /** Revisions up to this one can no longer be resumed from. */
  private floor = 0;
  private current = false;

  constructor(options: ViewOptions) {
    this.options = options;
  }

  /** Starts the watcher and resolves when everything stored so far has been seen. */
  async start(): Promise<void> {
    void this.follow();
    for (let before = 0; ; before = this.latest) {
      try {
        return await this.reach(0);
      } catch (error) {
        // A large bucket takes its time; only one of which nothing comes is given up.
        if (this.latest === before) throw error;
      }
    }
  }

  stop(): void {
    this.stopping.abort();
    for (const { wake } of this.waiting.splice(0)) wake();
  }

  /** The newest revision seen. */
  get revision(): number {
    return this.latest;
  }

  get(key: string): Seen | undefined {
    return this.kinds.get(pluralOf(key))?.get(key);
  }

  /** All keys of one kind, in the order of their keys' first appearance. */
  all(plural: string): Iterable<Seen> {
    return this.kinds.get(plural)?.values() ?? [];
  }

  count(plural: string): number {
    return this.kinds.get(plural)?.size ?? 0;
  }

  /** Everything, of all kinds. */
  *everything(): Iterable<Seen> {
    for (const entries of this.kinds.values()) yield* entries.values();
  }

  /** Resolves when `revision` has been seen; rejects with TIMEOUT after `withinMs`. */
  async reach(revision: number, withinMs = 10_000): Promise<void> {
    if (this.current && this.latest >= revision) return;
    await new Promise<void>((resolve, reject) => {
      const waiter = { revision, wake: resolve };
      const timer = this.options.clock.after(withinMs, () => {
        this.waiting.splice(this.waiting.indexOf(waiter), 1);
        const text = `"${this.options.bucket.name}" was not read up to revision ${revision} within ${withinMs} ms`;
        reject(new TroupeError('TIMEOUT', `${text} (at ${this.latest})`));
      });
      waiter.wake = () => {
        timer.cancel();
        resolve();
      };
      this.waiting.push(waiter);
    });
  }

  /** Calls for every change, in order, after the view itself has taken it in. Returns the way to stop. */
  onChange(listener: (change: Change) => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  /** Changes after `revision`; throws GONE when they are no longer kept. */
  since(revision: number): readonly Change[] {
    if (revision < this.floor) {
      const message = `too old resource version: ${revision} (${this.floor})`;
      throw new TroupeError('GONE', message);
    }
    return this.backlog.filter((change) => change.revision > revision);
  }

  private async follow(): Promise<void> {
    const { bucket, clock, trace } = this.options;
    const { signal } = this.stopping;
    let resumable = false;
    for (let failures = 0; !signal.aborted; failures += 1) {
      try {
        const fromRevision = resumable ? this.latest + 1 : undefined;
        const seen = resumable ? undefined : new Set<string>();
        for await (const event of bucket.watch({ signal, fromRevision })) {
          failures = 0;
          if (event.type === 'current') {
            if (seen && !this.current) this.floor = event.revision;
            if (seen) this.dropUnseen(seen, event.revision);
            resumable = true;
            this.caughtUp(event.revision);
          } else {
            seen?.add(event.entry.key);
            this.take(event.entry);
          }
        }
      } catch (error) {
        if (hasCode(error, 'GONE')) resumable = false;
        trace.log('warn', 'watch of the bucket ended', { bucket: bucket.name, message: String(error) });
      }
      if (!signal.aborted) await clock.sleep(backOff(failures, FIRST_RETRY_MS, MOST_RETRY_MS), signal);
    }
  }

  private take(entry: Entry): void {
    const plural = pluralOf(entry.key);
    let entries = this.kinds.get(plural);
    const before = entries?.get(entry.key);
    if (before && entry.revision <= before.revision) return;
    this.latest = Math.max(this.latest, entry.revision);
    const now = entry.operation === 'put' ? this.read(entry) : undefined;
    if (!now) {
      entries?.delete(entry.key);
      if (before) this.tell({ key: entry.key, revision: entry.revision, now: undefined, before });
    } else {
      if (!entries) {
        entries = new Map();
        this.kinds.set(plural, entries);
      }
      entries.set(entry.key, now);
      this.tell({ key: entry.key, revision: entry.revision, now, before });
    }
    if (this.current) this.wake();
  }

  /** Anybody can write into the bucket: what is no record is not there, and the operators hear of it. */
  private read(entry: Entry): Seen | undefined {
    try {
      idOfKey(entry.key);
      const seen = new Seen(entry);
      const { object, actor } = seen.record;
      if (isObject(object.metadata) && isObject(actor)) return seen;
    } catch {
      // Traced below.
    }
    const { bucket, trace } = this.options;
    trace.log('error', 'not the record of an object', { bucket: bucket.name, key: entry.key });
    return undefined;
  }

  private tell(change: Change): void {
    if (this.current) {
      this.backlog.push(change);
      if (this.backlog.length > 2 * this.options.backlog) {
        this.backlog = this.backlog.slice(-this.options.backlog);
        this.floor = this.backlog[0]!.revision - 1;
      }
    }
    for (const listener of this.listeners) {
      try {
        listener(change);
      } catch (error) {
        // One that fails keeps no news from the others.
        this.options.trace.log('error', 'a change was not taken in', {
          key: change.key,
          message: String(error),
        });
      }
    }
    change.before?.compact();
    change.now?.compact();
  }

  /** After a watch that began anew: what it did not show is no longer there. */
  private dropUnseen(seen: ReadonlySet<string>, revision: number): void {
    for (const entries of this.kinds.values()) {
      for (const [key, before] of entries) {
        if (seen.has(key) || before.revision > revision) continue;
        entries.delete(key);
        this.tell({ key, revision, now: undefined, before });
      }
    }
  }

  private caughtUp(revision: number): void {
    this.latest = Math.max(this.latest, revision);
    this.current = true;
    this.wake();
  }

  private wake(): void {
    if (this.waiting.length === 0) return;
    for (const waiter of [...this.waiting]) {
      if (waiter.revision > this.latest) continue;
      this.waiting.splice(this.waiting.indexOf(waiter), 1);
      waiter.wake();
    }
  }
}

function isObject(value: unknown): boolean {
  return typeof value === 'object' && value !== null;
}

function pluralOf(key: string): string {
  return key.slice(0, key.indexOf('.'));
}
