// A private nats-server with JetStream, for those who bring none: started in a directory of its own, on loopback, with
// credentials nobody else has. A server that still runs from the same directory is adopted rather than started twice.
import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { TroupeError } from '../../schemas/errors.ts';
import type { Clock } from '../ports.ts';
import { systemClock } from '../system/clock.ts';
import { findServer, versionOf } from './binary.ts';
import {
  type Credentials,
  newCredentials,
  type Paths,
  pathsOf,
  prepareDirectory,
  recall,
  writeConfiguration,
} from './configuration.ts';
import { eventually, freePort, greeting, isOurs, livingPid, send } from './process.ts';

/** JetStream reads its whole store before it answers. */
const READY_MS = 20_000;
const TERM_MS = 5_000;
const KILL_MS = 5_000;
const PORT_ATTEMPTS = 5;

export interface NatsServerOptions {
  /** Private to this server; made when missing. */
  readonly directory: string;
  readonly host?: string;
  /** `free`, the default: any free port, the same again after a restart. */
  readonly port?: number | 'free';
  readonly name?: string;
  /** Each write on disk before it is acknowledged. Needs nats-server 2.10. */
  readonly syncAlways?: boolean;
  /** True: the server goes on when this process ends, even by a signal to its whole group. */
  readonly detached?: boolean;
  readonly environment?: NodeJS.ProcessEnv;
  readonly clock?: Clock;
}

export interface NatsServer {
  readonly url: string;
  readonly port: number;
  readonly pid: number;
  readonly version: string;
  readonly credentials: Credentials;
  readonly syncAlways: boolean;
  /** True when it ran already. */
  readonly adopted: boolean;
  /** In good order; killed when that takes too long. */
  stop(): Promise<void>;
  /** At once, as when the machine loses power but keeps its disk. */
  kill(): Promise<void>;
  /** Stops it if need be and starts it again, with the same port, credentials and store. */
  restart(): Promise<void>;
}

/** Errors: SETUP with what to do, when the program is missing, the port is taken or the server does not come up. */
export async function startNatsServer(options: NatsServerOptions): Promise<NatsServer> {
  const program = findServer(options.environment ?? process.env);
  const version = await versionOf(program);
  const server = new PrivateServer(options, program, version);
  await server.start();
  return server;
}

/** One process, from its start to its end. */
interface Life {
  /** Undefined for one that was adopted. */
  readonly child?: ChildProcess;
  isOver: boolean;
}

class PrivateServer implements NatsServer {
  readonly version: string;
  readonly syncAlways: boolean;
  port = 0;
  pid = 0;
  credentials: Credentials = { user: '', pass: '' };
  adopted = false;
  readonly #options: NatsServerOptions;
  readonly #program: string;
  readonly #paths: Paths;
  readonly #host: string;
  readonly #clock: Clock;
  #life: Life = { isOver: false };

  constructor(options: NatsServerOptions, program: string, version: string) {
    this.#options = options;
    this.#program = program;
    this.#paths = pathsOf(resolve(options.directory));
    this.#host = options.host ?? '127.0.0.1';
    this.#clock = options.clock ?? systemClock();
    this.version = version;
    this.syncAlways = options.syncAlways ?? false;
    if (this.syncAlways && /^2\.[0-9]\./.test(version)) {
      throw new TroupeError(
        'SETUP',
        `nats-server ${version} cannot sync each write: 2.10 or later is needed`,
      );
    }
  }

  get url(): string {
    return `nats://${this.#host}:${this.port}`;
  }

  async start(): Promise<void> {
    prepareDirectory(this.#paths);
    if (await this.#adopt()) return;
    const remembered = recall(this.#paths);
    this.credentials = remembered?.credentials ?? newCredentials();
    const wanted = this.#options.port ?? 'free';
    const fixed = wanted !== 'free' ? wanted : remembered?.port;
    for (let attempt = 1; ; attempt += 1) {
      this.port = fixed ?? (await freePort(this.#host));
      const reason = await this.#spawn();
      if (reason === undefined) return;
      // Somebody was quicker to take the free port.
      if (fixed !== undefined || !/address already in use/.test(reason) || attempt >= PORT_ATTEMPTS) {
        throw new TroupeError('SETUP', `nats-server does not start: ${reason}`);
      }
    }
  }

  async stop(): Promise<void> {
    await this.#end('SIGTERM', TERM_MS);
  }

  async kill(): Promise<void> {
    await this.#end('SIGKILL', KILL_MS);
  }

  async restart(): Promise<void> {
    if (this.#isAlive()) await this.stop();
    await this.start();
  }

  async #adopt(): Promise<boolean> {
    const pid = livingPid(this.#paths, this.#program);
    const remembered = pid === undefined ? undefined : recall(this.#paths);
    if (pid === undefined || !remembered) return false;
    this.pid = pid;
    this.#life = { isOver: false };
    this.port = remembered.port;
    this.credentials = remembered.credentials;
    this.adopted = true;
    if (await this.#isReady()) return true;
    throw new TroupeError(
      'SETUP',
      `nats-server (pid ${pid}) runs from ${this.#paths.directory} but does not answer`,
    );
  }

  /** Starts the process; returns why it did not come up, if so. */
  async #spawn(): Promise<string | undefined> {
    writeConfiguration(this.#paths, {
      name: this.#options.name ?? 'troupe',
      host: this.#host,
      port: this.port,
      credentials: this.credentials,
      syncAlways: this.syncAlways,
    });
    this.adopted = false;
    const log = openSync(this.#paths.log, 'w', 0o600);
    const child = spawn(this.#program, ['--config', this.#paths.configuration], {
      detached: this.#options.detached ?? false,
      stdio: ['ignore', log, log],
      env: { PATH: '/usr/sbin:/usr/bin:/sbin:/bin' },
    });
    closeSync(log);
    const life: Life = { child, isOver: false };
    this.#life = life;
    let failure: string | undefined;
    child.on('error', (error) => {
      failure = error.message;
      life.isOver = true;
    });
    child.on('exit', () => {
      life.isOver = true;
    });
    child.unref();
    this.pid = child.pid ?? 0;
    if (await this.#isReady()) return undefined;
    const reason = failure ?? this.#lastWords();
    if (!life.isOver) await this.kill();
    return reason;
  }

  #isReady(): Promise<boolean> {
    return eventually(this.#clock, READY_MS, async () => {
      if (this.#life.isOver) return true;
      const info = await greeting(this.#host, this.port);
      // Somebody else's server may answer on the port that ours failed to take.
      return info?.jetstream === true && this.#isAlive();
    }).then((ended) => ended && this.#isAlive());
  }

  #isAlive(): boolean {
    const { child, isOver } = this.#life;
    // A child is over when its exit was announced: only then are its port and files free.
    if (child) return !isOver;
    return this.pid > 1 && isOurs(this.pid, this.#paths, this.#program);
  }

  async #end(signal: 'SIGTERM' | 'SIGKILL', withinMs: number): Promise<void> {
    if (!this.#isAlive()) return;
    send(this.pid, signal);
    if (await eventually(this.#clock, withinMs, () => !this.#isAlive())) return;
    send(this.pid, 'SIGKILL');
    if (await eventually(this.#clock, KILL_MS, () => !this.#isAlive())) return;
    throw new TroupeError('INTERNAL', `nats-server (pid ${this.pid}) does not end`);
  }

  /** The reason as the server logged it. */
  #lastWords(): string {
    try {
      const lines = readFileSync(this.#paths.log, 'utf8').trim().split('\n');
      const fatal = lines.findLast((line) => /\[(FTL|ERR)\]/.test(line)) ?? lines.at(-1);
      return fatal?.replace(/^\[\d+\]\s+\S+\s+\S+\s+/, '') || `see ${this.#paths.log}`;
    } catch {
      return 'it left no log';
    }
  }
}
