// A cluster in memory with a command line beside it: commands run in-process against a real host, and what
// they print is kept.
import { type RunningHost, startHost } from '../../../actors/host.ts';
import type { Context } from '../../../cli/context.ts';
import { UsageError } from '../../../cli/errors.ts';
import type { Io, SourceText } from '../../../cli/io.ts';
import { run } from '../../../cli/run.ts';
import type { CliWorld } from '../../../cli/session.ts';
import { type Client, clientOf } from '../../../messaging/client/index.ts';
import { decode, HEADER } from '../../../messaging/envelope.ts';
import { type MemoryNetwork, memoryNetwork, seededRandom } from '../../../messaging/memory/index.ts';
import type { Bus, Clock } from '../../../messaging/ports.ts';
import { silentTrace, systemClock } from '../../../messaging/system/index.ts';
import { FakeAgent } from '../../support/fake-agent.ts';

export interface Outcome {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

/** A command that runs on, until it is stopped. */
export interface Running {
  readonly outcome: Promise<Outcome>;
  /** Resolves when what was printed so far matches; with what was printed. */
  readonly printed: (pattern: RegExp) => Promise<string>;
  readonly stop: () => void;
}

export interface RigOptions {
  readonly files?: Record<string, string>;
  readonly env?: Record<string, string>;
  readonly tty?: boolean;
  readonly clock?: Clock;
}

/** Bound on every wait of these specs; nothing waits for it when all is well. */
const PATIENCE_MS = 10_000;

export class Rig {
  readonly clock: Clock = systemClock({ background: true });
  readonly network: MemoryNetwork;
  readonly host: RunningHost;
  agent!: FakeAgent;
  readonly client: Client;
  readonly contexts: Context[] = [];
  /** What the node writes when it is asked for logs. */
  logs: (asked: { container: string; tailLines?: number }) => string[] = () => [];
  readonly #random = seededRandom('rig');
  #silent = false;

  static async start(options: { eager?: boolean } = {}): Promise<Rig> {
    const clock = systemClock({ background: true });
    const random = seededRandom('rig');
    const network = memoryNetwork({ clock, random, deliveriesPerTurn: 1_000 });
    const world = { clock, random, trace: silentTrace, bus: network.bus('h1'), store: network.store('h1') };
    const host = await startHost({ world, cluster: 'dev', name: 'h1' });
    const rig = new Rig(network, host);
    rig.agent = new FakeAgent({ bus: rig.#nodeBus(), clock, cluster: 'dev', node: 'n1', ...options });
    await rig.agent.register();
    return rig;
  }

  private constructor(network: MemoryNetwork, host: RunningHost) {
    this.network = network;
    this.host = host;
    this.client = clientOf({
      bus: network.bus('spec'),
      clock: this.clock,
      random: this.#random,
      cluster: 'dev',
    });
  }

  /** From now on the node answers nothing. */
  silence(): void {
    this.#silent = true;
  }

  /** The bus of the node: logs are answered here, since the fake agent has none. */
  #nodeBus(): Bus {
    const bus = this.network.bus('n1');
    const subscribe: Bus['subscribe'] = (subject, onMessage, options) =>
      bus.subscribe(
        subject,
        (message) => {
          if (this.#silent) return;
          if (!message.subject.endsWith('.logs')) return onMessage(message);
          const asked = decode(message.data) as { container: string };
          for (const part of this.logs(asked)) message.respond(Buffer.from(part));
          message.respond(new Uint8Array(), { [HEADER.end]: 'ok' });
        },
        options,
      );
    return new Proxy(bus, {
      get(target, name) {
        if (name === 'subscribe') return subscribe;
        const value = Reflect.get(target, name, target);
        return typeof value === 'function' ? value.bind(target) : value;
      },
    });
  }

  async stop(): Promise<void> {
    await this.client.close();
    await this.host.stop();
  }

  /** Runs one command line to its end. */
  async run(line: string, options: RigOptions = {}): Promise<Outcome> {
    return this.begin(line, options).outcome;
  }

  begin(line: string, options: RigOptions = {}): Running {
    const stopping = new AbortController();
    const text = { out: '', err: '' };
    const watchers = new Set<() => void>();
    const output = (name: 'out' | 'err') => ({
      isTty: options.tty === true,
      write(given: string | Uint8Array) {
        text[name] += typeof given === 'string' ? given : Buffer.from(given).toString('utf8');
        for (const watcher of watchers) watcher();
      },
    });
    const io: Io = {
      stdout: output('out'),
      stderr: output('err'),
      env: { TROUPE_SERVER: 'nats://memory', ...options.env },
      signal: stopping.signal,
      sources: async (path) => sourcesOf(path, options.files ?? {}),
      zoneMinutes: () => 0,
    };
    const outcome = run(words(line), this.#world(io, options.clock)).then((code) => ({ code, ...text }));
    const printed = (pattern: RegExp) =>
      new Promise<string>((resolve, reject) => {
        const said = () => `${text.out}${text.err}`;
        const timer = this.clock.after(PATIENCE_MS, () =>
          reject(new Error(`"${line}" did not print ${pattern} within ${PATIENCE_MS} ms, but: ${said()}`)),
        );
        const look = () => {
          if (!pattern.test(said())) return;
          watchers.delete(look);
          timer.cancel();
          resolve(said());
        };
        watchers.add(look);
        look();
      });
    return { outcome, printed, stop: () => stopping.abort() };
  }

  #world(io: Io, clock = this.clock): CliWorld {
    return {
      io,
      clock,
      version: '9.9.9',
      connect: async (context, options) => {
        this.contexts.push(context);
        const bus = this.network.bus('cli');
        const { requestTimeoutMs, onWarning, onRepeat } = options;
        const { cluster } = context;
        const client = clientOf({
          bus,
          clock: this.clock,
          random: this.#random,
          cluster,
          requestTimeoutMs,
          onWarning,
          onRepeat,
        });
        const close = async () => {
          await client.close();
          await bus.close();
        };
        return { client, bus, close };
      },
    };
  }
}

function sourcesOf(path: string, files: Record<string, string>): SourceText[] {
  const text = files[path];
  if (text === undefined) throw new UsageError(`the path "${path}" does not exist`);
  return [{ name: path === '-' ? 'STDIN' : path, text }];
}

/** Splits a command line at spaces; single quotes hold a word together. */
export function words(line: string): string[] {
  return [...line.matchAll(/'([^']*)'|(\S+)/g)].map(([, quoted, plain]) => quoted ?? plain!);
}
