// Pins the behaviour of the xstate version in use that step.ts relies on.
import { assign, setup } from 'xstate';
import { Stepper } from '../../../actors/kernel/step.ts';

interface Context {
  readonly n: number;
}

const machine = setup({
  types: { context: {} as Context, events: {} as { type: string }, tags: {} as 'settled' },
  actions: {
    go: () => {},
    fail: assign(() => {
      throw new Error('planted');
    }),
  },
  delays: { retry: ({ context }) => 100 * 2 ** context.n },
}).createMachine({
  id: 'm',
  context: { n: 0 },
  initial: 'a',
  states: {
    a: {
      entry: { type: 'go', params: ({ context }: { context: Context }) => ({ n: context.n }) } as never,
      after: {
        retry: { target: 'a', reenter: true, actions: assign({ n: ({ context }) => context.n + 1 }) },
      },
      on: { next: 'b', fail: { actions: 'fail' } },
    },
    b: {
      tags: 'settled',
      after: { 5000: 'c' },
      on: { add: { actions: assign({ n: ({ context }) => context.n + 1 }) } },
    },
    c: { type: 'final' },
  },
});
const stepper = new Stepper<Context>(machine);

test('the start asks for entry effects with the given context, and for the deadline', () => {
  const first = stepper.start({ n: 3 });
  expect(first).toMatchObject({ value: 'a', context: { n: 3 }, effects: [{ type: 'go', params: { n: 3 } }] });
  expect([...first.arm]).toEqual([['xstate.after.retry.m.a', 800]]);
  expect(first).toMatchObject({ settled: false, done: false });
});

test('a named delay re-enters its state: the old deadline is dropped, the next is longer', () => {
  const again = stepper.step(stepper.start({}), { type: 'xstate.after.retry.m.a' });
  expect(again.effects).toEqual([{ type: 'go', params: { n: 1 } }]);
  expect(again.disarm).toEqual(['xstate.after.retry.m.a']);
  expect([...again.arm]).toEqual([['xstate.after.retry.m.a', 200]]);
});

test('an unhandled event changes nothing', () => {
  const first = stepper.start({});
  expect(stepper.step(first, { type: 'nonsense' })).toMatchObject({
    changed: false,
    effects: [],
    value: 'a',
  });
});

test('two actors interleaved on the one scope do not disturb each other', () => {
  let left = stepper.step(stepper.start({ n: 1 }), { type: 'next' });
  let right = stepper.step(stepper.start({ n: 10 }), { type: 'next' });
  for (let round = 0; round < 3; round += 1) {
    left = stepper.step(left, { type: 'add' });
    right = stepper.step(right, { type: 'add' });
  }
  expect(left).toMatchObject({ context: { n: 4 }, effects: [] });
  expect(right).toMatchObject({ context: { n: 13 }, effects: [] });
});

test('a stored state resumes with its entry effects, and settled and done are told', () => {
  const stored = JSON.parse(JSON.stringify({ value: 'a', context: { n: 2 } }));
  expect(stepper.resume(stored)).toMatchObject({
    changed: false,
    effects: [{ type: 'go', params: { n: 2 } }],
  });
  const resting = stepper.step(stored, { type: 'next' });
  expect(resting).toMatchObject({ settled: true, done: false });
  expect(stepper.step(resting, { type: 'xstate.after.5000.m.b' })).toMatchObject({ value: 'c', done: true });
});

test('what a machine throws comes out, and the next decision is unharmed', () => {
  const first = stepper.start({});
  expect(() => stepper.step(first, { type: 'fail' })).toThrow('planted');
  expect(stepper.step(first, { type: 'next' })).toMatchObject({ value: 'b', effects: [] });
});

test('a restored state has the same future as a live one, at every point', () => {
  const events = ['xstate.after.retry.m.a', 'nonsense', 'next', 'add', 'add', 'xstate.after.5000.m.b', 'add'];
  let live = stepper.start({});
  for (const type of events) {
    const restored = JSON.parse(JSON.stringify({ value: live.value, context: live.context }));
    const next = stepper.step(live, { type });
    expect(stepper.step(restored, { type })).toEqual(next);
    live = next;
  }
});
