// Pods on simulated nodes, everything through NATS: how many a second, how soon, how soon acknowledged.
import { performance } from 'node:perf_hooks';
import type { World } from '../messaging/ports.ts';
import { type Figure, quantile } from './figures.ts';
import { createPods } from './load.ts';
import { openStage } from './worlds.ts';

const NODES = 100;

/** `pods-running-rate`: 5,000 pods over 100 nodes; baseline: raw acknowledged KV writes of the same size. */
export async function podsRunningRate(): Promise<Figure[]> {
  await using stage = await openStage();
  await stage.spawn('host', 'h1');
  await stage.spawn('nodes', String(NODES));
  const world = await stage.connect('load');
  await createPods(world, { count: 500, prefix: 'warm', inFlight: 100 });
  const { totalMs } = await createPods(world, { count: 5_000, prefix: 'p', inFlight: 200 });
  const raw = await rawWrites(world, 20_000, 200);
  return [{ name: 'pods-running-rate', value: 5_000 / (totalMs / 1_000), unit: 'pods/s', baseline: raw }];
}

/** `pod-running-p50`, `-p99` at 20 pods a second; baseline: one raw acknowledged write. */
export async function podRunningLatency(): Promise<Figure[]> {
  await using stage = await openStage();
  await stage.spawn('host', 'h1');
  await stage.spawn('nodes', String(NODES));
  const world = await stage.connect('load');
  await createPods(world, { count: 500, prefix: 'warm', inFlight: 50 });
  await createPods(world, { count: 60, prefix: 'slow', perSecond: 20 });
  const { running } = await createPods(world, { count: 400, prefix: 'p', perSecond: 20 });
  const raw = await rawLatency(world, 400);
  return [
    { name: 'pod-running-p50', value: quantile(running, 0.5), unit: 'ms', baseline: quantile(raw, 0.5) },
    { name: 'pod-running-p99', value: quantile(running, 0.99), unit: 'ms', baseline: quantile(raw, 0.99) },
  ];
}

/**
 * `create-acked-p50`: one after another, each when the former is Running; `create-acked-busy-p50`: back to back, while
 * the former ones are still being started on the same two cores. Baseline: one raw acknowledged KV write.
 */
export async function createAcked(): Promise<Figure[]> {
  await using stage = await openStage();
  await stage.spawn('host', 'h1');
  await stage.spawn('nodes', '20');
  const world = await stage.connect('load');
  await createPods(world, { count: 1_000, prefix: 'warm', inFlight: 20 });
  const quiet = await createPods(world, { count: 400, prefix: 'p', untilRunning: true });
  const busy = await createPods(world, { count: 300, prefix: 'b' });
  const raw = quantile(await rawLatency(world, 1_000), 0.5);
  return [
    { name: 'create-acked-p50', value: quantile(quiet.acked, 0.5), unit: 'ms', baseline: raw },
    { name: 'create-acked-busy-p50', value: quantile(busy.acked, 0.5), unit: 'ms', baseline: raw },
  ];
}

const VALUE = new Uint8Array(1_500).fill(97);

/** Acknowledged compare-and-set writes a second, straight to the bucket. */
async function rawWrites({ store }: World, count: number, inFlight: number): Promise<number> {
  const bucket = await store.bucket('raw');
  let next = 0;
  const worker = async () => {
    while (next < count) await bucket.update(`k.${next++}`, VALUE, 0);
  };
  const startedAt = performance.now();
  await Promise.all(Array.from({ length: inFlight }, worker));
  return count / ((performance.now() - startedAt) / 1_000);
}

/** Milliseconds of acknowledged writes, one after another. */
async function rawLatency({ store }: World, count: number): Promise<number[]> {
  const bucket = await store.bucket('raw');
  const samples: number[] = [];
  for (let index = 0; index < count; index += 1) {
    const since = performance.now();
    await bucket.update(`s.${index}`, VALUE, 0);
    samples.push(performance.now() - since);
  }
  return samples;
}
