// A NATS micro service as `nats micro ls`, `info` and `stats` see it (ADR-32), over the Bus port and so the same in
// both worlds. Unlike the client's own package it counts errors that are answered later, and measures the time until
// the answer rather than until the receiver returned.
import { encode, HEADER } from './envelope.ts';
import type { Bus, Clock, Headers, Message, Random, ServiceDescription, Subscription } from './ports.ts';

/** The group in which members of a service share the load. */
const GROUP = 'q';
const NANOS_PER_MS = 1_000_000;

class Endpoint {
  readonly name: string;
  readonly subject: string;
  readonly #metadata: Record<string, string> | undefined;
  #requests = 0;
  #errors = 0;
  #lastError: string | undefined;
  #busyMs = 0;

  constructor(description: ServiceDescription['endpoints'][number]) {
    this.name = description.name;
    this.subject = description.subject;
    this.#metadata = description.metadata;
  }

  info(): object {
    return { name: this.name, subject: this.subject, metadata: this.#metadata, queue_group: GROUP };
  }

  stats(): object {
    const busyNanos = Math.round(this.#busyMs * NANOS_PER_MS);
    return {
      name: this.name,
      subject: this.subject,
      queue_group: GROUP,
      num_requests: this.#requests,
      num_errors: this.#errors,
      last_error: this.#lastError,
      processing_time: busyNanos,
      average_processing_time: this.#requests === 0 ? 0 : Math.round(busyNanos / this.#requests),
    };
  }

  /** The message, with its answer counted. */
  counted(message: Message, clock: Clock): Message {
    this.#requests += 1;
    const since = clock.monotonic();
    let answered = false;
    const count = (headers: Headers | undefined) => {
      if (!answered) this.#busyMs += clock.monotonic() - since;
      answered = true;
      const error = headers?.[HEADER.serviceError];
      if (error === undefined) return;
      this.#errors += 1;
      this.#lastError = error;
    };
    return {
      subject: message.subject,
      data: message.data,
      get headers() {
        return message.headers;
      },
      reply: message.reply,
      respond(data, headers) {
        count(headers);
        message.respond(data, headers);
      },
    };
  }
}

export function serveOver(
  bus: Bus,
  world: { clock: Clock; random: Random },
  service: ServiceDescription,
  onMessage: (message: Message, endpoint: string) => void,
): Subscription {
  const { name, version, description } = service;
  const id = world.random.token(22).toUpperCase();
  const identity = { name, id, version, metadata: service.metadata ?? {} };
  const started = new Date(world.clock.now()).toISOString();
  const endpoints = service.endpoints.map((endpoint) => new Endpoint(endpoint));
  const answers = {
    PING: () => ({ type: 'io.nats.micro.v1.ping_response', ...identity }),
    INFO: () => ({
      type: 'io.nats.micro.v1.info_response',
      ...identity,
      description,
      endpoints: endpoints.map((endpoint) => endpoint.info()),
    }),
    STATS: () => ({
      type: 'io.nats.micro.v1.stats_response',
      ...identity,
      started,
      endpoints: endpoints.map((endpoint) => endpoint.stats()),
    }),
  };
  const open: Subscription[] = [];
  for (const [verb, answer] of Object.entries(answers)) {
    for (const subject of [`$SRV.${verb}`, `$SRV.${verb}.${name}`, `$SRV.${verb}.${name}.${id}`]) {
      open.push(bus.subscribe(subject, (message) => message.respond(encode(answer()))));
    }
  }
  for (const endpoint of endpoints) {
    const receive = (message: Message) => onMessage(endpoint.counted(message, world.clock), endpoint.name);
    open.push(bus.subscribe(endpoint.subject, receive, { queue: GROUP }));
  }
  return {
    unsubscribe() {
      for (const subscription of open) subscription.unsubscribe();
    },
  };
}
