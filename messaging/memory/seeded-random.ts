// Chance that can be repeated: the generator sfc32, seeded from a text or a number. A fork depends on the seed and
// the fork's name alone, so that drawing once more in one place shifts nothing elsewhere. Not for secrets.
import type { Random } from '../ports.ts';

const LETTERS = 'abcdefghijklmnopqrstuvwxyz0123456789';

export function seededRandom(seed: number | string): Random {
  return new SeededRandom(String(seed));
}

class SeededRandom implements Random {
  readonly #seed: string;
  #a: number;
  #b: number;
  #c: number;
  #counter = 1;

  constructor(seed: string) {
    this.#seed = seed;
    this.#a = mix(seed, 0x9e3779b9);
    this.#b = mix(seed, 0x243f6a88);
    this.#c = mix(seed, 0xb7e15162);
    for (let round = 0; round < 12; round += 1) this.#draw();
  }

  next(): number {
    return this.#draw() / 0x1_0000_0000;
  }

  below(bound: number): number {
    return Math.floor(this.next() * bound);
  }

  uuid(): string {
    const word = () => this.#draw().toString(16).padStart(8, '0');
    const hex = word() + word() + word() + word();
    const variant = '89ab'[Number.parseInt(hex[16]!, 16) & 3];
    return [
      hex.slice(0, 8),
      hex.slice(8, 12),
      `4${hex.slice(13, 16)}`,
      `${variant}${hex.slice(17, 20)}`,
      hex.slice(20),
    ].join('-');
  }

  token(length: number): string {
    let text = '';
    for (let index = 0; index < length; index += 1) text += LETTERS[this.below(LETTERS.length)];
    return text;
  }

  fork(name: string): Random {
    return new SeededRandom(`${this.#seed}/${name}`);
  }

  #draw(): number {
    const sum = (((this.#a + this.#b) | 0) + this.#counter) | 0;
    this.#counter = (this.#counter + 1) | 0;
    this.#a = this.#b ^ (this.#b >>> 9);
    this.#b = (this.#c + (this.#c << 3)) | 0;
    this.#c = (this.#c << 21) | (this.#c >>> 11);
    this.#c = (this.#c + sum) | 0;
    return sum >>> 0;
  }
}

/** A 32-bit digest of a text that starts from `basis` (murmur's finisher over FNV). */
function mix(text: string, basis: number): number {
  let hash = basis;
  for (let index = 0; index < text.length; index += 1) {
    hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193);
  }
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return hash ^ (hash >>> 16);
}
