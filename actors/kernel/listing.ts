// Lists from a view: Kubernetes' list objects, selected by namespace, labels and fields. Selectors are never ignored:
// a list that shows too much makes a pruning client delete the innocent.

import { fromToken } from '../../messaging/identity.ts';
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

export interface Criteria {
  /** Empty: all namespaces. */
  readonly namespace: string;
  readonly labels: Selector | undefined;
  readonly fields: FieldSelector | undefined;
  readonly limit: number;
}

/** Reads the options of a list or watch; throws BAD_REQUEST for selectors that do not parse. */
export function criteriaOf(namespace: string, options: Record<string, unknown>): Criteria {
  const { labelSelector, fieldSelector, limit } = options;
  return {
    namespace,
    labels:
      typeof labelSelector === 'string' && labelSelector ? orThrow(parseSelector(labelSelector)) : undefined,
    fields:
      typeof fieldSelector === 'string' && fieldSelector
        ? orThrow(parseFieldSelector(fieldSelector))
        : undefined,
    limit: Number(limit ?? 0),
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

/** The objects of one kind, as of the view's revision, in the order of their keys. */
export function listOf(kind: Kind, view: View, criteria: Criteria): unknown {
  const resourceVersion = String(view.revision);
  const items: KubeObject[] = [];
  for (const seen of selected(view, kind.plural, criteria)) {
    items.push(present(seen.record.object, seen.revision));
    seen.compact();
    if (criteria.limit > 0 && items.length >= criteria.limit) break;
  }
  return { kind: `${kind.kind}List`, apiVersion: kind.apiVersion, metadata: { resourceVersion }, items };
}

export function selected(view: View, plural: string, criteria: Criteria): Seen[] {
  const found: Seen[] = [];
  for (const seen of view.all(plural)) {
    if (inNamespace(seen.key, criteria.namespace) && passes(seen.record.object, criteria)) found.push(seen);
  }
  return found.sort((left, right) => (left.key < right.key ? -1 : 1));
}
