// The agent's mailbox on the bus: reads a message, has it done, answers. Decides nothing; any failure becomes an
// answer.
import { asTroupeError, decode, encode, respondError } from '../../../messaging/envelope.ts';
import type { Message } from '../../../messaging/ports.ts';
import { parseNodeVerb } from '../../../messaging/subjects.ts';
import { TroupeError } from '../../../schemas/errors.ts';
import type { OfferAnswer } from '../protocol.ts';
import { readOffer, readRun, readStop } from './events.ts';
import type { Roster } from './roster.ts';

export interface InboxOptions {
  readonly node: string;
  readonly roster: Roster;
  /** False until pods can get addresses. */
  readonly isOpen: () => boolean;
  /** Answers by itself, with a stream. */
  readonly logs: (message: Message) => void;
}

/** Kubernetes' words for a node that is not there yet. */
const NOT_READY = 'node(s) had untolerated taint {node.kubernetes.io/not-ready: }';

export function answer(options: InboxOptions, message: Message): void {
  const verb = parseNodeVerb(message.subject);
  if (verb === 'logs') {
    options.logs(message);
    return;
  }
  perform(options, verb, message).then(
    (body) => message.respond(encode(body)),
    (error: unknown) => respondError(message, asTroupeError(error)),
  );
}

async function perform(options: InboxOptions, verb: string, message: Message): Promise<object> {
  const { node, roster, isOpen } = options;
  const body = decode(message.data);
  switch (verb) {
    case 'offer': {
      const offer = readOffer(body);
      return isOpen() ? roster.offer(offer) : ({ granted: false, reason: NOT_READY } satisfies OfferAnswer);
    }
    case 'run': {
      const { pod, fence } = readRun(body);
      if (!isOpen()) throw new TroupeError('UNAVAILABLE', `node "${node}" is not ready to run pods`);
      return roster.run(pod, fence);
    }
    case 'stop':
      return roster.stop(readStop(body));
    default:
      throw new TroupeError('UNSUPPORTED', `a node has no verb "${verb}"`);
  }
}
