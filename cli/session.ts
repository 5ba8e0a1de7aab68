// What every command is given: the streams, the options all commands share, and the way to the cluster. A
// session opens at most one connection and closes it.
import { type Client, DEFAULT_NAMESPACE } from '../messaging/client/index.ts';
import type { Bus, Clock } from '../messaging/ports.ts';
import { TroupeError } from '../schemas/errors.ts';
import { type Context, chooseContext, DEFAULT_CLUSTER } from './context.ts';
import { UsageError } from './errors.ts';
import type { Io } from './io.ts';
import { parseDuration } from './print/time.ts';

/** A way to a cluster that is open. */
export interface Connection {
  readonly client: Client;
  readonly bus: Bus;
  close(): Promise<void>;
}

export interface ConnectOptions {
  readonly requestTimeoutMs: number | undefined;
  readonly onWarning: (warning: string) => void;
  readonly onRepeat: () => void;
}

/** What main.ts and the specs hand in. */
export interface CliWorld {
  readonly io: Io;
  readonly clock: Clock;
  readonly version: string;
  readonly connect: (context: Context, options: ConnectOptions) => Promise<Connection>;
}

/** Options of all commands, as commander gives them. */
export interface GlobalOptions {
  readonly cluster?: string;
  readonly server?: string;
  readonly user?: string;
  readonly contextFile?: string;
  readonly namespace?: string;
  readonly requestTimeout?: string;
}

export class Session {
  readonly io: Io;
  readonly clock: Clock;
  readonly version: string;
  readonly globals: GlobalOptions;
  readonly #world: CliWorld;
  #context: Context | undefined;
  #connection: Promise<Connection> | undefined;
  #closed: Promise<void> | undefined;
  #toldWaiting = false;

  constructor(world: CliWorld, globals: GlobalOptions) {
    this.io = world.io;
    this.clock = world.clock;
    this.version = world.version;
    this.globals = globals;
    this.#world = world;
  }

  get namespace(): string {
    return this.globals.namespace || DEFAULT_NAMESPACE;
  }

  /** As far as it is known: for messages. */
  get cluster(): string {
    return this.#context?.cluster ?? this.globals.cluster ?? this.io.env.TROUPE_CLUSTER ?? DEFAULT_CLUSTER;
  }

  get server(): string | undefined {
    return this.#context?.server;
  }

  /** A line for the user. */
  print(line: string): void {
    this.io.stdout.write(`${line}\n`);
  }

  /** A line about the work, not of its result. */
  warn(line: string): void {
    this.io.stderr.write(`${line}\n`);
  }

  /** Connects on the first call. Errors: `SETUP`, `UNAVAILABLE`, `UNAUTHORIZED`. */
  async client(): Promise<Client> {
    return (await this.connection()).client;
  }

  async connection(): Promise<Connection> {
    if (!this.#connection) {
      const requestTimeoutMs = this.#requestTimeoutMs();
      this.#context = await chooseContext(this.globals, this.io.env);
      this.#connection = this.#world.connect(this.#context, {
        requestTimeoutMs,
        onWarning: (warning) => this.warn(`Warning: ${warning}`),
        onRepeat: () => this.#tellWaiting(),
      });
    }
    return this.#connection;
  }

  /** Ends what is under way and closes the connection; may be called again. */
  close(): Promise<void> {
    this.#closed ??= (async () => {
      const connection = await this.#connection?.catch(() => undefined);
      await connection?.close();
    })();
    return this.#closed;
  }

  /** Says once, on a terminal, why nothing is to be seen for a while. */
  #tellWaiting(): void {
    if (this.#toldWaiting || !this.io.stderr.isTty) return;
    this.#toldWaiting = true;
    this.warn(`Waiting for the cluster "${this.cluster}" to answer; Ctrl-C ends the wait`);
  }

  /** A clear end for a command that was interrupted. */
  interrupted(): TroupeError {
    return new TroupeError('TIMEOUT', 'interrupted');
  }

  #requestTimeoutMs(): number | undefined {
    const text = this.globals.requestTimeout;
    if (text === undefined || text === '0') return undefined;
    const ms = parseDuration(text);
    if (ms === undefined || ms <= 0) {
      const form = 'expected a duration such as 1s, 2m, 3h, or a number of seconds';
      throw new UsageError(`Invalid timeout value "${text}": ${form}`);
    }
    return ms;
  }
}
