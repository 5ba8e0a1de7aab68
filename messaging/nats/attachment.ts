// One consumer's life within a watch: made, asked for batches as the reader reads, removed. It ends without a reason:
// the watch attaches anew and looks for itself.
import { createInbox, type Msg, type Subscription } from '@nats-io/transport-node';
import { encode } from '../envelope.ts';
import type { Entry, Timer, WatchEvent } from '../ports.ts';
import { Refused, refusalToError } from './stream-api.ts';
import type { StreamWatchInput } from './watch.ts';
import { statusOf } from './wire.ts';

const NANOS_PER_MS = 1_000_000;
/** Entries asked for at a time, so that about BATCH_BYTES wait for the reader at most. */
const FIRST_BATCH = 64;
const LEAST_BATCH = 4;
const MOST_BATCH = 512;
const BATCH_BYTES = 8 * 1_048_576;
/** What remains of the size of the largest entry with each that follows. */
const FORGET = 0.98;
const PULL_MS = 30_000;
/** The server says that it lives so often while it has nothing to send. */
const HEARTBEAT_MS = 2_000;
/** Silence for so long means that the consumer is gone. */
const SILENCE_MS = 5_000;
/** The server removes a consumer that nobody asks for so long. */
const INACTIVE_MS = 15_000;

const EMPTY = new Uint8Array(0);

export class Attachment {
  readonly #input: StreamWatchInput;
  readonly #consumer: string;
  readonly #inbox: string;
  readonly #end: AbortSignal;
  readonly #waiting: (Entry | 'current')[] = [];
  #subscription: Subscription | undefined;
  #stopStatus: () => void = () => {};
  #silence: Timer | undefined;
  #heardAt = 0;
  /** Messages still to come of the batch asked for. */
  #asked = 0;
  #batch = FIRST_BATCH;
  /** The consumer's own numbering, to see gaps. */
  #delivered = 0;
  /** The largest entry of late, which bounds the next batch. */
  #largestBytes = BATCH_BYTES / FIRST_BATCH;
  #over = false;
  #isCurrent = true;
  #lastRevision = 0;
  #wake: (() => void) | undefined;

  constructor(input: StreamWatchInput, end: AbortSignal) {
    this.#input = input;
    this.#end = end;
    this.#consumer = `troupe_${input.link.random.token(16)}`;
    this.#inbox = createInbox();
  }

  async open(
    fromRevision: number | undefined,
    known: { lastRevision: number; isCurrent: boolean },
  ): Promise<void> {
    const { link, api, stream } = this.#input;
    this.#lastRevision = known.lastRevision;
    this.#isCurrent = known.isCurrent;
    const filter = this.#input.prefix + (this.#input.options.filter ?? '>');
    const request = { stream_name: stream, config: this.#config(fromRevision, filter) };
    this.#subscription = link.connection.subscribe(this.#inbox, {
      callback: (error, message) => (error ? this.#finish() : this.#receive(message)),
    });
    this.#stopStatus = link.onStatus(() => this.#finish());
    this.#end.addEventListener('abort', this.#onEnd);
    let pending: number;
    try {
      const verb = `CONSUMER.CREATE.${stream}.${this.#consumer}.${filter}`;
      pending = ((await api.call(verb, request)) as { num_pending?: number }).num_pending ?? 0;
    } catch (error) {
      this.close();
      throw error instanceof Refused ? refusalToError(error, `watch of "${this.#input.name}"`) : error;
    }
    if (pending === 0) this.#reachCurrent(known.lastRevision);
    this.#pull();
    this.#listen();
  }

  /** The next event; undefined when the attachment is over. */
  async next(): Promise<WatchEvent | undefined> {
    for (;;) {
      // What waits is yielded even when the consumer is gone: it is in order and complete so far.
      const event = this.#waiting.shift();
      if (this.#end.aborted) return undefined;
      if (event !== undefined) {
        if (this.#asked === 0 && this.#waiting.length < this.#batch / 2) this.#pull();
        if (event === 'current') return { type: 'current', revision: this.#lastRevision };
        return { type: 'entry', entry: event };
      }
      if (this.#over) return undefined;
      if (this.#asked === 0) this.#pull();
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
      this.#wake = undefined;
    }
  }

  /** Ends it and removes the consumer, without waiting for that. */
  close(): void {
    this.#finish();
    if (!this.#subscription) return;
    this.#subscription.unsubscribe();
    this.#subscription = undefined;
    this.#end.removeEventListener('abort', this.#onEnd);
    const { link, stream } = this.#input;
    if (link.status !== 'connected') return;
    link.connection.publish(`$JS.API.CONSUMER.DELETE.${stream}.${this.#consumer}`, EMPTY);
  }

  #config(fromRevision: number | undefined, filter: string): object {
    const start =
      fromRevision === undefined
        ? { deliver_policy: 'last_per_subject' }
        : { deliver_policy: 'by_start_sequence', opt_start_seq: fromRevision };
    return {
      name: this.#consumer,
      ...start,
      ack_policy: 'none',
      replay_policy: 'instant',
      filter_subject: filter,
      inactive_threshold: INACTIVE_MS * NANOS_PER_MS,
      mem_storage: true,
      num_replicas: 1,
    };
  }

  #pull(): void {
    const { link, stream } = this.#input;
    if (this.#over || link.status !== 'connected') return;
    // Not `max_bytes`: nats-server 2.9 loses the message that does not fit.
    const fitting = Math.floor(BATCH_BYTES / this.#largestBytes);
    this.#asked = Math.min(MOST_BATCH, Math.max(LEAST_BATCH, fitting));
    this.#batch = this.#asked;
    const ask = {
      batch: this.#asked,
      expires: PULL_MS * NANOS_PER_MS,
      idle_heartbeat: HEARTBEAT_MS * NANOS_PER_MS,
    };
    this.#heardAt = link.clock.monotonic();
    const subject = `$JS.API.CONSUMER.MSG.NEXT.${stream}.${this.#consumer}`;
    link.connection.publish(subject, encode(ask), { reply: this.#inbox });
  }

  #receive(message: Msg): void {
    this.#heardAt = this.#input.link.clock.monotonic();
    const status = statusOf(message);
    if (status !== 0) this.#control(status, message);
    else if (!this.#over) this.#arrived(message);
  }

  #control(status: number, message: Msg): void {
    if (status === 100) {
      // Nothing waits at the server, whatever it counted when the consumer was made.
      this.#reachCurrent(this.#lastRevision);
      return;
    }
    const text = message.headers?.description ?? '';
    if (status === 408 || status === 404 || (status === 409 && /batch completed/i.test(text))) {
      this.#asked = 0;
      if (this.#waiting.length < this.#batch / 2) this.#pull();
      return;
    }
    this.#finish();
  }

  #arrived(message: Msg): void {
    const position = positionOf(message.reply ?? '');
    if (!position || position.delivered !== this.#delivered + 1) {
      this.#finish();
      return;
    }
    this.#delivered = position.delivered;
    this.#asked -= 1;
    this.#largestBytes = Math.max(this.#largestBytes * FORGET, message.data.length, 1);
    const { revision } = position;
    if (!this.#isCurrent && revision > this.#lastRevision) this.#reachCurrent(this.#lastRevision);
    this.#push(this.#entry(message, revision, position.createdAt));
    if (!this.#isCurrent && (position.pending === 0 || revision >= this.#lastRevision)) {
      this.#reachCurrent(Math.max(revision, this.#lastRevision));
    }
    if (this.#asked === 0 && this.#waiting.length < this.#batch / 2) this.#pull();
  }

  #entry(message: Msg, revision: number, createdAt: number): Entry {
    const { headers } = message;
    const kind = headers?.get('KV-Operation');
    const deleted = kind === 'DEL' || kind === 'PURGE' || headers?.has('Nats-Marker-Reason') === true;
    return {
      key: message.subject.slice(this.#input.prefix.length),
      // A copy: what arrived is a window into a larger buffer that would stay alive with it.
      value: deleted ? EMPTY : message.data.slice(),
      revision,
      operation: deleted ? 'delete' : 'put',
      createdAt,
    };
  }

  #reachCurrent(revision: number): void {
    if (this.#isCurrent) return;
    this.#isCurrent = true;
    this.#lastRevision = revision;
    this.#push('current');
  }

  #push(event: Entry | 'current'): void {
    this.#waiting.push(event);
    this.#wake?.();
  }

  /** Looks now and then whether the server still speaks; only while something is asked for. */
  #listen(): void {
    const { clock } = this.#input.link;
    if (this.#over) return;
    this.#silence = clock.after(HEARTBEAT_MS, () => {
      const silentMs = clock.monotonic() - this.#heardAt;
      if (this.#asked > 0 && silentMs > SILENCE_MS) this.#finish();
      else this.#listen();
    });
  }

  #finish(): void {
    if (this.#over) return;
    this.#over = true;
    this.#stopStatus();
    this.#silence?.cancel();
    this.#wake?.();
  }

  readonly #onEnd = (): void => {
    this.#finish();
    this.#wake?.();
  };
}

interface Position {
  readonly revision: number;
  readonly delivered: number;
  readonly createdAt: number;
  readonly pending: number;
}

/** `$JS.ACK.[<domain>.<account>.]<stream>.<consumer>.<tries>.<revision>.<delivered>.<nanos>.<pending>[.<token>]` */
function positionOf(reply: string): Position | undefined {
  const tokens = reply.split('.');
  const at = tokens.length === 9 ? 5 : 7;
  if (tokens.length < 9 || tokens[0] !== '$JS') return undefined;
  return {
    revision: Number(tokens[at]),
    delivered: Number(tokens[at + 1]),
    createdAt: Math.floor(Number(tokens[at + 2]) / NANOS_PER_MS),
    pending: Number(tokens[at + 3]),
  };
}
