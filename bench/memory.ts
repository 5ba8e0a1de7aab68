// What a settled cluster weighs, and how soon one inside a program is there.
import { readFileSync } from 'node:fs';
import { performance } from 'node:perf_hooks';
import { startCluster } from '../index.ts';
import { type Figure, quantile } from './figures.ts';
import { createPods } from './load.ts';
import { openStage } from './worlds.ts';

const SETTLE_MS = 90_000;

/** `host-memory-10k`: nats-server and host with 10,000 settled pods; baseline: both with none. */
export async function hostMemory(): Promise<Figure[]> {
  await using stage = await openStage();
  const host = await stage.spawn('host', 'h1');
  await stage.spawn('nodes', '100');
  const world = await stage.connect('load');
  const weigh = () => residentMebibytes(host.pid!) + residentMebibytes(stage.server.pid);
  const empty = weigh();
  await createPods(world, { count: 10_000, prefix: 'p', inFlight: 50 });
  await world.clock.sleep(SETTLE_MS);
  return [{ name: 'host-memory-10k', value: weigh(), unit: 'MB', baseline: empty }];
}

/** `embedded-ready`: from the call to a cluster that takes pods, in this process. */
export async function embeddedReady(): Promise<Figure[]> {
  const samples: number[] = [];
  for (let round = 0; round < 10; round += 1) {
    const since = performance.now();
    const cluster = await startCluster({ nodes: 3 });
    samples.push(performance.now() - since);
    await cluster.close();
  }
  return [
    { name: 'embedded-ready-first', value: samples[0]!, unit: 'ms' },
    { name: 'embedded-ready', value: quantile(samples, 0.5), unit: 'ms' },
  ];
}

function residentMebibytes(pid: number): number {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  return Number(/VmRSS:\s+(\d+)/.exec(status)?.[1] ?? 0) / 1_024;
}
