// Checks what is about to be sent and takes a copy of its headers, as they would look after the wire.
import { checkHeaders, checkSize } from '../checks.ts';
import type { Headers } from '../ports.ts';

const NO_HEADERS: Headers = Object.freeze({});

export function sendable(
  data: Uint8Array,
  headers: Headers | undefined,
  limitBytes: number,
  subject: string,
): Headers {
  if (headers) checkHeaders(headers);
  checkSize(data, headers, limitBytes, subject);
  if (!headers) return NO_HEADERS;
  const copy: Record<string, string> = {};
  for (const name in headers) copy[name] = headers[name]!.trim();
  return copy;
}
