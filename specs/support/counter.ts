// A kind of actor for kernel specs: it counts what it is told, can be told to throw, arms a deadline, and asks for
// an effect whose performance the spec watches.
import { assign, setup } from 'xstate';
import { type ActorDefinition, defineActor, type EffectScope } from '../../actors/kernel/definition.ts';
import { namespaceKind } from '../../schemas/namespace.ts';
import type { KubeObject } from '../../schemas/object.ts';

interface Context {
  readonly object: KubeObject;
  readonly count: number;
  readonly fired: number;
}

type Event = { type: 'add' | 'arm' | 'work' | 'worked' | 'throw' | 'object.deleted' };

const machine = setup({
  types: { context: {} as Context, events: {} as Event, tags: {} as 'settled' },
  actions: {
    work: () => {},
    fail: assign(() => {
      throw new Error('planted');
    }),
  },
  delays: { alarm: 10_000 },
}).createMachine({
  id: 'counter',
  context: { object: {} as KubeObject, count: 0, fired: 0 },
  initial: 'resting',
  on: {
    add: { actions: assign({ count: ({ context }) => context.count + 1 }) },
    throw: { actions: 'fail' },
    'object.deleted': '.gone',
  },
  states: {
    resting: { tags: 'settled', on: { arm: 'armed', work: 'working' } },
    armed: {
      tags: 'settled',
      after: { alarm: { target: 'resting', actions: assign({ fired: ({ context }) => context.fired + 1 }) } },
    },
    working: { entry: 'work', on: { worked: 'resting' } },
    gone: { type: 'final' },
  },
});

/** The counter as a kind named `counters`; `onWork` is its effect. */
export function counterKind(onWork: (scope: EffectScope) => Promise<void> = async () => {}): ActorDefinition {
  return defineActor({
    kind: {
      ...namespaceKind,
      kind: 'Counter',
      apiVersion: 'spec/v1',
      plural: 'counters',
      singular: 'counter',
      namespaced: true,
    },
    machine,
    decodeEvent: (value) => value as Event,
    effects: {
      work: async (_params, scope) => {
        await onWork(scope);
        return { type: 'worked' };
      },
    },
    status: ({ value, context }) => ({ state: value, count: context.count, fired: context.fired }),
    limits: { mailbox: 4, idleMs: 30_000, intensity: 3, periodMs: 60_000 },
  });
}
