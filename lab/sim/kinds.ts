// Two kinds of actors made for being watched, as the kernel wants them defined. What their effects do is reported to
// whoever watches.
import { type ActorDefinition, defineActor, type EffectScope } from '../../actors/kernel/definition.ts';
import { TroupeError } from '../../schemas/errors.ts';
import type { Kind } from '../../schemas/kind.ts';
import { objectOf } from '../../schemas/object.ts';
import { int32, text } from '../../schemas/scalars.ts';
import { type AnyShape, struct } from '../../schemas/shape.ts';
import { alarmMachine, specOf } from './alarm-machine.ts';
import { counterMachine } from './counter-machine.ts';

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
