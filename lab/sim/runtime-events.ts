// Carries the simulated runtime's events to those who listen. As with a real one, what happens while the runtime is
// away is lost to them, and `resync` tells them so when it is back.
import type { RuntimeEvent } from '../../actors/node/agent/runtime/port.ts';

/** A listener that is slower than this loses events and is told by a `resync`. */
const MOST_WAITING = 10_000;

interface Listener {
  waiting: RuntimeEvent[];
  wake: (() => void) | undefined;
  isClosed: boolean;
}

export class SimulatedEvents {
  readonly #listeners = new Set<Listener>();

  /** `isAway`: nobody answers now; the first `resync` then comes with the return. */
  async *listen(signal: AbortSignal, isAway: boolean): AsyncGenerator<RuntimeEvent> {
    const listener: Listener = {
      waiting: isAway ? [] : [{ type: 'resync' }],
      wake: undefined,
      isClosed: false,
    };
    const close = () => this.#close(listener);
    if (signal.aborted) return;
    signal.addEventListener('abort', close);
    this.#listeners.add(listener);
    try {
      while (!listener.isClosed) {
        const event = listener.waiting.shift();
        if (event !== undefined) yield event;
        else {
          await new Promise<void>((resolve) => {
            listener.wake = resolve;
          });
        }
      }
    } finally {
      signal.removeEventListener('abort', close);
      this.#listeners.delete(listener);
    }
  }

  tell(event: RuntimeEvent): void {
    for (const listener of this.#listeners) {
      if (listener.waiting.length >= MOST_WAITING) listener.waiting = [{ type: 'resync' }];
      else listener.waiting.push(event);
      this.#wake(listener);
    }
  }

  closeAll(): void {
    for (const listener of this.#listeners) this.#close(listener);
  }

  #close(listener: Listener): void {
    listener.isClosed = true;
    this.#wake(listener);
  }

  #wake(listener: Listener): void {
    listener.wake?.();
    listener.wake = undefined;
  }
}
