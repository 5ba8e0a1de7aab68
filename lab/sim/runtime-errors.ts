// The simulated runtime's failures, of the same shape as a real one's.
import type { RuntimeErrorDetails, RuntimeErrorKind } from '../../actors/node/agent/runtime/port.ts';
import { TroupeError } from '../../schemas/errors.ts';

const GRPC_CODE: Record<RuntimeErrorKind, number> = {
  notFound: 5,
  alreadyExists: 2,
  unavailable: 14,
  imageNotFound: 5,
  invalidImageName: 2,
  startError: 2,
  timeout: 4,
  diskFull: 2,
  other: 2,
};

/** A runtime's error of this kind; for fault hooks too. */
export function simulatedError(kind: RuntimeErrorKind, call: string, text: string, id?: string): TroupeError {
  const details: RuntimeErrorDetails = {
    grpcCode: GRPC_CODE[kind],
    kind,
    call,
    ...(id === undefined ? {} : { id }),
  };
  return new TroupeError('RUNTIME', text, { details: { ...details } });
}
