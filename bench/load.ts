// The load: pods created through the public door, and the time until each is announced Running.
import { answerOf, encode } from '../messaging/envelope.ts';
import type { World } from '../messaging/ports.ts';
import { subjectsOf } from '../messaging/subjects.ts';
import { CLUSTER } from './worlds.ts';

const subjects = subjectsOf(CLUSTER);
const LIMIT_MS = 120_000;

export interface Load {
  /** Milliseconds from the request to its acknowledgement, one a pod. */
  readonly acked: readonly number[];
  /** Milliseconds from the request to the fact that the pod is ready, one a pod. */
  readonly running: readonly number[];
  readonly totalMs: number;
}

export interface LoadOptions {
  readonly count: number;
  readonly prefix: string;
  /** Requests under way at once. */
  readonly inFlight?: number;
  /** True: the next is created when the former is Running. */
  readonly untilRunning?: boolean;
  /** Or: this many a second, evenly. */
  readonly perSecond?: number;
}

/** Creates `count` pods and waits until all are Running. */
export async function createPods(world: World, options: LoadOptions): Promise<Load> {
  const { count, prefix, inFlight = 1, perSecond } = options;
  const begun = new Map<string, number>();
  const waiting = new Map<string, () => void>();
  const acked: number[] = [];
  const running: number[] = [];
  let allRunning = () => {};
  const done = new Promise<void>((resolve) => {
    allRunning = resolve;
  });
  const heard = world.bus.subscribe(`${subjects.root}.fact.pods.default.*.ready`, ({ subject }) => {
    const name = subject.split('.').at(-2)!;
    const since = begun.get(name);
    if (since === undefined) return;
    begun.delete(name);
    running.push(performance.now() - since);
    waiting.get(name)?.();
    if (running.length === count) allRunning();
  });
  await world.bus.flush();
  const create = async (index: number) => {
    const name = `${prefix}${index}`;
    const since = performance.now();
    begun.set(name, since);
    const isRunning = new Promise<void>((resolve) => waiting.set(name, resolve));
    const id = { plural: 'pods', namespace: 'default', name };
    const request = world.bus.request(subjects.api('create', id), encode(podNamed(name)), {
      timeoutMs: 30_000,
    });
    answerOf(await request);
    acked.push(performance.now() - since);
    if (options.untilRunning) await isRunning;
    waiting.delete(name);
  };
  const startedAt = performance.now();
  if (perSecond !== undefined) {
    const all: Promise<void>[] = [];
    for (let index = 0; index < count; index += 1) {
      await world.clock.sleep(startedAt + (index * 1_000) / perSecond - performance.now());
      all.push(create(index));
    }
    await Promise.all(all);
  } else {
    let next = 0;
    const worker = async () => {
      while (next < count) await create(next++);
    };
    await Promise.all(Array.from({ length: inFlight }, worker));
  }
  await Promise.race([done, world.clock.sleep(LIMIT_MS)]);
  heard.unsubscribe();
  if (running.length < count) throw new Error(`${count - running.length} of ${count} pods are not Running`);
  return { acked, running, totalMs: performance.now() - startedAt };
}

function podNamed(name: string) {
  const spec = { containers: [{ name: 'main', image: 'nginx' }] };
  return { apiVersion: 'v1', kind: 'Pod', metadata: { name }, spec };
}
