// A process's own way to the cluster, from the context file: waits for a server that is not there yet, since
// supervisors start and restart things in any order.
import { connectNats, type NatsWorld } from '../../messaging/nats/index.ts';
import type { Clock, Trace, World } from '../../messaging/ports.ts';
import { systemRandom } from '../../messaging/system/index.ts';
import { hasCode, TroupeError } from '../../schemas/errors.ts';
import { type Context, loadContext } from '../context.ts';

const FIRST_WAIT_MS = 50;
const MOST_WAIT_MS = 2_000;

export interface ConnectedWorld {
  readonly world: World;
  readonly nats: NatsWorld;
  readonly context: Context;
}

export interface ConnectOptions {
  readonly contextFile: string;
  /** Shown in the server's list of connections. */
  readonly name: string;
  readonly clock: Clock;
  readonly trace: Trace;
  readonly signal: AbortSignal;
  readonly syncAlways?: boolean;
  /** Give up after so long; absent: when `signal` is aborted. */
  readonly withinMs?: number;
}

/** Errors: `SETUP` without a context file, `UNAUTHORIZED`; `UNAVAILABLE` when the time is over or `signal` aborted. */
export async function connectFrom(options: ConnectOptions): Promise<ConnectedWorld> {
  const {
    contextFile,
    name,
    clock,
    trace,
    signal,
    syncAlways,
    withinMs = Number.POSITIVE_INFINITY,
  } = options;
  const until = clock.monotonic() + withinMs;
  const random = systemRandom();
  for (let attempt = 0; ; attempt += 1) {
    const context = await loadContext(contextFile);
    if (!context) throw new TroupeError('SETUP', `there is no context file ${contextFile}`);
    const { server, user, pass } = context;
    try {
      const servers = server.split(',');
      const nats = await connectNats({ servers, name, user, pass, clock, random, trace, syncAlways });
      return { world: { clock, random, bus: nats.bus, store: nats.store, trace }, nats, context };
    } catch (error) {
      if (!hasCode(error, 'UNAVAILABLE') || clock.monotonic() >= until || signal.aborted) throw error;
    }
    await clock.sleep(Math.min(FIRST_WAIT_MS * 2 ** attempt, MOST_WAIT_MS), signal);
  }
}
