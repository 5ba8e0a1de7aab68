// The pods of one node: takes orders for them, keeps their fences, and ties workers, reports and promises together.
// An order is kept on disk before it is acknowledged; a sender whose fence is lower than one seen is refused.

import { TroupeError } from '../../../schemas/errors.ts';
import type { Pod } from '../../../schemas/pod/kind.ts';
import { requestsOf } from '../../pod/requests.ts';
import type { Accepted, Offer, OfferAnswer, Stop } from '../protocol.ts';
import type { FoundPod } from './pod/found.ts';
import { type KeptPod, writeKept } from './pod/kept.ts';
import { PodWorker } from './pod/worker.ts';
import type { Promises } from './promises.ts';
import { PodReporter } from './reports.ts';
import type { NodeScope } from './scope.ts';
import type { Wire } from './wire.ts';

interface Entry {
  readonly worker: PodWorker;
  readonly reporter: PodReporter;
  /** Resolves when the order is on disk. */
  kept: Promise<void>;
}

interface Seen {
  readonly fence: number;
  readonly isGone: boolean;
}

export class Roster {
  private readonly node: NodeScope;
  private readonly wire: Wire;
  /** Pods that their actors do not want here. */
  private readonly unwanted = new WeakSet<PodWorker>();
  private readonly promises: Promises;
  private readonly entries = new Map<string, Entry>();
  private readonly seen = new Map<string, Seen>();
  /** Who owns an id of the runtime. */
  private readonly owners = new Map<string, PodWorker>();
  /** Set when nothing is to be told to actors any more. */
  private isQuiet = false;
  private onEmpty: (() => void) | undefined;

  constructor(node: NodeScope, wire: Wire, promises: Promises) {
    this.node = node;
    this.wire = wire;
    this.promises = promises;
  }

  get size(): number {
    return this.entries.size;
  }

  *workers(): Iterable<PodWorker> {
    for (const { worker } of this.entries.values()) yield worker;
  }

  worker(uid: string): PodWorker | undefined {
    return this.entries.get(uid)?.worker;
  }

  owner(runtimeId: string): PodWorker | undefined {
    return this.owners.get(runtimeId);
  }

  offer({ uid, requests, fence }: Offer): OfferAnswer {
    this.checkFence(uid, fence);
    const reason = this.promises.offer(uid, requests);
    return reason ? { granted: false, reason } : { granted: true };
  }

  async run(pod: Pod, fence: number): Promise<Accepted> {
    const uid = pod.metadata.uid!;
    const before = this.checkFence(uid, fence);
    const known = this.entries.get(uid);
    if (known) return this.runAgain(known, fence);
    if (before?.isGone && fence <= before.fence) return { accepted: false, gone: true };
    const reason = this.promises.commit(uid, requestsOf(pod));
    if (reason) throw new TroupeError('REFUSED', reason);
    const entry = this.add({ pod, fence, startedAt: this.node.clock.now() });
    entry.kept = writeKept(this.node.files, entry.worker.kept);
    try {
      await entry.kept;
    } catch (error) {
      this.forget(uid);
      throw error;
    }
    entry.worker.run();
    return { accepted: true, gone: false };
  }

  async stop({ uid, graceSeconds, fence }: Stop): Promise<Accepted> {
    this.checkFence(uid, fence);
    const entry = this.entries.get(uid);
    if (!entry || entry.worker.isGone) {
      this.promises.release(uid);
      this.remember(uid, { fence, isGone: true });
      return { accepted: true, gone: true };
    }
    const { worker } = entry;
    await entry.kept;
    if (worker.isGone) return { accepted: true, gone: true };
    const kept = worker.kept;
    if (kept.graceSeconds === undefined || graceSeconds < kept.graceSeconds) {
      await this.keep(entry, { graceSeconds, fence });
      worker.stop(graceSeconds);
    }
    return { accepted: true, gone: worker.isGone };
  }

  /** Goes on with a pod of which the disk and the runtime know. */
  adopt(kept: KeptPod, found: FoundPod | undefined): void {
    const uid = kept.pod.metadata.uid!;
    if (this.entries.has(uid)) return;
    this.remember(uid, { fence: kept.fence, isGone: false });
    if (!kept.ended) this.promises.adopt(uid, requestsOf(kept.pod));
    const { worker, reporter } = this.add(kept);
    if (found) worker.adopt(found);
    else if (kept.graceSeconds !== undefined || kept.ended) worker.stop(0);
    else worker.run();
    reporter.changed(false);
  }

  /** Goes on with a pod whose file was lost. */
  async takeOver(kept: KeptPod, found: FoundPod | undefined): Promise<void> {
    await writeKept(this.node.files, kept);
    this.adopt(kept, found);
  }

  /** The way to the actors is open again. */
  hurry(): void {
    for (const { reporter } of this.entries.values()) reporter.hurry();
  }

  /** Leaves everything as it is. */
  leave(): void {
    for (const { worker, reporter } of this.entries.values()) {
      worker.leave();
      reporter.stop();
    }
  }

  /** Ends every pod without telling anybody; resolves when all are gone. */
  async removeAll(): Promise<void> {
    this.isQuiet = true;
    const empty = new Promise<void>((resolve) => {
      this.onEmpty = resolve;
    });
    for (const { worker, reporter } of this.entries.values()) {
      reporter.stop();
      worker.stop(worker.pod.spec?.terminationGracePeriodSeconds ?? 30);
      if (worker.isGone) this.forget(worker.uid);
    }
    if (this.entries.size > 0) await empty;
  }

  private runAgain(entry: Entry, fence: number): Accepted {
    const { worker, reporter } = entry;
    if (fence > worker.kept.fence) void this.keep(entry, { fence }).catch(() => {});
    // It is told again because no report has arrived.
    reporter.changed(true);
    return { accepted: true, gone: worker.isGone };
  }

  private keep(entry: Entry, change: Partial<KeptPod>): Promise<void> {
    const { worker } = entry;
    const write = entry.kept.catch(() => {}).then(() => worker.keep({ ...worker.kept, ...change }));
    entry.kept = write;
    return write;
  }

  private add(kept: KeptPod): Entry {
    const { node, wire } = this;
    const uid = kept.pod.metadata.uid!;
    const worker: PodWorker = new PodWorker(node, kept, {
      changed: (settled) => reporter.changed(settled),
      released: () => this.promises.release(uid),
      gone: () => this.gone(uid),
      containerId: (id) => this.owners.set(id, worker),
      sandboxId: (id) => this.owners.set(id, worker),
    });
    const reporter = new PodReporter({
      clock: node.clock,
      trace: node.trace,
      limits: node.limits,
      wire,
      node: node.node,
      pod: kept.pod,
      status: () => worker.status(),
      isGone: () => worker.isGone,
      onUnknown: () => this.unknown(worker),
      onFinished: () => this.forget(uid),
    });
    const entry = { worker, reporter, kept: Promise.resolve() };
    this.entries.set(uid, entry);
    return entry;
  }

  /** Its actor does not want it here: it was deleted, or runs elsewhere by now. */
  private unknown(worker: PodWorker): void {
    // Once: each change of a pod that ends is reported, and each report of it is answered like this.
    if (this.unwanted.has(worker)) return;
    this.unwanted.add(worker);
    worker.stop(worker.pod.spec?.terminationGracePeriodSeconds ?? 30);
  }

  private gone(uid: string): void {
    this.promises.release(uid);
    if (this.isQuiet) this.forget(uid);
  }

  private forget(uid: string): void {
    const entry = this.entries.get(uid);
    if (!entry) return;
    this.entries.delete(uid);
    entry.worker.leave();
    entry.reporter.stop();
    this.promises.release(uid);
    this.remember(uid, {
      fence: Math.max(entry.worker.kept.fence, this.seen.get(uid)?.fence ?? 0),
      isGone: true,
    });
    for (const [id, owner] of this.owners) if (owner === entry.worker) this.owners.delete(id);
    if (this.entries.size === 0) this.onEmpty?.();
  }

  /** Refuses a deposed sender; returns what was known before. */
  private checkFence(uid: string, fence: number): Seen | undefined {
    const known = this.seen.get(uid);
    if (known && fence < known.fence) {
      throw new TroupeError(
        'STALE_FENCE',
        `fence ${fence} is lower than ${known.fence}, which was seen for pod ${uid}`,
      );
    }
    if (!known?.isGone) this.remember(uid, { fence, isGone: false });
    return known;
  }

  /** The newest stay; pods that are here are never forgotten. */
  private remember(uid: string, seen: Seen): void {
    this.seen.delete(uid);
    this.seen.set(uid, seen);
    if (this.seen.size <= this.node.limits.tombstones) return;
    for (const old of this.seen.keys()) {
      if (this.entries.has(old)) continue;
      this.seen.delete(old);
      return;
    }
  }
}
