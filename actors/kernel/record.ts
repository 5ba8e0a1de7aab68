// What is stored for one actor: the object users see and the actor's own state, as readable JSON, so that
// `nats kv get troupe_dev pods.default.web` shows a person what they expect. Absolute times, no secrets of the host.

import { decode, encode } from '../../messaging/envelope.ts';
import { TroupeError } from '../../schemas/errors.ts';
import type { KubeObject } from '../../schemas/object.ts';
import type { State } from './step.ts';

export interface Quarantine {
  readonly since: string;
  /** The event that could not be decided on. */
  readonly event: string;
  readonly message: string;
}

export interface ActorState {
  readonly value: unknown;
  /** The machine's context without `object`. */
  readonly context: Record<string, unknown>;
  /** Epoch milliseconds by deadline id; a fired deadline is removed by the commit that its event causes. */
  readonly deadlines: Readonly<Record<string, number>>;
  /** True when the actor wants nothing from the world. */
  readonly settled: boolean;
  /** The message that created the actor: a repeated creation is recognised. */
  readonly createdBy: string;
  /** The message of this very commit: tells, after a lost reply, whether the write was done. */
  readonly applied: string;
  /** Ids of the last API requests carried out, oldest first: one that comes again is not carried out again. */
  readonly requests?: readonly string[];
  /** The highest revision that each sender of fenced messages has spoken from. */
  readonly fences?: Readonly<Record<string, number>>;
  readonly quarantine?: Quarantine;
}

/** Requests and senders remembered in a record; the oldest are forgotten first. */
const REMEMBERED_REQUESTS = 8;
const REMEMBERED_SENDERS = 32;

/** The requests of a record after one more. */
export function requestsAfter(before: ActorState | undefined, id: string): readonly string[] {
  return [...(before?.requests ?? []), id].slice(-REMEMBERED_REQUESTS);
}

/** The fences of a record after a message from `from`, sent from revision `fence`. */
export function fencesAfter(
  before: ActorState | undefined,
  from: string,
  fence: number,
): Readonly<Record<string, number>> {
  const fences = Object.entries({ ...before?.fences, [from]: fence });
  if (fences.length > REMEMBERED_SENDERS) fences.sort(([, left], [, right]) => right - left);
  return Object.fromEntries(fences.slice(0, REMEMBERED_SENDERS));
}

export interface ActorRecord {
  readonly object: KubeObject;
  readonly actor: ActorState;
}

export function encodeRecord(record: ActorRecord): Uint8Array {
  return encode(record);
}

/** Reads a stored value; throws INTERNAL when it is not a record. */
export function decodeRecord(value: Uint8Array, key: string): ActorRecord {
  const record = decode(value) as Partial<ActorRecord> | undefined;
  if (!record?.object?.metadata || !record.actor) {
    throw new TroupeError('INTERNAL', `what is stored under "${key}" is not the record of an object`);
  }
  return record as ActorRecord;
}

/** The machine's state as the machine knows it. */
export function stateOf(record: ActorRecord): State {
  return { value: record.actor.value, context: { ...record.actor.context, object: record.object } };
}

/** The object as the API shows it: with the revision it was stored at. */
export function present(object: KubeObject, revision: number): KubeObject {
  return { ...object, metadata: { ...object.metadata, resourceVersion: String(revision) } };
}
