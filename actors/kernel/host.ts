// A host: the process that runs actors. It holds shards, listens to their mailboxes, keeps the activations, fires the
// deadlines, performs the effects and serves the public door. It starts and stops in stages, each of which may be
// cut short by a crash without harm: what is true stands in the records.
import type { AnyEventObject } from 'xstate';
import { asTroupeError } from '../../messaging/envelope.ts';
import { type ActorId, idOfKey, shardOf } from '../../messaging/identity.ts';
import type { Bucket, Headers, Message, Subscription, World } from '../../messaging/ports.ts';
import { bucketsOf, parseMail, type Subjects, subjectsOf } from '../../messaging/subjects.ts';
import type { TroupeError } from '../../schemas/errors.ts';
import { type Activation, type ActivationHost, wakeMail } from './activation.ts';
import { Catalog } from './catalog.ts';
import { ensureCluster } from './cluster-record.ts';
import { DEADLINE } from './decide.ts';
import type { ActorDefinition } from './definition.ts';
import { Door } from './door.ts';
import { Leases } from './leases.ts';
import { mailOf, respond } from './letters.ts';
import { KERNEL_LIMITS, type KernelLimits } from './limits.ts';
import type { Answer, Mail } from './mailbox.ts';
import { Notes } from './notes.ts';
import { Performer } from './performer.ts';
import type { ActorRecord } from './record.ts';
import { Router, type Sender } from './router.ts';
import { Shards } from './shards.ts';
import type { Effect } from './step.ts';
import { Timers } from './timers.ts';
import { type Change, View } from './view.ts';

/** What an actor answered. */
export interface Done {
  readonly value: unknown;
  readonly headers: Headers;
}

export interface HostOptions {
  readonly world: World;
  readonly cluster: string;
  /** Unique among living hosts; a restarted host keeps its name and takes its shards back at once. */
  readonly name: string;
  readonly definitions: readonly ActorDefinition[];
  readonly limits?: Partial<KernelLimits>;
  /** Copies of each bucket on a NATS cluster. */
  readonly replicas?: number;
  /** Serve the public door. Default true. */
  readonly door?: boolean;
}

/** Unsettled actors of newly taken shards, woken in one go and then after a pause. */
const WOKEN_AT_ONCE = 200;
const WAKE_PAUSE_MS = 20;

export class Host implements ActivationHost {
  readonly world: World;
  readonly cluster: string;
  readonly name: string;
  readonly limits: KernelLimits;
  readonly subjects: Subjects;
  readonly view: View;
  readonly bucket: Bucket;
  readonly notes: Notes;
  readonly router: Router;
  private readonly incarnation: string;
  private readonly catalog: Catalog;
  private readonly timers: Timers;
  private readonly performer: Performer;
  private readonly leases: Leases;
  private readonly shards: Shards;
  private readonly mailboxes = new Map<number, Subscription>();
  private readonly stopping = new AbortController();
  private readonly door: Door | undefined;
  private readonly taken = new Set<number>();
  private messages = 0;

  /** Starts a host and resolves when it holds its shards and serves. */
  static async start(options: HostOptions): Promise<Host> {
    const { world, cluster, replicas } = options;
    const limits = { ...KERNEL_LIMITS, ...options.limits };
    const names = bucketsOf(cluster);
    const objects = await world.store.bucket(names.objects, { replicas });
    const [leases, events, shards] = await Promise.all([
      world.store.bucket(names.leases, { history: 1, storage: 'memory', replicas }),
      world.store.bucket(names.events, {
        history: 1,
        storage: 'memory',
        maxAgeMs: limits.eventTtlMs,
        replicas,
      }),
      ensureCluster(objects, world, cluster, limits.shards),
    ]);
    const host = new Host({ ...options, limits: { ...limits, shards } }, { objects, leases, events });
    try {
      await host.open();
    } catch (error) {
      host.crash();
      throw error;
    }
    return host;
  }

  private constructor(
    options: HostOptions & { limits: KernelLimits },
    buckets: { objects: Bucket; leases: Bucket; events: Bucket },
  ) {
    const { world, cluster, name, limits } = options;
    const { clock, bus, random, trace } = world;
    this.world = world;
    this.cluster = cluster;
    this.name = name;
    this.limits = limits;
    this.subjects = subjectsOf(cluster);
    this.bucket = buckets.objects;
    this.incarnation = random.uuid();
    const newId = () => this.nextId();
    this.router = new Router({ bus, clock, subjects: this.subjects, limits, newId });
    this.view = new View({ bucket: buckets.objects, clock, trace, backlog: limits.watchBacklog });
    const component = `troupe-host/${name}`;
    this.notes = new Notes({
      bucket: buckets.events,
      clock,
      trace,
      component,
      inFlight: limits.notesInFlight,
    });
    this.catalog = new Catalog(this, clock, options.definitions);
    this.timers = new Timers(clock, (key, id) => this.fire(key, id));
    const shared = { clock, trace, host: name, incarnation: this.incarnation, limits };
    this.leases = new Leases({ ...shared, bucket: buckets.leases, onChange: () => this.shards?.consider() });
    this.shards = new Shards({
      ...shared,
      leases: this.leases,
      onTake: (shard) => this.take(shard),
      onDrop: (shard) => this.drop(shard),
    });
    this.performer = new Performer({
      world,
      cluster,
      name,
      subjects: this.subjects,
      view: this.view,
      router: this.router,
      notes: this.notes,
      signal: this.stopping.signal,
      deliver: (id, event, uid) => this.deliverResult(id, event, uid),
      pluralOf: (kind) => this.door?.pluralOfKind(kind),
    });
    const door = { host: this, events: buckets.events, definitions: options.definitions };
    this.door = options.door === false ? undefined : new Door(door);
  }

  owns(id: ActorId): boolean {
    return this.shards.holds(shardOf(id, this.limits.shards));
  }

  hasSeen(key: string): boolean {
    return this.view.get(key) !== undefined;
  }

  /** True while the actor's shard is held, even when this host could not renew and may not act for the moment. */
  private keeps(id: ActorId): boolean {
    return this.shards.has(shardOf(id, this.limits.shards));
  }

  /** Shards held now. */
  get shardCount(): number {
    return this.shards.count;
  }

  /** Actors in memory now. */
  get activationCount(): number {
    return this.catalog.size;
  }

  private async open(): Promise<void> {
    this.view.onChange((change) => this.noticed(change));
    await this.view.start();
    await this.leases.start();
    await this.shards.balance();
    await this.door?.open();
    await this.world.bus.flush();
  }

  /** Gives the shards back and ends everything; nothing is lost, since nothing is only here. */
  async stop(): Promise<void> {
    this.door?.close();
    try {
      await this.shards.stop();
    } finally {
      this.stopping.abort();
      await this.leases.stop();
      this.close();
    }
  }

  /** Ends without a word, as a crash does; for the simulation and for tests. */
  crash(): void {
    this.door?.close();
    this.stopping.abort();
    this.leases.abandon();
    this.shards.abandon();
    this.close();
  }

  private close(): void {
    for (const subscription of this.mailboxes.values()) subscription.unsubscribe();
    this.mailboxes.clear();
    this.timers.stop();
    this.catalog.stop();
    this.view.stop();
  }

  /**
   * Asks an actor on behalf of the door: straight into its mailbox when this host holds it, over the bus otherwise. The
   * request has crossed the bus once already, as bytes (docs/decisions/0001-door-to-mailbox.md). `onDone` is called
   * before anything else that follows from the commit; refusals are thrown.
   */
  async ask(id: ActorId, event: AnyEventObject, sender: Sender, onDone: (done: Done) => void): Promise<void> {
    if (!this.owns(id)) return onDone(await this.router.ask(id, event, sender));
    const message = { ...sender, id: sender.id ?? this.nextId() };
    const failed = await new Promise<TroupeError | undefined>((resolve) => {
      const deadline = this.world.clock.now() + (sender.withinMs ?? this.limits.askMs);
      const answer = (given: Answer) => {
        if (given.ok) onDone({ value: given.value, headers: given.headers ?? {} });
        resolve(given.ok ? undefined : given.error);
      };
      this.catalog.activate(id).deliver({ event, ...message, deadline, answer });
    });
    if (failed?.code === 'UNAVAILABLE') return onDone(await this.router.ask(id, event, message));
    if (failed) throw failed;
  }

  /** A message for an actor of this host that does not come over the bus. */
  deliver(id: ActorId, event: AnyEventObject, answer: (answer: Answer) => void = () => {}): void {
    this.catalog.activate(id).deliver({ event, id: this.nextId(), answer });
  }

  /** What an effect came to, unless the actor has moved or ended meanwhile. */
  private deliverResult(id: ActorId, event: AnyEventObject, uid: string | undefined): void {
    if (!this.owns(id)) return;
    this.catalog.activate(id).deliver({ event, uid, id: this.nextId(), answer: () => {} });
  }

  private take(shard: number): void {
    const onMessage = (message: Message) => this.receive(message);
    this.mailboxes.set(shard, this.world.bus.subscribe(this.subjects.mailShard(shard), onMessage));
    if (this.taken.size === 0) this.world.clock.after(0, () => this.wakeTaken());
    this.taken.add(shard);
  }

  /** Finds, in one pass, what the actors of newly taken shards have to do: deadlines, and wants not yet met. */
  private wakeTaken(): void {
    const taken = new Set(this.taken);
    this.taken.clear();
    if (this.stopping.signal.aborted) return;
    const wanting: ActorId[] = [];
    for (const seen of this.view.everything()) {
      const id = idOfKey(seen.key);
      const shard = shardOf(id, this.limits.shards);
      if (!taken.has(shard) || !this.shards.has(shard) || !this.catalog.definition(id.plural)) continue;
      const { actor } = seen.record;
      this.timers.set(seen.key, actor.deadlines, seen.revision);
      if (!actor.settled && !actor.quarantine) wanting.push(id);
      seen.compact();
    }
    this.wake(wanting);
  }

  /** A few at a time: each is read from the store. */
  private wake(wanting: ActorId[]): void {
    if (this.stopping.signal.aborted) return;
    for (const id of wanting.splice(0, WOKEN_AT_ONCE)) {
      if (this.keeps(id)) this.catalog.activate(id).deliver(wakeMail(this.nextId()));
    }
    if (wanting.length > 0) this.world.clock.after(WAKE_PAUSE_MS, () => this.wake(wanting));
  }

  private drop(shard: number): void {
    this.mailboxes.get(shard)?.unsubscribe();
    this.mailboxes.delete(shard);
    this.catalog.dropShard(shard);
  }

  private receive(message: Message): void {
    const answer = (given: Answer) => respond(message, given, this.world.trace);
    try {
      const { plural, namespace, name } = parseMail(message.subject);
      const mail = mailOf(message, answer, () => this.nextId());
      this.catalog.activate({ plural, namespace, name }).deliver(mail);
    } catch (error) {
      answer({ ok: false, error: asTroupeError(error) });
    }
  }

  /** The view has taken in a change: somebody else's is news to our activation and to the deadlines. */
  private noticed({ key, revision, now }: Change): void {
    const id = idOfKey(key);
    if (!this.keeps(id)) return;
    this.catalog.find(key)?.noticed(revision);
    if (!now) this.timers.forget(key);
    else if (this.catalog.definition(id.plural)) this.timers.set(key, now.record.actor.deadlines, revision);
  }

  private fire(key: string, deadline: string): void {
    const id = idOfKey(key);
    if (!this.owns(id)) {
      // Kept but not to be acted on: this host was paused or cut off, and will renew or let go.
      if (this.keeps(id)) this.timers.retry(key, deadline);
      else this.timers.forget(key);
      return;
    }
    this.deliver(id, { type: DEADLINE, deadline }, (answer) => {
      if (!answer.ok && answer.error.code === 'NOT_FOUND') this.timers.forget(key);
      else if (!answer.ok || !isAccepted(answer.value)) this.timers.retry(key, deadline);
    });
  }

  committed(activation: Activation, record: ActorRecord | undefined, revision: number): void {
    if (record) this.timers.set(activation.key, record.actor.deadlines, revision);
    else this.timers.forget(activation.key);
  }

  perform(activation: Activation, effect: Effect, record: ActorRecord, revision: number): void {
    this.performer.perform(activation, effect, record, revision);
  }

  dead(id: ActorId, mail: Mail, error: TroupeError): void {
    this.performer.dead(id, mail, error);
  }

  quarantined(activation: Activation, record: ActorRecord, mail: Mail, error: Error): void {
    this.performer.quarantined(activation, record, mail, error);
  }

  nextId(): string {
    this.messages += 1;
    return `${this.incarnation}-${this.messages}`;
  }
}

function isAccepted(value: unknown): boolean {
  return (value as { accepted?: boolean } | undefined)?.accepted === true;
}
