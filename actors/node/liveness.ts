// Listens to the nodes' heartbeats on behalf of the Node actors this host holds, and tells an actor when its node has
// fallen silent or is heard again. Heartbeats never touch the durable bucket.
import { decode } from '../../messaging/envelope.ts';
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

export class Liveness {
  private readonly host: Host;
  private readonly limits: LivenessLimits;
  private readonly heardAt = new Map<string, number>();
  private readonly beats: Subscription;
  private timer: Timer;
  private stopped = false;

  constructor(host: Host, limits: LivenessLimits = LIVENESS) {
    this.host = host;
    this.limits = limits;
    const { bus, clock } = host.world;
    this.beats = bus.subscribe(host.subjects.beats, (message) => {
      const { node } = (decode(message.data) ?? {}) as { node?: unknown };
      if (typeof node === 'string') this.heardAt.set(node, clock.monotonic());
    });
    this.timer = clock.after(limits.checkMs, () => this.check());
  }

  stop(): void {
    this.stopped = true;
    this.beats.unsubscribe();
    this.timer.cancel();
  }

  private check(): void {
    const { clock } = this.host.world;
    const now = clock.monotonic();
    for (const seen of this.host.view.all('nodes')) {
      const id = idOfKey(seen.key);
      if (!this.host.owns(id)) continue;
      const heardAt = this.heardAt.get(id.name);
      if (heardAt === undefined) {
        // Not heard since this host began to listen: its time starts now.
        this.heardAt.set(id.name, now);
        continue;
      }
      const silent = now - heardAt >= this.limits.silentMs;
      const { value } = seen.record.actor;
      if (silent && value === 'ready') this.host.deliver(id, { type: 'node.silent' });
      if (!silent && value === 'silent') this.host.deliver(id, { type: 'node.heard' });
    }
    if (!this.stopped) this.timer = clock.after(this.limits.checkMs, () => this.check());
  }
}
