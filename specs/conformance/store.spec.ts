// What the Store port promises, in both worlds.
import type { Bucket, Store } from '../../messaging/ports.ts';
import { clock, codeOf, read, type TwinWorld, text, WORLDS } from './worlds.ts';

describe.each(WORLDS)('store in %s', (worldName, open) => {
  let world: TwinWorld;
  let a: Store;
  let b: Store;
  let number = 0;
  let bucket: Bucket;
  let other: Bucket;

  beforeAll(async () => {
    world = await open();
    a = (await world.client('a')).store;
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

  describe('compare and set', () => {
    test('writes at the expected revision only', async () => {
      expect(await bucket.update('k', text('one'), 0)).toBe(1);
      expect(await bucket.update('k', text('two'), 1)).toBe(2);
      expect(await codeOf(other.update('k', text('bad'), 1))).toBe('STALE_REVISION');
      expect(await codeOf(other.update('k', text('bad'), 3))).toBe('STALE_REVISION');
      expect(await codeOf(other.update('k', text('bad'), 0))).toBe('STALE_REVISION');
      expect(await codeOf(other.update('new', text('bad'), 2))).toBe('STALE_REVISION');
      const entry = await other.get('k');
      expect(entry).toMatchObject({ key: 'k', revision: 2, operation: 'put' });
      expect(read(entry!.value)).toBe('two');
      expect(Math.abs(entry!.createdAt - clock.now())).toBeLessThan(60_000);
    });

    test('lets one of fifty creators win', async () => {
      const codes = await Promise.all(
        Array.from({ length: 50 }, (_, index) =>
          codeOf((index % 2 ? bucket : other).update('k', text('x'), 0)),
        ),
      );
      expect(codes.filter((code) => code === 'none').length).toBe(1);
      expect(codes.filter((code) => code === 'STALE_REVISION').length).toBe(49);
    });

    test('names the revision the key has', async () => {
      await bucket.put('k', text('x'));
      await expect(bucket.update('k', text('y'), 9)).rejects.toMatchObject({
        code: 'STALE_REVISION',
        message: 'k: expected revision 9, has revision 1',
        details: { bucket: bucket.name, key: 'k', expected: 9, revision: 1 },
      });
    });

    test('put does not compare', async () => {
      await fill(3, () => 'k');
      expect(read((await bucket.get('k'))!.value)).toBe('2');
    });
  });

  describe('deletions', () => {
    test('leave a marker over which the key can be created again', async () => {
      await bucket.update('k', text('one'), 0);
      expect(await codeOf(bucket.delete('k', 7))).toBe('STALE_REVISION');
      expect(await bucket.delete('k', 1)).toBe(2);
      const marker = await other.get('k');
      expect(marker).toMatchObject({ revision: 2, operation: 'delete' });
      expect(marker!.value.length).toBe(0);
      expect(await codeOf(other.update('k', text('bad'), 1))).toBe('STALE_REVISION');
      expect(await other.update('k', text('again'), 0)).toBe(3);
      expect((await bucket.history('k')).map(({ operation }) => operation)).toEqual(['put', 'delete', 'put']);
    });

    test('one of ten wins over a marker', async () => {
      await bucket.update('k', text('one'), 0);
      await bucket.delete('k', 1);
      const codes = await Promise.all(
        Array.from({ length: 10 }, () => codeOf(bucket.update('k', text('x'), 0))),
      );
      expect(codes.sort()).toEqual(['STALE_REVISION', ...Array(8).fill('STALE_REVISION'), 'none']);
    });

    test('are themselves compared', async () => {
      await bucket.update('k', text('one'), 0);
      expect(await codeOf(bucket.delete('k', 0))).toBe('STALE_REVISION');
      await bucket.update('k', text('two'), 1);
      expect(await codeOf(bucket.delete('k', 1))).toBe('STALE_REVISION');
      expect(read((await bucket.get('k'))!.value)).toBe('two');
    });
  });

  describe('what is kept', () => {
    test('one order of revisions over all keys', async () => {
      expect(await bucket.lastRevision()).toBe(0);
      expect(await bucket.put('a', text(''))).toBe(1);
      expect(await other.put('b', text(''))).toBe(2);
      expect(await bucket.put('a', text(''))).toBe(3);
      expect(await other.lastRevision()).toBe(3);
      expect(await bucket.get('c')).toBeUndefined();
    });

    test('64 values of a key, oldest first', async () => {
      await fill(70, () => 'k');
      const history = await bucket.history('k');
      expect(history.map(({ revision }) => revision)).toEqual(
        Array.from({ length: 64 }, (_, index) => index + 7),
      );
      expect(await bucket.getRevision('k', 6)).toBeUndefined();
      expect(read((await bucket.getRevision('k', 7))!.value)).toBe('6');
      expect(await bucket.getRevision('other', 7)).toBeUndefined();
      expect(await bucket.getRevision('k', 71)).toBeUndefined();
    });

    test('copies of bytes', async () => {
      const value = text('before');
      await bucket.put('k', value);
      value.set(text('after!'));
      const first = (await bucket.get('k'))!.value;
      first.set(text('broken'));
      expect(read((await bucket.get('k'))!.value)).toBe('before');
    });

    test('nothing older than the maximal age', async () => {
      const short = await a.bucket(`age${number}`, { maxAgeMs: 300 });
      await short.update('k', text('x'), 0);
      const until = clock.monotonic() + 10_000;
      while ((await short.get('k')) && clock.monotonic() < until) await clock.sleep(50);
      expect(await short.get('k')).toBeUndefined();
      expect(await short.update('k', text('y'), 0)).toBe(2);
    });
  });

  test('refuses values over the limit and keys that NATS cannot carry', async () => {
    const large = new Uint8Array(1_048_577);
    expect(await codeOf(bucket.update('k', large, 0))).toBe('TOO_LARGE');
    expect(await codeOf(bucket.put('k', large))).toBe('TOO_LARGE');
    for (const key of ['', 'a b', 'a.*', '>', '.a', 'a.', 'a..b', 'ä']) {
      expect(await codeOf(bucket.put(key, text('')))).toBe('BAD_REQUEST');
      expect(await codeOf(bucket.get(key))).toBe('BAD_REQUEST');
    }
    expect(await bucket.lastRevision()).toBe(0);
  });

  describe('buckets', () => {
    test('are made once by many at a time', async () => {
      const name = `race${number}`;
      const all = await Promise.all(
        Array.from({ length: 10 }, (_, index) => (index % 2 ? a : b).bucket(name)),
      );
      await all[0]!.put('k', text('x'));
      expect(await Promise.all(all.map((one) => one.lastRevision()))).toEqual(Array(10).fill(1));
    });

    test('with other settings are a CONFLICT', async () => {
      const name = `settings${number}`;
      await a.bucket(name, { history: 5, storage: 'memory', maxAgeMs: 60_000 });
      expect(await codeOf(b.bucket(name))).toBe('none');
      expect(await codeOf(b.bucket(name, { history: 5, maxAgeMs: 60_000 }))).toBe('none');
      expect(await codeOf(b.bucket(name, { history: 6 }))).toBe('CONFLICT');
      expect(await codeOf(b.bucket(name, { storage: 'file' }))).toBe('CONFLICT');
      expect(await codeOf(b.bucket(name, { maxAgeMs: 1_000 }))).toBe('CONFLICT');
    });

    test('need a name and a history that can be', async () => {
      for (const name of ['', 'a.b', 'a b', '*']) expect(await codeOf(a.bucket(name))).toBe('BAD_REQUEST');
      expect(await codeOf(a.bucket('history', { history: 0 }))).toBe('BAD_REQUEST');
      expect(await codeOf(a.bucket('history', { history: 65 }))).toBe('BAD_REQUEST');
    });

    test('kept on disk are never made anew behind the back of who uses them', async () => {
      await bucket.put('k', text('x'));
      await b.destroy(bucket.name);
      await b.destroy(bucket.name);
      expect(await codeOf(bucket.get('k'))).toBe('NOT_FOUND');
      expect(await codeOf(bucket.put('k', text('y')))).toBe('NOT_FOUND');
      expect(await codeOf(bucket.update('k', text('y'), 0))).toBe('NOT_FOUND');
      expect(await codeOf(bucket.lastRevision())).toBe('NOT_FOUND');
    });

    test('say how durable they are', async () => {
      const durability = await a.durability();
      expect(durability.replicas).toBe(1);
      expect(durability.serverVersion).toMatch(worldName === 'memory' ? /^memory$/ : /^\d+\.\d+\.\d+/);
      expect(durability.warnings.length).toBeGreaterThan(0);
      for (const warning of durability.warnings) expect(warning).toMatch(/^[A-Z].*\.$|^nats-server.*\.$/);
    });
  });
});
