import fc from 'fast-check';
import { Heap } from '../../../messaging/heap.ts';

test('what comes out is in order, however it was put in', () => {
  fc.assert(
    fc.property(fc.array(fc.integer()), (numbers) => {
      const heap = new Heap<number>((left, right) => left < right);
      for (const number of numbers) heap.push(number);
      const out: number[] = [];
      for (let next = heap.pop(); next !== undefined; next = heap.pop()) out.push(next);
      expect(out).toEqual([...numbers].sort((left, right) => left - right));
    }),
  );
});

test('the first is at hand, also between', () => {
  const heap = new Heap<number>((left, right) => left < right);
  for (const number of [5, 3, 8]) heap.push(number);
  expect(heap.pop()).toBe(3);
  heap.push(1);
  expect([heap.first, heap.size]).toEqual([1, 3]);
  heap.clear();
  expect([heap.first, heap.size, heap.pop()]).toEqual([undefined, 0, undefined]);
});
