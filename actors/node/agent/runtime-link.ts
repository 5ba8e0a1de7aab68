// Holds calls to the container runtime while it is away. A runtime that does not answer is no failure of the pod that
// asked: the call waits, one probe for all of them asks again with a growing delay, and the node says it is not ready.
import { asTroupeError } from '../../../messaging/envelope.ts';
import type { Clock } from '../../../messaging/ports.ts';
import { TroupeError } from '../../../schemas/errors.ts';
import { backOff } from '../../kernel/limits.ts';
import type { AgentLimits } from './limits.ts';
import { type Runtime, runtimeErrorKind } from './runtime/port.ts';

/** Undefined: all is well. Otherwise why not, in words. */
export type RuntimeTrouble = string | undefined;

export interface RuntimeLinkOptions {
  readonly runtime: Runtime;
  readonly clock: Clock;
  readonly limits: AgentLimits;
  readonly signal: AbortSignal;
  readonly onTrouble: (trouble: RuntimeTrouble) => void;
}

export class RuntimeLink {
  private readonly options: RuntimeLinkOptions;
  private back: Promise<void> | undefined;

  constructor(options: RuntimeLinkOptions) {
    this.options = options;
  }

  /** Asks until the runtime answers; then its answer, good or bad. Rejects when the agent stops. */
  async call<T>(ask: (runtime: Runtime) => Promise<T>): Promise<T> {
    const { runtime, signal } = this.options;
    for (;;) {
      while (this.back && !signal.aborted) await this.back;
      if (signal.aborted) throw new TroupeError('UNAVAILABLE', 'the agent is stopping');
      try {
        return await ask(runtime);
      } catch (error) {
        if (runtimeErrorKind(error) !== 'unavailable') throw error;
        this.lost(error);
      }
    }
  }

  private lost(error: unknown): void {
    if (this.back) return;
    this.options.onTrouble(asTroupeError(error).message);
    this.back = this.probe().finally(() => {
      this.back = undefined;
      if (!this.options.signal.aborted) this.options.onTrouble(undefined);
    });
  }

  private async probe(): Promise<void> {
    const { runtime, clock, limits, signal } = this.options;
    for (let attempt = 0; !signal.aborted; attempt += 1) {
      await clock.sleep(backOff(attempt, limits.runtimeFirstMs, limits.runtimeMostMs), signal);
      if (signal.aborted) return;
      try {
        await runtime.version();
        return;
      } catch (error) {
        if (runtimeErrorKind(error) !== 'unavailable') return;
      }
    }
  }
}
