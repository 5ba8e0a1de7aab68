// The parts a supervisor keeps alive, each behind the same three words: is it alive, start it, wait for its
// end. A part that already runs, left by a supervisor that was killed, is taken over rather than started twice.
import { spawn } from 'node:child_process';
import { closeSync, openSync, renameSync, statSync } from 'node:fs';
import type { Clock } from '../../messaging/ports.ts';
import { type NatsServer, startNatsServer } from '../../messaging/server/index.ts';
import type { Place, Plan } from './place.ts';
import { isAlive, type Role, roleArguments, roleProcesses } from './roles.ts';

const LARGEST_LOG_BYTES = 16 * 1024 * 1024;
const LOOK_MS = 200;

export interface Part {
  readonly name: string;
  readonly pid: number | undefined;
  /** Starts it, or takes over the one that runs. */
  start(): Promise<void>;
  /** Resolves when it is not alive, or `signal` is aborted. */
  ended(signal: AbortSignal): Promise<void>;
}

/** One of our own programs as a process of its own, in a group of its own, writing to its log. */
export class RolePart implements Part {
  readonly name: Role;
  pid: number | undefined;
  readonly #place: Place;
  readonly #clock: Clock;
  readonly #words: readonly string[];
  #spawned: Spawned | undefined;

  constructor(name: Role, words: readonly string[], place: Place, clock: Clock) {
    this.name = name;
    this.#words = words;
    this.#place = place;
    this.#clock = clock;
  }

  async start(): Promise<void> {
    const { directory } = this.#place;
    this.#spawned = undefined;
    this.pid = roleProcesses(directory).find(({ role }) => role === this.name)?.pid;
    if (this.pid !== undefined) return;
    this.#spawned = spawnRole(this.name, this.#words, this.#place);
    this.pid = this.#spawned.pid;
  }

  async ended(signal: AbortSignal): Promise<void> {
    if (this.#spawned) {
      await unlessAborted(this.#spawned.exit, signal);
      return this.#spawned.release();
    }
    while (!signal.aborted && this.pid !== undefined && isAlive(this.pid)) {
      await this.#clock.sleep(LOOK_MS, signal);
    }
  }
}

export interface Spawned {
  readonly pid: number | undefined;
  readonly exit: Promise<void>;
  /** This process may end before the other does. */
  release(): void;
}

/** Starts one of our programs, detached, its output in its log file. */
export function spawnRole(role: Role, words: readonly string[], place: Place): Spawned {
  const log = openLog(place.log(role));
  const child = spawn(process.execPath, roleArguments(role, place.directory, words), {
    detached: true,
    cwd: '/',
    stdio: ['ignore', log, log],
  });
  closeSync(log);
  const exit = new Promise<void>((resolve) => {
    child.once('exit', () => resolve());
    child.once('error', () => resolve());
  });
  return { pid: child.pid, exit, release: () => child.unref() };
}

/** The private nats-server; started again with the same port, credentials and store. */
export class ServerPart implements Part {
  readonly name = 'nats-server';
  readonly #place: Place;
  readonly #plan: Plan;
  readonly #clock: Clock;
  #server: NatsServer | undefined;

  constructor(place: Place, plan: Plan, clock: Clock) {
    this.#place = place;
    this.#plan = plan;
    this.#clock = clock;
  }

  get pid(): number | undefined {
    return this.#server?.pid;
  }

  get server(): NatsServer | undefined {
    return this.#server;
  }

  async start(): Promise<void> {
    this.#server = await startNatsServer({
      directory: this.#place.nats,
      name: `troupe-${this.#plan.cluster}`,
      detached: true,
      syncAlways: this.#plan.syncAlways,
      clock: this.#clock,
    });
  }

  async ended(signal: AbortSignal): Promise<void> {
    while (!signal.aborted && this.pid !== undefined && isAlive(this.pid)) {
      await this.#clock.sleep(LOOK_MS, signal);
    }
  }
}

/** Opens for appending; a log that has grown large is put aside first. */
function openLog(path: string): number {
  try {
    if (statSync(path).size > LARGEST_LOG_BYTES) renameSync(path, `${path}.1`);
  } catch {
    // There is none yet.
  }
  return openSync(path, 'a', 0o600);
}

/** Resolves with `work` or when `signal` is aborted, whichever comes first. */
function unlessAborted(work: Promise<void>, signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) => {
    const end = () => {
      signal.removeEventListener('abort', end);
      resolve();
    };
    signal.addEventListener('abort', end);
    void work.then(end);
  });
}
