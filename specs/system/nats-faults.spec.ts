// A real nats-server that is killed in the middle of things: nothing acknowledged is lost, no watch has a gap or a
// double, and no consumer is left behind.
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect, type NatsConnection } from '@nats-io/transport-node';
import type { NatsWorld } from '../../messaging/nats/index.ts';
import type { Bucket } from '../../messaging/ports.ts';
import { type NatsServer, startNatsServer } from '../../messaging/server/index.ts';
import { hasCode } from '../../schemas/errors.ts';
import { clock, codeOf, connectTo, observe, read, text } from '../conformance/worlds.ts';

const RESTARTS = 20;
/** So many that no value leaves the history while a watch is away. */
const KEYS_PER_WRITER = 200;

let directory: string;
let server: NatsServer;
let world: NatsWorld;
let bucket: Bucket;

beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), 'troupe-nats-faults-'));
  server = await startNatsServer({ directory });
  world = await connectTo(server, 'faults');
  bucket = await world.store.bucket('objects');
});

afterEach(async () => {
  await world.close();
  await server.stop();
  rmSync(directory, { recursive: true });
});

/** Consumers of the bucket's stream, asked over a connection of its own. */
async function consumers(): Promise<number> {
  const { user, pass } = server.credentials;
  const connection: NatsConnection = await connect({ servers: server.url, user, pass });
  try {
    const answer = await connection.request('$JS.API.STREAM.INFO.KV_objects');
    return answer.json<{ state: { consumer_count: number } }>().state.consumer_count;
  } finally {
    await connection.close();
  }
}

/** Within less time than the server takes to remove a consumer that was left behind. */
async function untilConsumers(wanted: number): Promise<number> {
  const until = clock.monotonic() + 5_000;
  for (;;) {
    const count = await consumers();
    if (count === wanted || clock.monotonic() > until) return count;
    await clock.sleep(100);
  }
}

/**
 * Writes to its keys in turn by compare and set, as an actor does: after an unsure write it reads. Notes each
 * revision that was acknowledged.
 */
function writer(names: readonly string[]) {
  const acknowledged = new Map<number, string>();
  let unsure = 0;
  let isOn = true;
  const write = async (name: string): Promise<void> => {
    const known = new Map<string, number>();
    for (let value = 1; isOn; value += 1) {
      const key = `${name}.${value % KEYS_PER_WRITER}`;
      const expected = known.get(key) ?? 0;
      try {
        const revision = await bucket.update(key, text(`${key}=${value}`), expected);
        known.set(key, revision);
        acknowledged.set(revision, `${key}=${value}`);
      } catch (error) {
        if (!hasCode(error, 'UNSURE', 'UNAVAILABLE', 'STALE_REVISION')) throw error;
        if (error.code === 'UNSURE') unsure += 1;
        known.set(key, await newest(key, expected));
      }
    }
  };
  const newest = async (key: string, known: number): Promise<number> => {
    while (isOn) {
      try {
        return (await bucket.get(key))?.revision ?? 0;
      } catch (error) {
        if (!hasCode(error, 'UNAVAILABLE', 'TIMEOUT')) throw error;
        await clock.sleep(20);
      }
    }
    return known;
  };
  const all = Promise.all(names.map(write));
  return {
    acknowledged,
    get unsure() {
      return unsure;
    },
    async stop() {
      isOn = false;
      await all;
    },
  };
}

async function untilAcknowledged(acknowledged: ReadonlyMap<number, string>, more: number): Promise<void> {
  const wanted = acknowledged.size + more;
  const until = clock.monotonic() + 20_000;
  while (acknowledged.size < wanted) {
    if (clock.monotonic() > until) throw new Error(`${acknowledged.size} of ${wanted} writes acknowledged`);
    await clock.sleep(10);
  }
}

test(`killed ${RESTARTS} times in the middle of writes: nothing lost, no gap, no double, no consumer left`, async () => {
  expect(await consumers()).toBe(0);
  const watch = observe(bucket, { fromRevision: 1 });
  const second = observe(bucket, { filter: 'w.1.*' });
  await watch.arrivals.count(1);
  await second.arrivals.count(1);
  const writing = writer(Array.from({ length: 8 }, (_, index) => `w.${index}`));
  for (let restart = 0; restart < RESTARTS; restart += 1) {
    await untilAcknowledged(writing.acknowledged, 100);
    await server.kill();
    await server.restart();
  }
  await untilAcknowledged(writing.acknowledged, 100);
  await writing.stop();

  const last = await bucket.lastRevision();
  const seen = await watch.arrivals.until((all) => all.at(-1)!.endsWith(`@${last}`));
  const revisions = seen.filter((name) => name.startsWith('put')).map((name) => Number(name.split('@')[1]));
  expect(revisions).toEqual(Array.from({ length: last }, (_, index) => index + 1));
  for (const [revision, wrote] of writing.acknowledged) {
    const entry = await bucket.getRevision(wrote.split('=')[0]!, revision);
    expect(entry && read(entry.value)).toBe(wrote);
  }
  const acknowledged = [...writing.acknowledged.keys()];
  expect(acknowledged.length).toBeGreaterThan(RESTARTS * 100);
  expect(writing.unsure).toBeGreaterThan(0);
  expect(Math.max(...acknowledged)).toBeLessThanOrEqual(last);

  expect(await untilConsumers(2)).toBe(2);
  await Promise.all([watch.stop(), second.stop()]);
  expect(await untilConsumers(0)).toBe(0);
}, 120_000);

test('a write under way when the server dies is unsure, and reading tells', async () => {
  await bucket.update('k', text('1'), 0);
  const outcomes: Promise<unknown>[] = [];
  for (let index = 0; index < 2_000; index += 1) {
    outcomes.push(bucket.update(`p.${index}`, text('x'), 0).catch((error: unknown) => error));
  }
  const killed = server.kill();
  const results = await Promise.all(outcomes);
  await killed;
  await server.restart();
  await untilReadable(bucket);
  const errors = results.filter((result) => typeof result !== 'number');
  for (const error of errors) expect(hasCode(error, 'UNSURE', 'UNAVAILABLE')).toBe(true);
  for (const [index, result] of results.entries()) {
    const entry = await bucket.get(`p.${index}`);
    if (typeof result === 'number') expect(entry?.revision).toBe(result);
    if (hasCode(result, 'UNAVAILABLE')) expect(entry).toBeUndefined();
  }
}, 60_000);

test('a server that stands still makes writes unsure and requests late; what was on its way is done when it goes on', async () => {
  const other = await connectTo(server, 'other');
  other.bus.subscribe('echo', (message) => message.respond(message.data));
  await other.bus.flush();
  const watch = observe(bucket);
  await watch.arrivals.count(1);
  process.kill(server.pid, 'SIGSTOP');
  // The signal is on its way; what the server still answers before it stands is no fault.
  const isStopped = () => readFileSync(`/proc/${server.pid}/stat`, 'utf8').includes(') T ');
  for (const until = clock.monotonic() + 5_000; !isStopped() && clock.monotonic() < until; )
    await clock.sleep(5);
  try {
    const since = clock.monotonic();
    const outcomes = await Promise.all([
      codeOf(bucket.update('k', text('1'), 0)),
      codeOf(bucket.get('k')),
      codeOf(world.bus.request('echo', text(''), { timeoutMs: 500 })),
    ]);
    expect(outcomes).toEqual(['UNSURE', 'TIMEOUT', 'TIMEOUT']);
    const waitedMs = clock.monotonic() - since;
    expect(waitedMs).toBeGreaterThanOrEqual(2_000);
    expect(waitedMs).toBeLessThan(4_000);
  } finally {
    process.kill(server.pid, 'SIGCONT');
  }
  expect(await watch.arrivals.count(2)).toEqual(['current@0', 'put k@1']);
  expect(await bucket.update('k', text('2'), 1)).toBe(2);
  await watch.stop();
  await other.close();
}, 30_000);

test('a bucket kept in memory is made anew after the server died, one on disk that is lost is not', async () => {
  const leases = await world.store.bucket('leases', { storage: 'memory', history: 1 });
  await leases.update('shard.1', text('h1'), 0);
  await server.kill();
  rmSync(join(directory, 'jetstream'), { recursive: true });
  await server.restart();
  await untilReadable(leases);
  expect(await leases.update('shard.1', text('h2'), 0)).toBe(1);
  await expect(bucket.update('k', text('x'), 0)).rejects.toMatchObject({ code: 'NOT_FOUND' });
  await expect(bucket.get('k')).rejects.toMatchObject({ code: 'NOT_FOUND' });
  await expect(world.store.bucket('objects')).rejects.toMatchObject({ code: 'NOT_FOUND' });
}, 60_000);

async function untilReadable(one: Bucket): Promise<void> {
  const until = clock.monotonic() + 20_000;
  for (;;) {
    try {
      await one.lastRevision();
      return;
    } catch (error) {
      if (!hasCode(error, 'UNAVAILABLE', 'TIMEOUT') || clock.monotonic() > until) throw error;
    }
    await clock.sleep(20);
  }
}
