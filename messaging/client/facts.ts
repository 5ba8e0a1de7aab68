// Facts as they come in, as an async iterator. Listening starts with the call, not with the first `next`, so
// that nothing announced in between is missed. What waits for the reader is bounded.
import { TroupeError } from '../../schemas/errors.ts';
import { decode } from '../envelope.ts';
import type { Bus, Message, Subscription } from '../ports.ts';
import { CLIENT_LIMITS } from './limits.ts';
import type { Fact } from './types.ts';

export class FactStream implements AsyncIterableIterator<Fact>, AsyncDisposable {
  readonly #subscription: Subscription;
  readonly #onClose: (stream: FactStream) => void;
  #waiting: Fact[] = [];
  /** Index of the first that has not been read. */
  #first = 0;
  #failure: TroupeError | undefined;
  #closed = false;
  #wake: (() => void) | undefined;

  constructor(bus: Bus, subject: string, onClose: (stream: FactStream) => void) {
    this.#onClose = onClose;
    this.#subscription = bus.subscribe(subject, (message) => this.#receive(message));
  }

  async next(): Promise<IteratorResult<Fact>> {
    for (;;) {
      const fact = this.#waiting[this.#first];
      if (fact) {
        this.#first += 1;
        if (this.#first === this.#waiting.length) this.#first = this.#waiting.length = 0;
        return { done: false, value: fact };
      }
      if (this.#failure) {
        const failure = this.#failure;
        this.close();
        throw failure;
      }
      if (this.#closed) return { done: true, value: undefined };
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }

  async return(): Promise<IteratorResult<Fact>> {
    this.close();
    return { done: true, value: undefined };
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.close();
  }

  /** Ends the iteration. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#waiting = [];
    this.#first = 0;
    this.#failure = undefined;
    this.#subscription.unsubscribe();
    this.#onClose(this);
    this.#wake?.();
  }

  #receive(message: Message): void {
    if (this.#closed || this.#failure) return;
    if (this.#waiting.length - this.#first >= CLIENT_LIMITS.factsWaiting) {
      this.#failure = new TroupeError('TOO_MANY_REQUESTS', 'facts come faster than they are read');
    } else {
      const fact = factOf(message);
      if (fact) this.#waiting.push(fact);
    }
    this.#wake?.();
  }
}

/** Anybody may publish on these subjects; what is no fact is not passed on. */
function factOf(message: Message): Fact | undefined {
  try {
    const fact = decode(message.data) as Partial<Fact> | undefined;
    const sound = typeof fact?.type === 'string' && typeof fact.subject === 'string';
    return sound ? (fact as Fact) : undefined;
  } catch {
    return undefined;
  }
}
