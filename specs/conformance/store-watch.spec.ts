// What the Store port promises of watches, in both worlds.
import type { Bucket, Bus, Store } from '../../messaging/ports.ts';
import { codeOf, observe, type TwinWorld, text, untilStatus, WORLDS } from './worlds.ts';

describe.each(WORLDS)('a watch in %s', (_name, open) => {
  let world: TwinWorld;
  let a: Store;
  let b: Store;
  let bus: Bus;
  let number = 0;
  let bucket: Bucket;
  let other: Bucket;

  beforeAll(async () => {
    world = await open();
    const client = await world.client('a');
    a = client.store;
    bus = client.bus;
    b = (await world.client('b')).store;
  });
  afterAll(() => world.close());
  beforeEach(async () => {
    number += 1;
    bucket = await a.bucket(`b${number}`);
    other = await b.bucket(`b${number}`);
  });

  const fill = async (count: number, key: (index: number) => string) => {
    for (let index = 0; index < count; index += 1) await bucket.put(key(index), text(String(index)));
  };

  test('of an empty bucket says at once that it is current', async () => {
    const watch = observe(bucket);
    expect(await watch.arrivals.count(1)).toEqual(['current@0']);
    await bucket.put('a', text('x'));
    expect(await watch.arrivals.count(2)).toEqual(['current@0', 'put a@1']);
    await watch.stop();
  });

  test('yields the newest of each key, then current, then every change', async () => {
    await bucket.put('a', text('1'));
    await bucket.put('b', text('2'));
    await bucket.put('c', text('3'));
    await bucket.put('a', text('4'));
    await bucket.delete('b', 2);
    const watch = observe(other);
    expect(await watch.arrivals.count(3)).toEqual(['put c@3', 'put a@4', 'current@5']);
    await bucket.delete('a', 4);
    await bucket.put('a', text('7'));
    await bucket.put('a', text('8'));
    expect((await watch.arrivals.count(6)).slice(3)).toEqual(['delete a@6', 'put a@7', 'put a@8']);
    await watch.stop();
  });

  test('of a filter sees only that', async () => {
    await bucket.put('pods.default.a', text('1'));
    await bucket.put('nodes._.n', text('2'));
    const watch = observe(bucket, { filter: 'pods.*.*' });
    const none = observe(bucket, { filter: 'services.>' });
    expect(await watch.arrivals.count(2)).toEqual(['put pods.default.a@1', 'current@2']);
    expect(await none.arrivals.count(1)).toEqual(['current@2']);
    await bucket.put('nodes._.n', text('3'));
    await bucket.put('pods.other.b', text('4'));
    expect((await watch.arrivals.count(3)).slice(2)).toEqual(['put pods.other.b@4']);
    expect(none.arrivals.all).toEqual(['current@2']);
    await Promise.all([watch.stop(), none.stop()]);
    expect(() => bucket.watch({ filter: 'a.>.b' })).toThrow(expect.objectContaining({ code: 'BAD_REQUEST' }));
  });

  test('resumes at a revision, deletions included', async () => {
    await fill(3, (index) => `k${index}`);
    await bucket.delete('k0', 1);
    const watch = observe(bucket, { fromRevision: 3 });
    expect(await watch.arrivals.count(3)).toEqual(['put k2@3', 'delete k0@4', 'current@4']);
    const next = observe(bucket, { fromRevision: 5 });
    expect(await next.arrivals.count(1)).toEqual(['current@4']);
    await bucket.put('k0', text('x'));
    expect((await next.arrivals.count(2)).slice(1)).toEqual(['put k0@5']);
    await Promise.all([watch.stop(), next.stop()]);
  });

  test('says GONE for a place that is not kept, before and behind', async () => {
    await fill(70, () => 'k');
    for (const fromRevision of [1, 6, 72]) {
      expect(await observe(bucket, { fromRevision }).finished).toMatchObject({ code: 'GONE' });
    }
    const watch = observe(bucket, { fromRevision: 7 });
    expect((await watch.arrivals.count(65)).at(-1)).toBe('current@70');
    await watch.stop();
  });

  test('holds nothing back and loses nothing while its reader is slow', async () => {
    const count = 12_000;
    const events = bucket.watch()[Symbol.asyncIterator]();
    expect((await events.next()).value).toMatchObject({ type: 'current' });
    let next = 0;
    const writer = async () => {
      while (next < count) await bucket.put(`k.${next++}`, text('x'));
    };
    await Promise.all(Array.from({ length: 200 }, writer));
    for (let revision = 1; revision <= count; revision += 1) {
      const event = (await events.next()).value;
      if (event.entry.revision !== revision) expect(event.entry.revision).toBe(revision);
    }
    await events.return?.();
  });

  test('carries values of the largest size, more of them than a batch takes', async () => {
    const count = 24;
    for (let index = 0; index < count; index += 1) await bucket.put(`k${index}`, new Uint8Array(1_048_000));
    const watch = observe(bucket);
    await watch.arrivals.count(count + 1);
    await bucket.put('after', new Uint8Array(1_048_000));
    const all = await watch.arrivals.count(count + 2);
    expect(all.slice(count - 1)).toEqual(['put k23@24', 'current@24', 'put after@25']);
    await watch.stop();
  });

  test('under constant writing becomes current and yields each revision once', async () => {
    await fill(50, (index) => `k${index}`);
    let isWriting = true;
    const writing = (async () => {
      for (let index = 0; isWriting; index += 1) await other.put(`k${index % 50}`, text('x'));
    })();
    const watch = observe(bucket);
    await watch.arrivals.until((all) => all.some((name) => name.startsWith('current')));
    await watch.arrivals.count(watch.arrivals.all.length + 200);
    isWriting = false;
    await writing;
    const last = await bucket.lastRevision();
    const all = await watch.arrivals.until((names) => names.at(-1)!.endsWith(`@${last}`));
    const current = Number(all.find((name) => name.startsWith('current'))!.split('@')[1]);
    const revisions = all.filter((name) => name.startsWith('put')).map((name) => Number(name.split('@')[1]));
    expect(revisions).toEqual([...new Set(revisions)].sort((x, y) => x - y));
    const after = revisions.filter((revision) => revision > current);
    expect(after).toEqual(Array.from({ length: last - current }, (_, index) => current + 1 + index));
    await watch.stop();
  });

  test('ends without an error when its signal is aborted or the store closes', async () => {
    const watch = observe(bucket);
    await watch.arrivals.count(1);
    await watch.stop();
    expect(await watch.finished).toBeUndefined();
    const client = await world.client('closing');
    const last = observe(await client.store.bucket(bucket.name));
    await last.arrivals.count(1);
    await client.store.close();
    expect(await last.finished).toBeUndefined();
    await client.bus.close();
    const aborted = new AbortController();
    aborted.abort();
    for await (const event of bucket.watch({ signal: aborted.signal })) expect(event).toBe('nothing');
  });

  test('does not go on in another bucket of the same name', async () => {
    await bucket.put('k', text('1'));
    const watch = observe(bucket);
    await watch.arrivals.count(2);
    await b.destroy(bucket.name);
    const replaced = await b.bucket(bucket.name);
    await Promise.all(Array.from({ length: 10 }, (_, index) => replaced.put(`other${index}`, text('x'))));
    expect(await watch.finished).toMatchObject({ code: 'NOT_FOUND' });
    expect(watch.arrivals.all).toEqual(['put k@1', 'current@1']);
  }, 30_000);

  test('of a bucket that is destroyed fails with NOT_FOUND', async () => {
    const watch = observe(bucket);
    await watch.arrivals.count(1);
    await a.destroy(bucket.name);
    expect(await watch.finished).toMatchObject({ code: 'NOT_FOUND' });
  }, 30_000);

  test('over a server that goes and comes: files go on without a gap, memory starts anew with GONE', async () => {
    const volatile = await a.bucket(`memory${number}`, { storage: 'memory' });
    const kept = observe(bucket);
    const lost = observe(volatile);
    await kept.arrivals.count(1);
    await lost.arrivals.count(1);
    await bucket.put('a', text('1'));
    await volatile.put('a', text('1'));
    await kept.arrivals.count(2);
    await lost.arrivals.count(2);
    await world.serverDown();
    await untilStatus(bus, 'disconnected');
    expect(await codeOf(bucket.put('a', text('2')))).toBe('UNAVAILABLE');
    expect(await codeOf(bucket.update('a', text('2'), 1))).toBe('UNAVAILABLE');
    expect(await codeOf(bucket.get('a'))).toBe('UNAVAILABLE');
    expect(await codeOf(a.bucket('new'))).toBe('UNAVAILABLE');
    await world.serverUp();
    await untilStatus(bus, 'connected');
    expect(await bucket.update('a', text('2'), 1)).toBe(2);
    await bucket.delete('a', 2);
    expect(await kept.arrivals.count(4)).toEqual(['current@0', 'put a@1', 'put a@2', 'delete a@3']);
    expect(await lost.finished).toMatchObject({ code: 'GONE' });
    expect(await volatile.get('a')).toBeUndefined();
    expect(await volatile.update('a', text('2'), 0)).toBe(1);
    await kept.stop();
  }, 30_000);
});
