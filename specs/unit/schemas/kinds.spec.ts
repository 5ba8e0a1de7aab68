import { findKind, KINDS, kindOf } from '../../../schemas/kinds.ts';

test.each([
  ['po', 'Pod'],
  ['pod', 'Pod'],
  ['pods', 'Pod'],
  ['Pod', 'Pod'],
  ['PODS', 'Pod'],
  ['pods.v1', 'Pod'],
  ['no', 'Node'],
  ['ns', 'Namespace'],
  ['ev', 'Event'],
])('%s means %s', (word, kind) => {
  expect(findKind(word)?.kind).toBe(kind);
});

test('unknown words mean nothing', () => {
  expect(['', 'pods.v2', 'pods.apps', 'constructor'].map(findKind)).toEqual(Array(4).fill(undefined));
});

test('kinds are found by what objects say', () => {
  for (const kind of KINDS) expect(kindOf(kind)).toBe(kind);
  expect(kindOf({ apiVersion: 'v2', kind: 'Pod' })).toBeUndefined();
});

test('no word has two meanings', () => {
  const words = KINDS.flatMap((kind) => [kind.plural, kind.singular, ...kind.shortNames]);
  expect(new Set(words).size).toBe(words.length);
});
