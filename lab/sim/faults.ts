// The faults of the network and the store, drawn for each message and each write at the rates of a swarm. After `heal`
// only latency is left.
import type {
  MessageFate,
  NetworkFaults,
  ReadFate,
  WatchFate,
  WriteFate,
} from '../../messaging/memory/index.ts';
import type { Random } from '../../messaging/ports.ts';
import type { Swarm } from './swarm.ts';

/** The longest extra delay of a message; longer than a try of the router, so that repetitions meet originals. */
const LONGEST_DELAY_MS = 8_000;
/** Longer than the store's time-out, so that a write may be stored after its writer has given up. */
const LONGEST_WRITE_MS = 4_000;

export class SimFaults implements NetworkFaults {
  private readonly swarm: Swarm;
  private readonly messages: Random;
  private readonly writes: Random;
  private readonly reads: Random;
  private readonly watches: Random;
  private readonly away = new Set<string>();
  private active = true;

  constructor(swarm: Swarm, random: Random) {
    this.swarm = swarm;
    this.messages = random.fork('messages');
    this.writes = random.fork('writes');
    this.reads = random.fork('reads');
    this.watches = random.fork('watches');
  }

  heal(): void {
    this.active = false;
    this.away.clear();
  }

  /** Takes a process's connection away, or gives it back. */
  cutOff(client: string, away: boolean): void {
    if (away) this.away.add(client);
    else this.away.delete(client);
  }

  connected(client: string): boolean {
    return !this.away.has(client);
  }

  onMessage(): MessageFate {
    const { latencyMs, rates } = this.swarm;
    const random = this.messages;
    if (!this.active) return this.latency(random, latencyMs);
    const draw = random.next();
    if (draw < rates.lost) return 'drop';
    if (draw < rates.lost + rates.doubled)
      return { copies: 2, delayMs: this.skewed(random, LONGEST_DELAY_MS) };
    if (draw < rates.lost + rates.doubled + rates.delayed) {
      return { delayMs: this.skewed(random, LONGEST_DELAY_MS) };
    }
    return this.latency(random, latencyMs);
  }

  onWrite(): WriteFate {
    const { latencyMs, rates } = this.swarm;
    const random = this.writes;
    if (this.active) {
      const draw = random.next();
      if (draw < rates.lostRequest) return 'loseRequest';
      if (draw < rates.lostRequest + rates.lostReply) return 'loseReply';
      if (draw < rates.lostRequest + rates.lostReply + rates.lateWrite) {
        return {
          delayMs: this.skewed(random, LONGEST_WRITE_MS),
          replyDelayMs: this.skewed(random, LONGEST_WRITE_MS),
        };
      }
    }
    if (latencyMs === 0) return 'ok';
    return { delayMs: random.next() * latencyMs, replyDelayMs: random.next() * latencyMs };
  }

  onRead(): ReadFate {
    const { latencyMs, rates } = this.swarm;
    if (this.active && this.reads.next() < rates.lostRead) return 'lose';
    return latencyMs === 0 ? 'ok' : { delayMs: this.reads.next() * latencyMs };
  }

  onWatch(): WatchFate {
    const { latencyMs, rates } = this.swarm;
    if (this.active) {
      const draw = this.watches.next();
      if (draw < rates.brokenWatch) return 'break';
      if (draw < rates.brokenWatch + rates.lateWatch) return { delayMs: this.skewed(this.watches, 1_000) };
    }
    return latencyMs === 0 ? 'ok' : { delayMs: this.watches.next() * Math.min(latencyMs, 5) };
  }

  private latency(random: Random, latencyMs: number): MessageFate {
    return latencyMs === 0 ? 'deliver' : { delayMs: random.next() * latencyMs };
  }

  /** Mostly short, sometimes long. */
  private skewed(random: Random, mostMs: number): number {
    return mostMs * random.next() ** 3;
  }
}
