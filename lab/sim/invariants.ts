// What must hold in every simulation, whatever was lost, late or killed. Some of it is checked at every commit, some
// when an order is obeyed or a write is acknowledged, the rest when all has healed. A check never throws into the
// code it watches: it ends the simulation.
import { type ActorRecord, decodeRecord } from '../../actors/kernel/record.ts';
import { requestsOf } from '../../actors/pod/requests.ts';
import type { Entry } from '../../messaging/ports.ts';
import type { AlarmContext } from './alarm-machine.ts';
import type { CounterContext } from './counter-machine.ts';
import type { History } from './history.ts';
import type { NodeWitness, SimNode } from './nodes.ts';
import type { Acknowledged } from './process.ts';

export interface Broken {
  readonly invariant: string;
  readonly expected: string;
  readonly actual: string;
}

export interface Committed {
  readonly entry: Entry;
  /** Undefined for deletions. */
  readonly record: ActorRecord | undefined;
  /** The revision this key had before; 0: none. */
  readonly former: number;
}

/** A request may come again for so long: its sender's patience, a router's, and the longest delay. */
const REPETITIONS_WITHIN_MS = 60_000;

const ASKED_IN: Readonly<Record<string, string>> = { offer: 'placing', run: 'bound', stop: 'stopping' };

export class Invariants implements NodeWitness {
  readonly log = new Map<number, Committed>();
  /** Newest entry of each key, deletions included. */
  readonly newest = new Map<string, Committed>();
  readonly nodes: SimNode[] = [];
  private readonly requests = new Map<string, number>();
  private readonly bucket: string;
  private readonly history: History;
  private readonly onBroken: (broken: Broken) => void;
  /** How far apart clocks may be in this simulation. */
  private readonly clocksDifferMs: number;
  private readonly uids = new Map<string, string>();
  private readonly ended = new Set<string>();
  private readonly creations = new Map<string, string>();
  private readonly labels = new Map<string, Set<number>>();
  private readonly obeyedFences = new Map<string, { fence: number; arrival: number }[]>();
  private readonly nowMs: () => number;
  /** The first shares of the actors are taken at the beginning. */
  private disturbedAt = 0;
  private latest = 0;

  constructor(options: {
    bucket: string;
    history: History;
    clocksDifferMs: number;
    nowMs: () => number;
    onBroken: (broken: Broken) => void;
  }) {
    this.nowMs = options.nowMs;
    this.bucket = options.bucket;
    this.history = options.history;
    this.clocksDifferMs = options.clocksDifferMs;
    this.onBroken = options.onBroken;
  }

  /** Every entry of the objects' bucket, in order, at the moment it is stored. */
  committed(entry: Entry): void {
    const former = this.newest.get(entry.key);
    const record = entry.operation === 'put' ? decodeRecord(entry.value, entry.key) : undefined;
    const committed = { entry, record, former: former?.entry.revision ?? 0 };
    this.log.set(entry.revision, committed);
    this.newest.set(entry.key, committed);
    this.history.committed(entry);
    const { metadata } = record?.object ?? {};
    const state = record ? JSON.stringify(record.actor.value) : '';
    this.history.say(
      `  commit ${entry.key}@${entry.revision} after ${committed.former} ${entry.operation} ${state}`,
    );
    this.check(entry.revision > this.latest, 'revisions only grow', `> ${this.latest}`, entry.revision);
    this.latest = entry.revision;
    if (!record) {
      if (former?.record) this.ended.add(former.record.object.metadata.uid!);
      return;
    }
    const uid = metadata?.uid ?? '';
    if (uid === '') return;
    if (entry.key.startsWith('pods.')) this.requests.set(uid, requestsOf(record.object).cpuMillis);
    this.checkIdentity(entry.key, uid, record, former?.record);
    const before = former?.record?.object.metadata.uid === uid ? former.record : undefined;
    if (before) this.checkDescent(entry, before, record);
  }

  private checkIdentity(
    key: string,
    uid: string,
    record: ActorRecord,
    former: ActorRecord | undefined,
  ): void {
    this.check(!this.ended.has(uid), 'a deleted uid never reappears', 'another uid', `${key} ${uid}`);
    const formerUid = former?.object.metadata.uid;
    const same = formerUid === undefined || formerUid === uid;
    this.check(same, 'the uid of a living name never changes', formerUid, `${uid} of ${key}`);
    const owner = this.uids.get(uid) ?? key;
    this.check(owner === key, 'a uid has one name', owner, key);
    this.uids.set(uid, key);
    const { createdBy } = record.actor;
    if (createdBy === '') return;
    const created = this.creations.get(`${key} ${createdBy}`) ?? uid;
    const once = created === uid || this.nowMs() - this.disturbedAt < REPETITIONS_WITHIN_MS;
    this.check(once, 'one request creates one object', created, `${uid} of ${key} by ${createdBy}`);
    this.creations.set(`${key} ${createdBy}`, uid);
  }

  private checkDescent({ key, revision }: Entry, before: ActorRecord, after: ActorRecord): void {
    const generations = [before, after].map((record) => record.object.metadata.generation ?? 1);
    const at = `${key}@${revision}`;
    this.check(
      generations[1]! >= generations[0]!,
      'the generation only grows',
      generations[0],
      `${generations[1]} ${at}`,
    );
    const wasDeleting = before.object.metadata.deletionTimestamp !== undefined;
    const isDeleting = after.object.metadata.deletionTimestamp !== undefined;
    this.check(isDeleting || !wasDeleting, 'a deletion is never taken back', 'deletionTimestamp', at);
    if (key.startsWith('counters.')) this.checkCounter(at, before, after);
    if (key.startsWith('alarms.')) this.checkAlarm(at, before, after);
    if (key.startsWith('pods.')) this.checkPod(at, before, after);
    this.checkLabels(at, before, after);
  }

  private checkCounter(at: string, before: ActorRecord, after: ActorRecord): void {
    const [former, now] = [before, after].map((record) => record.actor.context as unknown as CounterContext);
    const kept = former!.counted.every((op, index) => now!.counted[index] === op);
    const grown = now!.counted.length - former!.counted.length;
    this.check(
      kept && grown <= 1,
      'no update is lost',
      former!.counted.join(),
      `${now!.counted.join()} in ${at}`,
    );
    for (const [alarm, round] of Object.entries(former!.rounds)) {
      const heard = now!.rounds[alarm] ?? 0;
      this.check(
        heard >= round,
        'a deposed sender is not obeyed',
        `${alarm} ≥ ${round}`,
        `${heard} in ${at}`,
      );
    }
  }

  private checkAlarm(at: string, before: ActorRecord, after: ActorRecord): void {
    const [former, now] = [before, after].map((record) => record.actor.context as unknown as AlarmContext);
    const more = now!.rings - former!.rings;
    this.check(
      more === 0 || more === 1,
      'a deadline fires once',
      `${former!.rings} or one more`,
      `${now!.rings} in ${at}`,
    );
    if (more === 0) return;
    const formerAt = this.log.get(Number(at.split('@')[1]))!;
    const begun = this.log.get(formerAt.former)!.entry.createdAt;
    const { everyMs } = after.object.spec as { everyMs: number };
    const least = begun + everyMs - 2 * this.clocksDifferMs - 5_000;
    const passed = formerAt.entry.createdAt;
    this.check(
      passed >= least,
      'a deadline does not fire early',
      `≥ ${everyMs} ms after`,
      `${passed - begun} in ${at}`,
    );
  }

  private checkPod(at: string, before: ActorRecord, after: ActorRecord): void {
    const [former, now] = [before, after].map(
      ({ object }) => (object.spec as { nodeName?: string }).nodeName,
    );
    const unbound = now === undefined && after.actor.value === 'unschedulable';
    const allowed = former === undefined || former === now || unbound;
    this.check(allowed, 'a bound pod changes its node only when refused', former, `${now} in ${at}`);
    const counters = [before, after].map(({ actor }) => Number(actor.context.counter ?? 0));
    const rebound = former !== now;
    this.check(
      rebound || counters[1]! >= counters[0]!,
      'reports are taken in order',
      counters[0],
      `${counters[1]} in ${at}`,
    );
  }

  /**
   * Labels `seq-<client>` are written by one client in growing order. One that it gave up on may come true at any time;
   * one that was acknowledged, and then followed by another, must not come back.
   */
  private checkLabels(at: string, before: ActorRecord, after: ActorRecord): void {
    const { uid, labels = {} } = after.object.metadata;
    for (const [label, former] of Object.entries(before.object.metadata.labels ?? {})) {
      const now = Number(labels[label] ?? 0);
      const acknowledged = this.labels.get(`${uid}/${label}`);
      const undone = now !== Number(former) && now < Math.max(...(acknowledged ?? [0]));
      const known = now === 0 || acknowledged?.has(now) === true;
      const invariant = 'an acknowledged patch is never undone';
      this.check(!(undone && known), invariant, `${label} ≥ ${former}`, `${now} in ${at}`);
    }
  }

  /**
   * A host was struck: its actors move. What was carried out on a deleted object is remembered by its host alone, so
   * that a creation which comes again after such a move is carried out again.
   */
  disturbed(): void {
    this.disturbedAt = this.nowMs();
  }

  /** A client was told that its patch is stored. */
  patched(uid: string, label: string, value: number): void {
    const known = this.labels.get(`${uid}/${label}`) ?? new Set();
    this.labels.set(`${uid}/${label}`, known.add(value));
  }

  /** A client was told that this object is stored at this revision. */
  answered(key: string, uid: string | undefined, revision: number): void {
    const committed = this.log.get(revision);
    const stored = committed?.entry.key === key && committed.record?.object.metadata.uid === uid;
    this.check(
      stored === true,
      'an acknowledged change is a stored change',
      `${key}@${revision} ${uid}`,
      committed?.entry.key,
    );
  }

  /** A host was told that its write is done. */
  acknowledged({ by, key, expected, revision }: Acknowledged): void {
    const [bucket, ...rest] = key.split('/');
    if (bucket !== this.bucket) return;
    const committed = this.log.get(revision);
    const former = committed && this.log.get(committed.former);
    const matches = committed?.former === expected || (expected === 0 && !former?.record);
    this.check(
      committed?.entry.key === rest.join('/') && matches,
      'nobody commits on a revision that is not the newest',
      `${key}@${revision} after ${expected} by ${by}`,
      `after ${committed?.former}`,
    );
  }

  /** An effect of a lab kind runs with this fence. */
  witnessed(key: string, fence: number, asks: (context: Record<string, unknown>) => boolean): void {
    const committed = this.log.get(fence);
    const stored = committed?.entry.key === key && committed.record && asks(committed.record.actor.context);
    this.check(
      stored === true,
      'effects follow the commit',
      `${key}@${fence} stored and asking`,
      committed?.entry.key,
    );
  }

  /** A node obeys an order, which came as the `arrival`-th message: the answers may come in another order. */
  obeyed(
    node: string,
    verb: 'offer' | 'run' | 'stop',
    uid: string,
    key: string,
    fence: number,
    arrival = this.history.messages,
  ): void {
    this.history.say(`  ${node} obeys ${verb} ${key} of ${fence}`);
    const committed = this.log.get(fence);
    const isHere = committed?.entry.key === key;
    // A pod that is deleted without grace is gone with the very commit that has it stopped.
    const isForced = verb === 'stop' && isHere && committed.record === undefined;
    const record = isForced ? this.log.get(committed.former)?.record : isHere ? committed.record : undefined;
    const at = `${verb} ${key}@${fence} at ${node}`;
    const isAsked = isForced || record?.actor.value === ASKED_IN[verb];
    const asks = isAsked && record?.object.metadata.uid === uid;
    this.check(
      asks,
      'effects follow the commit',
      `${at}: state ${ASKED_IN[verb]}`,
      JSON.stringify(record?.actor.value),
    );
    if (verb === 'offer') return;
    const { nodeName } = (record?.object.spec ?? {}) as { nodeName?: string };
    this.check(nodeName === node, 'a pod runs where it is bound', nodeName, at);
    const obeyed = this.obeyedFences.get(`${node} ${uid}`) ?? [];
    const seen = Math.max(
      0,
      ...obeyed.filter((order) => order.arrival < arrival).map((order) => order.fence),
    );
    this.check(fence >= seen, 'a node never obeys a lower fence', `≥ ${seen}`, at);
    this.obeyedFences.set(`${node} ${uid}`, [...obeyed, { fence, arrival }]);
  }

  /** An agent has died: it remembered the fences of deleted pods, of which nothing is here, only while it lived. */
  forgot(node: string): void {
    for (const of of this.obeyedFences.keys()) {
      const [where, uid = ''] = of.split(' ');
      if (where === node && this.ended.has(uid)) this.obeyedFences.delete(of);
    }
  }

  /** A container has started; what runs elsewhere at this instant is asked of every node. */
  started(node: SimNode, uid: string, container: string): void {
    this.history.say(`  ${node.name} starts ${container} of ${uid}`);
    void this.lookEverywhere(node, uid);
  }

  private async lookEverywhere(node: SimNode, uid: string): Promise<void> {
    const everywhere = await Promise.all(this.nodes.map(async (one) => ({ one, pods: await one.pods() })));
    const where = everywhere.filter(({ pods }) => pods.some((pod) => pod.uid === uid && pod.isRunning));
    const names = where.map(({ one }) => one.name).join();
    this.check(where.length <= 1, 'a pod runs on one node', `only ${node.name}`, `${uid} on ${names}`);
    const here = everywhere.find(({ one }) => one === node)!.pods.filter(({ isRunning }) => isRunning);
    const twice = here.filter((pod) => pod.uid === uid).length > 1;
    this.check(!twice, 'a pod has one sandbox that runs', uid, node.name);
    const used = here.reduce((sum, pod) => sum + this.cpuOf(pod.uid), 0);
    this.check(
      used <= node.cpuMillis,
      'no node is oversold',
      `≤ ${node.cpuMillis}`,
      `${used} on ${node.name}`,
    );
  }

  private cpuOf(uid: string): number {
    return this.requests.get(uid) ?? 0;
  }

  check(holds: boolean, invariant: string, expected: unknown, actual: unknown): void {
    if (!holds) this.onBroken({ invariant, expected: String(expected), actual: String(actual) });
  }
}
