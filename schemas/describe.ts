// Walks a codec at run time into a plain tree: types, fields, what is required, descriptions. References,
// OpenAPI and `explain` are made from that tree; nothing else looks inside a codec. It knows our shapes and
// io-ts' own types.
import type * as t from 'io-ts';
import { type Meta, metaOf } from './meta.ts';
import { ListShape, MapShape, ScalarShape, StructShape } from './shape.ts';

export interface Description extends Meta {
  /** `object`, `array`, `map`, `string`, `integer`, `boolean`, `int-or-string`, `union`, `any`… */
  readonly type: string;
  /** Name of the codec: `PodSpec`. */
  readonly name: string;
  readonly enum?: readonly unknown[];
  readonly required?: readonly string[];
  readonly fields?: Readonly<Record<string, Description>>;
  /** Of the items of an array or the values of a map. */
  readonly items?: Description;
  /** The members of a union. */
  readonly anyOf?: readonly Description[];
}

/** Says of any codec what it takes. A codec inside itself is described by its name only. */
export function describe(codec: t.Any): Description {
  return walk(codec, new Set());
}

function walk(codec: t.Any, inside: ReadonlySet<t.Any>): Description {
  const about = metaOf(codec);
  if (inside.has(codec)) return { name: codec.name, type: 'object', ...about };
  const within = new Set(inside).add(codec);
  const found = shapeOf(codec, within) ?? ioTsOf(codec as Tagged, within);
  return { ...found, name: codec.name, ...about };
}

type Part = Partial<Description> & { readonly type: string };

function shapeOf(codec: t.Any, inside: ReadonlySet<t.Any>): Part | undefined {
  if (codec instanceof StructShape) {
    return object({ ...codec.required, ...codec.optional }, Object.keys(codec.required), inside);
  }
  if (codec instanceof ListShape) return { type: 'array', items: walk(codec.items, inside) };
  if (codec instanceof MapShape) return { type: 'map', items: walk(codec.values, inside) };
  if (!(codec instanceof ScalarShape)) return undefined;
  const part: Part = { type: codec.type };
  const format = codec.format === 'may-be-empty' ? {} : codec.format && { format: codec.format };
  return { ...part, ...(format || {}), ...(codec.values && { enum: codec.values }) };
}

function object(
  fields: Record<string, t.Any>,
  required: readonly string[],
  inside: ReadonlySet<t.Any>,
): Part {
  const described = Object.entries(fields).map(([key, field]) => [key, walk(field, inside)] as const);
  return { type: 'object', required, fields: Object.fromEntries(described) };
}

/** What io-ts' own types carry beside `_tag`. */
interface Tagged extends t.Any {
  readonly _tag?: string;
  readonly props?: Record<string, t.Any>;
  readonly type?: t.Any;
  readonly types?: readonly t.Any[];
  readonly codomain?: t.Any;
  readonly value?: unknown;
  readonly keys?: Record<string, unknown>;
}

const PRIMITIVES: Readonly<Record<string, string>> = {
  StringType: 'string',
  NumberType: 'number',
  BooleanType: 'boolean',
  NullType: 'null',
  UndefinedType: 'null',
  AnyDictionaryType: 'map',
  AnyArrayType: 'array',
};

function ioTsOf(codec: Tagged, inside: ReadonlySet<t.Any>): Part {
  const tag = codec._tag ?? '';
  if (tag in PRIMITIVES) return { type: PRIMITIVES[tag]! };
  if (tag === 'InterfaceType') return object(codec.props!, Object.keys(codec.props!), inside);
  if (tag === 'PartialType') return object(codec.props!, [], inside);
  if (tag === 'ArrayType' || tag === 'ReadonlyArrayType')
    return { type: 'array', items: walk(codec.type!, inside) };
  if (tag === 'DictionaryType') return { type: 'map', items: walk(codec.codomain!, inside) };
  if (tag === 'LiteralType') return { type: typeof codec.value, enum: [codec.value] };
  if (tag === 'KeyofType') return { type: 'string', enum: Object.keys(codec.keys!) };
  if (tag === 'UnionType') return union(codec.types!, inside);
  if (tag === 'IntersectionType') return merged(codec.types!.map((type) => walk(type, inside)));
  // Refinements, readonly, exact: what they wrap says it all.
  if (codec.type !== undefined) {
    return walk(codec.type, inside);
  }
  return { type: 'any' };
}

function union(types: readonly t.Any[], inside: ReadonlySet<t.Any>): Part {
  const members = types.map((type) => walk(type, inside));
  const isWords = members.every((member) => member.type === 'string' && member.enum !== undefined);
  if (isWords) return { type: 'string', enum: members.flatMap((member) => member.enum ?? []) };
  return { type: 'union', anyOf: members };
}

function merged(parts: readonly Description[]): Part {
  return {
    type: 'object',
    required: parts.flatMap((part) => part.required ?? []),
    fields: Object.assign({}, ...parts.map((part) => part.fields ?? {})),
  };
}
