// What `nats micro` sees of a service, without a server: `$SRV.PING`, `INFO` and `STATS` as ADR-32 describes them.
import { encode, HEADER } from '../envelope.ts';
import type { Bus, Headers, Message, ServiceDescription, Subscription } from '../ports.ts';
import type { MemoryNetwork } from './network.ts';

const GROUP = 'q';

export function serveInMemory(
  bus: Bus,
  network: MemoryNetwork,
  service: ServiceDescription,
  onMessage: (message: Message, endpoint: string) => void,
): Subscription {
  const { name, version, description } = service;
  const identity = {
    name,
    id: network.random.token(22).toUpperCase(),
    version,
    metadata: service.metadata ?? {},
  };
  const started = new Date(network.clock.now()).toISOString();
  const endpoints = service.endpoints.map((endpoint) => ({
    ...endpoint,
    requests: 0,
    errors: 0,
    lastError: '',
  }));
  const info = () => ({
    type: 'io.nats.micro.v1.info_response',
    ...identity,
    description,
    endpoints: endpoints.map(({ name, subject, metadata }) => ({
      name,
      subject,
      metadata,
      queue_group: GROUP,
    })),
  });
  const stats = () => ({
    type: 'io.nats.micro.v1.stats_response',
    ...identity,
    started,
    endpoints: endpoints.map((endpoint) => ({
      name: endpoint.name,
      subject: endpoint.subject,
      queue_group: GROUP,
      num_requests: endpoint.requests,
      num_errors: endpoint.errors,
      last_error: endpoint.lastError,
      processing_time: 0,
      average_processing_time: 0,
    })),
  });
  const verbs = {
    PING: () => ({ type: 'io.nats.micro.v1.ping_response', ...identity }),
    INFO: info,
    STATS: stats,
  };
  const open: Subscription[] = [];
  for (const [verb, answer] of Object.entries(verbs)) {
    for (const subject of [`$SRV.${verb}`, `$SRV.${verb}.${name}`, `$SRV.${verb}.${name}.${identity.id}`]) {
      open.push(bus.subscribe(subject, (message) => message.respond(encode(answer()))));
    }
  }
  for (const endpoint of endpoints) {
    const count = (headers: Headers | undefined) => {
      const error = headers?.[HEADER.serviceError];
      if (error === undefined) return;
      endpoint.errors += 1;
      endpoint.lastError = error;
    };
    const receive = (message: Message) => {
      endpoint.requests += 1;
      onMessage(counted(message, count), endpoint.name);
    };
    open.push(bus.subscribe(endpoint.subject, receive, { queue: GROUP }));
  }
  return {
    unsubscribe() {
      for (const subscription of open) subscription.unsubscribe();
    },
  };
}

function counted(message: Message, count: (headers: Headers | undefined) => void): Message {
  return {
    subject: message.subject,
    data: message.data,
    headers: message.headers,
    reply: message.reply,
    respond(data, headers) {
      count(headers);
      message.respond(data, headers);
    },
  };
}
