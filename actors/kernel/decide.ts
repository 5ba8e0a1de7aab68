// The decision on one message, from the record before to the record after: verbs of the API, deadlines, and the kind's
// own events, all through one door. Pure but for the stepper it is handed; throws operating errors for the sender and
// lets the machine's own exceptions through for supervision.
import type { AnyEventObject } from 'xstate';
import { asTroupeError, HEADER } from '../../messaging/envelope.ts';
import type { ActorId } from '../../messaging/identity.ts';
import type { Headers } from '../../messaging/ports.ts';
import { TroupeError } from '../../schemas/errors.ts';
import type { KubeObject } from '../../schemas/object.ts';
import { timestamp } from '../../schemas/time.ts';
import type { ActorDefinition } from './definition.ts';
import type { Mail } from './mailbox.ts';
import { type ActorRecord, type ActorState, fencesAfter, requestsAfter, stateOf } from './record.ts';
import { isDryRun } from './requests.ts';
import type { Effect, Step, Stepper } from './step.ts';
import { notFound, performVerb, VERBS, type Verb, type VerbOutcome, type VerbRequest } from './verbs.ts';

export interface Loaded {
  readonly record: ActorRecord;
  readonly revision: number;
}

export interface Decision {
  /** The record to store; undefined when the message changed nothing. */
  readonly record: ActorRecord | undefined;
  /** The record is to be deleted instead of stored. */
  readonly remove: boolean;
  readonly effects: readonly Effect[];
  /** The object to answer with, when the sender asked for one. */
  readonly object: KubeObject | undefined;
  readonly value: unknown;
  readonly headers?: Headers;
  /** What the kernel itself announces: what the API did to the object. */
  readonly fact?: 'created' | 'changed' | 'deleting' | 'deleted';
}

export interface DecideContext {
  readonly id: ActorId;
  readonly definition: ActorDefinition;
  readonly stepper: Stepper;
  readonly nowMs: number;
  readonly newUid: () => string;
}

/** The event that makes a sleeping actor ask again for what its state wants. */
export const WAKE = 'record.loaded';
/** The kernel's own event: a stored deadline has come. */
export const DEADLINE = 'kernel.deadline';

/** The kernel's own event: an effect threw. Machines hear it as it is. */
export const EFFECT_FAILED = 'effect.failed';
/** The kernel's own event: an actor owned by this one is held. Machines hear it as it is. */
export const CHILD_QUARANTINED = 'child.quarantined';

const KERNEL_EVENTS: ReadonlySet<string> = new Set([EFFECT_FAILED, CHILD_QUARANTINED]);

/** Characters of warnings that an answer carries, as in Kubernetes. */
const MAX_WARNINGS_LENGTH = 4_096;

const FACTS = {
  'object.created': 'created',
  'object.changed': 'changed',
  'object.deleted': 'deleting',
} as const;

const VERB_EVENTS: ReadonlyMap<string, Verb> = new Map(VERBS.map((verb) => [`object.${verb}`, verb]));

export function isVerb(event: AnyEventObject): boolean {
  return VERB_EVENTS.has(event.type);
}

export function decide(mail: Mail, loaded: Loaded | undefined, context: DecideContext): Decision {
  const verb = VERB_EVENTS.get(mail.event.type);
  if (verb) return decideVerb(verb, mail, loaded, context);
  if (!loaded) {
    const { absent } = context.definition;
    if (!absent) throw notFound(context.id);
    return { record: undefined, remove: false, effects: [], object: undefined, value: absent(mail.event) };
  }
  const held = loaded.record.actor.quarantine;
  if (held) throw new TroupeError('QUARANTINED', `the actor is held since ${held.since}: ${held.message}`);
  if (mail.event.type === WAKE) return nothing(undefined);
  if (mail.event.type === DEADLINE) return decideDeadline(mail, loaded, context);
  const internal = KERNEL_EVENTS.has(mail.event.type);
  const event = internal ? mail.event : context.definition.decodeEvent(mail.event);
  const step = context.stepper.step(stateOf(loaded.record), { ...event, at: context.nowMs });
  const value = context.definition.answer?.(event, loaded.record) ?? { accepted: step.changed };
  if (!step.changed) return nothing(value);
  return { ...settle(loaded.record, step, mail, context), object: undefined, value };
}

function nothing(value: unknown): Decision {
  return { record: undefined, remove: false, effects: [], object: undefined, value };
}

function decideVerb(verb: Verb, mail: Mail, loaded: Loaded | undefined, context: DecideContext): Decision {
  if (verb === 'create' && loaded?.record.actor.createdBy === mail.id) {
    return { ...nothing(undefined), object: loaded.record.object };
  }
  const dryRun = isDryRun(mail.options);
  const outcome = outcomeOf(verb, mail, loaded, context);
  const headers: Record<string, string> = { [HEADER.result]: outcome.result };
  if (outcome.warnings.length > 0) headers[HEADER.warning] = JSON.stringify(fewOf(outcome.warnings));
  const { object } = outcome;
  if (dryRun) return { ...nothing(undefined), object, headers };
  const isEnding = object.metadata.deletionTimestamp !== undefined;
  if (loaded?.record.actor.quarantine && isEnding && (verb === 'delete' || outcome.event)) {
    return { ...end(object, loaded.record, mail), headers };
  }
  if (outcome.event === undefined) return { ...nothing(undefined), object, headers };
  const settled =
    outcome.event === 'object.created'
      ? begin(outcome.object, mail, context)
      : hear(outcome.object, outcome.event, loaded!.record, mail, context);
  return { ...settled, headers, fact: settled.remove ? 'deleted' : FACTS[outcome.event] };
}

/** A held actor's machine cannot be trusted to end it, and only finalizers may keep an object from being deleted. */
function end(object: KubeObject, before: ActorRecord, mail: Mail): Decision {
  const remove = (object.metadata.finalizers?.length ?? 0) === 0;
  const actor = { ...before.actor, applied: mail.id, ...remembered(before.actor, mail) };
  const fact = remove ? 'deleted' : 'deleting';
  return { ...nothing(undefined), record: { object, actor }, remove, object, fact };
}

/** What a request does to the object. A request that trips it is refused: only the machine's faults are the actor's. */
function outcomeOf(verb: Verb, mail: Mail, loaded: Loaded | undefined, context: DecideContext): VerbOutcome {
  try {
    return performVerb(
      { verb, body: mail.event.body, options: (mail.options ?? {}) as VerbRequest['options'] },
      {
        id: context.id,
        definition: context.definition,
        current: loaded && { object: loaded.record.object, revision: loaded.revision },
        now: timestamp(context.nowMs),
        nowMs: context.nowMs,
        uid: loaded ? '' : context.newUid(),
      },
    );
  } catch (error) {
    throw asTroupeError(error);
  }
}

/** As many warnings as a header should carry. */
function fewOf(warnings: readonly string[]): readonly string[] {
  let length = 0;
  const few = warnings.filter((text) => {
    length += text.length;
    return length <= MAX_WARNINGS_LENGTH;
  });
  const left = warnings.length - few.length;
  return left === 0 ? few : [...few, `and ${left} more`];
}

function begin(object: KubeObject, mail: Mail, context: DecideContext): Decision {
  const first = context.stepper.start({ object });
  if (!context.stepper.hears('object.created')) return settle(undefined, first, mail, context);
  const step = context.stepper.step(first, { type: 'object.created', at: context.nowMs });
  const joined = step.changed ? join(first, step) : first;
  return settle(undefined, joined, mail, context);
}

/** Two steps of one decision as one: nobody sees what lies between. */
function join(first: Step, second: Step): Step {
  const arm = new Map(first.arm);
  for (const id of second.disarm) arm.delete(id);
  for (const [id, delay] of second.arm) arm.set(id, delay);
  return { ...second, changed: true, effects: [...first.effects, ...second.effects], arm };
}

function hear(
  object: KubeObject,
  type: string,
  before: ActorRecord,
  mail: Mail,
  context: DecideContext,
): Decision {
  const state = stateOf({ ...before, object });
  const step = context.stepper.step(state, { type, at: context.nowMs });
  if (!before.actor.quarantine) return settle(before, { ...step, changed: true }, mail, context);
  // Released: its deadlines were dropped when it was held, and what its state wants was not asked for since.
  return settle(before, join(context.stepper.resume(step), step), mail, context);
}

function decideDeadline(mail: Mail, loaded: Loaded, context: DecideContext): Decision {
  const { deadlines } = loaded.record.actor;
  const id = String(mail.event.deadline);
  const at = Object.hasOwn(deadlines, id) ? deadlines[id] : undefined;
  if (at === undefined || at > context.nowMs) return nothing({ accepted: false });
  const { [id]: _fired, ...rest } = deadlines;
  const before = { ...loaded.record, actor: { ...loaded.record.actor, deadlines: rest } };
  const step = context.stepper.step(stateOf(before), { type: id, at: context.nowMs });
  return {
    ...settle(before, { ...step, changed: true }, mail, context),
    object: undefined,
    value: { accepted: true },
  };
}

/** The record after a step: context, deadlines as absolute times, and the status worked out anew. */
function settle(before: ActorRecord | undefined, step: Step, mail: Mail, context: DecideContext): Decision {
  const { object: given, ...own } = step.context as { object: KubeObject } & Record<string, unknown>;
  const deadlines: Record<string, number> = { ...before?.actor.deadlines };
  for (const id of step.disarm) delete deadlines[id];
  for (const [id, delayMs] of step.arm) deadlines[id] = context.nowMs + delayMs;
  const status = context.definition.status?.({ value: step.value, context: step.context }) ?? given.status;
  const object = status === undefined ? given : { ...given, status };
  const finalizers = object.metadata.finalizers?.length ?? 0;
  const record: ActorRecord = {
    object,
    actor: {
      value: step.value,
      context: own,
      deadlines,
      settled: step.settled,
      createdBy: before?.actor.createdBy ?? mail.id,
      applied: mail.id,
      ...remembered(before?.actor, mail),
    },
  };
  const remove = step.done && finalizers === 0 && before !== undefined;
  const fact = remove ? 'deleted' : undefined;
  return { record, remove, fact, effects: step.effects, object, value: undefined };
}

/** What a record keeps of the messages it came from, so that late and repeated ones are known. */
function remembered(before: ActorState | undefined, mail: Mail): Pick<ActorState, 'requests' | 'fences'> {
  const { from, fence } = mail;
  const requests = isVerb(mail.event) ? requestsAfter(before, mail.id) : before?.requests;
  const isFenced = from !== undefined && fence !== undefined;
  const fences = isFenced ? fencesAfter(before, from, fence) : before?.fences;
  return { ...(requests && { requests }), ...(fences && { fences }) };
}

/** The record of an actor that is held: state kept, the reason beside it and among the object's conditions. */
export function quarantined(record: ActorRecord, mail: Mail, message: string, nowMs: number): ActorRecord {
  const since = timestamp(nowMs);
  const status = (record.object.status ?? {}) as { conditions?: { type: string }[] };
  const condition = {
    type: 'Quarantined',
    status: 'True',
    reason: 'StepFailed',
    message: `${mail.event.type}: ${message}`,
    lastTransitionTime: since,
  };
  const conditions = [...(status.conditions ?? []).filter(({ type }) => type !== 'Quarantined'), condition];
  return {
    object: { ...record.object, status: { ...status, conditions } },
    actor: {
      ...record.actor,
      deadlines: {},
      applied: mail.id,
      quarantine: { since, event: mail.event.type, message },
    },
  };
}
