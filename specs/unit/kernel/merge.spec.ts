// Merge patches and the three-way merge of apply.
import {
  applyDocument,
  LAST_APPLIED,
  mergePatch,
  sameJson,
  withLastApplied,
} from '../../../actors/kernel/merge.ts';
import type { KubeObject } from '../../../schemas/object.ts';

const object = (more: object): KubeObject =>
  ({ apiVersion: 'v1', kind: 'Pod', metadata: { name: 'w' }, ...more }) as KubeObject;

test('RFC 7386: null removes, objects merge, the rest replaces', () => {
  expect(mergePatch({ a: 1, b: { c: 2, d: 3 } }, { a: null, b: { c: 4 }, e: [1] })).toEqual({
    b: { c: 4, d: 3 },
    e: [1],
  });
  expect(mergePatch({ a: [1, 2] }, { a: [3] })).toEqual({ a: [3] });
  expect(mergePatch('text', { a: 1 })).toEqual({ a: 1 });
});

test('a patch cannot reach a prototype', () => {
  const patch = JSON.parse('{"__proto__": {"polluted": true}}');
  expect(() => mergePatch({}, patch)).toThrow('the patch names the key "__proto__"');
});

test('apply removes what the last document had and this one has not, and leaves what others wrote', () => {
  const first = object({ metadata: { name: 'w', labels: { a: '1', b: '2' } } });
  const stored = withLastApplied({ ...first, status: { phase: 'Running' } }, first);
  stored.metadata.labels = { ...stored.metadata.labels, other: 'x' };
  const after = applyDocument(stored, object({ metadata: { name: 'w', labels: { a: '1' } } }));
  expect(after.metadata.labels).toEqual({ a: '1', other: 'x' });
  expect(after.status).toEqual({ phase: 'Running' });
});

test('applying one document twice changes nothing', () => {
  const document = object({ spec: { containers: [{ name: 'a', image: 'b' }] } });
  const once = applyDocument(document, document);
  expect(sameJson(applyDocument(once, document), once)).toBe(true);
  expect(JSON.parse(once.metadata.annotations![LAST_APPLIED]!)).toMatchObject({ spec: document.spec });
});

test('equality of JSON does not mind the order of keys, but does mind that of lists', () => {
  expect(sameJson({ a: 1, b: [1, { c: 2 }] }, { b: [1, { c: 2 }], a: 1 })).toBe(true);
  expect(sameJson({ a: undefined }, {})).toBe(true);
  expect(sameJson([1, 2], [2, 1])).toBe(false);
  expect(sameJson({ a: 1 }, { a: 1, b: null })).toBe(false);
});
