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
  readonly quarantine?: Quarantine;
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
