// Label selectors, in both forms Kubernetes has: the text of `-l` (`a in (x,y),!b,c!=d`) and the
// LabelSelector object of specs. Both become a list of requirements that must all hold. Reading reports in
// Kubernetes' words; matching never fails.
import * as E from 'fp-ts/lib/Either.js';
import { TroupeError } from './errors.ts';
import { causesText, Findings } from './findings.ts';
import { labelValueErrors, qualifiedNameErrors } from './names.ts';
import type { LabelSelector } from './references.ts';
import { parseRequirements } from './selector-text.ts';

export type SelectorOperator = '=' | '==' | '!=' | 'in' | 'notin' | 'exists' | '!' | 'gt' | 'lt';

export interface Requirement {
  readonly key: string;
  readonly operator: SelectorOperator;
  readonly values: readonly string[];
}

export interface Selector {
  readonly requirements: readonly Requirement[];
  /** True for the selector that selects no object at all. */
  readonly nothing?: boolean;
}

/** Selects every object: what an empty selector means. */
export const EVERYTHING: Selector = { requirements: [] };
/** Selects no object: what an absent LabelSelector means. */
export const NOTHING: Selector = { requirements: [], nothing: true };

/** Reads `app=web,tier in (front,back),!legacy`. Errors: `BAD_REQUEST`. */
export function parseSelector(text: string): E.Either<TroupeError, Selector> {
  const parsed = parseRequirements(text);
  if (typeof parsed === 'string') return E.left(unparsable(parsed));
  const findings = new Findings();
  for (const requirement of parsed) checkRequirement(requirement, findings);
  if (!findings.clean) return E.left(unparsable(causesText(findings.causes)));
  return E.right({ requirements: parsed });
}

const OPERATORS: Readonly<Record<string, SelectorOperator>> = {
  In: 'in',
  NotIn: 'notin',
  Exists: 'exists',
  DoesNotExist: '!',
};

/**
 * Reads a LabelSelector object; an absent one selects nothing, an empty one everything. Errors: `INVALID`.
 */
export function selectorOf(object: LabelSelector | undefined | null): E.Either<TroupeError, Selector> {
  if (object === undefined || object === null) return E.right(NOTHING);
  const requirements: Requirement[] = Object.entries(object.matchLabels ?? {}).map(([key, value]) => ({
    key,
    operator: '=',
    values: [value],
  }));
  for (const { key, operator, values = [] } of object.matchExpressions ?? []) {
    const known = OPERATORS[operator];
    if (known === undefined) {
      return E.left(new TroupeError('INVALID', `"${operator}" is not a valid label selector operator`));
    }
    requirements.push({ key, operator: known, values });
  }
  const findings = new Findings();
  for (const requirement of requirements) checkRequirement(requirement, findings);
  if (findings.clean) return E.right({ requirements });
  return E.left(
    new TroupeError('INVALID', causesText(findings.causes), { details: { causes: findings.causes } }),
  );
}

/** True when all requirements hold for these labels. */
export function matches(selector: Selector, labels: Readonly<Record<string, string>> | undefined): boolean {
  if (selector.nothing === true) return false;
  return selector.requirements.every((requirement) => holds(requirement, labels ?? {}));
}

/** The shortest text that reads back as the same selector. */
export function formatSelector(selector: Selector): string {
  return selector.requirements.map(formatRequirement).join(',');
}

function formatRequirement({ key, operator, values }: Requirement): string {
  if (operator === 'exists') return key;
  if (operator === '!') return `!${key}`;
  if (operator === 'gt') return `${key}>${values[0]}`;
  if (operator === 'lt') return `${key}<${values[0]}`;
  if (operator === 'in' || operator === 'notin')
    return `${key} ${operator} (${[...values].sort().join(',')})`;
  return `${key}${operator}${values[0]}`;
}

function holds({ key, operator, values }: Requirement, labels: Readonly<Record<string, string>>): boolean {
  const value = Object.hasOwn(labels, key) ? labels[key] : undefined;
  if (operator === 'exists') return value !== undefined;
  if (operator === '!') return value === undefined;
  if (operator === 'notin' || operator === '!=') return value === undefined || !values.includes(value);
  if (value === undefined) return false;
  if (operator === 'gt') return isInteger(value) && BigInt(value) > BigInt(values[0]!);
  if (operator === 'lt') return isInteger(value) && BigInt(value) < BigInt(values[0]!);
  return values.includes(value);
}

function isInteger(text: string): boolean {
  return /^-?\d{1,19}$/.test(text);
}

function checkRequirement({ key, operator, values }: Requirement, findings: Findings): void {
  findings.invalidEach('key', key, qualifiedNameErrors(key));
  if ((operator === 'in' || operator === 'notin') && values.length === 0) {
    findings.invalid('values', values, "for 'in', 'notin' operators, values set can't be empty");
  } else if ((operator === 'exists' || operator === '!') && values.length > 0) {
    findings.invalid('values', values, 'values set must be empty for exists and does not exist');
  } else if (operator === 'gt' || operator === 'lt') {
    if (values.length !== 1) {
      findings.invalid('values', values, "for 'Gt', 'Lt' operators, exactly one value is required");
    } else if (!isInteger(values[0]!)) {
      findings.invalid('values[0]', values[0], "for 'Gt', 'Lt' operators, the value must be an integer");
    }
  }
  values.forEach((value, i) => {
    findings.invalidEach(`values[${i}][${key}]`, value, labelValueErrors(value));
  });
}

function unparsable(reason: string): TroupeError {
  return new TroupeError('BAD_REQUEST', `unable to parse requirement: ${reason}`);
}

/** Reports what is wrong with a LabelSelector inside a spec. */
export function checkLabelSelector(
  selector: LabelSelector | undefined,
  path: string,
  findings: Findings,
): void {
  if (selector === undefined) return;
  for (const [key, value] of Object.entries(selector.matchLabels ?? {})) {
    findings.invalidEach(`${path}.matchLabels`, key, qualifiedNameErrors(key));
    findings.invalidEach(`${path}.matchLabels`, value, labelValueErrors(value));
  }
  selector.matchExpressions?.forEach((expression, i) => {
    const at = `${path}.matchExpressions[${i}]`;
    const { key, operator, values = [] } = expression;
    if (operator === 'In' || operator === 'NotIn') {
      if (values.length === 0) {
        findings.required(`${at}.values`, "must be specified when `operator` is 'In' or 'NotIn'");
      }
    } else if (operator === 'Exists' || operator === 'DoesNotExist') {
      if (values.length > 0) {
        findings.forbidden(
          `${at}.values`,
          "may not be specified when `operator` is 'Exists' or 'DoesNotExist'",
        );
      }
    } else if (operator !== '') findings.invalid(`${at}.operator`, operator, 'not a valid selector operator');
    if (key !== '') findings.invalidEach(`${at}.key`, key, qualifiedNameErrors(key));
    values.forEach((value, j) => {
      findings.invalidEach(`${at}.values[${j}]`, value, labelValueErrors(value));
    });
  });
}

export { type FieldSelector, matchesFields, parseFieldSelector } from './field-selector.ts';
