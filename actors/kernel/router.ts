// Finds the host that holds an actor and speaks to it over the bus, even when that host is this one, so that nothing
// works only locally. Retries for as long as the sender may wait; the message keeps its id, so a repetition is known.
import { answerOf, encode, HEADER } from '../../messaging/envelope.ts';
import { type ActorId, keyOf, shardOf } from '../../messaging/identity.ts';
import type { Bus, Clock, Headers, Message } from '../../messaging/ports.ts';
import type { Subjects } from '../../messaging/subjects.ts';
import { hasCode, TroupeError } from '../../schemas/errors.ts';
import { backOff, type KernelLimits } from './limits.ts';

export interface RouterOptions {
  readonly bus: Bus;
  readonly clock: Clock;
  readonly subjects: Subjects;
  readonly limits: KernelLimits;
  readonly newId: () => string;
}

export interface Sender {
  readonly from: string;
  readonly fence?: number;
  readonly id?: string;
  readonly options?: Readonly<Record<string, unknown>>;
  /** Overrides the usual bound on the whole question. */
  readonly withinMs?: number;
}

const FIRST_RETRY_MS = 20;
const MOST_RETRY_MS = 1_000;

export class Router {
  private readonly options: RouterOptions;

  constructor(options: RouterOptions) {
    this.options = options;
  }

  /** Asks an actor; resolves to the answer after its commit, or throws the error it answered with. */
  async ask(id: ActorId, event: object, sender: Sender): Promise<{ value: unknown; headers: Headers }> {
    const { subjects, limits } = this.options;
    const subject = subjects.mail(shardOf(id, limits.shards), id);
    const message = await this.repeat(subject, encode(event), sender, keyOf(id));
    return { value: answerOf(message), headers: message.headers };
  }

  /** Asks a node's agent. */
  async askNode(node: string, verb: string, body: unknown, sender: Sender): Promise<unknown> {
    const subject = this.options.subjects.node(node, verb);
    return answerOf(await this.repeat(subject, encode(body), sender, `node "${node}"`));
  }

  private async repeat(subject: string, data: Uint8Array, sender: Sender, who: string): Promise<Message> {
    const { bus, clock, limits, newId } = this.options;
    const withinMs = sender.withinMs ?? limits.askMs;
    const until = clock.monotonic() + withinMs;
    const headers: Record<string, string> = {
      [HEADER.id]: sender.id ?? newId(),
      [HEADER.from]: sender.from,
      [HEADER.deadline]: String(clock.now() + withinMs),
    };
    if (sender.fence !== undefined) headers[HEADER.fence] = String(sender.fence);
    if (sender.options) headers[HEADER.options] = JSON.stringify(sender.options);
    for (let attempt = 0; ; attempt += 1) {
      const leftMs = until - clock.monotonic();
      try {
        const timeoutMs = Math.max(1, Math.min(limits.tryMs, leftMs));
        const message = await bus.request(subject, data, { timeoutMs, headers });
        if (message.headers[HEADER.serviceErrorCode] !== '503' || leftMs <= 0) return message;
      } catch (error) {
        if (!hasCode(error, 'UNAVAILABLE', 'TIMEOUT')) throw error;
        if (leftMs <= MOST_RETRY_MS) throw unanswered(error, who, withinMs);
      }
      await clock.sleep(backOff(attempt, FIRST_RETRY_MS, MOST_RETRY_MS));
    }
  }
}

function unanswered(error: TroupeError, who: string, withinMs: number): TroupeError {
  const message = `${who} did not answer within ${withinMs} ms: ${error.message}`;
  return new TroupeError(error.code, message, { cause: error });
}
