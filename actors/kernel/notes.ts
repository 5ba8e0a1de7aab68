// Kubernetes Events: what happened to an object, in words, for `describe`. Repetitions are counted, not repeated. They
// are a courtesy: kept for an hour in a bucket of their own, dropped under load, and never waited for.

import { encode } from '../../messaging/envelope.ts';
import { hashOf, toToken } from '../../messaging/identity.ts';
import type { Bucket, Clock, Trace } from '../../messaging/ports.ts';
import { timestamp } from '../../schemas/time.ts';
import type { Occurrence } from './definition.ts';

/** The object an Event is about. */
export interface Involved {
  readonly kind: string;
  readonly apiVersion: string;
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
  readonly fieldPath?: string;
}

interface Counted {
  count: number;
  readonly first: string;
}

/** Distinct Events whose counts are remembered; the oldest is forgotten first. */
const REMEMBERED = 4_096;

export class Notes {
  private readonly options: {
    bucket: Bucket;
    clock: Clock;
    trace: Trace;
    component: string;
    inFlight: number;
  };
  private readonly counted = new Map<string, Counted>();
  private underWay = 0;
  /** Events not written because too many were under way. */
  dropped = 0;

  constructor(options: { bucket: Bucket; clock: Clock; trace: Trace; component: string; inFlight: number }) {
    this.options = options;
  }

  note(involved: Involved, occurrence: Occurrence): void {
    const { bucket, clock, component, inFlight, trace } = this.options;
    const { type, reason, message } = occurrence;
    const now = timestamp(clock.now());
    const hash = hashOf(`${involved.uid}/${component}/${type}/${reason}/${message}`).toString(16);
    const name = `${involved.name}.${hash}`;
    const key = `events.${toToken(involved.namespace || 'default')}.${toToken(name)}`;
    const counted = this.count(key, now);
    if (this.underWay >= inFlight) {
      this.dropped += 1;
      return;
    }
    const event = {
      apiVersion: 'v1',
      kind: 'Event',
      metadata: { name, namespace: involved.namespace || 'default', creationTimestamp: counted.first },
      involvedObject: involved,
      type,
      reason,
      message: message.slice(0, 1_024),
      source: { component },
      reportingComponent: component,
      reportingInstance: component,
      firstTimestamp: counted.first,
      lastTimestamp: now,
      count: counted.count,
    };
    this.underWay += 1;
    bucket
      .put(key, encode({ object: event, actor: {} }))
      .catch((error: unknown) => trace.log('debug', 'event not written', { reason, error: String(error) }))
      .finally(() => {
        this.underWay -= 1;
      });
  }

  private count(key: string, now: string): Counted {
    const known = this.counted.get(key);
    const counted = known ?? { count: 0, first: now };
    counted.count += 1;
    if (known) this.counted.delete(key);
    this.counted.set(key, counted);
    if (this.counted.size > REMEMBERED) this.counted.delete(this.counted.keys().next().value!);
    return counted;
  }
}
