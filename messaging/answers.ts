// One request, many answers: the protocol of `Bus.stream`, the same in both worlds. The answering side ends with an
// empty message that carries Troupe-End. Answers not yet taken are bounded; nothing is ever left out silently: a
// lost connection, an overflow or silence ends the iteration with an error.
import { fromStatus, isStatus, TroupeError } from '../schemas/errors.ts';
import { HEADER } from './envelope.ts';
import type { Clock, Message, StreamOptions, Timer } from './ports.ts';

/** Answers that may wait for the reader. */
const MAX_WAITING = 65_536;

/** What a world offers for it. */
export interface AnswerChannel {
  /** Sends the request with a reply subject of its own. */
  send(): void;
  /** Tells the other side that nobody reads any more. */
  cancel(): void;
  close(): void;
}

export type OpenChannel = (
  onMessage: (message: Message) => void,
  onFailure: (error: TroupeError) => void,
) => AnswerChannel;

/** Sends when the iteration starts; sends `<reply>.cancel` when it is left before the end. */
export async function* answers(
  clock: Clock,
  subject: string,
  options: StreamOptions,
  open: OpenChannel,
): AsyncGenerator<Message> {
  if (options.signal?.aborted) return;
  const waiting: Message[] = [];
  let failure: TroupeError | undefined;
  let ended = false;
  let wake: (() => void) | undefined;
  let heardAt = clock.monotonic();
  const fail = (error: TroupeError) => {
    failure ??= error;
    wake?.();
  };
  const stop = () => wake?.();
  const channel = open((message) => {
    heardAt = clock.monotonic();
    if (waiting.length < MAX_WAITING) waiting.push(message);
    else
      fail(new TroupeError('TOO_MANY_REQUESTS', `the answers of ${subject} come faster than they are read`));
    wake?.();
  }, fail);
  options.signal?.addEventListener('abort', stop);
  try {
    channel.send();
    for (let next = 0; !options.signal?.aborted; ) {
      const message = waiting[next];
      if (message) {
        next += 1;
        if (next === waiting.length) next = waiting.length = 0;
        if (isEnd(message)) {
          ended = true;
          return throwEnd(message);
        }
        yield message;
      } else if (failure) {
        throw failure;
      } else {
        await new Promise<void>((resolve) => {
          const timer = silence(clock, heardAt, subject, options.idleMs, fail);
          wake = () => {
            timer?.cancel();
            resolve();
          };
        });
        wake = undefined;
      }
    }
  } finally {
    options.signal?.removeEventListener('abort', stop);
    if (!ended) channel.cancel();
    channel.close();
  }
}

function silence(
  clock: Clock,
  heardAt: number,
  subject: string,
  idleMs: number,
  fail: (error: TroupeError) => void,
): Timer | undefined {
  if (idleMs <= 0) return undefined;
  const leftMs = Math.max(0, heardAt + idleMs - clock.monotonic());
  return clock.after(leftMs, () =>
    fail(new TroupeError('TIMEOUT', `${subject}: nothing came for ${idleMs} ms`)),
  );
}

function isEnd(message: Message): boolean {
  return message.data.length === 0 && message.headers[HEADER.end] !== undefined;
}

function throwEnd(message: Message): void {
  const end = message.headers[HEADER.end]!;
  if (end === 'ok') return;
  let status: unknown;
  try {
    status = JSON.parse(end);
  } catch {
    // Not JSON: the text itself is the reason.
  }
  throw isStatus(status) ? fromStatus(status) : new TroupeError('INTERNAL', end);
}
