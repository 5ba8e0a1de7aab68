import { CLIENT_LIMITS, type WatchEvent } from '../../../messaging/client/index.ts';
import { TroupeError } from '../../../schemas/errors.ts';
import { type Asked, bookmark, podOf, ScriptedDoor, take } from './scripted-door.ts';

const told = ({ type, object }: WatchEvent) =>
  `${type} ${object.metadata.name || '-'}@${object.metadata.resourceVersion}`;
const stopping = () => new TroupeError('UNAVAILABLE', 'the host is stopping');

/** A watch whose n-th opening is answered by the n-th script. */
function watched(...scripts: ((asked: Asked) => void)[]) {
  const rig = new ScriptedDoor();
  rig.script = (asked) => scripts[rig.asked.length - 1]?.(asked);
  const watch = rig.client
    .watch('pods', { namespace: 'default', labelSelector: 'a=b' })
    [Symbol.asyncIterator]();
  const next = async (count: number) => (await rig.clock.until(take(watch, count))).map(told);
  return { rig, watch, next };
}

test('what is there, a bookmark, then changes', async () => {
  const { rig, watch, next } = watched(({ event }) => {
    event('ADDED', podOf('a', 3));
    event('BOOKMARK', bookmark(5));
    event('MODIFIED', podOf('a', 6));
    event('DELETED', podOf('a', 7));
  });
  expect(await next(4)).toEqual(['ADDED a@3', 'BOOKMARK -@5', 'MODIFIED a@6', 'DELETED a@7']);
  expect(rig.asked[0]).toMatchObject({
    subject: 'troupe.dev.api.watch.pods.default._',
    options: { labelSelector: 'a=b' },
  });
  await watch.return?.();
  await rig.clock.advance(1);
  expect(rig.asked[0]!.cancelled()).toBe(true);
  expect(rig.clock.armed).toBe(0);
});

test.each<[string, (asked: Asked) => void]>([
  ['a host that stops', ({ fail }) => fail(stopping())],
  ['a stream that ends', ({ end }) => end()],
  ['a stream that falls silent', () => {}],
])('goes on after %s, from the last revision seen', async (_name, breakIt) => {
  const { rig, next } = watched(
    (asked) => {
      asked.event('ADDED', podOf('a', 3));
      asked.event('BOOKMARK', bookmark(5));
      asked.event('MODIFIED', podOf('a', 6));
      breakIt(asked);
    },
    ({ event }) => event('MODIFIED', podOf('a', 8)),
  );
  expect(await next(4)).toEqual(['ADDED a@3', 'BOOKMARK -@5', 'MODIFIED a@6', 'MODIFIED a@8']);
  expect(rig.asked.map(({ options }) => options.resourceVersion)).toEqual([undefined, '6']);
});

test('a watch that nobody answers, although somebody listens, is opened anew after one attempt', async () => {
  const { rig, next } = watched(
    () => {},
    ({ event }) => event('ADDED', podOf('a', 3)),
  );
  expect(await next(1)).toEqual(['ADDED a@3']);
  const [first, second] = rig.asked.map(({ atMs }) => atMs);
  expect(second! - first!).toBeGreaterThanOrEqual(CLIENT_LIMITS.attemptMs);
  expect(second! - first!).toBeLessThan(CLIENT_LIMITS.attemptMs + CLIENT_LIMITS.longestPauseMs);
});

test('a stream that breaks before all was read begins again, and shows nothing twice', async () => {
  const { rig, next } = watched(
    ({ event, fail }) => {
      event('ADDED', podOf('b', 9));
      event('ADDED', podOf('a', 3));
      fail(stopping());
    },
    ({ event }) => {
      event('ADDED', podOf('b', 9));
      event('ADDED', podOf('c', 10));
      event('BOOKMARK', bookmark(11));
    },
  );
  expect(await next(5)).toEqual(['ADDED b@9', 'ADDED a@3', 'ADDED c@10', 'DELETED a@3', 'BOOKMARK -@11']);
  expect(rig.asked.map(({ options }) => options.resourceVersion)).toEqual([undefined, undefined]);
});

test('a revision no longer kept: the difference is made up', async () => {
  const { rig, next } = watched(
    ({ event, fail }) => {
      for (const name of ['gone', 'same', 'changed', 'replaced']) event('ADDED', podOf(name, 2));
      event('BOOKMARK', bookmark(5));
      fail(stopping());
    },
    ({ fail }) => fail(new TroupeError('GONE', 'too old resource version: 5')),
    ({ event }) => {
      const replaced = podOf('replaced', 8);
      event('ADDED', podOf('same', 2));
      event('ADDED', podOf('changed', 7));
      event('ADDED', { ...replaced, metadata: { ...replaced.metadata, uid: 'another' } });
      event('BOOKMARK', bookmark(9));
      event('ADDED', podOf('new', 10));
    },
  );
  await next(5);
  expect(await next(6)).toEqual([
    'MODIFIED changed@7',
    'DELETED replaced@2',
    'ADDED replaced@8',
    'DELETED gone@2',
    'BOOKMARK -@9',
    'ADDED new@10',
  ]);
  expect(rig.asked.map(({ options }) => options.resourceVersion)).toEqual([undefined, '5', undefined]);
});

test('what was seen in between two lives of an object is yielded once', async () => {
  const { next } = watched(
    ({ event, end }) => {
      event('BOOKMARK', bookmark(5));
      event('ADDED', podOf('a', 6));
      end();
    },
    ({ event }) => {
      event('ADDED', podOf('a', 6));
      event('MODIFIED', podOf('a', 7));
    },
  );
  expect(await next(3)).toEqual(['BOOKMARK -@5', 'ADDED a@6', 'MODIFIED a@7']);
});

test('an error that cannot be mended is thrown', async () => {
  const { next } = watched(({ fail }) => fail(new TroupeError('BAD_REQUEST', 'unable to parse selector')));
  await expect(next(1)).rejects.toMatchObject({ code: 'BAD_REQUEST', message: 'unable to parse selector' });
});

test('a cluster without hosts is told after the bound', async () => {
  const rig = new ScriptedDoor({ absent: true, requestTimeoutMs: 4_000 });
  const watch = rig.client.watch('pods')[Symbol.asyncIterator]();
  await expect(rig.clock.until(watch.next())).rejects.toMatchObject({ code: 'UNAVAILABLE' });
  expect(rig.clock.monotonic()).toBeGreaterThan(4_000);
  expect(rig.clock.monotonic()).toBeLessThan(8_000);
});
