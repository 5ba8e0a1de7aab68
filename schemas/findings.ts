// Collects what is wrong with one object, in the words and order of Kubernetes' field errors
// (`spec.containers[0].image: Required value`). It judges nothing itself; codecs and rules report into it.
import type { Cause } from './errors.ts';

/** The first so many causes and unknown fields are reported; an object with more is refused all the same. */
const MAX_LISTED = 100;
const MAX_QUOTED_CHARS = 500;

/**
 * Prints a value the way Kubernetes quotes it in an error: strings quoted, objects as JSON; long ones cut
 * off.
 */
export function quote(value: unknown): string {
  if (value === undefined || value === null) return 'null';
  const text = jsonOf(value);
  return text.length <= MAX_QUOTED_CHARS ? text : `${text.slice(0, MAX_QUOTED_CHARS)}…`;
}

function jsonOf(value: unknown): string {
  try {
    return JSON.stringify(value) ?? String(value);
  } catch {
    // Nested beyond the stack, or a bigint: its kind is all that can be said.
    return typeof value === 'object' ? '{…}' : String(value);
  }
}

/** What was found in one object. */
export class Findings {
  readonly causes: Cause[] = [];
  /** Paths of fields that no codec knows. */
  readonly unknown: string[] = [];
  /** A value has the wrong type, so the rules that look at values cannot run. */
  mistyped = false;

  get clean(): boolean {
    return this.causes.length === 0;
  }

  wrongType(field: string, value: unknown, detail: string): void {
    this.mistyped = true;
    this.add('FieldValueTypeInvalid', field, `Invalid value: ${quote(value)}: ${detail}`);
  }

  required(field: string, detail = ''): void {
    this.add('FieldValueRequired', field, detail ? `Required value: ${detail}` : 'Required value');
  }

  invalid(field: string, value: unknown, detail: string): void {
    this.add('FieldValueInvalid', field, `Invalid value: ${quote(value)}: ${detail}`);
  }

  /** Reports each of `details`; none means the value is fine. */
  invalidEach(field: string, value: unknown, details: readonly string[]): void {
    for (const detail of details) this.invalid(field, value, detail);
  }

  unsupported(field: string, value: unknown, supported: readonly string[]): void {
    const names = supported.map(quote).join(', ');
    this.add(
      'FieldValueNotSupported',
      field,
      `Unsupported value: ${quote(value)}: supported values: ${names}`,
    );
  }

  duplicate(field: string, value: unknown): void {
    this.add('FieldValueDuplicate', field, `Duplicate value: ${quote(value)}`);
  }

  forbidden(field: string, detail: string): void {
    this.add('FieldValueForbidden', field, `Forbidden: ${detail}`);
  }

  notFound(field: string, value: unknown): void {
    this.add('FieldValueNotFound', field, `Not found: ${quote(value)}`);
  }

  tooLong(field: string, maxBytes: number): void {
    this.add('FieldValueTooLong', field, `Too long: may not be more than ${maxBytes} bytes`);
  }

  tooMany(field: string, actual: number, max: number): void {
    this.add('FieldValueTooMany', field, `Too many: ${actual}: must have at most ${max} items`);
  }

  unknownField(field: string): void {
    if (this.unknown.length < MAX_LISTED) this.unknown.push(field);
  }

  /** All causes, those of the metadata first, as Kubernetes gives them. */
  inOrder(): Cause[] {
    const isMetadata = (cause: Cause) => cause.field.startsWith('metadata.');
    return [...this.causes.filter(isMetadata), ...this.causes.filter((cause) => !isMetadata(cause))];
  }

  private add(reason: string, field: string, message: string): void {
    if (this.causes.length >= MAX_LISTED) return;
    if (this.causes.some((cause) => cause.field === field && cause.message === message)) return;
    this.causes.push({ reason, message, field });
  }
}

/** `[a, b]` for several causes, the bare text for one: how Kubernetes joins them. */
export function causesText(causes: readonly Cause[]): string {
  const texts = causes.map((cause) => (cause.field ? `${cause.field}: ${cause.message}` : cause.message));
  return texts.length === 1 ? texts[0]! : `[${texts.join(', ')}]`;
}

/** `a.b`, where either may be empty. */
export function child(path: string, name: string): string {
  return path === '' ? name : `${path}.${name}`;
}
