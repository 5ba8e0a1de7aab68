// The Bus port over a memory network, as one client has it.
import { TroupeError } from '../../schemas/errors.ts';
import { answers } from '../answers.ts';
import { checkPattern, checkSubject } from '../checks.ts';
import type {
  Bus,
  BusStatus,
  Clock,
  Headers,
  Message,
  RequestOptions,
  ServiceDescription,
  StreamOptions,
  Subscription,
} from '../ports.ts';
import { serveOver } from '../service.ts';
import { type Client, clockOf } from './client.ts';
import type { Interest, MemoryNetwork } from './network.ts';
import { sendable } from './sendable.ts';

const EMPTY = new Uint8Array(0);

export class MemoryBus implements Bus {
  readonly maxPayloadBytes: number;
  readonly #network: MemoryNetwork;
  readonly #client: Client;
  readonly #clock: Clock;
  readonly #statusListeners = new Set<(status: BusStatus) => void>();
  /** How to stop each subscription. */
  readonly #open = new Set<() => void>();
  /** How to fail each request under way. */
  readonly #waiting = new Set<(error: TroupeError) => void>();
  readonly #inbox: string;
  #inboxes = 0;
  #closed = false;

  constructor(network: MemoryNetwork, client: Client) {
    this.maxPayloadBytes = network.maxPayloadBytes;
    this.#network = network;
    this.#client = client;
    this.#clock = clockOf(client, network.clock);
    this.#inbox = `_INBOX.${network.random.token(12)}`;
    client.listeners.add((connected) => this.#changed(connected));
  }

  get status(): BusStatus {
    if (this.#closed) return 'closed';
    return this.#network.isConnected(this.#client) ? 'connected' : 'disconnected';
  }

  publish(subject: string, data: Uint8Array, headers?: Headers, reply?: string): void {
    checkSubject(subject);
    const given = sendable(data, headers, this.maxPayloadBytes, subject);
    if (this.status === 'connected') this.#network.send(this.#client, subject, data, given, reply);
  }

  async request(subject: string, data: Uint8Array, options: RequestOptions): Promise<Message> {
    checkSubject(subject);
    const given = sendable(data, options.headers, this.maxPayloadBytes, subject);
    if (!this.#client.alive) return new Promise(() => {});
    if (this.status !== 'connected') throw offline(subject);
    return new Promise((resolve, reject) =>
      this.#ask(subject, data, given, options.timeoutMs, resolve, reject),
    );
  }

  stream(subject: string, data: Uint8Array, options: StreamOptions): AsyncIterable<Message> {
    checkSubject(subject);
    const given = sendable(data, options.headers, this.maxPayloadBytes, subject);
    return answers(this.#clock, subject, options, (onMessage, onFailure) => {
      const reply = this.#newInbox();
      const interest = this.#interest(onMessage);
      this.#network.inboxes.set(reply, interest);
      this.#waiting.add(onFailure);
      return {
        send: () => {
          if (this.status !== 'connected') onFailure(offline(subject));
          else if (this.#network.send(this.#client, subject, data, given, reply) === 0)
            onFailure(nobody(subject));
        },
        cancel: () => {
          if (this.status !== 'connected') return;
          this.#network.send(this.#client, `${reply}.cancel`, EMPTY, {}, undefined);
        },
        close: () => {
          interest.open = false;
          this.#network.inboxes.delete(reply);
          this.#waiting.delete(onFailure);
        },
      };
    });
  }

  subscribe(
    subject: string,
    onMessage: (message: Message) => void,
    options: { queue?: string } = {},
  ): Subscription {
    checkPattern(subject);
    if (this.#closed) throw offline(subject);
    const interest = this.#interest(onMessage, options.queue);
    const remove = this.#network.interests.add(subject, interest);
    const stop = () => {
      interest.open = false;
      remove();
      this.#open.delete(stop);
    };
    this.#open.add(stop);
    return { unsubscribe: stop };
  }

  async serve(
    service: ServiceDescription,
    onMessage: (message: Message, endpoint: string) => void,
  ): Promise<Subscription> {
    return serveOver(this, this.#network, service, onMessage);
  }

  onStatus(listener: (status: BusStatus) => void): () => void {
    this.#statusListeners.add(listener);
    return () => this.#statusListeners.delete(listener);
  }

  async flush(): Promise<void> {
    if (!this.#client.alive) return new Promise(() => {});
    if (this.status !== 'connected') throw offline('flush');
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    for (const stop of [...this.#open]) stop();
    this.#failWaiting('the bus was closed before the answer came');
    this.#network.dismiss(this.#client);
    for (const listener of [...this.#statusListeners]) listener('closed');
    this.#statusListeners.clear();
  }

  #ask(
    subject: string,
    data: Uint8Array,
    headers: Headers,
    timeoutMs: number,
    resolve: (message: Message) => void,
    reject: (error: TroupeError) => void,
  ): void {
    const network = this.#network;
    const reply = this.#newInbox();
    const end = () => {
      interest.open = false;
      timer.cancel();
      network.inboxes.delete(reply);
      this.#waiting.delete(fail);
    };
    const fail = (error: TroupeError) => {
      end();
      reject(error);
    };
    const interest = this.#interest((message) => {
      end();
      resolve(message);
    });
    const timer = this.#clock.after(timeoutMs, () => fail(late(subject, timeoutMs)));
    network.inboxes.set(reply, interest);
    this.#waiting.add(fail);
    if (network.send(this.#client, subject, data, headers, reply) === 0) fail(nobody(subject));
  }

  #interest(onMessage: (message: Message) => void, queue?: string): Interest {
    return { client: this.#client, queue, onMessage, open: true };
  }

  #newInbox(): string {
    this.#inboxes += 1;
    return `${this.#inbox}.${this.#inboxes}`;
  }

  #changed(connected: boolean): void {
    if (!this.#client.alive) {
      this.#vanish();
      return;
    }
    if (!connected) this.#failWaiting('the connection was lost before the answer came');
    const status = connected ? 'connected' : 'disconnected';
    for (const listener of [...this.#statusListeners]) listener(status);
  }

  /** The process crashed: forget everything and tell nobody. */
  #vanish(): void {
    for (const stop of [...this.#open]) stop();
    this.#waiting.clear();
    this.#statusListeners.clear();
  }

  #failWaiting(why: string): void {
    for (const fail of [...this.#waiting]) fail(new TroupeError('TIMEOUT', why));
  }
}

function offline(subject: string): TroupeError {
  return new TroupeError('UNAVAILABLE', `${subject}: there is no connection to NATS`);
}

function nobody(subject: string): TroupeError {
  return new TroupeError('UNAVAILABLE', `${subject}: nobody answers`);
}

function late(subject: string, timeoutMs: number): TroupeError {
  return new TroupeError('TIMEOUT', `${subject}: no answer within ${timeoutMs} ms`);
}
