// The machine's own time behind the Clock port.
import type { Clock, Timer } from '../ports.ts';

/** Node's timers take no more; longer waits are made of several. */
const LONGEST_MS = 2_000_000_000;

export interface SystemClockOptions {
  /** True: armed timers do not keep the process alive. For clusters embedded in somebody else's program. */
  readonly background?: boolean;
}

export function systemClock(options: SystemClockOptions = {}): Clock {
  const background = options.background ?? false;
  const after = (ms: number, run: () => void): Timer => arm(ms, run, background);
  return {
    now: () => Date.now(),
    monotonic: () => performance.now(),
    after,
    sleep(ms, signal) {
      if (signal?.aborted) return Promise.resolve();
      return new Promise((resolve) => {
        const done = () => {
          timer.cancel();
          signal?.removeEventListener('abort', done);
          resolve();
        };
        const timer = after(ms, done);
        signal?.addEventListener('abort', done);
      });
    },
  };
}

function arm(ms: number, run: () => void, background: boolean): Timer {
  if (!(ms > 0)) return soon(run, background);
  let timeout: NodeJS.Timeout;
  const wait = (leftMs: number) => {
    const nowMs = Math.min(leftMs, LONGEST_MS);
    timeout = setTimeout(() => (leftMs > nowMs ? wait(leftMs - nowMs) : run()), nowMs);
    if (background) timeout.unref();
  };
  wait(ms);
  return { cancel: () => clearTimeout(timeout) };
}

/** A turn of the event loop rather than a millisecond, which is what a timer of 0 would take. */
function soon(run: () => void, background: boolean): Timer {
  const immediate = setImmediate(run);
  if (background) immediate.unref();
  return { cancel: () => clearImmediate(immediate) };
}
