// The Bus port over a NATS connection.
import { createInbox, Empty, type Msg } from '@nats-io/transport-node';
import { TroupeError } from '../../schemas/errors.ts';
import { answers } from '../answers.ts';
import { checkHeaders, checkPattern, checkSize, checkSubject } from '../checks.ts';
import type {
  Bus,
  BusStatus,
  Headers,
  Message,
  RequestOptions,
  ServiceDescription,
  StreamOptions,
  Subscription,
} from '../ports.ts';
import { serveOver } from '../service.ts';
import { type Link, nobody, offline } from './link.ts';
import { fromWire, statusOf, toWire } from './wire.ts';

export class NatsBus implements Bus {
  readonly #link: Link;

  constructor(link: Link) {
    this.#link = link;
  }

  get maxPayloadBytes(): number {
    return this.#link.maxPayloadBytes;
  }

  get status(): BusStatus {
    return this.#link.status;
  }

  publish(subject: string, data: Uint8Array, headers?: Headers, reply?: string): void {
    checkSubject(subject);
    this.#check(subject, data, headers);
    if (this.#link.status !== 'connected') return;
    this.#link.connection.publish(subject, data, { reply, headers: headers && toWire(headers) });
  }

  async request(subject: string, data: Uint8Array, options: RequestOptions): Promise<Message> {
    checkSubject(subject);
    this.#check(subject, data, options.headers);
    const message = await this.#link.request(subject, data, options.headers, options.timeoutMs);
    return new NatsMessage(this.#link, message);
  }

  stream(subject: string, data: Uint8Array, options: StreamOptions): AsyncIterable<Message> {
    checkSubject(subject);
    this.#check(subject, data, options.headers);
    const link = this.#link;
    return answers(link.clock, subject, options, (onMessage, onFailure) => {
      const reply = createInbox();
      const stopStatus = link.onStatus(() =>
        onFailure(new TroupeError('TIMEOUT', 'the connection was lost before the answer came')),
      );
      if (link.status !== 'connected') onFailure(offline(subject));
      const inbox = link.connection.subscribe(reply, {
        callback: (error, message) => {
          if (error) onFailure(new TroupeError('FORBIDDEN', error.message, { cause: error }));
          else if (statusOf(message) === 503) onFailure(nobody(subject));
          else onMessage(new NatsMessage(link, message));
        },
      });
      const headers = options.headers && toWire(options.headers);
      return {
        send: () => {
          if (link.status === 'connected') link.connection.publish(subject, data, { reply, headers });
        },
        cancel: () => {
          if (link.status === 'connected') link.connection.publish(`${reply}.cancel`, Empty);
        },
        close: () => {
          stopStatus();
          inbox.unsubscribe();
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
    const link = this.#link;
    if (link.status === 'closed') throw offline(subject);
    const subscription = link.connection.subscribe(subject, {
      queue: options.queue,
      callback: (error, message) => {
        if (error) link.trace.log('error', 'NATS ended a subscription', { subject, error: error.message });
        else deliver(link, message, onMessage);
      },
    });
    return { unsubscribe: () => subscription.unsubscribe() };
  }

  async serve(
    service: ServiceDescription,
    onMessage: (message: Message, endpoint: string) => void,
  ): Promise<Subscription> {
    const subscription = serveOver(this, this.#link, service, onMessage);
    await this.flush();
    return subscription;
  }

  onStatus(listener: (status: BusStatus) => void): () => void {
    return this.#link.onStatus(listener);
  }

  async flush(): Promise<void> {
    if (this.#link.status !== 'connected') throw offline('flush');
    try {
      await this.#link.connection.flush();
    } catch (cause) {
      throw new TroupeError('UNAVAILABLE', 'the connection was lost during a flush', { cause });
    }
  }

  close(): Promise<void> {
    return this.#link.close();
  }

  #check(subject: string, data: Uint8Array, headers: Headers | undefined): void {
    if (headers) checkHeaders(headers);
    checkSize(data, headers, this.maxPayloadBytes, subject);
  }
}

/** Runs a receiver; what it throws must not reach the client, which would take it for a broken connection. */
function deliver(link: Link, message: Msg, onMessage: (message: NatsMessage) => void): void {
  try {
    onMessage(new NatsMessage(link, message));
  } catch (error) {
    link.trace.log('error', 'a receiver of messages failed', { subject: message.subject, error });
  }
}

class NatsMessage implements Message {
  readonly #link: Link;
  readonly #message: Msg;
  #headers: Headers | undefined;

  constructor(link: Link, message: Msg) {
    this.#link = link;
    this.#message = message;
  }

  get subject(): string {
    return this.#message.subject;
  }

  get data(): Uint8Array {
    return this.#message.data;
  }

  get headers(): Headers {
    this.#headers ??= fromWire(this.#message);
    return this.#headers;
  }

  get reply(): string | undefined {
    return this.#message.reply || undefined;
  }

  respond(data: Uint8Array, headers?: Headers): void {
    const { reply } = this;
    if (reply === undefined) return;
    if (headers) checkHeaders(headers);
    checkSize(data, headers, this.#link.maxPayloadBytes, this.subject);
    if (this.#link.status !== 'connected') return;
    this.#link.connection.publish(reply, data, headers && { headers: toWire(headers) });
  }
}
