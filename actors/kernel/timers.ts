// The deadlines of all actors whose shards this host holds, asleep or awake. What is true stands in the records; this
// is an index in memory, and may be late or wrong without harm: a fired deadline is looked up again in the record,
// and removed by the commit it causes, so it fires once whatever crashes in between.
import { Heap } from '../../messaging/heap.ts';
import type { Clock, Timer } from '../../messaging/ports.ts';
import { backOff } from './limits.ts';

interface Due {
  readonly at: number;
  readonly key: string;
  readonly id: string;
}

interface Known {
  readonly revision: number;
  readonly deadlines: ReadonlyMap<string, number>;
}

const FIRST_RETRY_MS = 500;
const MOST_RETRY_MS = 30_000;
/** No alarm is set further ahead than this, since long timers drift and overflow. */
const LONGEST_MS = 3_600_000;

export class Timers {
  private readonly clock: Clock;
  private readonly fire: (key: string, id: string) => void;
  private readonly heap = new Heap<Due>((left, right) => left.at < right.at);
  private readonly known = new Map<string, Known>();
  private readonly failures = new Map<string, number>();
  private alarm: { at: number; timer: Timer } | undefined;

  constructor(clock: Clock, fire: (key: string, id: string) => void) {
    this.clock = clock;
    this.fire = fire;
  }

  /** Deadlines known, over all actors. */
  get size(): number {
    let size = 0;
    for (const { deadlines } of this.known.values()) size += deadlines.size;
    return size;
  }

  /** Takes over the deadlines of a record as it stands at `revision`; an older one than is known changes nothing. */
  set(key: string, deadlines: Readonly<Record<string, number>> | undefined, revision: number): void {
    const before = this.known.get(key);
    if (before && revision < before.revision) return;
    const entries = Object.entries(deadlines ?? {});
    if (entries.length === 0) {
      this.forget(key);
      return;
    }
    this.known.set(key, { revision, deadlines: new Map(entries) });
    for (const [id, at] of entries) {
      if (before?.deadlines.get(id) !== at) this.heap.push({ at, key, id });
    }
    this.setAlarm();
  }

  forget(key: string): void {
    this.known.delete(key);
    this.failures.delete(key);
  }

  /** The event of a fired deadline could not be stored: fire again, later each time. */
  retry(key: string, id: string): void {
    if (!this.known.get(key)?.deadlines.has(id)) return;
    const failures = (this.failures.get(key) ?? 0) + 1;
    this.failures.set(key, failures);
    this.heap.push({ at: this.clock.now() + backOff(failures, FIRST_RETRY_MS, MOST_RETRY_MS), key, id });
    this.setAlarm();
  }

  stop(): void {
    this.alarm?.timer.cancel();
    this.alarm = undefined;
    this.heap.clear();
    this.known.clear();
    this.failures.clear();
  }

  private setAlarm(): void {
    const first = this.heap.first;
    if (!first || (this.alarm && this.alarm.at <= first.at)) return;
    this.alarm?.timer.cancel();
    const delayMs = Math.min(Math.max(first.at - this.clock.now(), 0), LONGEST_MS);
    const timer = this.clock.after(delayMs, () => {
      this.alarm = undefined;
      this.run();
    });
    this.alarm = { at: first.at, timer };
  }

  private run(): void {
    const now = this.clock.now();
    for (let due = this.heap.first; due && due.at <= now; due = this.heap.first) {
      this.heap.pop();
      const at = this.known.get(due.key)?.deadlines.get(due.id);
      if (at !== undefined && at <= now) this.fire(due.key, due.id);
    }
    this.setAlarm();
  }
}
