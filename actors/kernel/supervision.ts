// What happens to an actor whose decision throws: its state is kept, the message is tried again after a growing delay,
// and after `intensity` failures within `periodMs` the actor is quarantined. Quarantine is per actor: every other one
// goes on. An effect that fails is no error of the actor and never comes here.
import type { ActorLimits } from './definition.ts';
import { backOff } from './limits.ts';

export type Verdict = { readonly type: 'retry'; readonly delayMs: number } | { readonly type: 'quarantine' };

const FIRST_RETRY_MS = 10;
const MOST_RETRY_MS = 1_000;

export class Supervision {
  private readonly limits: Pick<ActorLimits, 'intensity' | 'periodMs'>;
  private failures: number[] = [];

  constructor(limits: Pick<ActorLimits, 'intensity' | 'periodMs'>) {
    this.limits = limits;
  }

  /** Judges a failure that happened at `nowMs` (monotonic). */
  failed(nowMs: number): Verdict {
    this.failures = this.failures.filter((at) => nowMs - at < this.limits.periodMs);
    this.failures.push(nowMs);
    if (this.failures.length > this.limits.intensity) return { type: 'quarantine' };
    return { type: 'retry', delayMs: backOff(this.failures.length - 1, FIRST_RETRY_MS, MOST_RETRY_MS) };
  }

  forgive(): void {
    this.failures = [];
  }
}
