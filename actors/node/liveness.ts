// Listens to the nodes' heartbeats on behalf of the Node actors this host holds, and tells an actor when its node has
// fallen silent or is heard again. Heartbeats never touch the durable bucket.
import { idOfKey } from '../../messaging/identity.ts';
import type { Subscription, Timer } from '../../messaging/ports.ts';
import type { Host } from '../kernel/host.ts';

export interface LivenessLimits {
  /** A node not heard of for so long is silent. Kubernetes' node-monitor-grace-period. */
  readonly silentMs: number;
  /** How often silence is looked for. */
  readonly checkMs: number;
}

export const LIVENESS: LivenessLimits = { silentMs: 40_000, checkMs: 1_000 };

interface Listening {
  /** Monotonic time of the last heartbeat, or since when this host has listened for one. */
  readonly sinceAt: number;
  /** True when a heartbeat was heard: having just begun to listen is no sign of life. */
  readonly isHeard: boolean;
}

export class Liveness {
  private readonly host: Host;
  private readonly limits: LivenessLimits;
  /** By the node's key; forgotten when this host was deaf, since silence in that time says nothing. */
  private readonly nodes = new Map<string, Listening>();
  private readonly beats: Subscription;
  private readonly stopStatus: () => void;
  private checkedAt: number;
  private timer: Timer;
  private stopped = false;

  constructor(host: Host, limits: LivenessLimits = LIVENESS) {
    this.host = host;
    this.limits = limits;
    const { bus, clock } = host.world;
    // The subject says whose heartbeat it is; what it carries is for people to read.
    this.beats = bus.subscribe(host.subjects.beats, ({ subject }) => this.hear(tokenOf(subject)));
    this.stopStatus = bus.onStatus(() => this.nodes.clear());
    this.checkedAt = clock.monotonic();
    this.timer = clock.after(limits.checkMs, () => this.check());
  }

  stop(): void {
    this.stopped = true;
    this.stopStatus();
    this.beats.unsubscribe();
    this.timer.cancel();
  }

  /** Only of nodes there are, so that strangers fill no memory. */
  private hear(token: string): void {
    const key = `nodes._.${token}`;
    if (this.host.view.get(key) === undefined) return;
    const now = this.host.world.clock.monotonic();
    this.nodes.set(key, { sinceAt: now, isHeard: true });
  }

  private check(): void {
    const { clock } = this.host.world;
    const now = clock.monotonic();
    // A host that stood still has not listened.
    if (now - this.checkedAt >= this.limits.silentMs / 2) this.nodes.clear();
    this.checkedAt = now;
    for (const key of this.nodes.keys()) {
      if (this.host.view.get(key) === undefined) this.nodes.delete(key);
    }
    for (const seen of this.host.view.all('nodes')) {
      const id = idOfKey(seen.key);
      const listening = this.nodes.get(seen.key);
      if (listening === undefined) {
        // Not heard since this host began to listen: its time starts now.
        this.nodes.set(seen.key, { sinceAt: now, isHeard: false });
        continue;
      }
      if (!this.host.owns(id)) continue;
      const silent = now - listening.sinceAt >= this.limits.silentMs;
      const { value } = seen.record.actor;
      if (silent && value === 'ready') this.host.deliver(id, { type: 'node.silent' });
      if (!silent && listening.isHeard && value === 'silent') this.host.deliver(id, { type: 'node.heard' });
      seen.compact();
    }
    if (!this.stopped) this.timer = clock.after(this.limits.checkMs, () => this.check());
  }
}

function tokenOf(subject: string): string {
  return subject.slice(subject.lastIndexOf('.') + 1);
}
