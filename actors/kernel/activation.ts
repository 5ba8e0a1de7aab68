// An activation is one actor in the memory of one host. This file is the heart of Troupe; the rest of the kernel serves
// it. One message at a time goes through five steps:
//
//   load     the record, if it is not in memory, from the stream's leader
//   decide   purely: state and message give the state after and the effects it wants (decide.ts, step.ts)
//   commit   by compare-and-set on the record's revision
//   answer   the sender, so that an acknowledged change is a stored change
//   perform  the effects, after the commit and never before
//
// Everything rests on the commit. Leases say who should own an actor, but they may be wrong for a moment: two hosts may
// both hold an activation. Only one of them can win the compare-and-set. The loser learns it as STALE_REVISION,
// forgets what it believed and loads again. So there is one writer, whoever believes to be the owner, and since effects
// follow the commit, nobody ever hears of a decision that lost. A write whose reply was lost is neither done nor
// undone to us: we forget too, load, and see in the record's `applied` whether it was ours.
//
// There is no outbox. What a state wants from the world is asked for on entry and asked again by the state's own
// named delay; and it is asked again here when an unsettled record is loaded, because the host that committed it
// may have died before it performed. Every effect carries the record's revision as a fence, and receivers refuse
// one lower than they have seen: what a deposed owner still sends is not obeyed.
//
// An exception from the machine is not an answer but a fault: the state is kept and supervision.ts judges.
import { asTroupeError, HEADER } from '../../messaging/envelope.ts';
import { type ActorId, keyOf } from '../../messaging/identity.ts';
import type { Bucket, World } from '../../messaging/ports.ts';
import { hasCode, TroupeError } from '../../schemas/errors.ts';
import { CarriedOut } from './carried-out.ts';
import { DEADLINE, type Decision, decide, type Loaded, quarantined, WAKE } from './decide.ts';
import type { ActorDefinition, ActorLimits } from './definition.ts';
import type { KernelLimits } from './limits.ts';
import { type Mail, Mailbox } from './mailbox.ts';
import { type ActorRecord, decodeRecord, encodeRecord, present, stateOf } from './record.ts';
import type { Effect, Stepper } from './step.ts';
import { Supervision } from './supervision.ts';

/** What an activation needs of its host. */
export interface ActivationHost {
  readonly world: World;
  readonly bucket: Bucket;
  readonly limits: KernelLimits;
  /** False once the host has given up the actor's shard. */
  owns(id: ActorId): boolean;
  /** True when this process has seen a record under the key. */
  hasSeen(key: string): boolean;
  /** A commit has happened: index its deadlines, announce what is to be announced. */
  committed(activation: Activation, record: ActorRecord | undefined, revision: number): void;
  /** Performs one effect; never throws. */
  perform(activation: Activation, effect: Effect, record: ActorRecord, revision: number): void;
  /** A message is given up on. */
  dead(id: ActorId, mail: Mail, error: TroupeError): void;
  quarantined(activation: Activation, record: ActorRecord, mail: Mail, error: Error): void;
}

/** Senders whose fences are remembered beside those in the record; the one longest silent is forgotten first. */
const REMEMBERED_FENCES = 256;

export class Activation {
  readonly id: ActorId;
  readonly key: string;
  readonly definition: ActorDefinition;
  /** Monotonic time of the last message. */
  usedAt: number;
  /** Effects that have not come to an end. */
  underWay = 0;
  private readonly stepper: Stepper;
  private readonly host: ActivationHost;
  private readonly mailbox: Mailbox;
  private readonly supervision: Supervision;
  private readonly fences = new Map<string, number>();
  private readonly carriedOut: CarriedOut;
  private loaded: Loaded | undefined;
  private known = false;
  /** The revision of what is loaded, or of its deletion. */
  private revision = 0;
  /** The newest revision that the view has shown. */
  private newest = 0;
  private working = false;
  private closed = false;

  constructor(
    id: ActorId,
    definition: ActorDefinition,
    stepper: Stepper,
    limits: ActorLimits,
    host: ActivationHost,
  ) {
    this.id = id;
    this.key = keyOf(id);
    this.carriedOut = new CarriedOut(this.key);
    this.definition = definition;
    this.stepper = stepper;
    this.host = host;
    this.mailbox = new Mailbox(limits.mailbox);
    this.supervision = new Supervision(limits);
    this.usedAt = host.world.clock.monotonic();
  }

  /** True when nothing waits and nothing is under way. */
  get idle(): boolean {
    return !this.working && this.mailbox.depth === 0 && this.underWay === 0;
  }

  /** True when the actor wants nothing from the world, as far as this host knows, or nothing of it is in memory. */
  get settled(): boolean {
    return this.loaded?.record.actor.settled ?? true;
  }

  deliver(mail: Mail): void {
    if (this.closed) {
      mail.answer({ ok: false, error: moved(this.key) });
      return;
    }
    this.usedAt = this.host.world.clock.monotonic();
    if (this.mailbox.push(mail) && !this.working) void this.work();
  }

  /** The view has seen a revision of this record. A higher one than ours was written by somebody else. */
  noticed(revision: number): void {
    this.newest = Math.max(this.newest, revision);
    if (!this.working) this.forgetOld();
  }

  /** Ends the activation; what waits is answered with UNAVAILABLE, so that its senders ask the new owner. */
  close(): void {
    this.closed = true;
    for (const mail of this.mailbox.empty()) mail.answer({ ok: false, error: moved(this.key) });
  }

  private async work(): Promise<void> {
    this.working = true;
    for (let mail = this.mailbox.shift(); mail; mail = this.mailbox.shift()) {
      try {
        await this.process(mail);
      } catch (error) {
        if (!(error instanceof TroupeError)) {
          this.forget();
          const fields = { key: this.key, event: mail.event.type, message: String(error) };
          this.host.world.trace.log('error', 'message failed', fields);
        }
        mail.answer({ ok: false, error: asTroupeError(error) });
      }
      this.forgetOld();
    }
    this.working = false;
  }

  /** What somebody else has written while we worked is not what we have loaded. */
  private forgetOld(): void {
    if (this.known && this.newest > this.revision) this.forget();
  }

  private async process(mail: Mail): Promise<void> {
    let removing: Decision | undefined;
    let presumed = false;
    for (let attempt = 1; ; attempt += 1) {
      this.checkWanted(mail);
      if (!this.known) {
        presumed = attempt === 1 && this.isSurelyNew(mail);
        if (!presumed) await this.load(attempt === 1);
      }
      if (this.carriedOut.has(mail, this.loaded?.record)) return this.answerCommitted(mail, attempt > 1);
      if (removing && !this.loaded) {
        this.carriedOut.deleted(removing.record!);
        return this.answer(mail, removing);
      }
      if (mail.uid !== undefined && mail.uid !== this.loaded?.record.object.metadata.uid) {
        return mail.answer({ ok: true, value: { accepted: false } });
      }
      this.checkFence(mail);
      let decision: Decision;
      try {
        decision = this.decide(mail);
      } catch (error) {
        if (presumed) this.forget();
        if (error instanceof TroupeError) throw error;
        if (await this.judge(mail, error as Error)) continue;
        return;
      }
      if (!decision.record) {
        // What was presumed and not put to the test of the compare-and-set is nothing to go on from.
        if (presumed) this.forget();
        // A deadline that is not due, or no longer there: the index was wrong.
        if (this.loaded && mail.event.type === DEADLINE) {
          this.host.committed(this, this.loaded.record, this.loaded.revision);
        }
        return this.answer(mail, decision);
      }
      removing = decision.remove ? decision : undefined;
      try {
        return this.follow(mail, decision, await this.commit(decision));
      } catch (error) {
        this.forget();
        const again = hasCode(error, 'STALE_REVISION', 'UNSURE');
        if (!again || attempt >= this.host.limits.commitAttempts) throw error;
      }
    }
  }

  /** A creation of what nobody has seen needs no reading first: the compare-and-set tells if that was wrong. */
  private isSurelyNew({ event }: Mail): boolean {
    if (event.type !== 'object.create' || this.host.hasSeen(this.key)) return false;
    this.known = true;
    this.loaded = undefined;
    return true;
  }

  /** Throws when the message should not be decided on here, or no more. */
  private checkWanted(mail: Mail): void {
    if (this.closed || !this.host.owns(this.id)) throw moved(this.key);
    if (mail.deadline !== undefined && mail.deadline < this.host.world.clock.now()) {
      throw new TroupeError('TIMEOUT', `nobody waits any more for the answer of "${this.key}"`);
    }
  }

  private decide(mail: Mail): Decision {
    const { world } = this.host;
    const { id, definition, stepper } = this;
    const newUid = () => world.random.uuid();
    return decide(mail, this.loaded, { id, definition, stepper, nowMs: world.clock.now(), newUid });
  }

  /** Reads the record; an unsettled one is asked what it wants, since its last host may have died on the way. */
  private async load(resume: boolean): Promise<void> {
    const entry = await this.host.bucket.get(this.key);
    this.revision = entry?.revision ?? 0;
    if (!entry || entry.operation === 'delete') {
      this.known = true;
      this.loaded = undefined;
      this.host.committed(this, undefined, this.revision);
      return;
    }
    const record = decodeRecord(entry.value, this.key);
    this.known = true;
    this.loaded = { record, revision: entry.revision };
    this.host.committed(this, record, entry.revision);
    if (resume) this.resumeEffects(record, entry.revision);
  }

  private async commit(decision: Decision): Promise<number> {
    const { bucket } = this.host;
    const expected = this.loaded?.revision ?? 0;
    if (decision.remove) return bucket.delete(this.key, expected);
    return bucket.update(this.key, encodeRecord(decision.record!), expected);
  }

  private follow(mail: Mail, decision: Decision, revision: number): void {
    const record = decision.record!;
    this.loaded = decision.remove ? undefined : { record, revision };
    this.revision = revision;
    if (decision.remove) {
      this.fences.clear();
      this.carriedOut.deleted(record);
    }
    this.host.committed(this, this.loaded?.record, revision);
    this.answer(mail, decision, revision);
    // Both come after the commit. The sender waits and the world does not, so the answer leaves first; the effects
    // follow in the same turn, before the next message is looked at.
    const effects = decision.fact ? [announcement(decision.fact), ...decision.effects] : decision.effects;
    if (effects.length === 0) return;
    queueMicrotask(() => {
      for (const effect of effects) this.host.perform(this, effect, record, revision);
    });
  }

  private answer(mail: Mail, decision: Decision, revision = this.loaded?.revision ?? 0): void {
    const value = decision.object ? present(decision.object, revision) : decision.value;
    mail.answer({ ok: true, value, headers: decision.headers });
  }

  /** The message is stored already: it came twice, or the reply to our write was lost. */
  private answerCommitted(mail: Mail, replyWasLost: boolean): void {
    const { record, revision } = this.loaded!;
    if (replyWasLost) this.resumeEffects(record, revision);
    const result = mail.event.type === 'object.create' ? 'created' : 'configured';
    const value = mail.event.type.startsWith('object.')
      ? present(record.object, revision)
      : (this.definition.answer?.(mail.event, record) ?? { accepted: true });
    mail.answer({ ok: true, value, headers: { [HEADER.result]: result } });
  }

  private resumeEffects(record: ActorRecord, revision: number): void {
    if (record.actor.settled || record.actor.quarantine) return;
    for (const effect of this.stepper.resume(stateOf(record)).effects) {
      this.host.perform(this, effect, record, revision);
    }
  }

  private checkFence(mail: Mail): void {
    if (mail.from === undefined || mail.fence === undefined) return;
    const { fences = {} } = this.loaded?.record.actor ?? {};
    const stored = Object.hasOwn(fences, mail.from) ? fences[mail.from]! : 0;
    const seen = Math.max(this.fences.get(mail.from) ?? 0, stored);
    if (mail.fence < seen) {
      throw new TroupeError(
        'STALE_FENCE',
        `"${mail.from}" speaks from revision ${mail.fence}, after ${seen}`,
      );
    }
    this.fences.delete(mail.from);
    this.fences.set(mail.from, mail.fence);
    if (this.fences.size > REMEMBERED_FENCES) this.fences.delete(this.fences.keys().next().value!);
  }

  /** Returns true when the message is to be tried again. */
  private async judge(mail: Mail, error: Error): Promise<boolean> {
    const { world } = this.host;
    const verdict = this.supervision.failed(world.clock.monotonic());
    const fields = { key: this.key, event: mail.event.type, message: error.message, verdict: verdict.type };
    world.trace.log('error', 'step failed', fields);
    if (verdict.type === 'retry') {
      await world.clock.sleep(verdict.delayMs);
      this.forget();
      return true;
    }
    this.supervision.forgive();
    const fault = new TroupeError('QUARANTINED', `${mail.event.type}: ${error.message}`, { cause: error });
    if (this.loaded) await this.quarantine(mail, error);
    this.host.dead(this.id, mail, fault);
    mail.answer({ ok: false, error: fault });
    return false;
  }

  private async quarantine(mail: Mail, error: Error): Promise<void> {
    const { record, revision } = this.loaded!;
    const held = quarantined(record, mail, error.message, this.host.world.clock.now());
    const written = await this.host.bucket.update(this.key, encodeRecord(held), revision);
    this.loaded = { record: held, revision: written };
    this.revision = written;
    this.host.committed(this, held, written);
    this.host.quarantined(this, held, mail, error);
  }

  private forget(): void {
    this.known = false;
    this.loaded = undefined;
  }
}

/** The no-op that makes a sleeping actor load and ask for what it wants. */
export function wakeMail(id: string): Mail {
  return { event: { type: WAKE }, id, answer: () => {} };
}

function announcement(fact: string): Effect {
  return { type: 'announce', params: { fact } };
}

function moved(key: string): TroupeError {
  return new TroupeError('UNAVAILABLE', `"${key}" has moved to another host`);
}
