// Requests with one subscription for all replies and one coarse wheel for all time-outs. A promise and a timer of
// the client's own for each request limit it to a third of what the server can do.
import { createInbox, type Msg, type NatsConnection, type Subscription } from '@nats-io/transport-node';
import type { Clock, Headers, Timer } from '../ports.ts';
import { statusOf, toWire } from './wire.ts';

/**
 * Why no reply came. `nobody`: certainly not delivered. `forbidden`: refused by the server. All others: perhaps
 * delivered.
 */
export type NoReply = 'nobody' | 'forbidden' | 'timeout' | 'disconnected' | 'closed';

interface Waiting {
  readonly subject: string;
  readonly resolve: (message: Msg) => void;
  readonly reject: (why: NoReply) => void;
}

/** A time-out comes at most so much late. */
const TICK_MS = 20;

export class ReplyMux {
  readonly #connection: NatsConnection;
  readonly #clock: Clock;
  readonly #prefix: string;
  readonly #subscription: Subscription;
  readonly #waiting = new Map<number, Waiting>();
  /** Requests by the tick in which their time is over. */
  readonly #wheel = new Map<number, number[]>();
  #wheelTimer: Timer | undefined;
  #tick = 0;
  #next = 0;

  constructor(connection: NatsConnection, clock: Clock) {
    this.#connection = connection;
    this.#clock = clock;
    this.#prefix = `${createInbox()}.`;
    this.#subscription = connection.subscribe(`${this.#prefix}*`, {
      callback: (error, message) => {
        if (!error) this.#replied(message);
      },
    });
  }

  get size(): number {
    return this.#waiting.size;
  }

  /** Rejects with a {@link NoReply}; throws what the client throws for a message that cannot be sent. */
  request(subject: string, data: Uint8Array, headers: Headers | undefined, timeoutMs: number): Promise<Msg> {
    this.#next += 1;
    const id = this.#next;
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { subject, resolve, reject });
      this.#arm(id, timeoutMs);
      const reply = this.#prefix + id;
      try {
        this.#connection.publish(subject, data, headers ? { reply, headers: toWire(headers) } : { reply });
      } catch (error) {
        this.#waiting.delete(id);
        reject(error);
      }
    });
  }

  /** All that are under way fail. */
  failAll(why: NoReply): void {
    const waiting = [...this.#waiting.values()];
    this.#waiting.clear();
    for (const one of waiting) one.reject(why);
  }

  /** Those under way to this subject fail. */
  fail(subject: string, why: NoReply): void {
    for (const [id, one] of this.#waiting) {
      if (one.subject !== subject) continue;
      this.#waiting.delete(id);
      one.reject(why);
    }
  }

  close(): void {
    this.failAll('closed');
    this.#wheelTimer?.cancel();
    this.#subscription.unsubscribe();
  }

  #replied(message: Msg): void {
    const id = Number(message.subject.slice(this.#prefix.length));
    const one = this.#waiting.get(id);
    if (!one) return;
    this.#waiting.delete(id);
    if (statusOf(message) === 503) one.reject('nobody');
    else one.resolve(message);
  }

  #arm(id: number, timeoutMs: number): void {
    if (!this.#wheelTimer) {
      this.#tick = this.#nowTick();
      this.#wheelTimer = this.#clock.after(TICK_MS, () => this.#turn());
    }
    const tick = this.#nowTick() + Math.ceil(timeoutMs / TICK_MS) + 1;
    const due = this.#wheel.get(tick);
    if (due) due.push(id);
    else this.#wheel.set(tick, [id]);
  }

  #nowTick(): number {
    return Math.floor(this.#clock.monotonic() / TICK_MS);
  }

  #turn(): void {
    this.#wheelTimer = undefined;
    for (const now = this.#nowTick(); this.#tick <= now; this.#tick += 1) {
      const due = this.#wheel.get(this.#tick);
      if (!due) continue;
      this.#wheel.delete(this.#tick);
      for (const id of due) this.#expire(id);
    }
    if (this.#waiting.size === 0) this.#wheel.clear();
    else this.#wheelTimer ??= this.#clock.after(TICK_MS, () => this.#turn());
  }

  #expire(id: number): void {
    const one = this.#waiting.get(id);
    if (!one) return;
    this.#waiting.delete(id);
    one.reject('timeout');
  }
}
