// Time as one simulated process has it: a view of the timeline that can be skewed, held and ended. While a process is
// paused none of its timers run; they run, late and in their order, when it goes on. After its crash nothing runs.
import type { Clock, Timer } from '../../messaging/ports.ts';
import type { Timeline } from './timeline.ts';

/** 2026-01-01T00:00:00Z. */
export const START_MS = 1_767_225_600_000;

export class ProcessClock implements Clock {
  /** How far this machine's idea of the time of day is ahead. */
  skewMs = 0;
  private readonly timeline: Timeline;
  private held: (() => void)[] | undefined;
  private ended = false;
  private live = 0;

  constructor(timeline: Timeline) {
    this.timeline = timeline;
  }

  get paused(): boolean {
    return this.held !== undefined;
  }

  /** Timers that are armed or held. */
  get armed(): number {
    return this.live;
  }

  now(): number {
    return Math.floor(START_MS + this.timeline.elapsedMs + this.skewMs);
  }

  monotonic(): number {
    return this.timeline.elapsedMs;
  }

  after(ms: number, run: () => void): Timer {
    let open = true;
    this.live += 1;
    const close = () => {
      if (open) this.live -= 1;
      open = false;
    };
    const timer = this.timeline.after(ms, () =>
      this.whenAwake(() => {
        if (!open) return;
        close();
        run();
      }),
    );
    return {
      cancel: () => {
        timer.cancel();
        close();
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

  /** Runs now, or when the process goes on, or never when it has ended. */
  whenAwake(run: () => void): void {
    if (this.ended) return;
    if (this.held) this.held.push(run);
    else run();
  }

  pause(): void {
    this.held ??= [];
  }

  resume(): void {
    const held = this.held ?? [];
    this.held = undefined;
    // One step each, so that what they cause is interleaved with the rest of the world.
    for (const run of held) this.timeline.after(0, () => this.whenAwake(run));
  }

  /** The process is gone. */
  end(): void {
    this.ended = true;
    this.held = undefined;
  }
}
