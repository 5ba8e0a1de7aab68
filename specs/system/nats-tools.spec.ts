// What others see: the official client packages, as `nats micro` and `nats kv` use them, read our services and
// buckets, and we read what they wrote.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Kvm } from '@nats-io/kv';
import { Svcm } from '@nats-io/services';
import { connect, type NatsConnection } from '@nats-io/transport-node';
import type { NatsWorld } from '../../messaging/nats/index.ts';
import { type NatsServer, startNatsServer } from '../../messaging/server/index.ts';
import { connectTo, observe, read, text } from '../conformance/worlds.ts';

let directory: string;
let server: NatsServer;
let world: NatsWorld;
let tool: NatsConnection;

beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'troupe-nats-tools-'));
  server = await startNatsServer({ directory });
  world = await connectTo(server, 'tools');
  const { user, pass } = server.credentials;
  tool = await connect({ servers: server.url, user, pass });
});

afterAll(async () => {
  await tool.close();
  await world.close();
  await server.stop();
  rmSync(directory, { recursive: true });
});

test('the services package finds our service, its endpoints and its figures', async () => {
  const service = await world.bus.serve(
    {
      name: 'troupe-api',
      version: '0.1.0',
      description: 'the public door',
      endpoints: [{ name: 'get', subject: 'troupe.dev.api.get.*.*.*' }],
    },
    (message) => message.respond(message.data),
  );
  await tool.request('troupe.dev.api.get.pods.default.web', 'x');
  type Connection = ConstructorParameters<typeof Svcm>[0];
  const client = new Svcm(tool as unknown as Connection).client({ strategy: 'stall', maxWait: 1_000 });
  const all = async <T>(iterator: Promise<AsyncIterable<T>>): Promise<T[]> => {
    const found: T[] = [];
    for await (const one of await iterator) found.push(one);
    return found;
  };
  const [ping] = await all(client.ping('troupe-api'));
  expect(ping).toMatchObject({
    name: 'troupe-api',
    version: '0.1.0',
    type: 'io.nats.micro.v1.ping_response',
  });
  const [info] = await all(client.info('troupe-api', ping!.id));
  expect(info!.endpoints).toEqual([{ name: 'get', subject: 'troupe.dev.api.get.*.*.*', queue_group: 'q' }]);
  const [stats] = await all(client.stats('troupe-api'));
  expect(stats!.endpoints![0]).toMatchObject({ name: 'get', num_requests: 1, num_errors: 0 });
  service.unsubscribe();
});

test('the kv package reads our buckets, and we read what it writes', async () => {
  const bucket = await world.store.bucket('shared');
  const kv = await new Kvm(tool).open('shared');
  const watch = observe(bucket);
  await watch.arrivals.count(1);
  await bucket.update('pods.default.web', text('ours'), 0);
  expect((await kv.get('pods.default.web'))?.string()).toBe('ours');
  expect(await kv.put('pods.default.web', 'theirs')).toBe(2);
  expect(read((await bucket.get('pods.default.web'))!.value)).toBe('theirs');
  await bucket.delete('pods.default.web', 2);
  expect(await kv.get('pods.default.web')).toMatchObject({ operation: 'DEL', revision: 3 });
  expect(await kv.create('pods.default.web', 'again')).toBe(4);
  await kv.delete('pods.default.web');
  expect(await bucket.get('pods.default.web')).toMatchObject({ operation: 'delete', revision: 5 });
  await kv.purge('pods.default.web');
  expect(await bucket.history('pods.default.web')).toMatchObject([{ operation: 'delete', revision: 6 }]);
  expect(await bucket.update('pods.default.web', text('ours'), 0)).toBe(7);
  const key = 'pods.default.web';
  expect(await watch.arrivals.count(8)).toEqual([
    'current@0',
    ...[`put ${key}@1`, `put ${key}@2`, `delete ${key}@3`, `put ${key}@4`],
    ...[`delete ${key}@5`, `delete ${key}@6`, `put ${key}@7`],
  ]);
  await watch.stop();
  expect((await kv.status()).history).toBe(64);
});
