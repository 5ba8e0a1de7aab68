// The one scheduler of a simulation: it owns every timer of every process and decides what runs next. Time stands still
// while anything can still run, and then jumps to the next timer. Promises run to quiescence before time moves, so one
// seed is one run. Timers due at the same instant run in order of creation or, when asked for, in a drawn order.
import { Heap } from '../../messaging/heap.ts';
import type { Random, Timer } from '../../messaging/ports.ts';
import { settled } from '../../messaging/system/index.ts';

interface Pending {
  readonly at: number;
  readonly tie: number;
  readonly order: number;
  run: (() => void) | undefined;
}

/** More than so many timers at one instant are a loop without a pause. */
const MOST_PER_INSTANT = 100_000;

export class Timeline {
  /** Virtual milliseconds since the beginning; may have a fraction. */
  elapsedMs = 0;
  /** Timers that have run. */
  steps = 0;
  private readonly heap = new Heap<Pending>(before);
  private readonly ties: Random | undefined;
  private orders = 0;
  /** Timers that have run at this very instant. */
  private instant = 0;
  private live = 0;
  private failure: Error | undefined;

  /** With `ties`, what is due at the same instant runs in an order drawn from it. */
  constructor(ties?: Random) {
    this.ties = ties;
  }

  /** Timers that are armed. */
  get armed(): number {
    return this.live;
  }

  after(ms: number, run: () => void): Timer {
    const at = this.elapsedMs + Math.max(0, ms);
    const timer: Pending = { at, tie: this.ties?.next() ?? 0, order: this.orders++, run };
    this.heap.push(timer);
    this.live += 1;
    return {
      cancel: () => {
        if (timer.run) this.live -= 1;
        timer.run = undefined;
      },
    };
  }

  /** Ends the run with this error at the next step; the first one counts. */
  fail(error: Error): void {
    this.failure ??= error;
  }

  /** Lets virtual time pass. Rejects with what was given to {@link fail}. */
  async advance(ms: number): Promise<void> {
    const until = this.elapsedMs + ms;
    await this.quiesce();
    for (let next = this.peek(); next && next.at <= until; next = this.peek()) {
      this.instant = next.at > this.elapsedMs ? 0 : this.instant + 1;
      if (this.instant > MOST_PER_INSTANT)
        throw new Error(`${MOST_PER_INSTANT} timers ran and time stands still`);
      this.elapsedMs = Math.max(this.elapsedMs, next.at);
      this.runNext();
      const following = this.peek();
      if (!following || following.at > this.elapsedMs) await this.quiesce();
    }
    this.elapsedMs = until;
  }

  private runNext(): void {
    const timer = this.heap.pop()!;
    const run = timer.run!;
    timer.run = undefined;
    this.live -= 1;
    this.steps += 1;
    run();
  }

  private async quiesce(): Promise<void> {
    await settled();
    if (this.failure) throw this.failure;
  }

  private peek(): Pending | undefined {
    while (this.heap.first && !this.heap.first.run) this.heap.pop();
    return this.heap.first;
  }
}

function before(a: Pending, b: Pending): boolean {
  if (a.at !== b.at) return a.at < b.at;
  return a.tie < b.tie || (a.tie === b.tie && a.order < b.order);
}
