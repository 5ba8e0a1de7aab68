// How an agent speaks to actors and to the API: request, reply, error as a typed error. No retries here.
import { answerOf, encode, HEADER } from '../../../messaging/envelope.ts';
import { type ActorId, shardOf } from '../../../messaging/identity.ts';
import type { World } from '../../../messaging/ports.ts';
import { type Subjects, subjectsOf } from '../../../messaging/subjects.ts';
import { TroupeError } from '../../../schemas/errors.ts';
import type { AgentLimits } from './limits.ts';

export class Wire {
  readonly subjects: Subjects;
  private readonly world: World;
  private readonly node: string;
  private readonly shards: number;
  private readonly limits: AgentLimits;

  constructor(options: { world: World; cluster: string; node: string; shards: number; limits: AgentLimits }) {
    this.subjects = subjectsOf(options.cluster);
    this.world = options.world;
    this.node = options.node;
    this.shards = options.shards;
    this.limits = options.limits;
  }

  /** Tells an actor's mailbox; resolves to its answer. */
  tell(id: ActorId, event: object): Promise<unknown> {
    return this.request(this.subjects.mail(shardOf(id, this.shards), id), event, {});
  }

  /** Asks the public API. */
  ask(verb: string, id: ActorId, body?: object, options?: object): Promise<unknown> {
    const more: Record<string, string> = options ? { [HEADER.options]: JSON.stringify(options) } : {};
    return this.request(this.subjects.api(verb, id), body, more);
  }

  /** Publishes when there is a connection; nothing is kept for later. */
  publish(subject: string, body: object): void {
    if (this.world.bus.status === 'connected') this.world.bus.publish(subject, encode(body));
  }

  private async request(
    subject: string,
    body: object | undefined,
    more: Record<string, string>,
  ): Promise<unknown> {
    const { bus, random } = this.world;
    const headers = { [HEADER.id]: random.uuid(), [HEADER.from]: `node/${this.node}`, ...more };
    const data = body === undefined ? new Uint8Array(0) : encode(body);
    const message = await bus.request(subject, data, { timeoutMs: this.limits.requestMs, headers });
    if (message.headers[HEADER.serviceErrorCode] === '503' && message.data.length === 0) {
      throw new TroupeError('UNAVAILABLE', `${subject}: nobody answers`);
    }
    return answerOf(message);
  }
}
