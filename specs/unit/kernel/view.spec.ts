// The read model of one process: it takes its time for a large bucket, keeps to records, and serves all its listeners.
import { View } from '../../../actors/kernel/view.ts';
import { encode } from '../../../messaging/envelope.ts';
import { ManualClock, memoryNetwork, seededRandom } from '../../../messaging/memory/index.ts';
import { silentTrace } from '../../../messaging/system/trace.ts';

const record = (name: string) => encode({ object: { kind: 'Pod', metadata: { name } }, actor: {} });

async function fixture(names: string[]) {
  const clock = new ManualClock();
  const network = memoryNetwork({ clock, random: seededRandom(1) });
  const bucket = await network.store('writer').bucket('b');
  for (const name of names) await bucket.put(`pods.default.${name}`, record(name));
  const read = await network.store('reader').bucket('b');
  const view = new View({ bucket: read, clock, trace: silentTrace, backlog: 100 });
  return { clock, network, bucket, view };
}

test('a bucket that takes half a minute to read is read', async () => {
  const names = Array.from({ length: 30 }, (_, index) => `p${index}`);
  const { clock, network, view } = await fixture(names);
  network.faults = { onWatch: () => ({ delayMs: 1_000 }) };
  await clock.until(view.start());
  expect(view.count('pods')).toBe(30);
});

test('one of which nothing comes is given up', async () => {
  const { clock, network, view } = await fixture(['a']);
  network.faults = { onWatch: () => ({ delayMs: 600_000 }) };
  await expect(clock.until(view.start())).rejects.toMatchObject({ code: 'TIMEOUT' });
  view.stop();
});

test('a listener that fails keeps no news from the others, nor from the view', async () => {
  const { clock, bucket, view } = await fixture([]);
  await clock.until(view.start());
  const heard: string[] = [];
  view.onChange(() => {
    throw new Error('planted');
  });
  view.onChange(({ key }) => heard.push(key));
  const revision = await bucket.put('pods.default.a', record('a'));
  await clock.until(view.reach(revision));
  expect(heard).toEqual(['pods.default.a']);
  expect(view.get('pods.default.a')?.record.object.metadata.name).toBe('a');
});

test('a record that is overwritten by something else is gone from the view, and comes back with a record', async () => {
  const { clock, bucket, view } = await fixture(['a']);
  await clock.until(view.start());
  await clock.until(view.reach(await bucket.put('pods.default.a', Buffer.from('a text'))));
  expect(view.get('pods.default.a')).toBeUndefined();
  await clock.until(view.reach(await bucket.put('pods.default.a', record('a'))));
  expect(view.count('pods')).toBe(1);
});
