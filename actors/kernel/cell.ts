// A volatile actor: the same machines and the same order — decide, then perform — but nothing is stored. Node agents
// use cells for what the container runtime itself remembers (pods and containers on this machine). Must never be used
// for anything that has to survive the process.
import type { AnyEventObject } from 'xstate';
import type { Clock, Timer, Trace } from '../../messaging/ports.ts';
import type { Effect, State, Stepper } from './step.ts';

export interface CellOptions<Context> {
  readonly stepper: Stepper<Context>;
  readonly context: Partial<Context>;
  readonly clock: Clock;
  readonly trace: Trace;
  /** Performs an effect; what it resolves to is sent back. A rejection comes back as `effect.failed`. */
  readonly perform: (effect: Effect) => Promise<AnyEventObject | undefined>;
  /** Called after each step that changed something, before its effects are performed. */
  readonly onChange?: (state: State<Context>, done: boolean) => void;
}

export class Cell<Context> {
  private readonly options: CellOptions<Context>;
  private readonly timers = new Map<string, Timer>();
  private readonly queue: AnyEventObject[] = [];
  private current: State<Context>;
  private busy = false;
  private stopped = false;

  constructor(options: CellOptions<Context>) {
    this.options = options;
    const first = options.stepper.start(options.context);
    this.current = first;
    this.busy = true;
    this.take(first);
    this.busy = false;
    this.drain();
  }

  get state(): State<Context> {
    return this.current;
  }

  send(event: AnyEventObject): void {
    if (this.stopped) return;
    this.queue.push(event);
    this.drain();
  }

  /** Forgets timers and whatever is still to come. Effects under way finish unheard. */
  stop(): void {
    this.stopped = true;
    for (const timer of this.timers.values()) timer.cancel();
    this.timers.clear();
    this.queue.length = 0;
  }

  private drain(): void {
    if (this.busy) return;
    this.busy = true;
    try {
      for (let event = this.queue.shift(); event && !this.stopped; event = this.queue.shift()) {
        this.take(this.options.stepper.step(this.current, event));
      }
    } finally {
      this.busy = false;
    }
  }

  private take(step: ReturnType<Stepper<Context>['step']>): void {
    this.current = { value: step.value, context: step.context };
    for (const id of step.disarm) {
      this.timers.get(id)?.cancel();
      this.timers.delete(id);
    }
    for (const [id, delayMs] of step.arm) this.arm(id, delayMs);
    if (step.changed) this.options.onChange?.(this.current, step.done);
    for (const effect of step.effects) this.perform(effect);
  }

  private arm(id: string, delayMs: number): void {
    this.timers.get(id)?.cancel();
    const timer = this.options.clock.after(delayMs, () => {
      this.timers.delete(id);
      this.send({ type: id });
    });
    this.timers.set(id, timer);
  }

  private perform(effect: Effect): void {
    this.options.perform(effect).then(
      (event) => event && this.send(event),
      (error: unknown) => {
        const message = error instanceof Error ? error.message : String(error);
        this.options.trace.log('warn', 'effect failed', { effect: effect.type, message });
        this.send({ type: 'effect.failed', effect: effect.type, message, error });
      },
    );
  }
}
