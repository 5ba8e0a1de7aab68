// An Alarm rings a number of times by stored deadlines and tells a Counter each time, so that a lost deadline, one that
// fires early or twice, or an effect before its commit shows. Made for being watched.
import { assign, setup } from 'xstate';
import type { KubeObject } from '../../schemas/object.ts';

export interface AlarmContext {
  readonly object: KubeObject;
  readonly rings: number;
}

interface AlarmSpec {
  readonly everyMs: number;
  readonly times: number;
  readonly counter: string;
}

export const specOf = (object: KubeObject) => object.spec as unknown as AlarmSpec;

type AlarmEvent = { type: 'object.created' | 'object.deleted' | 'alarm.heard' };

export const alarmMachine = setup({
  types: { context: {} as AlarmContext, events: {} as AlarmEvent, tags: {} as 'settled' },
  actions: {
    tell: (() => {}) as (arg: unknown, params: { rings: number }) => void,
    ring: assign({ rings: ({ context }) => context.rings + 1 }),
  },
  guards: { isLast: ({ context }) => context.rings + 1 >= specOf(context.object).times },
  delays: { every: ({ context }) => specOf(context.object).everyMs, again: 2_000 },
}).createMachine({
  id: 'alarm',
  context: { object: {} as KubeObject, rings: 0 },
  initial: 'created',
  states: {
    // The first state is entered before the object is known.
    created: { on: { 'object.created': 'waiting' } },
    waiting: {
      entry: { type: 'tell', params: ({ context }) => ({ rings: context.rings }) },
      after: {
        every: [
          { guard: 'isLast', target: 'telling', actions: 'ring' },
          { target: 'waiting', reenter: true, actions: 'ring' },
        ],
      },
      on: { 'object.deleted': 'gone' },
    },
    // The last round has to be heard; the ones before need not.
    telling: {
      entry: { type: 'tell', params: ({ context }) => ({ rings: context.rings }) },
      after: { again: { target: 'telling', reenter: true } },
      on: { 'alarm.heard': 'finished', 'object.deleted': 'gone' },
    },
    finished: { tags: 'settled', on: { 'object.deleted': 'gone' } },
    gone: { type: 'final' },
  },
});
