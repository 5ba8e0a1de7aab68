// Several hosts on one cluster: who holds what, and what happens when one joins, leaves, dies or cannot be heard.
import { preferred } from '../../../actors/kernel/shards.ts';
import { KernelWorld, podNamed } from '../../support/kernel-world.ts';

const SHARDS = 64;

test('rendezvous hashing spreads the shards, and moves only those of the host that is gone', () => {
  const three = Array.from({ length: SHARDS }, (_, shard) => preferred(shard, ['h1', 'h2', 'h3']));
  for (const host of ['h1', 'h2', 'h3']) {
    const share = three.filter((holder) => holder === host).length;
    expect(share).toBeGreaterThan(8);
  }
  const two = Array.from({ length: SHARDS }, (_, shard) => preferred(shard, ['h1', 'h3']));
  const moved = two.filter((holder, shard) => three[shard] !== 'h2' && three[shard] !== holder);
  expect(moved).toEqual([]);
});

test('a second host takes its share, and gives it back when it stops', async () => {
  const world = new KernelWorld();
  const first = await world.host('h1');
  expect(first.kernel.shardCount).toBe(SHARDS);
  const second = await world.host('h2');
  await world.clock.advance(3_000);
  expect(second.kernel.shardCount).toBeGreaterThan(8);
  expect(first.kernel.shardCount + second.kernel.shardCount).toBe(SHARDS);
  await world.clock.until(second.stop());
  await world.clock.advance(3_000);
  expect(first.kernel.shardCount).toBe(SHARDS);
});

test('a crashed host loses its shards after the lease, and its actors go on elsewhere', async () => {
  const world = new KernelWorld();
  const first = await world.host('h1');
  const second = await world.host('h2');
  await world.clock.advance(3_000);
  await world.agent('n1');
  second.crash();
  world.network.crash('h2');
  const client = world.client();
  const all = Promise.all(Array.from({ length: 20 }, (_, index) => client.create(podNamed(`w${index}`))));
  await world.clock.advance(12_000);
  await world.clock.until(all);
  await world.clock.advance(1_000);
  expect(first.kernel.shardCount).toBe(SHARDS);
  const { items } = await world.clock.until(client.list('pods'));
  expect(items.map(({ status }) => (status as { phase: string }).phase)).toEqual(Array(20).fill('Running'));
});

test('a host that cannot reach the store lets go of everything before others take over', async () => {
  const world = new KernelWorld();
  const first = await world.host('h1');
  const second = await world.host('h2');
  await world.clock.advance(3_000);
  world.network.faults = { connected: (client) => client !== 'h2' };
  world.network.refresh();
  await world.clock.advance(4_500);
  expect(second.kernel.shardCount).toBe(0);
  await world.clock.advance(3_000);
  expect(first.kernel.shardCount).toBe(SHARDS);
  world.network.faults = {};
  world.network.refresh();
  await world.clock.advance(10_000);
  expect(second.kernel.shardCount).toBeGreaterThan(8);
  expect(first.kernel.shardCount + second.kernel.shardCount).toBe(SHARDS);
});

test('the server restarts and forgets the leases: they are taken again', async () => {
  const world = new KernelWorld();
  const first = await world.host('h1');
  await world.agent('n1');
  world.network.restart();
  await world.clock.advance(10_000);
  expect(first.kernel.shardCount).toBe(SHARDS);
  const client = world.client();
  await world.clock.until(client.create(podNamed('web')));
  await world.clock.advance(100);
  expect((await world.clock.until(client.get('pods', 'default/web'))).status).toMatchObject({
    phase: 'Running',
  });
});

test('leases that somebody removed by hand are taken again when their shards move', async () => {
  const world = new KernelWorld();
  const first = await world.host('h1');
  const bucket = await world.network.store('stranger').bucket('troupe_spec_leases');
  for (let shard = 0; shard < SHARDS; shard += 1) {
    const { revision } = (await world.clock.until(bucket.get(`shards.${shard}`)))!;
    await world.clock.until(bucket.delete(`shards.${shard}`, revision));
  }
  const second = await world.host('h2');
  await world.clock.advance(10_000);
  expect(second.kernel.shardCount).toBeGreaterThan(8);
  expect(first.kernel.shardCount + second.kernel.shardCount).toBe(SHARDS);
});
