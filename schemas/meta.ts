// What is known about a codec beside its type: description, format, list keys. It lives in a WeakMap, so that
// any io-ts codec can carry it, ours or not. `describe` walks a codec at run time into a plain tree, from
// which references, OpenAPI and `explain` are made.
import type * as t from 'io-ts';

export interface Meta {
  readonly description?: string;
  readonly format?: string;
  readonly pattern?: string;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly default?: unknown;
  /** How lists merge when two writers apply: Kubernetes' words. */
  readonly listType?: 'atomic' | 'set' | 'map';
  readonly mergeKey?: string;
  readonly [key: string]: unknown;
}

const METAS = new WeakMap<t.Any, Meta>();

/**
 * Gives back the same codec with `about` beside it. The codec given is not touched, so shared ones can be
 * used.
 */
export function meta<C extends t.Any>(codec: C, about: Meta | string): C {
  const copy: C = Object.assign(Object.create(Object.getPrototypeOf(codec)), codec);
  METAS.set(copy, { ...METAS.get(codec), ...(typeof about === 'string' ? { description: about } : about) });
  return copy;
}

/** What `meta` put beside this codec. */
export function metaOf(codec: t.Any): Meta {
  return METAS.get(codec) ?? {};
}

export { type Description, describe } from './describe.ts';
