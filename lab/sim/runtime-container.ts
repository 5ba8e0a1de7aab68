// One container of the simulated runtime: created, running, exited. It keeps its own time on the clock and tells its
// owner what happened; it goes on while the runtime is away, as a real one does under its shim.
import type {
  ContainerConfig,
  ContainerResources,
  ContainerState,
  ContainerStatus,
} from '../../actors/node/agent/runtime/port.ts';
import type { Clock, Timer } from '../../messaging/ports.ts';
import type { SimulatedRun } from './runtime-images.ts';

export const SIGKILL_EXIT_CODE = 137;
const SIGTERM_EXIT_CODE = 143;
const START_ERROR_EXIT_CODE = 128;
const LOST_EXIT_CODE = 255;

export interface ContainerBirth {
  readonly id: string;
  /** What no other container may be called. */
  readonly reserved: string;
  readonly sandboxId: string;
  readonly config: ContainerConfig;
  /** The image's full name and the reference to its content. */
  readonly image: string;
  readonly imageRef: string;
  /** Absolute; empty when nothing is kept. */
  readonly logPath: string;
  readonly run: SimulatedRun;
}

export class SimulatedContainer {
  readonly birth: ContainerBirth;
  readonly createdAt: number;
  state: ContainerState = 'created';
  startedAt = 0;
  resources: ContainerResources;
  #finishedAt = 0;
  #exitCode = 0;
  #reason = '';
  #message = '';
  #pid: number | undefined;
  #timer: Timer | undefined;
  readonly #clock: Clock;
  readonly #onExit: (container: SimulatedContainer, reason: string) => void;
  #exitWaiters: (() => void)[] = [];

  constructor(
    birth: ContainerBirth,
    clock: Clock,
    onExit: (container: SimulatedContainer, reason: string) => void,
  ) {
    this.birth = birth;
    this.resources = birth.config.resources ?? {};
    this.#clock = clock;
    this.#onExit = onExit;
    this.createdAt = clock.now();
  }

  get exitCode(): number {
    return this.#exitCode;
  }

  start(pid: number): void {
    const { exitAfterMs, exitCode, isOutOfMemory } = this.birth.run;
    this.state = 'running';
    this.startedAt = this.#clock.now();
    this.#pid = pid;
    if (exitAfterMs === undefined) return;
    this.#timer = this.#clock.after(exitAfterMs, () => {
      if (isOutOfMemory) this.end(SIGKILL_EXIT_CODE, 'OOMKilled');
      else this.end(exitCode ?? 0);
    });
  }

  failToStart(text: string): void {
    this.#message = text;
    this.state = 'exited';
    this.#finishedAt = this.#clock.now();
    this.#exitCode = START_ERROR_EXIT_CODE;
    this.#reason = 'StartError';
  }

  /** Ends it now; nothing happens unless it runs. */
  end(exitCode: number, reason = exitCode === 0 ? 'Completed' : 'Error'): void {
    if (this.state !== 'running') return;
    this.#timer?.cancel();
    this.state = 'exited';
    this.#pid = undefined;
    this.#finishedAt = this.#clock.now();
    this.#exitCode = exitCode;
    this.#reason = reason;
    const waiters = this.#exitWaiters;
    this.#exitWaiters = [];
    for (const wake of waiters) wake();
    this.#onExit(this, reason);
  }

  /** The machine lost power: nobody saw how it ended. */
  lose(): void {
    this.end(LOST_EXIT_CODE, 'Unknown');
  }

  /** The stop signal, and SIGKILL after the grace. Resolves when it has exited. */
  async stop(graceSeconds: number): Promise<void> {
    if (this.state !== 'running') return;
    const { ignoresTerm, termMs = 0, termExitCode = SIGTERM_EXIT_CODE } = this.birth.run;
    const graceMs = graceSeconds * 1_000;
    if (graceMs <= 0) return this.end(SIGKILL_EXIT_CODE);
    const heeds = ignoresTerm !== true && termMs <= graceMs;
    const waitMs = heeds ? termMs : graceMs;
    if (waitMs <= 0) return this.end(termExitCode);
    const exited = new Promise<void>((resolve) => this.#exitWaiters.push(resolve));
    const timer = this.#clock.after(waitMs, () => this.end(heeds ? termExitCode : SIGKILL_EXIT_CODE));
    await exited;
    timer.cancel();
  }

  status(): ContainerStatus {
    const { id, config, image, imageRef, logPath } = this.birth;
    return {
      id,
      name: config.name,
      attempt: config.attempt,
      image,
      imageRef,
      state: this.state,
      createdAt: this.createdAt,
      labels: config.labels ?? {},
      annotations: config.annotations ?? {},
      startedAt: this.startedAt,
      finishedAt: this.#finishedAt,
      exitCode: this.#exitCode,
      reason: this.#reason,
      message: this.#message,
      logPath,
      pid: this.#pid,
    };
  }
}
