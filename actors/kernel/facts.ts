// Facts: what is announced after a commit, as CloudEvents JSON on the fact subjects. A fact says what has become true;
// it is news, not state: it may be lost, and whoever needs certainty reads the record.

import { encode } from '../../messaging/envelope.ts';
import type { Fact } from '../../messaging/fact.ts';
import { type ActorId, keyOf } from '../../messaging/identity.ts';
import type { Bus, Clock } from '../../messaging/ports.ts';
import type { Subjects } from '../../messaging/subjects.ts';
import { preciseTimestamp } from '../../schemas/time.ts';
import type { ActorRecord } from './record.ts';

export class Facts {
  private readonly bus: Bus;
  private readonly clock: Clock;
  private readonly subjects: Subjects;
  private readonly source: string;

  constructor(options: { bus: Bus; clock: Clock; subjects: Subjects; source: string }) {
    this.bus = options.bus;
    this.clock = options.clock;
    this.subjects = options.subjects;
    this.source = options.source;
  }

  /** Announces that `fact` is true of the object as committed at `revision`. */
  announce(id: ActorId, fact: string, record: ActorRecord, revision: number, more: object = {}): void {
    const key = keyOf(id);
    const { object, actor } = record;
    const announced: Fact = {
      specversion: '1.0',
      id: `${key}/${revision}/${fact}`,
      source: this.source,
      type: `dev.troupe.${object.kind.toLowerCase()}.${fact}`,
      subject: key,
      time: preciseTimestamp(this.clock.now()),
      datacontenttype: 'application/json',
      data: { uid: object.metadata.uid ?? '', revision, state: actor.value, ...more },
    };
    this.bus.publish(this.subjects.fact(id, fact), encode(announced));
  }
}
