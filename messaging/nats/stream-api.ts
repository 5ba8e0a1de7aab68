// JetStream's own requests that a bucket needs, as JSON over the connection. Each names what the server refuses in
// the codes of our table.
import { TroupeError } from '../../schemas/errors.ts';
import { decode, encode } from '../envelope.ts';
import type { Entry } from '../ports.ts';
import type { Link } from './link.ts';

/** Error codes of JetStream that mean something to us. */
export const REFUSAL = {
  streamNotFound: 10059,
  streamNameInUse: 10058,
  messageNotFound: 10037,
  consumerNotFound: 10014,
  wrongLastSequence: 10071,
  wrongLastSequenceConstant: 10164,
  messageTooLarge: 10054,
  notEnabled: 10076,
  notEnabledForAccount: 10039,
} as const;

export interface ApiError {
  readonly code: number;
  readonly err_code?: number;
  readonly description?: string;
}

export interface StreamConfig {
  readonly name: string;
  readonly subjects: readonly string[];
  readonly max_msgs_per_subject: number;
  readonly max_age: number;
  readonly storage: 'file' | 'memory';
  readonly num_replicas: number;
  readonly [option: string]: unknown;
}

export interface StreamInfo {
  readonly config: StreamConfig;
  readonly created: string;
  readonly state: { readonly first_seq: number; readonly last_seq: number };
}

interface StoredMessage {
  readonly subject: string;
  readonly seq: number;
  readonly hdrs?: string;
  readonly data?: string;
  readonly time: string;
}

/** An answer of JetStream that is a refusal. */
export class Refused extends Error {
  override readonly name = 'Refused';
  readonly refusal: ApiError;

  constructor(refusal: ApiError) {
    super(refusal.description ?? `JetStream error ${refusal.err_code ?? refusal.code}`);
    this.refusal = refusal;
  }
}

export function isRefused(error: unknown, code: number): boolean {
  return error instanceof Refused && error.refusal.err_code === code;
}

export class StreamApi {
  readonly #link: Link;
  readonly #timeoutMs: number;

  constructor(link: Link, timeoutMs: number) {
    this.#link = link;
    this.#timeoutMs = timeoutMs;
  }

  info(stream: string): Promise<StreamInfo> {
    return this.call(`STREAM.INFO.${stream}`) as Promise<StreamInfo>;
  }

  create(config: StreamConfig): Promise<StreamInfo> {
    return this.call(`STREAM.CREATE.${config.name}`, config) as Promise<StreamInfo>;
  }

  async remove(stream: string): Promise<void> {
    await this.call(`STREAM.DELETE.${stream}`);
  }

  /** A message as the stream's leader has it, or undefined. */
  async message(stream: string, which: object): Promise<StoredMessage | undefined> {
    try {
      const answer = (await this.call(`STREAM.MSG.GET.${stream}`, which)) as { message: StoredMessage };
      return answer.message;
    } catch (error) {
      if (isRefused(error, REFUSAL.messageNotFound)) return undefined;
      throw error;
    }
  }

  /** Throws {@link Refused}, or UNAVAILABLE, TIMEOUT, FORBIDDEN. */
  async call(verb: string, body?: object): Promise<object> {
    const data = body === undefined ? new Uint8Array(0) : encode(body);
    const message = await this.#link.request(`$JS.API.${verb}`, data, undefined, this.#timeoutMs);
    const answer = decode(message.data) as { error?: ApiError };
    if (answer.error) throw new Refused(answer.error);
    return answer;
  }
}

/** A refusal as the user should read it. */
export function refusalToError(error: unknown, what: string): unknown {
  if (!(error instanceof Refused)) return error;
  const { refusal } = error;
  switch (refusal.err_code) {
    case REFUSAL.notEnabled:
    case REFUSAL.notEnabledForAccount:
      return new TroupeError('SETUP', `JetStream is not enabled on this NATS: ${error.message}`, {
        cause: error,
      });
    case REFUSAL.messageTooLarge:
      return new TroupeError('TOO_LARGE', `${what}: ${error.message}`, { cause: error });
    default: {
      const code = refusal.code >= 500 ? 'UNAVAILABLE' : 'INTERNAL';
      return new TroupeError(code, `${what}: ${error.message}`, { cause: error });
    }
  }
}

const EMPTY = new Uint8Array(0);

export function entryOf(prefix: string, stored: StoredMessage): Entry {
  const headers = stored.hdrs ? Buffer.from(stored.hdrs, 'base64').toString('latin1') : '';
  const operation = isDeletion(headers) ? 'delete' : 'put';
  return {
    key: stored.subject.slice(prefix.length),
    value: operation === 'put' && stored.data ? new Uint8Array(Buffer.from(stored.data, 'base64')) : EMPTY,
    revision: stored.seq,
    operation,
    createdAt: Date.parse(stored.time),
  };
}

/** Deletions by anybody's client, and markers that a server leaves when an entry's time is over. */
function isDeletion(headers: string): boolean {
  return /^(KV-Operation: *(DEL|PURGE)|Nats-Marker-Reason:)/m.test(headers);
}
