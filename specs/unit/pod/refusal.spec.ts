// A node's refusal unbinds a pod, but only as the answer to the newest order: one that comes late would take a pod away
// from a node that runs it already, and have it run twice.
import { type Step, Stepper } from '../../../actors/kernel/step.ts';
import { podMachine } from '../../../actors/pod/machine.ts';

const object = { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'w', uid: 'u' }, spec: {} };
const stepper = new Stepper(podMachine);
const REORDER = 'xstate.after.reorder.pod.bound';
const REPLACE = 'xstate.after.replace.pod.unschedulable';

function orderOf({ effects }: Step): string {
  const run = effects.find(({ type }) => type === 'run');
  return (run!.params as { order: string }).order;
}

function then(state: Step, event: object): Step {
  return stepper.step(state, event as never);
}

const refused = (order: string) => ({ type: 'pod.refused', message: 'full', order, at: 9 });

test('the refusal of the newest order unbinds', () => {
  const bound = then(stepper.start({ object } as never), { type: 'pod.granted', node: 'n1', at: 1 });
  const after = then(bound, refused(orderOf(bound)));
  expect([after.value, after.context.object.spec]).toEqual(['unschedulable', {}]);
});

test('the late refusal of an order that was given again changes nothing', () => {
  const first = then(stepper.start({ object } as never), { type: 'pod.granted', node: 'n1', at: 1 });
  const again = then(first, { type: REORDER, at: 2 });
  expect(again.value).toBe('bound');
  expect(then(again, refused(orderOf(first))).changed).toBe(false);
});

test('the late refusal of a former node does not take the pod from the next', () => {
  const first = then(stepper.start({ object } as never), { type: 'pod.granted', node: 'n1', at: 1 });
  const unbound = then(first, refused(orderOf(first)));
  const placing = then(unbound, { type: REPLACE, at: 3 });
  const second = then(placing, { type: 'pod.granted', node: 'n2', at: 4 });
  expect(second.value).toBe('bound');
  expect(then(second, refused(orderOf(first))).changed).toBe(false);
});
