// How a given document changes a stored object: JSON merge patch (RFC 7386) and the three-way merge of `apply`, which
// also removes what the last applied document had and the new one has not. Pure.
import { TroupeError } from '../../schemas/errors.ts';
import type { KubeObject } from '../../schemas/object.ts';
import { isTooDeep } from '../../schemas/validate.ts';

/** Where `apply` keeps the last document, under kubectl's own name, so that both can take turns. */
export const LAST_APPLIED = 'kubectl.kubernetes.io/last-applied-configuration';

type Json = Record<string, unknown>;

/** RFC 7386: null removes, objects merge, everything else replaces. */
export function mergePatch(target: unknown, patch: unknown): unknown {
  if (!isPlain(patch)) return patch;
  const out: Json = isPlain(target) ? { ...target } : {};
  for (const [key, value] of Object.entries(patch)) {
    if (key === '__proto__') throw new TroupeError('BAD_REQUEST', 'the patch names the key "__proto__"');
    if (value === null) delete out[key];
    else out[key] = mergePatch(out[key], value);
  }
  return out;
}

/** The object after `apply`: what the document says, less what the last document said and this one does not. */
export function applyDocument(current: KubeObject, document: KubeObject): KubeObject {
  const last = lastApplied(current);
  const removals = last ? removed(last, document) : {};
  const merged = mergePatch(mergePatch(current, removals), document) as KubeObject;
  return withLastApplied(merged, document);
}

/** Notes the document on the object for the next `apply`. */
export function withLastApplied(object: KubeObject, document: KubeObject): KubeObject {
  const annotations = {
    ...object.metadata.annotations,
    [LAST_APPLIED]: `${JSON.stringify(bare(document))}\n`,
  };
  return { ...object, metadata: { ...object.metadata, annotations } };
}

function bare(document: KubeObject): KubeObject {
  const annotations = { ...document.metadata.annotations };
  delete annotations[LAST_APPLIED];
  const { status: _status, ...rest } = document;
  return { ...rest, metadata: { ...document.metadata, annotations } } as KubeObject;
}

function lastApplied(object: KubeObject): Json | undefined {
  const text = object.metadata.annotations?.[LAST_APPLIED];
  if (text === undefined) return undefined;
  try {
    const value: unknown = JSON.parse(text);
    return isPlain(value) && !isTooDeep(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

/** A merge patch that removes every key of `before` that `after` lacks. */
function removed(before: Json, after: unknown): Json {
  const out: Json = {};
  for (const [key, value] of Object.entries(before)) {
    const next = isPlain(after) ? after[key] : undefined;
    if (next === undefined) out[key] = null;
    else if (isPlain(value)) out[key] = removed(value, next);
  }
  return prune(out);
}

function prune(patch: Json): Json {
  return Object.fromEntries(
    Object.entries(patch).filter(([, value]) => !(isPlain(value) && Object.keys(value).length === 0)),
  );
}

function isPlain(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Deep equality of JSON values; the order of keys does not count. */
export function sameJson(left: unknown, right: unknown): boolean {
  if (left === right) return true;
  if (Array.isArray(left) && Array.isArray(right)) {
    return left.length === right.length && left.every((item, index) => sameJson(item, right[index]));
  }
  if (!isPlain(left) || !isPlain(right)) return false;
  const keys = Object.keys(left).filter((key) => left[key] !== undefined);
  const others = Object.keys(right).filter((key) => right[key] !== undefined);
  return keys.length === others.length && keys.every((key) => sameJson(left[key], right[key]));
}
