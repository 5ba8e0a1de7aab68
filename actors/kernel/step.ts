// One decision of one machine: (state, event) → (state, effects, deadlines). Pure: no clock, no I/O, no chance.
// This is the only file that runs xstate. It calls `machine.transition` with one shared, inert scope, because the
// public `transition()` builds a throw-away actor for each event and costs five times as much; and it never uses
// `createActor`, whose actions run before the new state could be stored and whose timers do not survive a restore.
// A spec pins the behaviour of the xstate version in use, with two actors interleaved on the one scope.
import { type AnyEventObject, type AnyMachineSnapshot, type AnyStateMachine, createActor } from 'xstate';

/** An effect asked for by a machine, as data. */
export interface Effect {
  readonly type: string;
  readonly params: unknown;
}

/** A machine's resting point, as it is stored. */
export interface State<Context = any> {
  readonly value: unknown;
  readonly context: Context;
}

/** What a step asks for. */
export interface Step<Context = any> extends State<Context> {
  /** False when the event meant nothing in this state: nothing is to be stored. */
  readonly changed: boolean;
  readonly effects: readonly Effect[];
  /** Deadlines to store, by id: milliseconds from now. */
  readonly arm: ReadonlyMap<string, number>;
  /** Ids of deadlines to drop; applied before `arm`. */
  readonly disarm: readonly string[];
  readonly done: boolean;
  readonly settled: boolean;
}

interface RequestedAction {
  readonly type: string;
  readonly params?: any;
}

/** Bound on transitions within one step; a machine that needs more loops. */
const MAX_MICROSTEPS = 100;

/** Runs one machine definition for any number of actors. */
export class Stepper<Context = any, Event extends AnyEventObject = AnyEventObject> {
  private readonly machine: AnyStateMachine;
  private readonly scope: any;
  private readonly resolved = new Map<string, AnyMachineSnapshot>();
  private first: State<Context> | undefined;
  private asked: RequestedAction[] = [];

  constructor(machine: AnyStateMachine) {
    this.machine = machine;
    machine.options.maxIterations ??= MAX_MICROSTEPS;
    const self = createActor(machine);
    this.scope = {
      self,
      id: '',
      sessionId: '',
      system: self.system,
      logger: () => {},
      defer: () => {},
      stopChild: () => {},
      emit: () => {},
      actionExecutor: (action: RequestedAction) => this.asked.push(action),
    };
  }

  /** The machine's first state, entered with `context` merged over the static one. */
  start(context: Partial<Context>): Step<Context> {
    this.first ??= this.initial();
    const snapshot = this.resolve({
      value: this.first.value,
      context: { ...this.first.context, ...context },
    });
    return this.read(snapshot, true, entryActions(snapshot));
  }

  private initial(): State<Context> {
    const { status, error, value, context } = this.machine.getInitialSnapshot(this.scope, undefined);
    if (status === 'error') throw error;
    return { value, context };
  }

  /** Decides on one event. Throws what the machine throws; the given state is then still the true one. */
  step(state: State<Context>, event: Event): Step<Context> {
    const before = this.resolve(state);
    if (before.status === 'done') return this.read(before, false, []);
    this.asked = [];
    const after = this.machine.transition(before, event, this.scope) as AnyMachineSnapshot;
    if (after.status === 'error') throw after.error;
    return this.read(after, after !== before, this.asked);
  }

  /** True when some state of the machine has an answer to this type of event. */
  hears(type: string): boolean {
    return this.machine.events.some((known) => known === type || known === '*');
  }

  /** What the state wants from the world: asked again when a record is loaded after a crash. */
  resume(state: State<Context>): Step<Context> {
    const snapshot = this.resolve(state);
    return this.read(snapshot, false, entryActions(snapshot));
  }

  /** A snapshot differs from another of the same state value by its context only, so each is resolved once. */
  private resolve({ value, context }: State<Context>): AnyMachineSnapshot {
    const key = typeof value === 'string' ? value : JSON.stringify(value);
    let resolved = this.resolved.get(key);
    if (!resolved) {
      resolved = this.machine.resolveState({ value, context } as any) as AnyMachineSnapshot;
      this.resolved.set(key, resolved);
    }
    return { ...resolved, context } as AnyMachineSnapshot;
  }

  private read(
    snapshot: AnyMachineSnapshot,
    changed: boolean,
    asked: readonly RequestedAction[],
  ): Step<Context> {
    const effects: Effect[] = [];
    const arm = new Map<string, number>();
    const disarm: string[] = [];
    for (const action of asked) {
      if (action.type === 'xstate.raise') {
        if (action.params?.delay !== undefined) arm.set(action.params.id, action.params.delay);
      } else if (action.type === 'xstate.cancel') {
        const id = action.params?.sendId ?? action.params;
        disarm.push(id);
        arm.delete(id);
      } else {
        effects.push({ type: action.type, params: action.params });
      }
    }
    return {
      value: snapshot.value,
      context: snapshot.context as Context,
      changed,
      effects,
      arm,
      disarm,
      done: snapshot.status === 'done',
      settled: snapshot.status === 'done' || snapshot.hasTag('settled' as never),
    };
  }
}

/** The declared entry actions of all active states, in document order, with their parameters worked out. */
function entryActions(snapshot: AnyMachineSnapshot): RequestedAction[] {
  const asked: RequestedAction[] = [];
  const input = { context: snapshot.context, event: { type: 'record.loaded' } };
  for (const node of snapshot._nodes as any[]) {
    for (const action of node.entry) {
      if (typeof action === 'string') asked.push({ type: action });
      else if (typeof action === 'object') {
        const params = typeof action.params === 'function' ? action.params(input) : action.params;
        asked.push({ type: action.type, params });
      } else if (action.type === 'xstate.raise' && action.delay !== undefined) {
        asked.push({
          type: 'xstate.raise',
          params: { id: action.id, delay: delayOf(snapshot, action.delay) },
        });
      }
    }
  }
  return asked;
}

function delayOf(snapshot: AnyMachineSnapshot, delay: unknown): number {
  const named = typeof delay === 'string' ? (snapshot.machine.implementations as any).delays[delay] : delay;
  const input = { context: snapshot.context, event: { type: 'record.loaded' } };
  return typeof named === 'function' ? named(input, undefined) : Number(named);
}
