import fc from 'fast-check';
import {
  addQuantities,
  bytesOf,
  compareQuantities,
  cpuMillis,
  formatBytes,
  nanosOf,
  parseQuantity,
} from '../../../schemas/quantity.ts';

const suffix = fc.constantFrom('', 'n', 'u', 'm', 'k', 'M', 'G', 'Ki', 'Mi', 'Gi', 'e3', 'E-2');
const sign = fc.constantFrom('', '-', '+');
const quantityText = fc
  .tuple(sign, fc.nat(999_999), fc.option(fc.nat(999)), suffix)
  .map(([s, whole, part, end]) => `${s}${whole}${part === null ? '' : `.${part}`}${end}`);

test.each([
  ['0', '0'],
  ['0.5', '500m'],
  ['1000m', '1'],
  ['1024Mi', '1Gi'],
  ['1500Mi', '1500Mi'],
  ['0.5Gi', '512Mi'],
  ['0.5Ki', '512'],
  ['1.5', '1500m'],
  ['1000k', '1M'],
  ['1e3', '1e3'],
  ['12E0', '12'],
  ['.1', '100m'],
  ['1.', '1'],
  ['-1.5Gi', '-1536Mi'],
  ['0.0000000001', '1n'],
  ['8E', '8E'],
  ['999999999E', '9223372036854775807'],
])('%s is stored as %s', (text, canonical) => {
  expect(parseQuantity(text)).toMatchObject({ ok: true, canonical });
});

const WRONG_FORMAT =
  "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'";

test.each([
  ['', WRONG_FORMAT],
  ['abc', WRONG_FORMAT],
  ['1 Gi', WRONG_FORMAT],
  ['1.2.3', WRONG_FORMAT],
  ['.', WRONG_FORMAT],
  ['9'.repeat(200), WRONG_FORMAT],
  ['12Q', "unable to parse quantity's suffix"],
  ['1mi', "unable to parse quantity's suffix"],
  ['1e999999', "unable to parse quantity's suffix"],
])('%s is refused', (text, message) => {
  expect(parseQuantity(text)).toEqual({ ok: false, message });
});

test('the canonical text has the same value and is canonical itself', () => {
  fc.assert(
    fc.property(quantityText, (text) => {
      const first = parseQuantity(text);
      if (!first.ok) throw new Error(first.message);
      const second = parseQuantity(first.canonical);
      expect(second).toMatchObject({ ok: true, nanos: first.nanos, canonical: first.canonical });
    }),
  );
});

test('adding and comparing agree with the exact values', () => {
  fc.assert(
    fc.property(quantityText, quantityText, (a, b) => {
      expect(nanosOf(addQuantities(a, b))).toBe(nanosOf(a) + nanosOf(b));
      expect(Math.sign(compareQuantities(a, b))).toBe(
        nanosOf(a) < nanosOf(b) ? -1 : nanosOf(a) > nanosOf(b) ? 1 : 0,
      );
      expect(compareQuantities(a, b)).toBe(-compareQuantities(b, a) || 0);
    }),
  );
});

test('no text at all makes it throw', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) => typeof parseQuantity(text).ok === 'boolean'),
  );
});

test('bytes survive being written and read', () => {
  fc.assert(fc.property(fc.maxSafeNat(), (size) => bytesOf(formatBytes(size)) === size));
  expect(formatBytes(64 * 1024 * 1024)).toBe('64Mi');
});

test('cores and bytes round up', () => {
  expect([cpuMillis('100m'), cpuMillis('2'), cpuMillis('1u'), cpuMillis('0')]).toEqual([100, 2000, 1, 0]);
  expect([bytesOf('1Ki'), bytesOf('1k'), bytesOf('1500m')]).toEqual([1024, 1000, 2]);
  expect(() => bytesOf('lots')).toThrow(/^"lots": quantities must match/);
  expect(addQuantities('1Gi', '512Mi')).toBe('1536Mi');
});
