// What the headers of a message say, read with suspicion: anybody may send anything. Every refusal is BAD_REQUEST.
import { HEADER } from '../../messaging/envelope.ts';
import type { Headers } from '../../messaging/ports.ts';
import { TroupeError } from '../../schemas/errors.ts';

/** Ids and senders are kept in records; longer ones would fill them. */
const MAX_ID = 256;
const MAX_SENDER = 1_024;

export type Options = Readonly<Record<string, unknown>>;

/** The options of a verb; undefined when none are given. */
export function optionsOf(headers: Headers): Options | undefined {
  const text = headers[HEADER.options];
  if (text === undefined) return undefined;
  let options: unknown;
  try {
    options = JSON.parse(text);
  } catch (cause) {
    throw new TroupeError('BAD_REQUEST', `header ${HEADER.options} is not JSON`, { cause });
  }
  if (typeof options !== 'object' || options === null || Array.isArray(options)) {
    throw new TroupeError('BAD_REQUEST', `header ${HEADER.options} is not a JSON object`);
  }
  return options as Options;
}

/** The id of the message; undefined when it has none. */
export function idOf(headers: Headers): string | undefined {
  return bounded(headers, HEADER.id, MAX_ID);
}

export function senderOf(headers: Headers): string | undefined {
  return bounded(headers, HEADER.from, MAX_SENDER);
}

/** A number in a header; undefined when there is none, or it is none. */
export function numberOf(text: string | undefined): number | undefined {
  const value = text === undefined || text === '' ? Number.NaN : Number(text);
  return Number.isFinite(value) ? value : undefined;
}

/** True for a request that is to change nothing. What is not understood is refused, since it may have meant that. */
export function isDryRun(options: Options | undefined): boolean {
  const asked = options?.dryRun ?? false;
  const given = Array.isArray(asked) ? (asked.length === 0 ? false : asked[0]) : asked;
  if (given === true || given === 'All') return true;
  if (given === false || given === '') return false;
  throw new TroupeError(
    'BAD_REQUEST',
    `dryRun: Invalid value: ${JSON.stringify(asked)}: must be "All" or true`,
  );
}

function bounded(headers: Headers, name: string, most: number): string | undefined {
  const text = headers[name];
  if (text === undefined || text === '') return undefined;
  if (text.length <= most) return text;
  throw new TroupeError('BAD_REQUEST', `header ${name} has more than ${most} characters`);
}
