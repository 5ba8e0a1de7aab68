import { isRight } from 'fp-ts/lib/Either.js';
import * as t from 'io-ts';
import { markdownOf } from '../../../schemas/docs.ts';
import { describe as describeCodec, meta, metaOf } from '../../../schemas/meta.ts';
import { podKind } from '../../../schemas/pod/kind.ts';
import { choice, int32, text } from '../../../schemas/scalars.ts';
import { list, map, struct } from '../../../schemas/shape.ts';

const inner = meta(struct('Inner', { id: int32 }, { words: list(text) }), 'What is inside.');
const outer = struct(
  'Outer',
  { inner },
  { size: meta(choice('S', 'L'), { description: 'How | big.', default: 'S' }), tags: map(text) },
);

test('meta stands beside one codec and leaves the shared one alone', () => {
  expect(metaOf(inner)).toEqual({ description: 'What is inside.' });
  expect(metaOf(text)).toEqual({});
  expect(metaOf(meta(inner, { listType: 'map' }))).toEqual({
    description: 'What is inside.',
    listType: 'map',
  });
  expect(isRight(inner.decode({ id: 1 }))).toBe(true);
});

test('describes our shapes', () => {
  expect(describeCodec(outer)).toEqual({
    name: 'Outer',
    type: 'object',
    required: ['inner'],
    fields: {
      inner: {
        name: 'Inner',
        type: 'object',
        description: 'What is inside.',
        required: ['id'],
        fields: {
          id: { name: 'integer', type: 'integer', format: 'int32' },
          words: { name: '[]string', type: 'array', items: { name: 'string', type: 'string' } },
        },
      },
      size: { name: '"S" | "L"', type: 'string', enum: ['S', 'L'], description: 'How | big.', default: 'S' },
      tags: { name: 'map[string]string', type: 'map', items: { name: 'string', type: 'string' } },
    },
  });
});

test("describes io-ts' own types", () => {
  const codec = t.intersection([
    t.type({ type: t.literal('pod.bind'), node: t.string }),
    t.partial({ ports: t.readonlyArray(t.number), mode: t.keyof({ a: null, b: null }) }),
  ]);
  expect(describeCodec(codec)).toMatchObject({
    type: 'object',
    required: ['type', 'node'],
    fields: {
      type: { type: 'string', enum: ['pod.bind'] },
      node: { type: 'string' },
      ports: { type: 'array', items: { type: 'number' } },
      mode: { type: 'string', enum: ['a', 'b'] },
    },
  });
  expect(describeCodec(t.union([t.literal('a'), t.literal('b')]))).toMatchObject({
    type: 'string',
    enum: ['a', 'b'],
  });
  expect(describeCodec(t.union([t.string, t.null])).anyOf).toMatchObject([
    { type: 'string' },
    { type: 'null' },
  ]);
  interface Tree {
    children: Tree[];
  }
  const tree: t.Type<Tree> = t.recursion('Tree', () => t.type({ children: t.array(tree) }));
  expect(describeCodec(tree).fields?.children).toMatchObject({ type: 'array', items: { name: 'Tree' } });
});

test('makes reference tables', () => {
  expect(markdownOf(outer)).toBe(`## Outer

| field | type | required | meaning |
| --- | --- | --- | --- |
| \`inner\` | Inner | yes | What is inside. |
| \`size\` | \`"S"\` or \`"L"\` |  | How \\| big. Default: \`S\`. |
| \`tags\` | map of string |  |  |

## Inner

What is inside.

| field | type | required | meaning |
| --- | --- | --- | --- |
| \`id\` | integer (int32) | yes |  |
| \`words\` | list of string |  |  |
`);
});

test('every struct of a Pod has its table once', () => {
  const headings = markdownOf(podKind.codec).match(/^## .*$/gm) ?? [];
  expect(new Set(headings).size).toBe(headings.length);
  expect(headings).toEqual(
    expect.arrayContaining(['## Pod', '## PodSpec', '## Container', '## Probe', '## PodStatus']),
  );
});

test('a shape inside an io-ts type reports the path it found', () => {
  const result = t.type({ pod: outer }).decode({ pod: { inner: { id: 'x' } } });
  if (isRight(result)) throw new Error('it decoded');
  expect(result.left.map(({ context, message }) => [context.map(({ key }) => key), message])).toEqual([
    [['', 'pod', 'inner.id'], 'Invalid value: "x": must be an integer'],
  ]);
});
