// Which shards this host holds. Rendezvous hashing over the living hosts says who should hold a shard; the claim in the
// leases bucket says who does. A host takes what it should hold once nobody living holds it, gives back what
// another should hold, and on doubt lets go of everything first and asks later.
import { hashOf } from '../../messaging/identity.ts';
import type { Clock, Trace } from '../../messaging/ports.ts';
import type { Leases } from './leases.ts';
import type { KernelLimits } from './limits.ts';

export interface ShardsOptions {
  readonly leases: Leases;
  readonly clock: Clock;
  readonly trace: Trace;
  readonly host: string;
  readonly incarnation: string;
  readonly limits: KernelLimits;
  /** Begin to act for the shard. */
  readonly onTake: (shard: number) => void;
  /** Stop acting for the shard, at once. */
  readonly onDrop: (shard: number) => void;
}

export class Shards {
  private readonly options: ShardsOptions;
  private readonly held = new Set<number>();
  private readonly busy = new Set<number>();
  private preferences: { names: string; hosts: (string | undefined)[] } | undefined;
  private scheduled = false;
  private stopped = false;

  constructor(options: ShardsOptions) {
    this.options = options;
  }

  holds(shard: number): boolean {
    return this.held.has(shard) && this.options.leases.fresh;
  }

  /** True while the shard is held, even when this host may not act on it for the moment. */
  has(shard: number): boolean {
    return this.held.has(shard);
  }

  get count(): number {
    return this.held.size;
  }

  /** Something has changed: look again, once for all that changes in this turn. */
  consider(): void {
    if (this.scheduled || this.stopped) return;
    this.scheduled = true;
    this.options.clock.after(0, () => {
      this.scheduled = false;
      if (!this.stopped) void this.balanceSafely();
    });
  }

  private async balanceSafely(): Promise<void> {
    try {
      await this.balance();
    } catch (error) {
      this.options.trace.log('warn', 'shards not balanced', { message: String(error) });
    }
  }

  /** Takes and gives back until held and wanted agree; the returned promise is for the first round. */
  async balance(): Promise<void> {
    const { leases, limits, trace } = this.options;
    if (!leases.fresh) {
      if (this.held.size > 0)
        trace.log('warn', 'cannot renew: letting go of all shards', { held: this.held.size });
      for (const shard of [...this.held]) this.drop(shard);
      return;
    }
    const preferences = this.preferencesOf(leases.living());
    const work: Promise<void>[] = [];
    for (let shard = 0; shard < limits.shards; shard += 1) {
      if (this.busy.has(shard)) continue;
      const mine = preferences[shard] === this.options.host;
      const claim = leases.claims.get(shard);
      const claimedByMe = claim?.host === this.options.host && claim.incarnation === this.options.incarnation;
      if (this.held.has(shard)) {
        if (claim && !claimedByMe) this.drop(shard);
        else if (!mine) work.push(this.give(shard));
        else if (!claim) work.push(this.take(shard));
      } else if (mine && claimedByMe) {
        this.begin(shard);
      } else if (claimedByMe) {
        // The write that gave it back was lost: while the claim stands and we live, nobody else may take it.
        work.push(this.give(shard));
      } else if (mine && !(claim && leases.isHeld(claim))) {
        work.push(this.take(shard));
      }
    }
    await Promise.all(work);
  }

  /** Who should hold each shard; worked out anew when somebody comes or goes, not at each heartbeat. */
  private preferencesOf(living: readonly string[]): readonly (string | undefined)[] {
    const names = living.join();
    if (this.preferences?.names !== names) {
      const length = this.options.limits.shards;
      this.preferences = { names, hosts: Array.from({ length }, (_, shard) => preferred(shard, living)) };
    }
    return this.preferences.hosts;
  }

  /** Lets go of everything and tells the others. */
  async stop(): Promise<void> {
    this.stopped = true;
    await Promise.all([...this.held].map((shard) => this.give(shard)));
  }

  /** Forgets everything without a word, as a crash does. */
  abandon(): void {
    this.stopped = true;
    this.held.clear();
  }

  private async take(shard: number): Promise<void> {
    this.busy.add(shard);
    const taken = await this.options.leases.write(shard, true).finally(() => this.busy.delete(shard));
    if (taken && !this.stopped) this.begin(shard);
    else if (!taken && this.held.has(shard)) this.drop(shard);
  }

  private async give(shard: number): Promise<void> {
    this.drop(shard);
    this.busy.add(shard);
    await this.options.leases.write(shard, false).finally(() => this.busy.delete(shard));
  }

  private begin(shard: number): void {
    if (this.held.has(shard)) return;
    this.held.add(shard);
    this.options.onTake(shard);
  }

  private drop(shard: number): void {
    if (this.held.delete(shard)) this.options.onDrop(shard);
  }
}

/** Rendezvous hashing: every host that knows the same living hosts gives the same answer. */
export function preferred(shard: number, living: readonly string[]): string | undefined {
  let best: string | undefined;
  let most = -1;
  for (const host of living) {
    const score = mix(hashOf(`${host}/${shard}`));
    if (score > most || (score === most && host < best!)) [best, most] = [host, score];
  }
  return best;
}

/** Spreads the entropy of a hash over all its bits. */
function mix(hash: number): number {
  const first = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  const second = Math.imul(first ^ (first >>> 13), 0xc2b2ae35);
  return (second ^ (second >>> 16)) >>> 0;
}
