// Chance from the operating system behind the Random port; good enough for secrets.
import { randomBytes, randomInt, randomUUID } from 'node:crypto';
import type { Random } from '../ports.ts';

const LETTERS = 'abcdefghijklmnopqrstuvwxyz0123456789';
const MAX_BELOW = 2 ** 48 - 1;

export function systemRandom(): Random {
  const random: Random = {
    next: () => randomBytes(6).readUIntBE(0, 6) / 2 ** 48,
    below: (bound) => (bound <= 1 ? 0 : randomInt(Math.min(bound, MAX_BELOW))),
    uuid: () => randomUUID(),
    token(length) {
      let text = '';
      for (let index = 0; index < length; index += 1) text += LETTERS[randomInt(LETTERS.length)];
      return text;
    },
    // What the system draws is unrelated anyway.
    fork: () => random,
  };
  return random;
}
