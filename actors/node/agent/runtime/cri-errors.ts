// Turns gRPC failures of a CRI runtime into TroupeErrors of code `RUNTIME`. Runtimes give most causes as text only, so
// the texts are read here and nowhere else. No credential may leave through an error: what looks like one is cut out.
import { TroupeError } from '../../../../schemas/errors.ts';
import type { RuntimeErrorDetails, RuntimeErrorKind } from './port.ts';

/** What grpc-js rejects with. */
export interface GrpcFailure {
  readonly code?: number;
  readonly details?: string;
  readonly message?: string;
}

export const GRPC = {
  cancelled: 1,
  unknown: 2,
  deadlineExceeded: 4,
  notFound: 5,
  alreadyExists: 6,
  unimplemented: 12,
  unavailable: 14,
} as const;

const RESERVED = /is reserved for "?([0-9a-zA-Z]+)"?/;
const BAD_IMAGE_NAME = /failed to parse image reference|invalid reference format|couldn't parse image/i;
const DISK_FULL = /no space left on device|disk quota exceeded/i;
const WRONG_STATE = /is in CONTAINER_\w+ state|sandbox container .* is not running/;
const LONGEST_TEXT = 2_048;

/** Calls whose "not found" speaks of an image. */
const IMAGE_CALLS = new Set(['PullImage', 'ImageStatus', 'RemoveImage']);

/** The typed error for a failed call. `secrets` are texts that must not appear in it. */
export function runtimeError(
  call: string,
  failure: GrpcFailure,
  secrets: readonly string[] = [],
): TroupeError {
  const grpcCode = failure.code ?? GRPC.unknown;
  const text = failure.details || failure.message || 'unknown error';
  const kind = kindOf(call, grpcCode, text);
  const id = kind === 'alreadyExists' ? RESERVED.exec(text)?.[1] : undefined;
  const details: RuntimeErrorDetails = { grpcCode, kind, call, ...(id === undefined ? {} : { id }) };
  return new TroupeError('RUNTIME', cleaned(text, secrets), { details: { ...details } });
}

function kindOf(call: string, code: number, text: string): RuntimeErrorKind {
  if (code === GRPC.unavailable || code === GRPC.cancelled) return 'unavailable';
  if (DISK_FULL.test(text)) return 'diskFull';
  if (code === GRPC.deadlineExceeded) return 'timeout';
  if (RESERVED.test(text) || code === GRPC.alreadyExists) return 'alreadyExists';
  if (BAD_IMAGE_NAME.test(text)) return 'invalidImageName';
  if (code === GRPC.notFound) return isAboutImage(call, text) ? 'imageNotFound' : 'notFound';
  if (call === 'PullImage' && /repository does not exist|not found/i.test(text)) return 'imageNotFound';
  if (call === 'StartContainer' && !WRONG_STATE.test(text)) return 'startError';
  return 'other';
}

function isAboutImage(call: string, text: string): boolean {
  return IMAGE_CALLS.has(call) || (call === 'CreateContainer' && /image/i.test(text));
}

/** Cuts known secrets, credentials and query strings of URLs, and gRPC's own prefixes out of `text`. */
export function cleaned(text: string, secrets: readonly string[] = []): string {
  let result = text.replaceAll(/rpc error: code = \w+ desc = /g, '');
  for (const secret of secrets) if (secret.length > 0) result = result.replaceAll(secret, '[hidden]');
  result = result
    .replaceAll(/\/\/[^/\s"@]+@/g, '//')
    .replaceAll(/(https?:\/\/[^\s"?]+)\?[^\s"]*/g, '$1')
    .replaceAll(/\b(Bearer|Basic) [\w+/=.~-]{8,}/g, '$1 [hidden]');
  return result.length > LONGEST_TEXT ? `${result.slice(0, LONGEST_TEXT)}…` : result;
}
