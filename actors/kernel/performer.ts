// Performs what actors ask for after their commits: effects, facts, dead letters, the news of a quarantine. It decides
// nothing and never throws; what an effect came to goes back to the actor as an event.
import type { AnyEventObject } from 'xstate';
import { asTroupeError, encode, statusOf } from '../../messaging/envelope.ts';
import { type ActorId, keyOf } from '../../messaging/identity.ts';
import type { World } from '../../messaging/ports.ts';
import type { Subjects } from '../../messaging/subjects.ts';
import type { TroupeError } from '../../schemas/errors.ts';
import type { Activation } from './activation.ts';
import { CHILD_QUARANTINED, EFFECT_FAILED } from './decide.ts';
import type { EffectScope } from './definition.ts';
import { Facts } from './facts.ts';
import type { Mail } from './mailbox.ts';
import type { Notes } from './notes.ts';
import type { ActorRecord } from './record.ts';
import type { Router } from './router.ts';
import type { Effect } from './step.ts';
import type { View } from './view.ts';

export interface PerformerOptions {
  readonly world: World;
  readonly cluster: string;
  readonly name: string;
  readonly subjects: Subjects;
  readonly view: View;
  readonly router: Router;
  readonly notes: Notes;
  /** Aborted when the host stops. */
  readonly signal: AbortSignal;
  /** Hands what an effect came to back to the actor of that uid. */
  readonly deliver: (id: ActorId, event: AnyEventObject, uid: string | undefined) => void;
  readonly pluralOf: (kind: string) => string | undefined;
}

export class Performer {
  private readonly options: PerformerOptions;
  private readonly facts: Facts;

  constructor(options: PerformerOptions) {
    this.options = options;
    const { world, cluster, name, subjects } = options;
    const { bus, clock } = world;
    this.facts = new Facts({ bus, clock, subjects, source: `troupe/${cluster}/${name}` });
  }

  perform(activation: Activation, effect: Effect, record: ActorRecord, revision: number): void {
    if (effect.type === 'announce') {
      const { fact, ...more } = effect.params as { fact: string };
      this.tell(activation.key, () => this.facts.announce(activation.id, fact, record, revision, more));
      return;
    }
    const perform = activation.definition.effects[effect.type];
    if (!perform) {
      this.options.world.trace.log('error', 'effect is not defined', {
        key: activation.key,
        effect: effect.type,
      });
      return;
    }
    activation.underWay += 1;
    const { uid } = record.object.metadata;
    const scope = this.scope(activation, record, revision);
    void this.run(activation, effect, uid, () => perform(effect.params, scope));
  }

  private async run(
    activation: Activation,
    effect: Effect,
    uid: string | undefined,
    perform: () => Promise<AnyEventObject | undefined>,
  ): Promise<void> {
    let event: AnyEventObject | undefined;
    try {
      event = await perform();
    } catch (error) {
      const { code, message } = asTroupeError(error);
      event = { type: EFFECT_FAILED, effect: effect.type, code, message };
      this.options.world.trace.log('warn', 'effect failed', {
        key: activation.key,
        effect: effect.type,
        code,
        message,
      });
    }
    activation.underWay -= 1;
    if (event && !this.options.signal.aborted) this.options.deliver(activation.id, event, uid);
  }

  private scope(activation: Activation, record: ActorRecord, fence: number): EffectScope {
    const { id, key } = activation;
    const { object } = record;
    return {
      signal: this.options.signal,
      self: id,
      uid: object.metadata.uid ?? '',
      fence,
      object,
      world: this.options.world,
      cluster: this.options.cluster,
      view: this.options.view,
      ask: async (to, event) => (await this.options.router.ask(to, event, { from: key, fence })).value,
      askNode: (node, verb, body, withinMs) =>
        this.options.router.askNode(node, verb, body, { from: key, fence, withinMs }),
      note: (occurrence) => this.options.notes.note(involved(record), occurrence),
    };
  }

  dead(id: ActorId, mail: Mail, error: TroupeError): void {
    const letter = { event: mail.event, id: mail.id, from: mail.from, reason: statusOf(error) };
    this.tell(keyOf(id), () =>
      this.options.world.bus.publish(this.options.subjects.dead(id), encode(letter)),
    );
  }

  /** Publishes news, which may be lost: a failure is traced and goes no further. */
  private tell(key: string, publish: () => void): void {
    try {
      publish();
    } catch (error) {
      this.options.world.trace.log('warn', 'news not sent', { key, message: String(error) });
    }
  }

  /** The facts, the Event and the owner hear of a quarantine. */
  quarantined(activation: Activation, record: ActorRecord, mail: Mail, error: Error): void {
    const why = { event: mail.event.type, message: error.message };
    this.tell(activation.key, () => this.facts.announce(activation.id, 'quarantined', record, 0, why));
    const message = `held after repeated failures on ${mail.event.type}: ${error.message}`;
    this.options.notes.note(involved(record), { type: 'Warning', reason: 'Quarantined', message });
    const { namespace = '', ownerReferences = [] } = record.object.metadata;
    for (const owner of ownerReferences) {
      const plural = this.options.pluralOf(owner.kind);
      if (!plural) continue;
      const event = { type: CHILD_QUARANTINED, child: activation.key, message: error.message };
      this.options.router
        .ask({ plural, namespace, name: owner.name }, event, { from: activation.key })
        .catch((fault) => this.options.world.trace.log('warn', 'owner not told', { message: String(fault) }));
    }
  }
}

function involved({ object }: ActorRecord) {
  const { namespace = '', name, uid = '' } = object.metadata;
  return { kind: object.kind, apiVersion: object.apiVersion, namespace, name, uid };
}
