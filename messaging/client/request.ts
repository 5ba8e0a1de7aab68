// One request to the public door, repeated while repeating can help: the same message with the same
// Troupe-Id, so that the cluster does it once however often it arrives. It never repeats what was refused.
import { hasCode, TroupeError } from '../../schemas/errors.ts';
import { answerOf, encode, HEADER } from '../envelope.ts';
import type { ActorId } from '../identity.ts';
import type { Bus, Clock, Headers, Random } from '../ports.ts';
import type { Subjects } from '../subjects.ts';
import { CLIENT_LIMITS } from './limits.ts';

export interface Requester {
  readonly bus: Bus;
  readonly clock: Clock;
  readonly random: Random;
  readonly subjects: Subjects;
  readonly requestTimeoutMs: number;
  readonly onRepeat: (reason: TroupeError) => void;
  /** Aborted when the client is closed. */
  readonly signal: AbortSignal;
}

export interface ApiRequest {
  readonly verb: string;
  readonly id: ActorId;
  readonly body?: unknown;
  readonly options?: object;
}

export interface ApiAnswer {
  readonly value: unknown;
  readonly headers: Headers;
  /** True when an earlier attempt may already have been carried out. */
  readonly repeated: boolean;
}

const EMPTY = new Uint8Array(0);

/** The headers of a request: its id, and the options that are set. */
export function requestHeaders(random: Random, options: object | undefined): Headers {
  const headers: Record<string, string> = { [HEADER.id]: random.uuid(), [HEADER.from]: 'client' };
  const text = options && JSON.stringify(options);
  if (text && text !== '{}') headers[HEADER.options] = text;
  return headers;
}

/** Errors: what the cluster answers; `UNAVAILABLE` or `TIMEOUT` when it did not within the bound. */
export async function ask(requester: Requester, request: ApiRequest): Promise<ApiAnswer> {
  const { bus, clock, random, subjects, requestTimeoutMs, signal } = requester;
  const subject = subjects.api(request.verb, request.id);
  const headers = requestHeaders(random, request.options);
  const data = request.body === undefined ? EMPTY : encode(request.body);
  const endsAt = clock.monotonic() + requestTimeoutMs;
  let unsure = false;
  for (let attempt = 0; ; attempt += 1) {
    if (signal.aborted) throw new TroupeError('UNAVAILABLE', 'the client is closed');
    const leftMs = endsAt - clock.monotonic();
    try {
      const timeoutMs = Math.max(1, Math.min(leftMs, CLIENT_LIMITS.attemptMs));
      const message = await bus.request(subject, data, { timeoutMs, headers });
      return { value: answerOf(message), headers: message.headers, repeated: unsure };
    } catch (error) {
      if (!hasCode(error, 'UNAVAILABLE', 'TIMEOUT', 'TOO_MANY_REQUESTS')) throw noteRepeated(error, unsure);
      unsure ||= error.code === 'TIMEOUT';
      const pauseMs = pauseAfter(attempt, random);
      if (clock.monotonic() + pauseMs >= endsAt) throw error;
      requester.onRepeat(error);
      await clock.sleep(pauseMs, signal);
    }
  }
}

/** Grows with each failure; drawn from the upper half, so that many clients do not come at once. */
export function pauseAfter(attempt: number, random: Random): number {
  const { firstPauseMs, longestPauseMs } = CLIENT_LIMITS;
  const fullMs = Math.min(firstPauseMs * 2 ** attempt, longestPauseMs);
  return fullMs / 2 + random.next() * (fullMs / 2);
}

/** Marks a refusal that may be the echo of an earlier attempt that was carried out. */
function noteRepeated(error: unknown, unsure: boolean): unknown {
  if (!unsure || !(error instanceof TroupeError)) return error;
  return new TroupeError(error.code, error.message, {
    details: { ...error.details, repeated: true },
    cause: error,
  });
}
