// The Bucket port over a JetStream stream. Writes are plain publishes to the key's subject with the expected
// revision in a header; reads go to the stream's leader, never to a follower, so that a read sees every write
// acknowledged before it.
import { TroupeError } from '../../schemas/errors.ts';
import { staleRevision } from '../buckets.ts';
import { checkFilter, checkKey, checkSize } from '../checks.ts';
import { decode } from '../envelope.ts';
import type { Bucket, Entry, Headers, WatchEvent, WatchOptions } from '../ports.ts';
import type { Link } from './link.ts';
import type { NoReply } from './reply-mux.ts';
import {
  type ApiError,
  entryOf,
  isRefused,
  REFUSAL,
  Refused,
  refusalToError,
  type StreamApi,
  type StreamInfo,
} from './stream-api.ts';
import { watchStream } from './watch.ts';

const EXPECTED = 'Nats-Expected-Last-Subject-Sequence';
const DELETION: Headers = { 'KV-Operation': 'DEL' };
const EMPTY = new Uint8Array(0);

export interface BucketInput {
  readonly link: Link;
  readonly api: StreamApi;
  readonly name: string;
  readonly stream: string;
  readonly writeTimeoutMs: number;
  readonly closing: AbortSignal;
  /** Looks at the stream again; makes it anew when it lived in memory and was lost, else throws NOT_FOUND. */
  readonly revive: () => Promise<StreamInfo>;
}

export class NatsBucket implements Bucket {
  readonly name: string;
  readonly #input: BucketInput;
  readonly #prefix: string;

  constructor(input: BucketInput) {
    this.name = input.name;
    this.#input = input;
    this.#prefix = `$KV.${input.name}.`;
  }

  async get(key: string): Promise<Entry | undefined> {
    checkKey(key);
    return this.#look({ last_by_subj: this.#prefix + key });
  }

  async getRevision(key: string, revision: number): Promise<Entry | undefined> {
    checkKey(key);
    if (revision < 1) return undefined;
    const entry = await this.#look({ seq: revision });
    return entry?.key === key ? entry : undefined;
  }

  async history(key: string): Promise<Entry[]> {
    checkKey(key);
    const entries: Entry[] = [];
    for (let seq = 1; ; ) {
      const entry = await this.#look({ seq, next_by_subj: this.#prefix + key });
      if (!entry) return entries;
      entries.push(entry);
      seq = entry.revision + 1;
    }
  }

  async lastRevision(): Promise<number> {
    const info = await this.#read(() => this.#input.api.info(this.#input.stream));
    return info.state.last_seq;
  }

  async update(key: string, value: Uint8Array, expected: number): Promise<number> {
    checkKey(key);
    const headers = { [EXPECTED]: String(expected) };
    try {
      return await this.#write(key, value, headers);
    } catch (error) {
      if (expected !== 0 || !isRefused(error, REFUSAL.wrongLastSequence))
        throw this.#refused(error, key, expected);
      return this.#updateDeleted(key, value);
    }
  }

  async put(key: string, value: Uint8Array): Promise<number> {
    checkKey(key);
    try {
      return await this.#write(key, value, undefined);
    } catch (error) {
      throw this.#refused(error, key, 0);
    }
  }

  async delete(key: string, expected: number): Promise<number> {
    checkKey(key);
    if (expected === 0) {
      const newest = await this.get(key);
      if (newest?.operation === 'put') throw staleRevision(this.name, key, 0, newest.revision);
      return this.delete(key, newest?.revision ?? -1);
    }
    const headers = { ...DELETION, [EXPECTED]: String(Math.max(0, expected)) };
    try {
      return await this.#write(key, EMPTY, headers);
    } catch (error) {
      throw this.#refused(error, key, expected);
    }
  }

  watch(options: WatchOptions = {}): AsyncIterable<WatchEvent> {
    checkFilter(options.filter ?? '>');
    const { link, api, name, stream, closing, revive } = this.#input;
    return watchStream({ link, api, name, stream, prefix: this.#prefix, options, closing, revive });
  }

  /** The key has a revision although none was expected: that is fine when it is a deletion. */
  async #updateDeleted(key: string, value: Uint8Array): Promise<number> {
    const newest = await this.get(key);
    if (newest?.operation !== 'delete') throw staleRevision(this.name, key, 0, newest?.revision);
    try {
      return await this.#write(key, value, { [EXPECTED]: String(newest.revision) });
    } catch (error) {
      throw this.#refused(error, key, 0);
    }
  }

  /** Throws {@link Refused}, or a TroupeError. */
  async #write(key: string, value: Uint8Array, headers: Headers | undefined): Promise<number> {
    const { link, writeTimeoutMs } = this.#input;
    checkSize(value, headers, link.maxPayloadBytes, key);
    const subject = this.#prefix + key;
    try {
      return acknowledged(await link.ask(subject, value, headers, writeTimeoutMs));
    } catch (why) {
      if (why !== 'nobody') throw writeFailure(why, key, writeTimeoutMs);
    }
    // No stream listens: JetStream is away, or the bucket is.
    await this.#input.revive();
    try {
      return acknowledged(await link.ask(subject, value, headers, writeTimeoutMs));
    } catch (why) {
      throw writeFailure(why, key, writeTimeoutMs);
    }
  }

  #refused(error: unknown, key: string, expected: number): unknown {
    const stale =
      isRefused(error, REFUSAL.wrongLastSequence) || isRefused(error, REFUSAL.wrongLastSequenceConstant);
    if (!stale) return refusalToError(error, `${this.name}/${key}`);
    const has = /: (\d+)$/.exec((error as Refused).message)?.[1];
    return staleRevision(this.name, key, expected, has === undefined ? undefined : Number(has));
  }

  async #look(which: object): Promise<Entry | undefined> {
    const stored = await this.#read(() => this.#input.api.message(this.#input.stream, which));
    return stored && entryOf(this.#prefix, stored);
  }

  async #read<T>(ask: () => Promise<T>): Promise<T> {
    try {
      return await ask();
    } catch (error) {
      if (!isRefused(error, REFUSAL.streamNotFound)) throw refusalToError(error, `bucket "${this.name}"`);
    }
    await this.#input.revive();
    try {
      return await ask();
    } catch (error) {
      throw refusalToError(error, `bucket "${this.name}"`);
    }
  }
}

function acknowledged(message: { readonly data: Uint8Array }): number {
  const answer = decode(message.data) as { seq?: number; error?: ApiError };
  if (answer.error) throw new Refused(answer.error);
  return answer.seq!;
}

function writeFailure(why: unknown, key: string, timeoutMs: number): unknown {
  switch (why as NoReply) {
    case 'nobody':
      return new TroupeError('UNAVAILABLE', `${key}: JetStream does not answer`);
    case 'forbidden':
      return new TroupeError('FORBIDDEN', `${key}: NATS does not let this user write here`);
    case 'timeout':
      return new TroupeError('UNSURE', `${key}: the write was not acknowledged within ${timeoutMs} ms`);
    case 'disconnected':
    case 'closed':
      return new TroupeError('UNSURE', `${key}: the connection was lost before the write was acknowledged`);
    default:
      return why;
  }
}
