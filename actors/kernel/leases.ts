// Who is alive and who holds which shard, in the leases bucket. Each host says every second that it lives; a claim
// names a host and its incarnation and is as good as that host's heartbeat, so that claims need no renewal of their
// own. Time is measured where the heartbeat arrives, never by comparing clocks. A lease may be wrong for a moment:
// correctness never depends on it, only the compare-and-set of records does (see activation.ts).
import { decode, encode } from '../../messaging/envelope.ts';
import { fromToken, toToken } from '../../messaging/identity.ts';
import type { Bucket, Clock, Entry, Trace } from '../../messaging/ports.ts';
import { hasCode } from '../../schemas/errors.ts';
import { backOff, type KernelLimits } from './limits.ts';

export interface Claim {
  /** Empty when its last holder gave it back. */
  readonly host: string;
  readonly incarnation: string;
  readonly revision: number;
}

export interface LivingHost {
  readonly incarnation: string;
  /** Monotonic time of arrival of its last heartbeat. */
  heardAt: number;
}

export interface LeasesOptions {
  readonly bucket: Bucket;
  readonly clock: Clock;
  readonly trace: Trace;
  readonly host: string;
  readonly incarnation: string;
  readonly limits: KernelLimits;
  readonly onChange: () => void;
}

const FIRST_RETRY_MS = 50;
const MOST_RETRY_MS = 2_000;

export class Leases {
  readonly claims = new Map<number, Claim>();
  private readonly options: LeasesOptions;
  private readonly hosts = new Map<string, LivingHost>();
  private readonly stopping = new AbortController();
  private renewedAt: number;

  constructor(options: LeasesOptions) {
    this.options = options;
    this.renewedAt = options.clock.monotonic();
  }

  /** Reads what is there and begins to beat. */
  async start(): Promise<void> {
    await this.beat();
    await new Promise<void>((resolve) => void this.follow(resolve));
    void this.keepBeating();
  }

  /** Hosts heard of within the lease, this one included while it can renew. */
  living(): string[] {
    const now = this.options.clock.monotonic();
    const alive = [...this.hosts].filter(([, { heardAt }]) => now - heardAt < this.options.limits.leaseMs);
    const names = new Set(alive.map(([name]) => name));
    names.add(this.options.host);
    return [...names].sort();
  }

  /** True when the holder of a claim may still act on it. */
  isHeld(claim: Claim): boolean {
    if (claim.host === '') return false;
    if (claim.host === this.options.host) return claim.incarnation === this.options.incarnation;
    const holder = this.hosts.get(claim.host);
    if (!holder || holder.incarnation !== claim.incarnation) return false;
    return this.options.clock.monotonic() - holder.heardAt < this.options.limits.leaseMs;
  }

  /** False when this host could not renew in time and must stop acting. */
  get fresh(): boolean {
    return this.options.clock.monotonic() - this.renewedAt < this.options.limits.selfFenceMs;
  }

  /** Claims a shard, or gives it back with `claimed` false; resolves to false when somebody else was faster. */
  async write(shard: number, claimed: boolean): Promise<boolean> {
    const { bucket, host, incarnation } = this.options;
    const value = { host: claimed ? host : '', incarnation };
    const expected = this.claims.get(shard)?.revision ?? 0;
    try {
      const revision = await bucket.update(`shards.${shard}`, encode(value), expected);
      this.note(shard, { ...value, revision });
      return true;
    } catch (error) {
      if (!hasCode(error, 'STALE_REVISION', 'UNSURE', 'UNAVAILABLE', 'TIMEOUT')) throw error;
      return false;
    }
  }

  /** Stops beating and takes the heartbeat away, so that others need not wait for the lease to end. */
  async stop(): Promise<void> {
    this.stopping.abort();
    const { bucket, host } = this.options;
    const farewell = encode({ incarnation: '', at: 0 });
    await bucket.put(`hosts.${toToken(host)}`, farewell).catch(() => 0);
  }

  /** Stops beating without a word, as a crash does. */
  abandon(): void {
    this.stopping.abort();
  }

  private async keepBeating(): Promise<void> {
    const { clock, limits } = this.options;
    const { signal } = this.stopping;
    while (!signal.aborted) {
      await clock.sleep(limits.heartbeatMs, signal);
      if (!signal.aborted) await this.beat();
    }
  }

  private async beat(): Promise<void> {
    const { bucket, clock, host, incarnation, trace } = this.options;
    const startedAt = clock.monotonic();
    try {
      await bucket.put(`hosts.${toToken(host)}`, encode({ incarnation, at: clock.now() }));
      this.renewedAt = startedAt;
    } catch (error) {
      trace.log('warn', 'heartbeat not stored', { host, message: String(error) });
    }
    this.options.onChange();
  }

  private async follow(onCurrent: () => void): Promise<void> {
    const { bucket, clock, trace } = this.options;
    const { signal } = this.stopping;
    for (let failures = 0; !signal.aborted; failures += 1) {
      try {
        this.claims.clear();
        for await (const event of bucket.watch({ signal })) {
          failures = 0;
          if (event.type === 'current') onCurrent();
          else this.takeSafely(event.entry);
          this.options.onChange();
        }
      } catch (error) {
        trace.log('warn', 'watch of the leases ended', { message: String(error) });
      }
      if (!signal.aborted) await clock.sleep(backOff(failures, FIRST_RETRY_MS, MOST_RETRY_MS), signal);
    }
    onCurrent();
  }

  /** Anybody can write into the bucket: what is no lease says nothing. */
  private takeSafely(entry: Entry): void {
    try {
      this.take(entry);
    } catch (error) {
      this.options.trace.log('error', 'not a lease', { key: entry.key, message: String(error) });
    }
  }

  private take(entry: Entry): void {
    const [family, token = ''] = entry.key.split('.');
    // A key that somebody removed is a claim of nobody.
    const text = entry.operation === 'put' ? decode(entry.value) : {};
    const value = (text ?? {}) as { host?: unknown; incarnation?: unknown };
    const incarnation = typeof value.incarnation === 'string' ? value.incarnation : '';
    if (family === 'shards') {
      const host = typeof value.host === 'string' ? value.host : '';
      this.note(Number(token), { host, incarnation, revision: entry.revision });
    } else if (family === 'hosts') {
      const name = fromToken(token);
      if (incarnation === '') this.hosts.delete(name);
      else this.hosts.set(name, { incarnation, heardAt: this.options.clock.monotonic() });
    }
  }

  private note(shard: number, claim: Claim): void {
    const known = this.claims.get(shard);
    if (!known || claim.revision > known.revision) this.claims.set(shard, claim);
  }
}
