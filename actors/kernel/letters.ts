// A message of the bus as mail for an actor, and the actor's answer as a message: where bytes become values. Reading
// throws for the sender; answering never throws, since what is committed is committed.
import type { AnyEventObject } from 'xstate';
import { asTroupeError, decode, encode, HEADER, respondError } from '../../messaging/envelope.ts';
import type { Message, Trace } from '../../messaging/ports.ts';
import { TroupeError } from '../../schemas/errors.ts';
import { DEADLINE, EFFECT_FAILED, WAKE } from './decide.ts';
import type { Answer, Mail } from './mailbox.ts';
import { idOf, numberOf, optionsOf, senderOf } from './requests.ts';

/** What the kernel tells an actor; nobody may say it over the bus. */
const INWARD: ReadonlySet<string> = new Set([WAKE, DEADLINE, EFFECT_FAILED]);

/** Errors: `BAD_REQUEST` for what is no event, or none for outsiders to send. */
export function mailOf(message: Message, answer: (answer: Answer) => void, newId: () => string): Mail {
  const { headers } = message;
  return {
    event: eventOf(message),
    id: idOf(headers) ?? newId(),
    from: senderOf(headers),
    fence: numberOf(headers[HEADER.fence]),
    deadline: numberOf(headers[HEADER.deadline]),
    options: optionsOf(headers),
    answer,
  };
}

/** Tells the sender, when it waits; an answer that cannot be sent is replaced by the reason. */
export function respond(message: Message, given: Answer, trace: Trace): void {
  if (message.reply === undefined) return;
  try {
    if (given.ok) message.respond(encode(given.value), given.headers);
    else respondError(message, given.error);
  } catch (error) {
    trace.log('warn', 'answer not sent', { subject: message.subject, message: String(error) });
    if (given.ok) respond(message, { ok: false, error: asTroupeError(error) }, trace);
  }
}

function eventOf(message: Message): AnyEventObject {
  const event = decode(message.data) as AnyEventObject | undefined;
  if (typeof event?.type !== 'string') {
    throw new TroupeError('BAD_REQUEST', 'a message to an actor needs a "type"');
  }
  if (INWARD.has(event.type)) {
    throw new TroupeError(
      'BAD_REQUEST',
      `"${event.type}" is an event that an actor hears from its own host only`,
    );
  }
  return event;
}
