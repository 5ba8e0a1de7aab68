// Tells somebody the newest state of something until it is acknowledged: at most one message under way, the newest
// content wins, repeated with growing delay. Bounded by nature: there is one of these per thing told about.
import type { Clock, Timer } from '../../../messaging/ports.ts';
import { backOff } from '../../kernel/limits.ts';
import type { AgentLimits } from './limits.ts';

export interface DeliveryOptions {
  readonly clock: Clock;
  readonly limits: Pick<AgentLimits, 'repeatFirstMs' | 'repeatMostMs'>;
  /** Sends what is true now; resolves when it was acknowledged, rejects when it has to be repeated. */
  readonly send: () => Promise<void>;
}

export class Delivery {
  private readonly options: DeliveryOptions;
  private timer: Timer | undefined;
  private dueAt = 0;
  private isDirty = false;
  private isUnderWay = false;
  private isRepeating = false;
  private isStopped = false;
  private failures = 0;

  constructor(options: DeliveryOptions) {
    this.options = options;
  }

  /** Something changed: tell it within `delayMs`. 0: at the end of this turn. */
  changed(delayMs: number): void {
    this.isDirty = true;
    if (this.isUnderWay || this.isRepeating || this.isStopped) return;
    this.arm(delayMs);
  }

  /** What has to be repeated is repeated now, since the way is open again. */
  hurry(): void {
    if (!this.isRepeating || this.isUnderWay || this.isStopped) return;
    this.failures = 0;
    this.arm(0);
  }

  stop(): void {
    this.isStopped = true;
    this.timer?.cancel();
    this.timer = undefined;
  }

  /** Arms the timer unless it fires earlier anyway. */
  private arm(delayMs: number): void {
    const { clock } = this.options;
    const dueAt = clock.monotonic() + delayMs;
    if (this.timer && this.dueAt <= dueAt) return;
    this.timer?.cancel();
    this.dueAt = dueAt;
    this.timer = clock.after(delayMs, () => {
      this.timer = undefined;
      this.send();
    });
  }

  private send(): void {
    this.isDirty = false;
    this.isUnderWay = true;
    this.options.send().then(
      () => this.done(true),
      () => this.done(false),
    );
  }

  private done(isAcknowledged: boolean): void {
    this.isUnderWay = false;
    this.isRepeating = !isAcknowledged;
    if (this.isStopped) return;
    const { repeatFirstMs, repeatMostMs } = this.options.limits;
    if (!isAcknowledged) this.arm(backOff(this.failures++, repeatFirstMs, repeatMostMs));
    else {
      this.failures = 0;
      if (this.isDirty) this.arm(0);
    }
  }
}
