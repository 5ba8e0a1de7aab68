// What every message carries beside its body: header names, and JSON to and from bytes. Bodies are plain JSON, so
// that anyone with a NATS client can read and write them.
import { fromStatus, isStatus, type Status, TroupeError } from '../schemas/errors.ts';
import type { Headers, Message } from './ports.ts';

export const HEADER = {
  /** Identifies the message for deduplication; a sender that repeats itself keeps it. */
  id: 'Troupe-Id',
  /** Who sent it: `host/h1`, `node/n1`, `pods.default.web`. */
  from: 'Troupe-From',
  /** The revision of the sender's record: a receiver refuses one lower than it has seen. */
  fence: 'Troupe-Fence',
  /** Absolute time in epoch milliseconds after which nobody waits for the answer. */
  deadline: 'Troupe-Deadline',
  /** Options of an API verb, a JSON object. */
  options: 'Troupe-Options',
  /** Ends a stream: `ok`, or a Status as JSON. */
  end: 'Troupe-End',
  /** What an apply did: `created`, `configured` or `unchanged`. */
  result: 'Troupe-Result',
  /** Warnings about an accepted request, a JSON list of sentences. */
  warning: 'Troupe-Warning',
  traceparent: 'traceparent',
  /** The names NATS micro services use for errors. */
  serviceError: 'Nats-Service-Error',
  serviceErrorCode: 'Nats-Service-Error-Code',
} as const;

const encoder = new TextEncoder();
const decoder = new TextDecoder();

export function encode(value: unknown): Uint8Array {
  return encoder.encode(JSON.stringify(value));
}

/** Parses JSON; anything else is `BAD_REQUEST`. Empty data is undefined. */
export function decode(data: Uint8Array): unknown {
  if (data.length === 0) return undefined;
  try {
    return JSON.parse(decoder.decode(data));
  } catch (cause) {
    throw new TroupeError('BAD_REQUEST', 'the body of the request is not JSON', { cause });
  }
}

/** The answer's value; an answer that is a failed Status is thrown as its TroupeError. */
export function answerOf(message: Message): unknown {
  const value = decode(message.data);
  if (isFailure(value)) throw fromStatus(value);
  return value;
}

export function isFailure(value: unknown): value is Status {
  return isStatus(value) && value.status === 'Failure';
}

/** Bounds of a refusal: it may quote what it refuses, which may be as large as NATS carries. */
const MAX_TEXT = 8_192;
const MAX_CAUSES = 32;

/** The Status of an error, of a size that can be sent whatever it quotes. */
export function statusOf(error: TroupeError): Status {
  const { details: all, ...status } = error.toStatus();
  const { causes, ...others } = all!;
  const shown = causes?.slice(0, MAX_CAUSES).map((cause) => ({
    reason: cause.reason,
    message: cut(cause.message),
    field: cut(cause.field),
  }));
  const small = JSON.stringify(others).length <= MAX_TEXT ? others : { troupeCode: error.code };
  return { ...status, message: cut(error.message), details: { ...small, ...(shown && { causes: shown }) } };
}

function cut(text: string): string {
  return text.length <= MAX_TEXT ? text : `${text.slice(0, MAX_TEXT)}…`;
}

/** Answers with an error, as a Status in the body and as NATS micro services do in headers. */
export function respondError(message: Message, error: TroupeError): void {
  message.respond(encode(statusOf(error)), errorHeaders(error));
}

export function errorHeaders(error: TroupeError): Headers {
  const code = String(error.toStatus().code ?? 500);
  return { [HEADER.serviceError]: oneLine(error.message), [HEADER.serviceErrorCode]: code };
}

/** Any thrown thing as an operating error. */
export function asTroupeError(error: unknown): TroupeError {
  if (error instanceof TroupeError) return error;
  const text = error instanceof Error ? error.message : String(error);
  return new TroupeError('INTERNAL', text, { cause: error });
}

function oneLine(text: string): string {
  return text.replace(/[\r\n]+/g, ' ').slice(0, 512);
}
