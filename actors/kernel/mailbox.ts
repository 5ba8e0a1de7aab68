// The messages waiting for one actor: first in, first out, bounded. A full mailbox refuses; it never grows.
import type { AnyEventObject } from 'xstate';
import type { Headers } from '../../messaging/ports.ts';
import { TroupeError } from '../../schemas/errors.ts';

/** What the sender is told, once, after the commit. */
export type Answer =
  | { readonly ok: true; readonly value: unknown; readonly headers?: Headers }
  | { readonly ok: false; readonly error: TroupeError };

export interface Mail {
  readonly event: AnyEventObject;
  /** Identifies the message; a repetition carries the same. */
  readonly id: string;
  readonly from?: string;
  /** The sender's revision; one lower than seen from this sender is refused. */
  readonly fence?: number;
  /** The object it is about, of all that have had this name; for any when left out. */
  readonly uid?: string;
  /** Epoch milliseconds after which nobody waits for the answer. */
  readonly deadline?: number;
  readonly options?: Readonly<Record<string, unknown>>;
  answer(answer: Answer): void;
}

export class Mailbox {
  private readonly limit: number;
  private waiting: Mail[] = [];

  constructor(limit: number) {
    this.limit = limit;
  }

  get depth(): number {
    return this.waiting.length;
  }

  /** Takes the mail in, or answers it with TOO_MANY_REQUESTS. */
  push(mail: Mail): boolean {
    if (this.waiting.length >= this.limit) {
      const message = `the mailbox is full (${this.limit} messages wait)`;
      mail.answer({ ok: false, error: new TroupeError('TOO_MANY_REQUESTS', message) });
      return false;
    }
    this.waiting.push(mail);
    return true;
  }

  shift(): Mail | undefined {
    return this.waiting.shift();
  }

  /** Takes out all that wait, in order. */
  empty(): Mail[] {
    const all = this.waiting;
    this.waiting = [];
    return all;
  }
}
