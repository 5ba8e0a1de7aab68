// One host of a simulated cluster through its lives: started, paused, crashed, started again under the same name. A
// start that fails is tried again, as whoever supervises the process would.
import { type RunningHost, startHost } from '../../actors/host.ts';
import type { ActorDefinition } from '../../actors/kernel/definition.ts';
import type { SimProcess } from './process.ts';

export interface SimHostOptions {
  readonly name: string;
  readonly cluster: string;
  readonly shards: number;
  readonly definitions: readonly ActorDefinition[];
  readonly newProcess: (name: string) => SimProcess;
}

const START_AGAIN_MS = 1_000;

export class SimHost {
  readonly name: string;
  process: SimProcess | undefined;
  running: RunningHost | undefined;
  private readonly options: SimHostOptions;
  private leaving = false;
  /** Started again while it was still leaving: it comes back when it has left. */
  private wanted = false;

  constructor(options: SimHostOptions) {
    this.name = options.name;
    this.options = options;
  }

  get up(): boolean {
    return this.process !== undefined;
  }

  start(): void {
    this.wanted = true;
    if (this.process) return;
    const { name, cluster, shards, definitions, newProcess } = this.options;
    const process = newProcess(name);
    this.process = process;
    const { world } = process;
    startHost({ world, cluster, name, definitions, limits: { shards } }).then(
      (running) => {
        if (this.process === process) this.running = running;
      },
      (error) => {
        if (this.process !== process) return;
        world.trace.log('warn', 'host did not start', { message: String(error) });
        process.clock.after(START_AGAIN_MS, () => {
          this.crash();
          this.start();
        });
      },
    );
  }

  crash(): void {
    this.process?.crash();
    this.running?.crash();
    this.process = undefined;
    this.running = undefined;
    this.leaving = false;
  }

  /** Leaves in good order; resolves when it has. */
  async leave(): Promise<void> {
    const { running, process } = this;
    if (!running || this.leaving) return;
    this.leaving = true;
    this.wanted = false;
    await running.stop();
    if (this.process !== process) return;
    this.leaving = false;
    this.running = undefined;
    this.process = undefined;
    if (this.wanted) this.start();
  }
}
