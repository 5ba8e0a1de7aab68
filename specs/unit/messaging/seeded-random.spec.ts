import { seededRandom } from '../../../messaging/memory/index.ts';
import type { Random } from '../../../messaging/ports.ts';
import { systemRandom } from '../../../messaging/system/index.ts';

const draws = (random: Random, count = 5) => Array.from({ length: count }, () => random.next());

describe('seeded random', () => {
  test('repeats itself from the same seed and differs from another', () => {
    expect(draws(seededRandom(1))).toEqual(draws(seededRandom('1')));
    expect(draws(seededRandom(1))).not.toEqual(draws(seededRandom(2)));
  });

  test('a fork depends on the seed and its name, not on what was drawn', () => {
    const used = seededRandom(1);
    draws(used, 100);
    expect(draws(used.fork('x'))).toEqual(draws(seededRandom(1).fork('x')));
    expect(draws(used.fork('x'))).not.toEqual(draws(used.fork('y')));
  });

  test('never changes: recorded failures depend on it', () => {
    const random = seededRandom(42);
    expect([random.below(1_000), random.below(1_000), random.token(8), random.uuid()]).toMatchInlineSnapshot(`
[
  272,
  330,
  "ehcxbfon",
  "953d23b9-6dc7-4ac1-965c-9f8548b80a1d",
]
`);
  });
});

describe.each([
  ['seeded', seededRandom('shape')],
  ['system', systemRandom()],
])('%s random', (_name, random) => {
  test('draws what the port says', () => {
    const counts = new Array<number>(10).fill(0);
    for (let index = 0; index < 10_000; index += 1) {
      const one = random.next();
      expect(one >= 0 && one < 1).toBe(true);
      counts[random.below(10)]! += 1;
    }
    expect(Math.min(...counts)).toBeGreaterThan(800);
    expect(random.below(1)).toBe(0);
    expect(random.uuid()).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
    expect(random.token(12)).toMatch(/^[a-z0-9]{12}$/);
    expect(random.uuid()).not.toBe(random.uuid());
  });
});
