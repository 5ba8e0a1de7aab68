import fc from 'fast-check';
import { isLeft } from 'fp-ts/lib/Either.js';
import { podKind } from '../../../schemas/pod/kind.ts';
import {
  EVERYTHING,
  formatSelector,
  matches,
  matchesFields,
  NOTHING,
  parseFieldSelector,
  parseSelector,
  type Selector,
  selectorOf,
} from '../../../schemas/selector.ts';

function read(text: string): Selector {
  const result = parseSelector(text);
  if (isLeft(result)) throw result.left;
  return result.right;
}

const refusal = (text: string) => {
  const result = parseSelector(text);
  return isLeft(result) ? `${result.left.code} ${result.left.message}` : 'read';
};

test.each([
  ['', { a: '1' }, true],
  ['a=1', { a: '1' }, true],
  ['a==1', { a: '2' }, false],
  ['a!=1', {}, true],
  ['a', { a: '' }, true],
  ['a', {}, false],
  ['!a', { a: '1' }, false],
  [' a in ( x , y ) , ! b , c != d ', { a: 'y', c: 'e' }, true],
  ['a in (x,y),!b,c!=d', { a: 'y', b: '' }, false],
  ['a notin (x)', {}, true],
  ['a notin (x,y)', { a: 'y' }, false],
  ['a in (x,)', { a: '' }, true],
  ['a=', { a: '' }, true],
  ['a>4', { a: '5' }, true],
  ['a>4', { a: 'five' }, false],
  ['a<1', { a: '-2' }, true],
  ['in=x,notin in (in,notin)', { in: 'x', notin: 'in' }, true],
  ['example.com/a=1', { 'example.com/a': '1' }, true],
  ['toString', {}, false],
])('%s on %j is %s', (text, labels, expected) => {
  expect(matches(read(text), labels as Record<string, string>)).toBe(expected);
});

test.each([
  ['a in', "found '' expected: '('"],
  ['a in (', "found '', expected: ',', ')' or identifier"],
  ['a in (x', "found '', expected: ',' or ')'"],
  ['a b', "found 'b', expected: in, notin, =, ==, !=, gt, lt"],
  ['a,,b', "found ',', expected: identifier after ','"],
  ['a,', "found '', expected: identifier after ','"],
  ['=x', "found '=', expected: identifier or 'end of string'"],
  ['a=b=c', "found '=', expected: ',' or 'end of string'"],
  ['!', "found '', expected: identifier"],
  ['a=(', "found '(', expected: identifier"],
  ['a in ()', "values: Invalid value: []: for 'in', 'notin' operators, values set can't be empty"],
  ['a>x', `values[0]: Invalid value: "x": for 'Gt', 'Lt' operators, the value must be an integer`],
])('%s is refused', (text, reason) => {
  expect(refusal(text)).toBe(`BAD_REQUEST unable to parse requirement: ${reason}`);
});

test('keys and values must be legal labels', () => {
  expect(refusal('a/b/c')).toMatch(
    /^BAD_REQUEST unable to parse requirement: key: Invalid value: "a\/b\/c": a qual/,
  );
  expect(refusal('a=-x')).toMatch(
    /parse requirement: values\[0\]\[a\]: Invalid value: "-x": a valid label must be/,
  );
});

test('a selector written as text reads back as itself', () => {
  const word = fc.stringMatching(/^[a-z0-9]{1,5}$/);
  const requirement = fc.oneof(
    fc.tuple(word, fc.constantFrom('=', '!='), word).map((parts) => parts.join('')),
    fc
      .tuple(word, fc.constantFrom('in', 'notin'), fc.uniqueArray(word, { minLength: 1 }))
      .map(([key, operator, values]) => `${key} ${operator} (${values.join(',')})`),
    word,
    word.map((key) => `!${key}`),
  );
  fc.assert(
    fc.property(fc.array(requirement), (parts) => {
      const text = formatSelector(read(parts.join(',')));
      expect(formatSelector(read(text))).toBe(text);
    }),
  );
});

test('no text makes the reader throw', () => {
  fc.assert(fc.property(fc.string(), (text) => '_tag' in parseSelector(text)));
});

test('selector objects', () => {
  const of = (object: any) => {
    const result = selectorOf(object);
    return isLeft(result) ? result.left.message : result.right;
  };
  expect(of(undefined)).toBe(NOTHING);
  expect(of({})).toEqual(EVERYTHING);
  expect(matches(NOTHING, {})).toBe(false);
  const selector = of({
    matchLabels: { app: 'web' },
    matchExpressions: [
      { key: 'tier', operator: 'In', values: ['a', 'b'] },
      { key: 'old', operator: 'DoesNotExist' },
    ],
  }) as Selector;
  expect(formatSelector(selector)).toBe('app=web,tier in (a,b),!old');
  expect(matches(selector, { app: 'web', tier: 'b' })).toBe(true);
  expect(of({ matchExpressions: [{ key: 'a', operator: 'Like' }] })).toBe(
    '"Like" is not a valid label selector operator',
  );
  expect(of({ matchExpressions: [{ key: 'a', operator: 'Exists', values: ['x'] }] })).toBe(
    'values: Invalid value: ["x"]: values set must be empty for exists and does not exist',
  );
});

test('field selectors', () => {
  const pod = { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'web' }, status: { phase: 'Running' } };
  const on = (text: string) => {
    const result = parseFieldSelector(text, podKind);
    return isLeft(result) ? `${result.left.code} ${result.left.message}` : matchesFields(result.right, pod);
  };
  expect(on('')).toBe(true);
  expect(on('metadata.name=web,status.phase!=Failed')).toBe(true);
  expect(on('status.phase==Failed')).toBe(false);
  expect(on('spec.nodeName=')).toBe(true);
  expect(on('metadata.name=a\\,b')).toBe(false);
  expect(on('metadata.name')).toBe(
    "BAD_REQUEST invalid selector: 'metadata.name'; can't understand 'metadata.name'",
  );
  expect(on('spec.color=red')).toBe(
    'BAD_REQUEST "spec.color" is not a known field selector: field label not supported',
  );
});
