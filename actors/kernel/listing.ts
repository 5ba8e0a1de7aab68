// Lists from a view: Kubernetes' list objects, selected by namespace, labels and fields. Selectors are never ignored:
// a list that shows too much makes a pruning client delete the innocent.

import { fromToken } from '../../messaging/identity.ts';
import { TroupeError } from '../../schemas/errors.ts';
import type { Kind } from '../../schemas/kinds.ts';
import type { KubeObject } from '../../schemas/object.ts';
import { orThrow } from '../../schemas/or-throw.ts';
import {
  type FieldSelector,
  matches,
  matchesFields,
  parseFieldSelector,
  parseSelector,
  type Selector,
} from '../../schemas/selector.ts';
import { present } from './record.ts';
import type { Seen, View } from './view.ts';

/** What an object gains when it is shown: its resourceVersion and a comma. */
const EACH_BYTES = 48;

export interface Criteria {
  /** Empty: all namespaces. */
  readonly namespace: string;
  readonly labels: Selector | undefined;
  readonly fields: FieldSelector | undefined;
  /** At most so many at once; 0: all. */
  readonly limit: number;
  /** Where the list before this one ended. */
  readonly after: string | undefined;
}

/** Reads the options of a list or watch; throws BAD_REQUEST for selectors that do not parse. */
export function criteriaOf(namespace: string, options: Record<string, unknown>): Criteria {
  const { labelSelector, fieldSelector, limit = 0, continue: after } = options;
  if (!Number.isSafeInteger(Number(limit)) || Number(limit) < 0) {
    throw new TroupeError('BAD_REQUEST', `limit: Invalid value: ${JSON.stringify(limit)}`);
  }
  return {
    namespace,
    labels:
      typeof labelSelector === 'string' && labelSelector ? orThrow(parseSelector(labelSelector)) : undefined,
    fields:
      typeof fieldSelector === 'string' && fieldSelector
        ? orThrow(parseFieldSelector(fieldSelector))
        : undefined,
    limit: Number(limit),
    after: typeof after === 'string' && after !== '' ? keyOfMark(after) : undefined,
  };
}

export function passes(object: KubeObject, { labels, fields }: Criteria): boolean {
  if (labels && !matches(labels, object.metadata.labels ?? {})) return false;
  return !fields || matchesFields(fields, object);
}

export function inNamespace(key: string, namespace: string): boolean {
  if (namespace === '') return true;
  return fromToken(key.split('.')[1] ?? '') === namespace;
}

/**
 * The objects of one kind, as of the view's revision, in the order of their keys. A list that was cut short, by its
 * limit or because it would not fit into one message, says so and where to go on: `metadata.continue`.
 */
export function listOf(kind: Kind, view: View, criteria: Criteria, mostBytes: number): unknown {
  const resourceVersion = String(view.revision);
  const { limit, after } = criteria;
  const found = selected(view, kind.plural, criteria).filter(({ key }) => after === undefined || key > after);
  const shown = found.slice(0, Math.min(limit > 0 ? limit : found.length, fitting(found, mostBytes)));
  const items = shown.map((seen) => present(seen.record.object, seen.revision));
  for (const seen of found) seen.compact();
  const left = found.length - shown.length;
  const more = left > 0 && { continue: markOf(shown.at(-1)!.key), remainingItemCount: left };
  const metadata = { resourceVersion, ...more };
  return { kind: `${kind.kind}List`, apiVersion: kind.apiVersion, metadata, items };
}

/** How many of the first ones fit into a message; one always counts, and is refused by the bus if it does not. */
function fitting(found: readonly Seen[], mostBytes: number): number {
  let bytes = 0;
  const past = found.findIndex((seen, index) => {
    bytes += seen.sizeBytes + EACH_BYTES;
    return bytes > mostBytes && index > 0;
  });
  return past < 0 ? found.length : past;
}

function markOf(key: string): string {
  return Buffer.from(key).toString('base64url');
}

function keyOfMark(mark: string): string {
  const key = Buffer.from(mark, 'base64url').toString();
  if (markOf(key) === mark) return key;
  throw new TroupeError('BAD_REQUEST', 'continue: Invalid value: it is not from a list');
}

export function selected(view: View, plural: string, criteria: Criteria): Seen[] {
  const found: Seen[] = [];
  for (const seen of view.all(plural)) {
    if (inNamespace(seen.key, criteria.namespace) && passes(seen.record.object, criteria)) found.push(seen);
  }
  return found.sort((left, right) => (left.key < right.key ? -1 : 1));
}
