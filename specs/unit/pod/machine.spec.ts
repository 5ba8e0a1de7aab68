// The Pod's chart as a graph: every state can be reached, every state can be deleted, and no rest is without a way on.
import { type Step, Stepper } from '../../../actors/kernel/step.ts';
import { podMachine } from '../../../actors/pod/machine.ts';

const object = { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'w', uid: 'u' }, spec: {} };
const stepper = new Stepper(podMachine);
const report = (phase: string, counter: number, gone = false) => ({
  type: 'node.reported',
  node: 'n1',
  uid: 'u',
  counter,
  status: { phase },
  gone,
  at: 1,
});

const WAYS: Record<string, object[]> = {
  placing: [],
  unschedulable: [{ type: 'pod.unplaced', message: 'full', at: 1 }],
  bound: [{ type: 'pod.granted', node: 'n1', at: 1 }],
  running: [{ type: 'pod.granted', node: 'n1', at: 1 }, report('Running', 1)],
  ended: [{ type: 'pod.granted', node: 'n1', at: 1 }, report('Succeeded', 1)],
  stopping: [
    { type: 'pod.granted', node: 'n1', at: 1 },
    { type: 'object.deleted', at: 1 },
  ],
  gone: [{ type: 'object.deleted', at: 1 }],
};

function walk(events: object[]): Step {
  let state: Step = stepper.start({ object } as never);
  for (const event of events) state = stepper.step(state, event as never);
  return state;
}

test('the ways name every state of the chart', () => {
  // `forced` is passed through on the way to `gone`; its own test follows.
  const resting = Object.keys(podMachine.states).filter((state) => state !== 'forced');
  expect(Object.keys(WAYS).sort()).toEqual(resting.sort());
});

test.each(Object.entries(WAYS))('%s can be reached', (state, events) => {
  expect(walk(events).value).toBe(state);
});

test.each(Object.keys(WAYS))('from %s a deleted pod comes to its end', (state) => {
  let now = stepper.step(walk(WAYS[state]!), { type: 'object.deleted', at: 2 } as never);
  if (!now.done) {
    expect(now.effects).toEqual([{ type: 'stop', params: { node: 'n1' } }]);
    now = stepper.step(now, { type: 'pod.gone', at: 3 } as never);
  }
  expect(now.value).toBe('gone');
});

test.each(Object.keys(WAYS))('%s is settled, or a deadline will wake it', (state) => {
  const { settled, arm, value } = { ...stepper.resume(walk(WAYS[state]!)), value: state };
  expect([value, settled || arm.size > 0]).toEqual([state, true]);
});

test('reports from another node, about another uid, or not newer, are not taken in', () => {
  const running = walk(WAYS.running!);
  for (const strange of [{ node: 'n2' }, { uid: 'v' }, { counter: 1 }]) {
    const step = stepper.step(running, { ...report('Failed', 2), ...strange } as never);
    expect(step.changed).toBe(false);
  }
  expect(stepper.step(running, report('Failed', 2) as never).value).toBe('ended');
});

test('a pod its node has lost is ordered again', () => {
  const step = stepper.step(walk(WAYS.running!), report('Running', 2, true) as never);
  expect(step).toMatchObject({ value: 'bound', effects: [{ type: 'run', params: { node: 'n1' } }] });
});

test('without grace the pod is gone at once, and its node is told', () => {
  const running = walk(WAYS.running!);
  const metadata = { ...object.metadata, deletionGracePeriodSeconds: 0 };
  const forced = {
    ...running,
    context: { ...running.context, object: { ...running.context.object, metadata } },
  };
  const step = stepper.step(forced, { type: 'object.deleted', at: 2 } as never);
  expect(step).toMatchObject({ done: true, effects: [{ type: 'stop', params: { node: 'n1' } }] });
});

const refused = { type: 'pod.refused', message: 'the promise has lapsed', order: '1/0', at: 2 };
const specOf = (step: Step) => (step.context.object as { spec: { nodeName?: string } }).spec;

test('a node that a user has named stays the only one, although it refuses the order', () => {
  const named = { ...object, spec: { nodeName: 'n1' } };
  let state: Step = stepper.start({ object: named } as never);
  for (const event of [...WAYS.bound!, refused]) state = stepper.step(state, event as never);
  expect(state.value).toBe('unschedulable');
  expect(specOf(state)).toEqual({ nodeName: 'n1' });
  expect(specOf(stepper.step(walk(WAYS.bound!), refused as never))).toEqual({});
});

test('a pod that moves to another node hears that node from its first report on', () => {
  const lost = walk([...WAYS.running!, report('Running', 7, true), refused]);
  expect((lost.context as { reported?: unknown }).reported).toBeUndefined();
  let state = stepper.step({ ...lost, value: 'placing' }, {
    type: 'pod.granted',
    node: 'n2',
    at: 3,
  } as never);
  state = stepper.step(state, { ...report('Running', 1), node: 'n2' } as never);
  expect(state.value).toBe('running');
});

test('a pod that comes back to a node does not take in what that node said before', () => {
  const lost = walk([...WAYS.running!, report('Running', 7, true), refused]);
  let state = stepper.step({ ...lost, value: 'placing' }, {
    type: 'pod.granted',
    node: 'n1',
    at: 3,
  } as never);
  state = stepper.step(state, report('Running', 7) as never);
  expect(state.value).toBe('bound');
});

test('an ended pod keeps its end, whatever its node says later', () => {
  const ended = walk(WAYS.ended!);
  for (const late of [report('Running', 2), { ...report('Succeeded', 2, true), status: {} }]) {
    const step = stepper.step(ended, late as never);
    expect(step.value).toBe('ended');
    expect((step.context as { reported: unknown }).reported).toEqual({ phase: 'Succeeded' });
  }
});
