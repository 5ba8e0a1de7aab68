// Silence of a node, as its host hears it: only silence that was listened to counts, and only a heartbeat ends it.
import { encode } from '../../../messaging/envelope.ts';
import { subjectsOf } from '../../../messaging/subjects.ts';
import { KernelWorld } from '../../support/kernel-world.ts';

const subjects = subjectsOf('spec');

async function started() {
  const world = new KernelWorld();
  const host = await world.host('h1');
  await world.agent('n1');
  const client = world.client();
  const bus = world.network.bus('n1-heart');
  const beatFor = async (ms: number) => {
    for (let passed = 0; passed < ms; passed += 1_000) {
      bus.publish(subjects.beat('n1'), encode({ node: 'n1' }));
      await world.clock.advance(1_000);
    }
  };
  const ready = async () => {
    const { status } = await world.clock.until(client.get('nodes', 'n1'));
    const { conditions } = status as { conditions: { type: string; status: string }[] };
    return conditions.find(({ type }) => type === 'Ready')?.status;
  };
  return { world, host, beatFor, ready };
}

test('a node that falls silent is unknown after 40 s, and ready again with its next heartbeat', async () => {
  const { world, beatFor, ready } = await started();
  await beatFor(50_000);
  expect(await ready()).toBe('True');
  await world.clock.advance(42_000);
  expect(await ready()).toBe('Unknown');
  await beatFor(3_000);
  expect(await ready()).toBe('True');
});

test('a silent node is not taken for alive by a host that has just begun to listen', async () => {
  const { world, host, ready } = await started();
  await world.clock.advance(45_000);
  expect(await ready()).toBe('Unknown');
  await world.clock.until(host.stop());
  await world.host('h1');
  await world.clock.advance(10_000);
  expect(await ready()).toBe('Unknown');
});

test('a host that was cut off does not take its own deafness for the silence of the nodes', async () => {
  const { world, beatFor, ready } = await started();
  await beatFor(5_000);
  world.network.faults = { connected: (client) => client !== 'h1' };
  world.network.refresh();
  await world.clock.advance(60_000);
  world.network.faults = {};
  world.network.refresh();
  await world.clock.advance(12_000);
  expect(await ready()).toBe('True');
  await world.clock.advance(45_000);
  expect(await ready()).toBe('Unknown');
});

test('a heartbeat is of the node that its subject names, whatever it carries', async () => {
  const { world, ready } = await started();
  const bus = world.network.bus('stranger');
  for (let passed = 0; passed < 45; passed += 1) {
    bus.publish(subjects.beat('stranger'), encode({ node: 'n1' }));
    await world.clock.advance(1_000);
  }
  expect(await ready()).toBe('Unknown');
});
