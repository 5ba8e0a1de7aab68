// Ranges of IPv4 addresses in CIDR notation: cutting one into parts, and whether two overlap. Pure.
import { TroupeError } from '../../schemas/errors.ts';

interface Range {
  readonly first: number;
  readonly last: number;
}

/** All parts of `cidr` with the given prefix length, in order. */
export function* rangesOf(cidr: string, prefix: number): Iterable<string> {
  const { first, last } = parse(cidr);
  const size = 2 ** (32 - prefix);
  for (let start = first; start + size - 1 <= last; start += size) yield `${dotted(start)}/${prefix}`;
}

export function overlaps(left: string, right: string): boolean {
  const a = parse(left);
  const b = parse(right);
  return a.first <= b.last && b.first <= a.last;
}

function parse(cidr: string): Range {
  const [address = '', prefixText = '32'] = cidr.split('/');
  const parts = address.split('.').map(Number);
  const prefix = Number(prefixText);
  const valid =
    parts.length === 4 &&
    parts.every((part) => Number.isInteger(part) && part >= 0 && part <= 255) &&
    Number.isInteger(prefix) &&
    prefix >= 0 &&
    prefix <= 32;
  if (!valid) throw new TroupeError('INVALID', `"${cidr}" is not an IPv4 range such as 10.244.0.0/16`);
  const size = 2 ** (32 - prefix);
  const number = parts.reduce((sum, part) => sum * 256 + part, 0);
  const first = Math.floor(number / size) * size;
  return { first, last: first + size - 1 };
}

function dotted(number: number): string {
  return [24, 16, 8, 0].map((shift) => Math.floor(number / 2 ** shift) % 256).join('.');
}
