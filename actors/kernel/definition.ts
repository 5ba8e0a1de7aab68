// What a kind of actor is: its machine, its wire events, its effects, its status. A definition is data for the
// kernel; it holds no state and touches nothing.
import type { AnyEventObject, AnyStateMachine } from 'xstate';
import type { ActorId } from '../../messaging/identity.ts';
import type { World } from '../../messaging/ports.ts';
import type { Kind } from '../../schemas/kinds.ts';
import type { KubeObject } from '../../schemas/object.ts';
import type { ActorRecord } from './record.ts';
import type { State } from './step.ts';
import type { View } from './view.ts';

/** What every machine of the kernel keeps in its context; the rest is the kind's own. */
export interface ActorContext {
  /** The object users see. The kernel writes `metadata` and `spec`; `status` comes from the definition. */
  readonly object: KubeObject;
}

/** A Kubernetes Event to be shown by `describe`. */
export interface Occurrence {
  readonly type: 'Normal' | 'Warning';
  readonly reason: string;
  readonly message: string;
}

/** What an effect may use. Effects perform; they decide nothing and are safe to repeat. */
export interface EffectScope {
  /** Aborted when this host stops. */
  readonly signal: AbortSignal;
  readonly self: ActorId;
  readonly uid: string;
  /** The revision of the record whose commit asked for this effect. */
  readonly fence: number;
  readonly object: KubeObject;
  readonly world: World;
  readonly cluster: string;
  /** This process's read model of all objects. */
  readonly view: View;
  /** Sends an event to another actor and waits until it is stored. */
  ask(id: ActorId, event: AnyEventObject): Promise<unknown>;
  /** Sends a request to a node's agent; tries for `withinMs` (default: the kernel's bound on a question). */
  askNode(node: string, verb: string, body: unknown, withinMs?: number): Promise<unknown>;
  /** Records a Kubernetes Event about this object. */
  note(occurrence: Occurrence): void;
}

/** Performs one effect; what it resolves to comes back to the actor as an event. */
export type PerformEffect = (params: any, scope: EffectScope) => Promise<AnyEventObject | undefined>;

export interface ActorLimits {
  /** Messages waiting for one actor; one more is refused with TOO_MANY_REQUESTS. */
  readonly mailbox: number;
  /** A settled actor leaves memory after so long without a message. */
  readonly idleMs: number;
  /** A failing step is tried again so often within `periodMs`, then the actor is quarantined. */
  readonly intensity: number;
  readonly periodMs: number;
}

export const DEFAULT_LIMITS: ActorLimits = { mailbox: 256, idleMs: 60_000, intensity: 5, periodMs: 60_000 };

export interface ActorDefinition {
  readonly kind: Kind;
  readonly machine: AnyStateMachine;
  /** Reads an event from the wire; throws BAD_REQUEST or INVALID. */
  readonly decodeEvent: (value: unknown) => AnyEventObject;
  readonly effects: Readonly<Record<string, PerformEffect>>;
  /** The object's status, worked out from the state at every commit. */
  readonly status?: (state: State) => Record<string, unknown> | undefined;
  /** What the sender of an event is told; default `{ accepted }`. */
  readonly answer?: (event: AnyEventObject, record: ActorRecord) => unknown;
  /** What the sender of an event is told when there is no such object; default NOT_FOUND. */
  readonly absent?: (event: AnyEventObject) => unknown;
  /** Refuses a change that Kubernetes forbids; throws INVALID. */
  readonly checkUpdate?: (before: KubeObject, after: KubeObject) => void;
  readonly limits?: Partial<ActorLimits>;
}

/** Ties the parts of an actor together. */
export function defineActor(definition: ActorDefinition): ActorDefinition {
  return definition;
}
