import fc from 'fast-check';
import { covers, SubjectTree } from '../../../messaging/memory/subject-tree.ts';

const token = fc.constantFrom('a', 'b', 'c');
const subject = fc.array(token, { minLength: 1, maxLength: 5 }).map((tokens) => tokens.join('.'));
const pattern = fc
  .tuple(fc.array(fc.oneof(token, fc.constant('*')), { minLength: 1, maxLength: 4 }), fc.boolean())
  .map(([tokens, open]) => [...tokens, ...(open ? ['>'] : [])].join('.'));

/** The rule in other words: a regular expression. */
function matches(wanted: string, given: string): boolean {
  const source = wanted.replace(/\./g, '\\.').replace(/\*/g, '[^.]+').replace(/>$/, '.+');
  return new RegExp(`^${source}$`).test(given);
}

describe('subject tree', () => {
  test('finds exactly the patterns that match, through additions and removals', () => {
    const step = fc.record({ pattern, remove: fc.boolean(), subject });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 30 }), (steps) => {
        const tree = new SubjectTree<number>();
        const live = new Map<number, { pattern: string; remove: () => void }>();
        for (const [index, { pattern: wanted, remove, subject: given }] of steps.entries()) {
          const [first] = live.keys();
          if (remove && first !== undefined) {
            live.get(first)!.remove();
            live.get(first)!.remove();
            live.delete(first);
          } else {
            live.set(index, { pattern: wanted, remove: tree.add(wanted, index) });
          }
          const expected = [...live].filter(([, one]) => matches(one.pattern, given)).map(([id]) => id);
          expect([...tree.match(given)].sort()).toEqual(expected.sort());
          expect([...tree.matchOnce(given)].sort()).toEqual(expected.sort());
          expect(tree.size).toBe(live.size);
        }
      }),
    );
  });

  test('covers says the same of one pattern', () => {
    fc.assert(
      fc.property(pattern, subject, (wanted, given) => {
        expect(covers(wanted, given)).toBe(matches(wanted, given));
      }),
    );
    expect(covers('>', 'a.b')).toBe(true);
  });
});
