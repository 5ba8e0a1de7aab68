import { overlaps, rangesOf } from '../../../actors/node/ranges.ts';

test('a range is cut into parts, in order', () => {
  expect([...rangesOf('10.244.0.0/22', 24)]).toEqual([
    '10.244.0.0/24',
    '10.244.1.0/24',
    '10.244.2.0/24',
    '10.244.3.0/24',
  ]);
  expect([...rangesOf('10.244.0.0/16', 24)]).toHaveLength(256);
});

test.each([
  ['10.244.1.0/24', '10.244.0.0/16', true],
  ['10.244.1.0/24', '10.244.2.0/24', false],
  ['0.0.0.0/0', '10.244.2.0/24', true],
  ['10.244.2.7', '10.244.2.0/24', true],
])('%s and %s overlap: %s', (left, right, expected) => {
  expect(overlaps(left, right)).toBe(expected);
  expect(overlaps(right, left)).toBe(expected);
});

test.each(['10.244.0.0/33', '10.244.0/16', '300.1.1.1/8', 'x'])('"%s" is refused', (text) => {
  expect(() => [...rangesOf(text, 24)]).toThrow(`"${text}" is not an IPv4 range such as 10.244.0.0/16`);
});
