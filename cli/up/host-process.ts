// `troupe host`: one process that runs actors, in the foreground, until it is asked to end. What it has to say
// goes to standard error, one JSON object a line.
import { startHost } from '../../actors/host.ts';
import type { Clock, Trace } from '../../messaging/ports.ts';
import { connectFrom } from './connect.ts';

/** Giving the shards back may not take longer; the next host takes them anyway. */
const STOP_MS = 5_000;

export interface HostProcessOptions {
  readonly name: string;
  readonly contextFile: string;
  readonly syncAlways?: boolean;
  readonly clock: Clock;
  readonly trace: Trace;
  /** Aborted to end it in good order. */
  readonly signal: AbortSignal;
}

/** Serves until `signal` is aborted. Errors: those of connecting and starting. */
export async function runHost(options: HostProcessOptions): Promise<void> {
  const { name, clock, trace, signal } = options;
  const { world, nats, context } = await connectFrom({ ...options, name: `host ${name}` });
  try {
    const host = await startHost({ world, cluster: context.cluster, name });
    const { warnings } = await world.store.durability();
    for (const warning of warnings) trace.log('warn', warning);
    trace.log('info', 'host is ready', { name, cluster: context.cluster, shards: host.kernel.shardCount });
    await untilAborted(signal);
    trace.log('info', 'host ends');
    await within(clock, STOP_MS, host.stop());
  } finally {
    await within(clock, STOP_MS, nats.close());
  }
}

export function untilAborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
}

/** Resolves when `work` has ended, well or not, or after `ms`; leaves no timer behind. */
export async function within(clock: Clock, ms: number, work: Promise<unknown>): Promise<void> {
  const done = new AbortController();
  const ended = work.catch(() => {}).finally(() => done.abort());
  await Promise.race([ended, clock.sleep(ms, done.signal)]);
}
