// A Counter adds up what it is told and remembers each message it has counted, so that a lost or repeated update
// shows in its record; and it hears Alarms, so that a deposed sender who is obeyed shows, too. Made for being watched.
import { assign, setup } from 'xstate';
import type { KubeObject } from '../../schemas/object.ts';

export interface CounterContext {
  readonly object: KubeObject;
  /** Ids of the additions that were counted, in order. */
  readonly counted: readonly string[];
  /** The last thing each alarm said: level-triggered, so a higher round may be followed by no lower one. */
  readonly rounds: Readonly<Record<string, number>>;
}

type CounterEvent =
  | { type: 'counter.add'; op: string }
  | { type: 'counter.round'; alarm: string; round: number }
  | { type: 'object.deleted' };

export const counterMachine = setup({
  types: { context: {} as CounterContext, events: {} as CounterEvent, tags: {} as 'settled' },
  actions: {
    witness: (() => {}) as (arg: unknown, params: { counted: number }) => void,
    count: assign(({ context, event }) => {
      const { op } = event as Extract<CounterEvent, { type: 'counter.add' }>;
      return { counted: [...context.counted, op] };
    }),
    hear: assign(({ context, event }) => {
      const { alarm, round } = event as Extract<CounterEvent, { type: 'counter.round' }>;
      return { rounds: { ...context.rounds, [alarm]: round } };
    }),
  },
  guards: {
    isNew: ({ context, event }) => !context.counted.includes((event as { op: string }).op),
    isOther: ({ context, event }) => {
      const { alarm, round } = event as Extract<CounterEvent, { type: 'counter.round' }>;
      return context.rounds[alarm] !== round;
    },
  },
}).createMachine({
  id: 'counter',
  context: { object: {} as KubeObject, counted: [], rounds: {} },
  initial: 'counting',
  states: {
    counting: {
      tags: 'settled',
      on: {
        'counter.add': { guard: 'isNew', target: 'told', actions: 'count' },
        'counter.round': { guard: 'isOther', actions: 'hear' },
        'object.deleted': 'gone',
      },
    },
    // As `counting`, but with something to tell the world.
    told: {
      tags: 'settled',
      entry: { type: 'witness', params: ({ context }) => ({ counted: context.counted.length }) },
      on: {
        'counter.add': { guard: 'isNew', target: 'told', reenter: true, actions: 'count' },
        'counter.round': { guard: 'isOther', actions: 'hear' },
        'object.deleted': 'gone',
      },
    },
    gone: { type: 'final' },
  },
});
