// A public door that answers as a spec says, to show a client what a sound cluster rarely shows it: lost
// answers, broken streams, revisions no longer kept. A clock that the spec moves.
import { type Client, type ClientOptions, clientOf } from '../../../messaging/client/index.ts';
import { decode, encode, HEADER } from '../../../messaging/envelope.ts';
import { ManualClock, memoryNetwork, seededRandom } from '../../../messaging/memory/index.ts';
import type { Message } from '../../../messaging/ports.ts';
import { parseApi } from '../../../messaging/subjects.ts';
import type { TroupeError } from '../../../schemas/errors.ts';
import type { KubeObject } from '../../../schemas/object.ts';

export interface Asked {
  readonly verb: string;
  readonly subject: string;
  readonly id: string | undefined;
  readonly body: any;
  readonly options: any;
  readonly atMs: number;
  /** Answers with a value. */
  readonly answer: (value: unknown, headers?: Record<string, string>) => void;
  /** Answers with an error, or ends the stream with it. */
  readonly fail: (error: TroupeError) => void;
  /** Sends an event of a watch. */
  readonly event: (type: string, object: unknown) => void;
  readonly end: () => void;
  readonly cancelled: () => boolean;
}

export class ScriptedDoor {
  readonly clock = new ManualClock();
  readonly network = memoryNetwork({ clock: this.clock, random: seededRandom('door') });
  readonly warnings: string[] = [];
  readonly client: Client;
  readonly asked: Asked[] = [];
  /** Called for each request; what it does not answer stays without an answer. */
  script: (asked: Asked) => void = () => {};
  readonly #bus = this.network.bus('door');

  constructor(options: Partial<ClientOptions> & { readonly absent?: boolean } = {}) {
    const bus = this.network.bus('client');
    const random = seededRandom('client');
    const onWarning = (warning: string) => void this.warnings.push(warning);
    this.client = clientOf({ bus, clock: this.clock, random, cluster: 'dev', onWarning, ...options });
    if (!options.absent) this.open();
  }

  /** Serves from now on. */
  open(): void {
    this.#bus.subscribe('troupe.dev.api.>', (message) => this.#receive(message));
  }

  #receive(message: Message): void {
    const { headers, subject, reply } = message;
    let cancelled = false;
    this.#bus.subscribe(`${reply}.cancel`, () => {
      cancelled = true;
    });
    const { verb } = parseApi(subject);
    const streamed = verb === 'watch' || verb === 'logs';
    const asked: Asked = {
      verb,
      subject,
      id: headers[HEADER.id],
      body: decode(message.data),
      options: JSON.parse(headers[HEADER.options] ?? '{}'),
      atMs: this.clock.monotonic(),
      answer: (value, more) => message.respond(encode(value), more),
      event: (type, object) => message.respond(encode({ type, object })),
      end: () => message.respond(new Uint8Array(), { [HEADER.end]: 'ok' }),
      fail: (error) => {
        const status = error.toStatus();
        if (streamed) message.respond(new Uint8Array(), { [HEADER.end]: JSON.stringify(status) });
        else message.respond(encode(status));
      },
      cancelled: () => cancelled,
    };
    this.asked.push(asked);
    this.script(asked);
  }
}

export function podOf(name: string, revision: number, more: object = {}): KubeObject {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, namespace: 'default', uid: `uid-${name}`, resourceVersion: String(revision) },
    ...more,
  };
}

export function bookmark(revision: number, initial = true): KubeObject {
  const annotations = initial ? { 'k8s.io/initial-events-end': 'true' } : undefined;
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: '', resourceVersion: String(revision), annotations },
  };
}

/** The next `count` things of an iterator. */
export async function take<T>(iterator: AsyncIterator<T>, count: number): Promise<T[]> {
  const taken: T[] = [];
  while (taken.length < count) {
    const { done, value } = await iterator.next();
    if (done) break;
    taken.push(value);
  }
  return taken;
}
