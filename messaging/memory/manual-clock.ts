// A clock for specs that stands still until it is told to move. Timers due at the same instant run in the order in
// which they were made, and all promises that can go on do so between two timers, so that a spec always sees the
// same order of things.
import { Heap } from '../heap.ts';
import type { Clock, Timer } from '../ports.ts';
import { settled } from '../system/settled.ts';

interface Pending {
  readonly at: number;
  readonly order: number;
  run: (() => void) | undefined;
}

/** 2026-01-01T00:00:00Z. */
const START_MS = 1_767_225_600_000;

export class ManualClock implements Clock {
  readonly #startMs: number;
  #elapsedMs = 0;
  #orders = 0;
  #live = 0;
  readonly #heap = new Heap<Pending>(before);

  constructor(startMs: number = START_MS) {
    this.#startMs = startMs;
  }

  now(): number {
    return this.#startMs + this.#elapsedMs;
  }

  monotonic(): number {
    return this.#elapsedMs;
  }

  after(ms: number, run: () => void): Timer {
    const timer: Pending = { at: this.#elapsedMs + Math.max(0, ms), order: this.#orders++, run };
    this.#heap.push(timer);
    this.#live += 1;
    return {
      cancel: () => {
        if (timer.run) this.#live -= 1;
        timer.run = undefined;
      },
    };
  }

  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    if (signal?.aborted) return Promise.resolve();
    return new Promise((resolve) => {
      const done = () => {
        timer.cancel();
        signal?.removeEventListener('abort', done);
        resolve();
      };
      const timer = this.after(ms, done);
      signal?.addEventListener('abort', done);
    });
  }

  /** Timers that are armed. */
  get armed(): number {
    return this.#live;
  }

  /** Milliseconds until the next timer, or undefined when none is armed. */
  get untilNextMs(): number | undefined {
    const next = this.#peek();
    return next && next.at - this.#elapsedMs;
  }

  /** Moves time on, running every timer that falls due, those made on the way included. */
  async advance(ms: number): Promise<void> {
    const until = this.#elapsedMs + ms;
    await settled();
    for (let next = this.#peek(); next && next.at <= until; next = this.#peek()) {
      this.#runNext();
      await settled();
    }
    this.#elapsedMs = until;
  }

  /** Moves from timer to timer until the promise settles. Fails when it has not after `withinMs` of this clock. */
  async until<T>(promise: Promise<T>, withinMs: number = 600_000): Promise<T> {
    let open = true;
    const close = () => {
      open = false;
    };
    promise.then(close, close);
    const limit = this.#elapsedMs + withinMs;
    await settled();
    while (open) {
      const next = this.#peek();
      if (!next || next.at > limit) throw new Error(this.#stuck(next, withinMs));
      this.#runNext();
      await settled();
    }
    return promise;
  }

  #stuck(next: Pending | undefined, withinMs: number): string {
    if (!next) return 'the promise waits although no timer is armed';
    return `the promise did not settle within ${withinMs} ms of the manual clock`;
  }

  #runNext(): void {
    const timer = this.#heap.pop()!;
    const run = timer.run!;
    timer.run = undefined;
    this.#live -= 1;
    this.#elapsedMs = Math.max(this.#elapsedMs, timer.at);
    run();
  }

  #peek(): Pending | undefined {
    while (this.#heap.first && !this.#heap.first.run) this.#heap.pop();
    return this.#heap.first;
  }
}

function before(a: Pending, b: Pending): boolean {
  return a.at < b.at || (a.at === b.at && a.order < b.order);
}
