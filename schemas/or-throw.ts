// The step from text to values ends here: outside schemas an Either is a value or a thrown TroupeError.
import { type Either, isLeft } from 'fp-ts/lib/Either.js';
import type * as t from 'io-ts';
import { TroupeError } from './errors.ts';

/** The right side, or the left side thrown. */
export function orThrow<Value>(outcome: Either<TroupeError, Value>): Value {
  if (isLeft(outcome)) throw outcome.left;
  return outcome.right;
}

/** Decodes a message of the conversation between actors; throws BAD_REQUEST naming `what`. */
export function decodeOrThrow<Value>(
  codec: t.Type<Value, any, unknown>,
  value: unknown,
  what: string,
): Value {
  const outcome = codec.decode(value);
  if (!isLeft(outcome)) return outcome.right;
  const paths = new Set(
    outcome.left.map(({ context }) =>
      context
        .map(({ key }) => key)
        .filter(Boolean)
        .join('.'),
    ),
  );
  throw new TroupeError(
    'BAD_REQUEST',
    `${what} is not understood: ${[...paths].slice(0, 5).join(', ') || 'its type'}`,
  );
}
