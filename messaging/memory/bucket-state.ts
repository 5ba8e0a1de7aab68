// What a bucket holds: entries by key and by revision, bounded by history and age. Synchronous and free of faults;
// `bucket.ts` is how a client reaches it.
import { type BucketSettings, staleRevision } from '../buckets.ts';
import type { Entry } from '../ports.ts';
import { covers, SubjectTree } from './subject-tree.ts';

/** A live watch: told of each new entry, and of the bucket's end. */
export interface Observer {
  onEntry(entry: Entry): void;
  onGone(): void;
}

const EMPTY = new Uint8Array(0);

export class BucketState {
  readonly name: string;
  readonly settings: BucketSettings;
  /** False once destroyed, or lost with the server's memory. */
  open = true;
  lastRevision = 0;
  readonly observers = new SubjectTree<Observer>();
  readonly #everyObserver = new Set<Observer>();
  readonly #byKey = new Map<string, Entry[]>();
  /** In order of revision, since a map keeps the order of insertion. */
  readonly #byRevision = new Map<number, Entry>();

  constructor(name: string, settings: BucketSettings) {
    this.name = name;
    this.settings = settings;
  }

  newest(key: string, nowMs: number): Entry | undefined {
    this.#expire(nowMs);
    return this.#byKey.get(key)?.at(-1);
  }

  at(key: string, revision: number, nowMs: number): Entry | undefined {
    this.#expire(nowMs);
    const entry = this.#byRevision.get(revision);
    return entry?.key === key ? entry : undefined;
  }

  history(key: string, nowMs: number): readonly Entry[] {
    this.#expire(nowMs);
    return this.#byKey.get(key) ?? [];
  }

  /** The oldest revision kept; one more than the newest when nothing is kept. */
  firstRevision(nowMs: number): number {
    this.#expire(nowMs);
    for (const revision of this.#byRevision.keys()) return revision;
    return this.lastRevision + 1;
  }

  /** Throws STALE_REVISION unless `expected` is the key's newest revision. */
  compare(key: string, expected: number, nowMs: number): void {
    const newest = this.newest(key, nowMs);
    const revision = newest?.revision ?? 0;
    if (revision === expected || (expected === 0 && newest?.operation === 'delete')) return;
    throw staleRevision(this.name, key, expected, revision);
  }

  append(key: string, value: Uint8Array, operation: Entry['operation'], nowMs: number): number {
    this.lastRevision += 1;
    const revision = this.lastRevision;
    const stored = operation === 'put' ? value.slice() : EMPTY;
    const entry: Entry = { key, value: stored, revision, operation, createdAt: nowMs };
    this.#byRevision.set(revision, entry);
    const kept = this.#byKey.get(key);
    if (!kept) this.#byKey.set(key, [entry]);
    else {
      kept.push(entry);
      if (kept.length > this.settings.history) this.#byRevision.delete(kept.shift()!.revision);
    }
    for (const observer of this.observers.match(key)) observer.onEntry(entry);
    return revision;
  }

  /** The newest entry of each key, deletions left out, in order of revision. */
  snapshot(filter: string, nowMs: number): Entry[] {
    this.#expire(nowMs);
    const found: Entry[] = [];
    for (const [key, kept] of this.#byKey) {
      const newest = kept.at(-1)!;
      if (newest.operation === 'put' && covers(filter, key)) found.push(newest);
    }
    return found.sort((a, b) => a.revision - b.revision);
  }

  /** All kept entries from a revision on. */
  since(revision: number, filter: string, nowMs: number): Entry[] {
    this.#expire(nowMs);
    const found: Entry[] = [];
    if (revision > this.lastRevision) return found;
    for (const entry of this.#byRevision.values()) {
      if (entry.revision >= revision && covers(filter, entry.key)) found.push(entry);
    }
    return found;
  }

  observe(filter: string, observer: Observer): () => void {
    const remove = this.observers.add(filter, observer);
    this.#everyObserver.add(observer);
    return () => {
      remove();
      this.#everyObserver.delete(observer);
    };
  }

  close(): void {
    this.open = false;
    for (const observer of [...this.#everyObserver]) observer.onGone();
  }

  #expire(nowMs: number): void {
    const { maxAgeMs } = this.settings;
    if (maxAgeMs <= 0) return;
    for (const entry of this.#byRevision.values()) {
      if (entry.createdAt + maxAgeMs > nowMs) return;
      this.#byRevision.delete(entry.revision);
      const kept = this.#byKey.get(entry.key)!;
      kept.shift();
      if (kept.length === 0) this.#byKey.delete(entry.key);
    }
  }
}

/** Forgets the buckets that a restarted server forgets. */
export function dropVolatile(buckets: Map<string, BucketState>): void {
  for (const [name, bucket] of buckets) {
    if (bucket.settings.storage !== 'memory') continue;
    buckets.delete(name);
    bucket.close();
  }
}
