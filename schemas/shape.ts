// The io-ts types all codecs of objects are made of. io-ts' own combinators stop being fast at the size of a
// Pod and strip or ignore unknown fields; a shape reads a value in one pass, reports everything wrong with it
// with its path into Findings, keeps unknown fields and reports them, and drops nulls as Kubernetes does. A
// shape never throws and never changes the value given to it. Each shape is a full io-ts Type, so it can
// stand inside any other codec.
import * as t from 'io-ts';
import { child, Findings } from './findings.ts';

export type Read<A> = (value: unknown, path: string, findings: Findings) => A;

/**
 * An io-ts Type that reads with paths. `zero` is what a missing required value is taken for while checking
 * goes on.
 */
export class Shape<A> extends t.Type<A, A, unknown> {
  readonly _tag: string = 'Shape';
  readonly read: Read<A>;
  readonly zero: () => A;

  constructor(name: string, read: Read<A>, zero: () => A) {
    super(
      name,
      (value): value is A => {
        const findings = new Findings();
        read(value, '', findings);
        return findings.clean;
      },
      (value, context) => {
        const findings = new Findings();
        const result = read(value, '', findings);
        if (findings.clean) return t.success(result);
        return t.failures(
          findings.causes.map(({ field, message }) => ({
            value,
            context: field === '' ? context : t.appendContext(context, field, this, value),
            message,
          })),
        );
      },
      t.identity,
    );
    this.read = read;
    this.zero = zero;
  }
}

export type AnyShape = Shape<any>;
export type Fields = Readonly<Record<string, AnyShape>>;
type Flat<T> = { [K in keyof T]: T[K] };
type StructOf<R extends Fields, O extends Fields> = Flat<
  { [K in keyof R]: t.TypeOf<R[K]> } & { [K in keyof O]?: t.TypeOf<O[K]> }
>;

/** One value: a string, a number, a quantity… `type` and `format` are OpenAPI's words. */
export class ScalarShape<A> extends Shape<A> {
  override readonly _tag = 'ScalarShape';
  readonly type: string;
  readonly format: string | undefined;
  readonly values: readonly string[] | undefined;

  constructor(spec: {
    name: string;
    type: string;
    format?: string;
    values?: readonly string[];
    zero: A;
    read: Read<A>;
  }) {
    super(spec.name, spec.read, () => spec.zero);
    this.type = spec.type;
    this.format = spec.format;
    this.values = spec.values;
  }
}

export class StructShape<A> extends Shape<A> {
  override readonly _tag = 'StructShape';
  readonly required: Fields;
  readonly optional: Fields;

  constructor(name: string, required: Fields, optional: Fields) {
    const known = new Map([...Object.entries(required), ...Object.entries(optional)]);
    const needed = Object.entries(required);
    const read: Read<A> = (value, path, findings) => readStruct(value, path, findings, known, needed) as A;
    super(name, read, () => ({}) as A);
    this.required = required;
    this.optional = optional;
  }
}

export class ListShape<A> extends Shape<A[]> {
  override readonly _tag = 'ListShape';
  readonly items: Shape<A>;

  constructor(items: Shape<A>) {
    super(
      `[]${items.name}`,
      (value, path, findings) => {
        if (Array.isArray(value)) return value.map((item, i) => items.read(item, `${path}[${i}]`, findings));
        findings.wrongType(path, value, 'must be a list');
        return [];
      },
      () => [],
    );
    this.items = items;
  }
}

export class MapShape<A> extends Shape<Record<string, A>> {
  override readonly _tag = 'MapShape';
  readonly values: Shape<A>;

  constructor(values: Shape<A>) {
    super(
      `map[string]${values.name}`,
      (value, path, findings) => readMap(value, path, findings, values),
      () => ({}),
    );
    this.values = values;
  }
}

/** An object with these fields; others are kept and reported as unknown. */
export function struct<R extends Fields, O extends Fields>(name: string, required: R, optional: O) {
  return new StructShape<StructOf<R, O>>(name, required, optional);
}

export function list<A>(items: Shape<A>): ListShape<A> {
  return new ListShape(items);
}

export function map<A>(values: Shape<A>): MapShape<A> {
  return new MapShape(values);
}

export function isPlainObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function readStruct(
  value: unknown,
  path: string,
  findings: Findings,
  known: ReadonlyMap<string, AnyShape>,
  needed: readonly [string, AnyShape][],
): Record<string, unknown> {
  const result: Record<string, unknown> = {};
  if (!isPlainObject(value)) {
    findings.wrongType(path, value, 'must be an object');
    return result;
  }
  for (const key of Object.keys(value)) {
    const given = value[key];
    const shape = known.get(key);
    if (shape === undefined) {
      findings.unknownField(child(path, key));
      if (key !== '__proto__') result[key] = given;
    } else if (given !== null && given !== undefined) {
      result[key] = shape.read(given, child(path, key), findings);
    }
  }
  for (const [key, shape] of needed) {
    if (result[key] === undefined) result[key] = readMissing(shape, child(path, key), findings);
    else if (result[key] === '' && shape instanceof ScalarShape && shape.format !== 'may-be-empty') {
      findings.required(child(path, key));
    }
  }
  return result;
}

/**
 * A missing struct is read as an empty one, so that the error names the field inside that is really missing.
 */
function readMissing(shape: AnyShape, path: string, findings: Findings): unknown {
  if (shape instanceof StructShape) return shape.read({}, path, findings);
  if (!(shape instanceof ScalarShape && shape.format === 'may-be-empty')) findings.required(path);
  return shape.zero();
}

function readMap<A>(value: unknown, path: string, findings: Findings, values: Shape<A>): Record<string, A> {
  const result: Record<string, A> = {};
  if (!isPlainObject(value)) {
    findings.wrongType(path, value, 'must be a map');
    return result;
  }
  for (const key of Object.keys(value)) {
    if (key === '__proto__') findings.unknownField(`${path}[${key}]`);
    else
      result[key] =
        value[key] === null ? values.zero() : values.read(value[key], `${path}[${key}]`, findings);
  }
  return result;
}
