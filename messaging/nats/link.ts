// One connection to NATS and what is known of it: up or not, told at each change; requests that never hang. While
// it is down nothing is queued: a sender hears UNAVAILABLE at once and decides itself.
import { connect, errors, type Msg, type NatsConnection } from '@nats-io/transport-node';
import { TroupeError } from '../../schemas/errors.ts';
import type { BusStatus, Clock, Headers, Random, Trace } from '../ports.ts';
import { authenticate, type NatsOptions } from './options.ts';
import { type NoReply, ReplyMux } from './reply-mux.ts';
import { connectFailure } from './wire.ts';

/** The first attempt comes quickly; later ones at a quarter of the time already lost, up to the longest. */
const RECONNECT_MIN_MS = 50;
const RECONNECT_MAX_MS = 2_000;
/** A server that does not answer two of these in a row is taken for dead. */
const PING_INTERVAL_MS = 5_000;
const CONNECT_TIMEOUT_MS = 5_000;

export class Link {
  readonly connection: NatsConnection;
  readonly clock: Clock;
  readonly random: Random;
  readonly trace: Trace;
  readonly #mux: ReplyMux;
  readonly #listeners = new Set<(status: BusStatus) => void>();
  readonly #outage: Outage;
  #status: BusStatus = 'connected';

  constructor(connection: NatsConnection, options: NatsOptions, outage: Outage) {
    this.connection = connection;
    this.clock = options.clock;
    this.random = options.random;
    this.trace = options.trace;
    this.#outage = outage;
    this.#mux = new ReplyMux(connection, options.clock);
    void this.#follow();
  }

  get status(): BusStatus {
    return this.#status;
  }

  get maxPayloadBytes(): number {
    return this.connection.info?.max_payload ?? 1_048_576;
  }

  get serverVersion(): string {
    return this.connection.info?.version ?? '';
  }

  onStatus(listener: (status: BusStatus) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Resolves when the connection is up, or at once when `signal` is aborted or the connection closed for good. */
  async up(signal: AbortSignal): Promise<boolean> {
    while (this.#status === 'disconnected' && !signal.aborted) {
      await new Promise<void>((resolve) => {
        const done = () => {
          stop();
          signal.removeEventListener('abort', done);
          resolve();
        };
        const stop = this.onStatus(done);
        signal.addEventListener('abort', done);
      });
    }
    return this.#status === 'connected' && !signal.aborted;
  }

  /** Rejects with a TroupeError when nothing was sent, else with a {@link NoReply}. */
  async ask(
    subject: string,
    data: Uint8Array,
    headers: Headers | undefined,
    timeoutMs: number,
  ): Promise<Msg> {
    if (this.#status !== 'connected') throw offline(subject);
    try {
      return await this.#mux.request(subject, data, headers, timeoutMs);
    } catch (error) {
      if (error instanceof errors.ClosedConnectionError) throw offline(subject);
      throw error;
    }
  }

  /** The same, as the Bus promises it: UNAVAILABLE, TIMEOUT or FORBIDDEN. */
  async request(
    subject: string,
    data: Uint8Array,
    headers: Headers | undefined,
    timeoutMs: number,
  ): Promise<Msg> {
    try {
      return await this.ask(subject, data, headers, timeoutMs);
    } catch (why) {
      throw requestFailure(subject, why, timeoutMs);
    }
  }

  async close(): Promise<void> {
    if (this.#status === 'closed') return;
    const wasUp = this.#status === 'connected';
    this.#become('closed');
    this.#mux.close();
    this.#listeners.clear();
    const flushed = new AbortController();
    if (wasUp) {
      const flush = this.connection.flush().catch(() => {});
      await Promise.race([flush, this.clock.sleep(500, flushed.signal)]);
      flushed.abort();
    }
    await this.connection.close();
  }

  async #follow(): Promise<void> {
    for await (const event of this.connection.status()) {
      if (this.#status === 'closed') return;
      if (event.type === 'disconnect') this.#lost();
      else if (event.type === 'reconnect') this.#found();
      else if (event.type === 'error') this.#refused(event.error);
    }
    if (this.#status === 'closed') return;
    this.#become('closed');
    this.#mux.close();
  }

  #lost(): void {
    this.#outage.since ??= this.clock.monotonic();
    this.#become('disconnected');
    this.#mux.failAll('disconnected');
  }

  #found(): void {
    this.#outage.since = undefined;
    this.#become('connected');
  }

  #refused(error: Error): void {
    if (error instanceof errors.PermissionViolationError && error.operation === 'publish') {
      this.#mux.fail(error.subject, 'forbidden');
    }
    this.trace.log('warn', 'NATS reports an error', { error: error.message });
  }

  #become(status: BusStatus): void {
    if (this.#status === status) return;
    this.#status = status;
    this.trace.log(status === 'disconnected' ? 'warn' : 'info', `NATS ${status}`);
    for (const listener of [...this.#listeners]) listener(status);
  }
}

interface Outage {
  since: number | undefined;
}

export async function openLink(options: NatsOptions): Promise<Link> {
  const servers = typeof options.servers === 'string' ? [options.servers] : [...options.servers];
  const outage: Outage = { since: undefined };
  const reconnectDelayMs = () => {
    const lostMs = outage.since === undefined ? 0 : options.clock.monotonic() - outage.since;
    const base = Math.min(RECONNECT_MAX_MS, Math.max(RECONNECT_MIN_MS, lostMs / 4));
    return Math.round(base * (0.75 + options.random.next() / 2));
  };
  try {
    const connection = await connect({
      servers,
      name: options.name,
      tls: options.tls,
      ...authenticate(options),
      timeout: options.connectTimeoutMs ?? CONNECT_TIMEOUT_MS,
      pingInterval: PING_INTERVAL_MS,
      maxPingOut: 2,
      maxReconnectAttempts: -1,
      // Credentials may be put right on the server while we wait.
      ignoreAuthErrorAbort: true,
      reconnectDelayHandler: reconnectDelayMs,
      noAsyncTraces: true,
    });
    return new Link(connection, options, outage);
  } catch (error) {
    throw connectFailure(error, servers);
  }
}

export function offline(subject: string): TroupeError {
  return new TroupeError('UNAVAILABLE', `${subject}: there is no connection to NATS`);
}

export function nobody(subject: string): TroupeError {
  return new TroupeError('UNAVAILABLE', `${subject}: nobody answers`);
}

function requestFailure(subject: string, why: unknown, timeoutMs: number): unknown {
  switch (why as NoReply) {
    case 'nobody':
      return nobody(subject);
    case 'forbidden':
      return new TroupeError('FORBIDDEN', `${subject}: NATS does not let this user publish here`);
    case 'timeout':
      return new TroupeError('TIMEOUT', `${subject}: no answer within ${timeoutMs} ms`);
    case 'disconnected':
      return new TroupeError('TIMEOUT', 'the connection was lost before the answer came');
    case 'closed':
      return new TroupeError('TIMEOUT', 'the bus was closed before the answer came');
    default:
      return why;
  }
}
