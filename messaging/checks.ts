// What may be a subject, a key, a filter, a header or the name of a bucket. Both worlds refuse the same things with
// the same words, before anything leaves the process.
import { TroupeError } from '../schemas/errors.ts';
import type { Headers } from './ports.ts';

/** NATS' default `max_payload`; headers count too. */
export const MAX_PAYLOAD_BYTES = 1_048_576;

/** Well within NATS' default `max_control_line` of 4096 bytes, which also holds the reply subject. */
const MAX_SUBJECT = 2_048;

const KEY = /^[-/_=A-Za-z0-9]+(\.[-/_=A-Za-z0-9]+)*$/;
const FILTER = /^(>|([-/_=A-Za-z0-9]+|\*)(\.([-/_=A-Za-z0-9]+|\*))*(\.>)?)$/;
const BUCKET = /^[A-Za-z0-9_-]+$/;
const SUBJECT = /^[^\s.]+(\.[^\s.]+)*$/;
const HEADER_NAME = /^[!-9;-~]+$/;

export function checkKey(key: string): void {
  if (!KEY.test(key)) throw new TroupeError('BAD_REQUEST', `"${key}" cannot be a key`);
}

export function checkFilter(filter: string): void {
  if (!FILTER.test(filter)) throw new TroupeError('BAD_REQUEST', `"${filter}" cannot be a filter of keys`);
}

export function checkBucketName(name: string): void {
  if (!BUCKET.test(name)) throw new TroupeError('BAD_REQUEST', `"${name}" cannot be the name of a bucket`);
}

/** A subject to send to: no wildcards, and not so long that the server would end the whole connection over it. */
export function checkSubject(subject: string): void {
  if (subject.length > MAX_SUBJECT) {
    const text = `a subject of ${subject.length} characters is longer than the ${MAX_SUBJECT} that are sent`;
    throw new TroupeError('BAD_REQUEST', text);
  }
  if (!SUBJECT.test(subject) || /(^|\.)[*>](\.|$)/.test(subject)) {
    throw new TroupeError('BAD_REQUEST', `"${subject}" cannot be the subject of a message`);
  }
}

/** A subject to listen to: `*` for a token, a trailing `>` for the rest. */
export function checkPattern(pattern: string): void {
  if (!SUBJECT.test(pattern) || /(^|\.)>\./.test(pattern)) {
    throw new TroupeError('BAD_REQUEST', `"${pattern}" cannot be listened to`);
  }
}

export function checkHeaders(headers: Headers): void {
  for (const name in headers) {
    if (HEADER_NAME.test(name) && !/[\r\n]/.test(headers[name]!)) continue;
    throw new TroupeError('BAD_REQUEST', `header "${name}" cannot be sent`);
  }
}

/** The bytes of a message that count against the limit. */
export function sizeBytes(data: Uint8Array, headers: Headers | undefined): number {
  if (!headers) return data.length;
  let size = data.length + 12;
  for (const name in headers) size += name.length + Buffer.byteLength(headers[name]!) + 4;
  return size;
}

export function checkSize(
  data: Uint8Array,
  headers: Headers | undefined,
  limitBytes: number,
  what: string,
): void {
  if (data.length < limitBytes / 2 && !headers) return;
  const size = sizeBytes(data, headers);
  if (size <= limitBytes) return;
  throw new TroupeError(
    'TOO_LARGE',
    `${what}: ${size} bytes are more than the ${limitBytes} that NATS carries`,
  );
}
