// The one table of errors. Every operating error of Troupe carries a code of this table; the code decides the
// Kubernetes reason, the HTTP status and whether asking again can help. Documentation is made from it and a spec
// walks it. Programmer errors are not here: they crash the activation and supervision deals with them.

/** What each code means. `retry`: the same request may succeed later. */
export const ERRORS = {
  BAD_REQUEST: { reason: 'BadRequest', http: 400, retry: false, about: 'the request cannot be understood' },
  UNAUTHORIZED: { reason: 'Unauthorized', http: 401, retry: false, about: 'who asks is not known' },
  FORBIDDEN: { reason: 'Forbidden', http: 403, retry: false, about: 'who asks may not do this' },
  NOT_FOUND: { reason: 'NotFound', http: 404, retry: false, about: 'the object does not exist' },
  ALREADY_EXISTS: {
    reason: 'AlreadyExists',
    http: 409,
    retry: false,
    about: 'an object of this name exists',
  },
  CONFLICT: { reason: 'Conflict', http: 409, retry: true, about: 'the object changed since it was read' },
  GONE: { reason: 'Expired', http: 410, retry: false, about: 'the revision asked for is no longer kept' },
  TOO_LARGE: {
    reason: 'RequestEntityTooLarge',
    http: 413,
    retry: false,
    about: 'the object is larger than NATS carries',
  },
  INVALID: { reason: 'Invalid', http: 422, retry: false, about: 'a field has a value that is not allowed' },
  TOO_MANY_REQUESTS: {
    reason: 'TooManyRequests',
    http: 429,
    retry: true,
    about: 'a queue is full; ask again later',
  },
  INTERNAL: { reason: 'InternalError', http: 500, retry: false, about: 'a fault in Troupe itself' },
  UNAVAILABLE: {
    reason: 'ServiceUnavailable',
    http: 503,
    retry: true,
    about: 'nobody answers; nothing was done',
  },
  TIMEOUT: { reason: 'Timeout', http: 504, retry: true, about: 'no answer in time; it may have been done' },
  STALE_REVISION: {
    reason: 'Conflict',
    http: 409,
    retry: true,
    about: 'compare-and-set lost: somebody else wrote',
  },
  UNSURE: {
    reason: 'Timeout',
    http: 504,
    retry: true,
    about: 'the reply to a write was lost; reading tells',
  },
  STALE_FENCE: { reason: 'Conflict', http: 409, retry: false, about: 'the sender is no longer the owner' },
  QUARANTINED: {
    reason: 'InternalError',
    http: 500,
    retry: false,
    about: 'the actor failed too often and is held',
  },
  REFUSED: { reason: 'Conflict', http: 409, retry: true, about: 'the node does not take this pod' },
  RUNTIME: {
    reason: 'InternalError',
    http: 500,
    retry: true,
    about: 'the container runtime answered with an error',
  },
  UNSUPPORTED: {
    reason: 'MethodNotAllowed',
    http: 405,
    retry: false,
    about: 'this verb or kind is not served',
  },
  SETUP: { reason: 'InternalError', http: 500, retry: false, about: 'something is missing on this machine' },
} as const;

export type ErrorCode = keyof typeof ERRORS;

/** One reason why a field is not accepted, as in Kubernetes' `details.causes`. */
export interface Cause {
  readonly reason: string;
  readonly message: string;
  readonly field: string;
}

export interface ErrorDetails {
  readonly kind?: string;
  readonly name?: string;
  readonly causes?: readonly Cause[];
  readonly retryAfterSeconds?: number;
  readonly [key: string]: unknown;
}

/** The wire shape of every error: Kubernetes' `v1 Status`. */
export interface Status {
  readonly apiVersion: 'v1';
  readonly kind: 'Status';
  readonly metadata: Record<string, never>;
  readonly status: 'Success' | 'Failure';
  readonly message?: string;
  readonly reason?: string;
  readonly details?: ErrorDetails;
  readonly code?: number;
}

/** An operating error: has a code of {@link ERRORS} and a message that tells the user what is wrong. */
export class TroupeError extends Error {
  override readonly name: string = 'TroupeError';
  readonly code: ErrorCode;
  readonly details: ErrorDetails;

  constructor(code: ErrorCode, message: string, options: { details?: ErrorDetails; cause?: unknown } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.details = options.details ?? {};
  }

  get retry(): boolean {
    return ERRORS[this.code].retry;
  }

  toStatus(): Status {
    const { reason, http } = ERRORS[this.code];
    const details = { ...this.details, troupeCode: this.code };
    return {
      apiVersion: 'v1',
      kind: 'Status',
      metadata: {},
      status: 'Failure',
      message: this.message,
      reason,
      details,
      code: http,
    };
  }
}

/** Rebuilds the typed error from its wire shape; unknown shapes become `INTERNAL`. */
export function fromStatus(status: Status): TroupeError {
  const given = status.details?.troupeCode;
  const code = isErrorCode(given) ? given : codeOfReason(status.reason);
  return new TroupeError(code, status.message ?? 'unknown error', { details: status.details });
}

export function isStatus(value: unknown): value is Status {
  return typeof value === 'object' && value !== null && (value as Status).kind === 'Status';
}

export function isErrorCode(value: unknown): value is ErrorCode {
  return typeof value === 'string' && Object.hasOwn(ERRORS, value);
}

/** True when `error` is an operating error with one of these codes. */
export function hasCode(error: unknown, ...codes: ErrorCode[]): error is TroupeError {
  return error instanceof TroupeError && codes.includes(error.code);
}

function codeOfReason(reason: string | undefined): ErrorCode {
  const found = Object.entries(ERRORS).find(([, row]) => row.reason === reason);
  return found ? (found[0] as ErrorCode) : 'INTERNAL';
}
