// Removes containers and sandboxes of this node that no file explains: their pod was deleted while the agent was away,
// or its file was lost. Nothing is removed before the API has answered which pods belong here; a pod that does, and
// whose file was lost, is taken over from what the API holds of it.
import type { Pod } from '../../../schemas/pod/kind.ts';
import { backOff } from '../../kernel/limits.ts';
import { foundPod, type Remembered } from './adoption.ts';
import { isUid } from './pod/kept.ts';
import type { Roster } from './roster.ts';
import type { NodeScope } from './scope.ts';
import type { Wire } from './wire.ts';

interface PodList {
  readonly metadata?: { readonly continue?: string };
  readonly items?: readonly Pod[];
}

export class Orphans {
  private readonly node: NodeScope;
  private readonly wire: Wire;
  private readonly roster: Roster;
  private isUnderWay = false;
  private newest: Remembered | undefined;

  constructor(node: NodeScope, wire: Wire, roster: Roster) {
    this.node = node;
    this.wire = wire;
    this.roster = roster;
  }

  /** Looks through what the runtime has; the newest list counts when one is being looked through already. */
  look(all: Remembered): void {
    this.newest = all;
    if (this.isUnderWay) return;
    this.isUnderWay = true;
    this.clear()
      .catch((error: unknown) => {
        if (!this.node.signal.aborted)
          this.node.trace.log('warn', 'orphans not removed', { error: String(error) });
      })
      .finally(() => {
        this.isUnderWay = false;
      });
  }

  private async clear(): Promise<void> {
    for (let all = this.take(); all; all = this.take()) {
      if (this.unexplained(all).length === 0) continue;
      const mine = await this.pods();
      if (!mine) return;
      for (const uid of this.unexplained(all)) {
        const pod = mine.get(uid);
        if (pod) await this.takeOver(pod, all);
        else await this.remove(uid, all);
      }
    }
  }

  private take(): Remembered | undefined {
    const all = this.newest;
    this.newest = undefined;
    return all;
  }

  private unexplained(all: Remembered): string[] {
    const uids = new Set([...all.sandboxes.keys(), ...all.containers.keys()]);
    return [...uids].filter((uid) => !this.roster.worker(uid));
  }

  /** The pods that the API says are bound here, by uid; asks for as long as it takes. */
  private async pods(): Promise<ReadonlyMap<string, Pod> | undefined> {
    const { clock, limits, signal, node } = this.node;
    for (let attempt = 0; !signal.aborted; attempt += 1) {
      try {
        return await this.listed(`spec.nodeName=${node}`);
      } catch {
        await clock.sleep(backOff(attempt, limits.repeatFirstMs, limits.repeatMostMs), signal);
      }
    }
    return undefined;
  }

  /** All pages, or nothing: a pod on a page not read would be taken for an orphan. */
  private async listed(fieldSelector: string): Promise<ReadonlyMap<string, Pod>> {
    const id = { plural: 'pods', namespace: '', name: '' };
    const pods = new Map<string, Pod>();
    for (let mark: string | undefined; ; ) {
      const page = (await this.wire.ask('list', id, undefined, { fieldSelector, continue: mark })) as PodList;
      if (!Array.isArray(page.items)) throw new Error('the answer is no list');
      for (const pod of page.items) pods.set(pod.metadata.uid ?? '', pod);
      mark = page.metadata?.continue;
      if (mark === undefined) return pods;
    }
  }

  private async takeOver(pod: Pod, all: Remembered): Promise<void> {
    const uid = pod.metadata.uid;
    if (!isUid(uid) || this.roster.worker(uid)) return;
    const fence = Number(pod.metadata.resourceVersion ?? 0);
    const found = await foundPod(this.node, all, uid);
    const startedAt = found?.sandbox.createdAt || this.node.clock.now();
    await this.roster.takeOver({ pod, fence, startedAt }, found);
  }

  private async remove(uid: string, all: Remembered): Promise<void> {
    const { runtime, trace, removeCgroup, cgroupRoot } = this.node;
    if (this.roster.worker(uid)) return;
    trace.log('info', 'a pod that does not belong here is removed', { uid });
    for (const { id } of all.containers.get(uid) ?? []) await runtime.call((one) => one.removeContainer(id));
    for (const { id } of all.sandboxes.get(uid) ?? []) {
      await runtime.call((one) => one.stopPodSandbox(id));
      await runtime.call((one) => one.removePodSandbox(id));
    }
    if (isUid(uid)) await removeCgroup(`${cgroupRoot}/pod${uid}`);
  }
}
