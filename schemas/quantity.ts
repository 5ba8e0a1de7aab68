// Kubernetes' quantities: exact decimal numbers with a suffix (`500m`, `64Mi`, `1e3`). Values are bigints in
// nano-units, so that nothing is ever rounded by floating point; what is finer than a nano rounds up, as in
// Kubernetes.

const NANOS = 1_000_000_000n;
const BINARY = ['', 'Ki', 'Mi', 'Gi', 'Ti', 'Pi', 'Ei'] as const;
const DECIMAL = ['n', 'u', 'm', '', 'k', 'M', 'G', 'T', 'P', 'E'] as const;
const SYNTAX = /^([+-]?)(\d+(?:\.\d*)?|\.\d+)([A-Za-z]*(?:[+-]?\d+)?)$/;
const EXPONENT = /^[eE]([+-]?\d+)$/;
/** 2^63-1 whole units: the most that Kubernetes keeps; more is capped. */
const MAX_NANOS = (2n ** 63n - 1n) * NANOS;
const MAX_LENGTH = 128;

const WRONG_FORMAT =
  "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'";
const WRONG_SUFFIX = "unable to parse quantity's suffix";

export type QuantityFormat = 'BinarySI' | 'DecimalSI' | 'DecimalExponent';

export interface Quantity {
  readonly ok: true;
  /** The exact value in billionths of a unit. */
  readonly nanos: bigint;
  readonly format: QuantityFormat;
  /** The text Kubernetes would store: `0.5` is `500m`, `1024Mi` is `1Gi`. */
  readonly canonical: string;
}

export type ParsedQuantity = Quantity | { readonly ok: false; readonly message: string };

/** Reads a quantity; never throws. */
export function parseQuantity(text: string): ParsedQuantity {
  const parts = text.length > MAX_LENGTH ? null : SYNTAX.exec(text);
  if (parts === null) return { ok: false, message: WRONG_FORMAT };
  const [, sign, digits, suffix] = parts as unknown as [string, string, string, string];
  const scale = scaleOf(suffix);
  if (scale === undefined) return { ok: false, message: WRONG_SUFFIX };
  const [whole = '', fraction = ''] = digits.split('.');
  const mantissa = BigInt(`${whole}${fraction}` || '0');
  const size = divideUp(mantissa * scale.multiplier * NANOS, scale.divisor * 10n ** BigInt(fraction.length));
  const capped = size > MAX_NANOS ? MAX_NANOS : size;
  const nanos = sign === '-' ? -capped : capped;
  return { ok: true, nanos, format: scale.format, canonical: canonicalText(nanos, scale.format) };
}

interface Scale {
  readonly multiplier: bigint;
  readonly divisor: bigint;
  readonly format: QuantityFormat;
}

const SCALES: ReadonlyMap<string, Scale> = new Map<string, Scale>([
  ...BINARY.slice(1).map((suffix, i): [string, Scale] => [
    suffix,
    { multiplier: 1024n ** BigInt(i + 1), divisor: 1n, format: 'BinarySI' },
  ]),
  ...DECIMAL.map((suffix, i): [string, Scale] => [
    suffix,
    { ...powerOfTen((i - 3) * 3), format: 'DecimalSI' },
  ]),
]);

function scaleOf(suffix: string): Scale | undefined {
  const known = SCALES.get(suffix);
  if (known !== undefined) return known;
  const exponent = EXPONENT.exec(suffix);
  const power = exponent ? Number(exponent[1]) : Number.NaN;
  return Math.abs(power) <= MAX_LENGTH ? { ...powerOfTen(power), format: 'DecimalExponent' } : undefined;
}

function powerOfTen(power: number): { multiplier: bigint; divisor: bigint } {
  return power >= 0
    ? { multiplier: 10n ** BigInt(power), divisor: 1n }
    : { multiplier: 1n, divisor: 10n ** BigInt(-power) };
}

function divideUp(value: bigint, by: bigint): bigint {
  return (value + by - 1n) / by;
}

/** The shortest exact text in the given format, with the largest suffix that leaves a whole number. */
function canonicalText(nanos: bigint, format: QuantityFormat): string {
  if (nanos === 0n) return '0';
  const size = nanos < 0n ? -nanos : nanos;
  const sign = nanos < 0n ? '-' : '';
  // Kubernetes writes binary suffixes only for whole amounts of 1024 and more; below that it is decimal.
  if (format === 'BinarySI' && size % NANOS === 0n && size >= 1024n * NANOS) {
    let whole = size / NANOS;
    let step = 0;
    while (step < BINARY.length - 1 && whole % 1024n === 0n) {
      whole /= 1024n;
      step += 1;
    }
    return `${sign}${whole}${BINARY[step]}`;
  }
  let amount = size;
  let step = 0;
  while (step < DECIMAL.length - 1 && amount % 1000n === 0n) {
    amount /= 1000n;
    step += 1;
  }
  if (format !== 'DecimalExponent') return `${sign}${amount}${DECIMAL[step]}`;
  const power = (step - 3) * 3;
  return power === 0 ? `${sign}${amount}` : `${sign}${amount}e${power}`;
}

/**
 * The value in nano-units. Throws on text that is no quantity: use {@link parseQuantity} for what users
 * wrote.
 */
export function nanosOf(text: string): bigint {
  const parsed = parseQuantity(text);
  if (!parsed.ok) throw new RangeError(`${JSON.stringify(text)}: ${parsed.message}`);
  return parsed.nanos;
}

/** Negative, zero or positive, as for `sort`. */
export function compareQuantities(a: string, b: string): number {
  const [left, right] = [nanosOf(a), nanosOf(b)];
  return left < right ? -1 : left > right ? 1 : 0;
}

/** The exact sum, in the format of the first that is not zero. */
export function addQuantities(...texts: readonly string[]): string {
  let sum = 0n;
  let format: QuantityFormat | undefined;
  for (const text of texts) {
    const parsed = parseQuantity(text);
    if (!parsed.ok) throw new RangeError(`${JSON.stringify(text)}: ${parsed.message}`);
    sum += parsed.nanos;
    if (parsed.nanos !== 0n) format ??= parsed.format;
  }
  return canonicalText(sum, format ?? 'DecimalSI');
}

/** CPU in thousandths of a core, rounded up. */
export function cpuMillis(text: string): number {
  return Number(roundUp(nanosOf(text), 1_000_000n));
}

/** Bytes, rounded up. */
export function bytesOf(text: string): number {
  return Number(roundUp(nanosOf(text), NANOS));
}

/** The text for a number of bytes: the largest binary suffix that is exact. */
export function formatBytes(sizeBytes: number): string {
  return canonicalText(BigInt(Math.ceil(sizeBytes)) * NANOS, 'BinarySI');
}

function roundUp(value: bigint, by: bigint): bigint {
  return value >= 0n ? (value + by - 1n) / by : value / by;
}
