// Field selectors, the text of `--field-selector` (`status.phase!=Running,spec.nodeName=n1`), and matching
// them against an object. Values are compared as text; a missing field is the empty text.
import * as E from 'fp-ts/lib/Either.js';
import { TroupeError } from './errors.ts';
import { quote } from './findings.ts';
import type { Kind } from './kind.ts';
import type { KubeObject } from './object.ts';
import { isPlainObject } from './shape.ts';

export interface FieldRequirement {
  readonly field: string;
  readonly equal: boolean;
  readonly value: string;
}

export type FieldSelector = readonly FieldRequirement[];

const ALWAYS_SELECTABLE = ['metadata.name', 'metadata.namespace'];

/**
 * Reads a field selector; with a kind, refuses fields objects of it cannot be selected by. Errors:
 * `BAD_REQUEST`.
 */
export function parseFieldSelector(text: string, kind?: Kind): E.Either<TroupeError, FieldSelector> {
  const requirements: FieldRequirement[] = [];
  for (const term of splitTerms(text)) {
    if (term === '') continue;
    const requirement = parseTerm(term);
    if (requirement === undefined) {
      return refuse(`invalid selector: '${text}'; can't understand '${term}'`);
    }
    if (kind !== undefined && !isSelectable(requirement.field, kind)) {
      return refuse(`${quote(requirement.field)} is not a known field selector: field label not supported`);
    }
    requirements.push(requirement);
  }
  return E.right(requirements);
}

/** True when the object has all the values asked for. */
export function matchesFields(selector: FieldSelector, object: KubeObject): boolean {
  return selector.every(({ field, equal, value }) => (fieldText(object, field) === value) === equal);
}

function fieldText(object: KubeObject, path: string): string {
  let value: unknown = object;
  for (const key of path.split('.')) {
    value = isPlainObject(value) && Object.hasOwn(value, key) ? value[key] : undefined;
  }
  if (value === undefined || value === null) return path === 'spec.unschedulable' ? 'false' : '';
  return typeof value === 'object' ? JSON.stringify(value) : String(value);
}

function isSelectable(field: string, kind: Kind): boolean {
  return ALWAYS_SELECTABLE.includes(field) || (kind.selectableFields ?? []).includes(field);
}

function refuse(message: string): E.Either<TroupeError, never> {
  return E.left(new TroupeError('BAD_REQUEST', message));
}

/** Splits at commas that have no backslash before them. */
function splitTerms(text: string): string[] {
  return text.match(/(?:\\.|[^,\\])+/gs) ?? [];
}

function parseTerm(term: string): FieldRequirement | undefined {
  const parts = /^((?:\\.|[^=!\\])+)(==|!=|=)(.*)$/s.exec(term);
  if (parts === null) return undefined;
  const value = unescapeValue(parts[3]!);
  return value === undefined ? undefined : { field: parts[1]!.trim(), equal: parts[2] !== '!=', value };
}

/** A backslash stands before comma, equals sign and backslash, and before nothing else. */
function unescapeValue(text: string): string | undefined {
  if (/(?<!\\)(?:\\\\)*=/.test(text) || /\\(?![\\,=])/.test(text.replaceAll('\\\\', ''))) return undefined;
  return text.replace(/\\([\\,=])/g, '$1');
}
