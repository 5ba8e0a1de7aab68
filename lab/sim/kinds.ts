// Two kinds of actors made for being watched. A Counter adds up what it is told and remembers each message it has
// counted, so that a lost or repeated update shows in its record. An Alarm rings a number of times by stored deadlines
// and tells a Counter each time, so that a lost deadline, an early effect or a stale sender shows.
import { assign, setup } from 'xstate';
import { type ActorDefinition, defineActor, type EffectScope } from '../../actors/kernel/definition.ts';
import { TroupeError } from '../../schemas/errors.ts';
import type { Kind } from '../../schemas/kind.ts';
import { type KubeObject, objectOf } from '../../schemas/object.ts';
import { int32, text } from '../../schemas/scalars.ts';
import { type AnyShape, struct } from '../../schemas/shape.ts';

const API_VERSION = 'lab.troupe.dev/v1';
export const NAMESPACE = 'default';

function kind(name: string, plural: string, spec: AnyShape): Kind {
  return {
    kind: name,
    apiVersion: API_VERSION,
    plural,
    singular: name.toLowerCase(),
    shortNames: [],
    namespaced: true,
    categories: [],
    codec: objectOf(name, API_VERSION, spec),
  };
}

export const counterKind = kind('Counter', 'counters', struct('CounterSpec', {}, {}));
export const alarmKind = kind(
  'Alarm',
  'alarms',
  struct('AlarmSpec', { everyMs: int32, times: int32, counter: text }, {}),
);

export const counterId = (name: string) => ({ plural: 'counters', namespace: NAMESPACE, name });
export const alarmId = (name: string) => ({ plural: 'alarms', namespace: NAMESPACE, name });

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

const counterMachine = setup({
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

export interface AlarmContext {
  readonly object: KubeObject;
  readonly rings: number;
}

interface AlarmSpec {
  readonly everyMs: number;
  readonly times: number;
  readonly counter: string;
}

const specOf = (object: KubeObject) => object.spec as unknown as AlarmSpec;

type AlarmEvent = { type: 'object.created' | 'object.deleted' | 'alarm.heard' };

const alarmMachine = setup({
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

/** Told of each effect at the moment it is performed. */
export type Witness = (scope: EffectScope, check: (context: Record<string, unknown>) => boolean) => void;

/** The definitions of both kinds; what their effects do is reported to `witness`. */
export function labKinds(witness: Witness): ActorDefinition[] {
  const decodeEvent = (types: readonly string[]) => (value: unknown) => {
    const event = value as { type: string };
    if (!types.includes(event.type)) throw new TroupeError('BAD_REQUEST', `unknown event ${event.type}`);
    return event;
  };
  const Counter = defineActor({
    kind: counterKind,
    machine: counterMachine,
    decodeEvent: decodeEvent(['counter.add', 'counter.round']),
    effects: {
      witness: async ({ counted }: { counted: number }, scope) => {
        witness(scope, (context) => (context.counted as string[]).length === counted);
        return undefined;
      },
    },
  });
  const Alarm = defineActor({
    kind: alarmKind,
    machine: alarmMachine,
    decodeEvent: decodeEvent(['alarm.heard']),
    effects: {
      tell: async ({ rings }: { rings: number }, scope) => {
        witness(scope, (context) => context.rings === rings);
        const { counter, times } = specOf(scope.object);
        const event = { type: 'counter.round', alarm: scope.self.name, round: rings };
        await scope.ask(counterId(counter), event);
        return rings >= times ? { type: 'alarm.heard' } : undefined;
      },
    },
  });
  return [Counter, Alarm];
}
