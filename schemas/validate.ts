// The one door through which an object from outside comes in: finds its kind, decodes it, fills in defaults
// and checks the rules, and words what is wrong as Kubernetes does. It never changes what it was given.
import * as E from 'fp-ts/lib/Either.js';
import { type Cause, TroupeError } from './errors.ts';
import { causesText, Findings, quote } from './findings.ts';
import type { Kind } from './kind.ts';
import { kindOf } from './kinds.ts';
import { checkMetadata, checkMetadataUpdate } from './metadata-rules.ts';
import type { KubeObject } from './object.ts';
import { isPlainObject } from './shape.ts';

export const MAX_DEPTH = 64;

export interface Validated {
  /** Decoded, with defaults; unknown fields are still in it. */
  readonly object: KubeObject;
  /** `unknown field "spec.contaniers"`, when not strict. */
  readonly warnings: string[];
}

/**
 * Decodes and checks an object of any kind of {@link KINDS}, or of the kind handed in.
 *
 * Errors: `BAD_REQUEST` when it is no object, names no kind, or (strict) has unknown fields; `UNSUPPORTED`
 * for a kind that is not served; `INVALID` with one cause a field otherwise.
 *
 * @example
 * const result = validate(JSON.parse(body), { strict: true });
 * if (E.isLeft(result)) throw result.left; // Pod "web" is invalid: spec.containers[0].image: Required value
 */
export function validate(
  value: unknown,
  options: { strict: boolean; kind?: Kind },
): E.Either<TroupeError, Validated> {
  const found = kindFor(value, options.kind);
  if (found instanceof TroupeError) return E.left(found);
  if (isTooDeep(value)) {
    return E.left(new TroupeError('BAD_REQUEST', `the object is nested more than ${MAX_DEPTH} levels deep`));
  }
  const findings = new Findings();
  const object = found.codec.read(value, '', findings) as KubeObject;
  if (findings.mistyped) return E.left(invalid(found, nameOf(object), findings.inOrder()));
  if (options.strict && findings.unknown.length > 0) return E.left(unknownFields(found, object, findings));
  if (found.namespaced && !object.metadata.namespace) object.metadata.namespace = 'default';
  const complete: KubeObject = found.defaults?.(object) ?? object;
  checkMetadata(complete, found, findings);
  found.rules?.(complete, findings);
  if (!findings.clean) return E.left(invalid(found, nameOf(complete), findings.inOrder()));
  const warnings = findings.unknown.map((field) => `unknown field ${quote(field)}`);
  return E.right({ object: complete, warnings });
}

/** Checks that `after` may replace `before`; both as {@link validate} gave them. */
export function validateUpdate(before: KubeObject, after: KubeObject): E.Either<TroupeError, KubeObject> {
  const kind = kindOf(after);
  if (kind === undefined) return E.left(noMatch(after.apiVersion, after.kind));
  const findings = new Findings();
  checkMetadataUpdate(before.metadata, after.metadata, findings);
  kind.updateRules?.(before, after, findings);
  return findings.clean ? E.right(after) : E.left(invalid(kind, nameOf(after), findings.inOrder()));
}

/** `Pod "web" is invalid: spec.containers[0].image: Required value`, as an error with its causes. */
export function invalid(kind: Kind, name: string, causes: readonly Cause[]): TroupeError {
  const group = kind.apiVersion.includes('/') ? `.${kind.apiVersion.split('/')[0]}` : '';
  const text = `${kind.kind}${group} ${quote(name)} is invalid: ${causesText(causes)}`;
  return new TroupeError('INVALID', text, { details: { name, kind: kind.kind, causes } });
}

function unknownFields(kind: Kind, object: KubeObject, findings: Findings): TroupeError {
  const version = kind.apiVersion.split('/').at(-1);
  const listed = findings.unknown.map((field) => `unknown field ${quote(field)}`);
  const head = `${kind.kind} in version ${quote(version)} cannot be handled as a ${kind.kind}`;
  const causes = findings.unknown.map((field) => ({
    reason: 'FieldUnknown',
    message: 'unknown field',
    field,
  }));
  return new TroupeError('BAD_REQUEST', `${head}: strict decoding error: ${listed.join(', ')}`, {
    details: { name: nameOf(object), kind: kind.kind, causes },
  });
}

function kindFor(value: unknown, own?: Kind): Kind | TroupeError {
  if (!isPlainObject(value)) {
    return new TroupeError(
      'BAD_REQUEST',
      `an object was expected, with apiVersion and kind: ${quote(value)}`,
    );
  }
  const { apiVersion, kind } = value;
  if (typeof kind !== 'string' || kind === '') return missing('Kind', value);
  if (typeof apiVersion !== 'string' || apiVersion === '') return missing('apiVersion', value);
  if (own && kind === own.kind && apiVersion === own.apiVersion) return own;
  return kindOf({ apiVersion, kind }) ?? noMatch(apiVersion, kind);
}

function missing(field: string, value: unknown): TroupeError {
  return new TroupeError('BAD_REQUEST', `Object '${field}' is missing in '${quote(value)}'`);
}

function noMatch(apiVersion: string, kind: string): TroupeError {
  return new TroupeError('UNSUPPORTED', `no matches for kind ${quote(kind)} in version ${quote(apiVersion)}`);
}

/**
 * Codecs keep what they do not know, so it is bounded here: deeper objects could not be written as JSON
 * again.
 */
export function isTooDeep(object: unknown): boolean {
  const waiting: [unknown, number][] = [[object, 0]];
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    const [value, depth] = next;
    if (typeof value !== 'object' || value === null) continue;
    if (depth > MAX_DEPTH) return true;
    for (const inner of Object.values(value)) waiting.push([inner, depth + 1]);
  }
  return false;
}

function nameOf(object: KubeObject): string {
  return object.metadata.name || object.metadata.generateName || '';
}
