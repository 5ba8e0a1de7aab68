// A watch leaves nothing out: where it cannot be sure that its client has heard, it ends, and the client resumes.
import { decode, encode, HEADER } from '../../../messaging/envelope.ts';
import { subjectsOf } from '../../../messaging/subjects.ts';
import { KernelWorld, podNamed } from '../../support/kernel-world.ts';

const subjects = subjectsOf('spec');
const all = { plural: 'pods', namespace: '', name: '' };

async function watched(options: object = {}) {
  const world = new KernelWorld();
  const host = await world.host('h1');
  const bus = world.network.bus('watcher');
  const heard: string[] = [];
  const headers = { [HEADER.options]: JSON.stringify(options) };
  const ended = (async () => {
    const stream = bus.stream(subjects.api('watch', all), encode({}), { idleMs: 0, headers });
    for await (const { data } of stream) {
      const { type, object } = decode(data) as any;
      heard.push(`${type} ${object.metadata.name ?? ''}`);
    }
  })();
  const outcome = ended.then(
    () => 'ended',
    (error) => error.code as string,
  );
  await world.clock.advance(100);
  return { world, host, heard, outcome };
}

test('an event that a host could not send, being cut off, is not left out in silence', async () => {
  const { world, heard, outcome } = await watched();
  const client = world.client();
  world.network.faults = { onWatch: (name) => (name === 'h1' ? { delayMs: 1_000 } : 'ok') };
  await world.clock.until(client.create(podNamed('web')));
  world.network.faults = { ...world.network.faults, connected: (name) => name !== 'h1' };
  world.network.refresh();
  await world.clock.advance(2_000);
  world.network.faults = {};
  world.network.refresh();
  await world.clock.advance(2_000);
  expect(heard).toEqual(['BOOKMARK ']);
  expect(await world.clock.until(outcome)).toBe('UNAVAILABLE');
});

test('a watch tells when its host stops', async () => {
  const { world, host, outcome } = await watched();
  await world.clock.until(host.stop());
  expect(await world.clock.until(outcome)).toBe('UNAVAILABLE');
});

test.each(['x', -1, 1.5, {}])('a watch from the resourceVersion %j is refused', async (resourceVersion) => {
  const { outcome } = await watched({ resourceVersion });
  expect(await outcome).toBe('BAD_REQUEST');
});

test('from "0" a watch begins with all there is', async () => {
  const { heard } = await watched({ resourceVersion: '0' });
  expect(heard).toEqual(['BOOKMARK ']);
});
