import type { Pod } from '../../../schemas/pod/kind.ts';
import { bookmark, podOf, ScriptedDoor } from './scripted-door.ts';

const isRunning = (pod: Pod) => pod.status?.phase === 'Running';
const phase = (phase: string, more: object = {}) => ({ status: { phase, ...more } });

test('until resolves with the pod, at once when it is true already', async () => {
  const rig = new ScriptedDoor();
  rig.script = ({ event }) => event('ADDED', podOf('web', 3, phase('Running')));
  const pod = await rig.clock.until(rig.client.pod('web').until(isRunning));
  expect(pod.metadata.resourceVersion).toBe('3');
  expect(rig.asked[0]!.options).toEqual({ fieldSelector: 'metadata.name=web' });
  await rig.clock.advance(1);
  expect(rig.asked[0]!.cancelled()).toBe(true);
  expect(rig.clock.armed).toBe(0);
});

test('until waits for a pod that does not exist yet, over a broken watch, without polling', async () => {
  const rig = new ScriptedDoor();
  rig.script = ({ event, end }) => {
    if (rig.asked.length === 1) {
      event('BOOKMARK', bookmark(2));
      rig.clock.after(10_000, end);
    } else {
      event('ADDED', podOf('other', 3, phase('Running')));
      event('ADDED', podOf('web', 4, phase('Pending')));
      rig.clock.after(10_000, () => event('MODIFIED', podOf('web', 5, phase('Running'))));
    }
  };
  const pod = await rig.clock.until(rig.client.pod('default/web').until(isRunning, { withinMs: 30_000 }));
  expect(pod.metadata).toMatchObject({ name: 'web', resourceVersion: '5' });
  expect(rig.asked.map(({ verb }) => verb)).toEqual(['watch', 'watch']);
});

test('a time-out tells phase, pod, what was expected and what was seen', async () => {
  const rig = new ScriptedDoor();
  const waiting = { reason: 'ImagePullBackOff', message: 'Back-off pulling image "nginy"' };
  rig.script = ({ event }) => {
    event(
      'ADDED',
      podOf(
        'web',
        3,
        phase('Pending', {
          containerStatuses: [
            { name: 'a', restartCount: 0, ready: false, state: { waiting } },
            {
              name: 'b',
              restartCount: 2,
              ready: false,
              state: { terminated: { exitCode: 1, reason: 'Error' } },
            },
          ],
        }),
      ),
    );
    event('BOOKMARK', bookmark(3));
  };
  await expect(
    rig.clock.until(rig.client.pod('web').until(isRunning, { withinMs: 5_000 })),
  ).rejects.toMatchObject({
    code: 'TIMEOUT',
    message: expect.stringMatching(
      new RegExp(
        '^not within 5000 ms: pod default/web: phase Pending; expected \\(?pod\\)? ?=> ' +
          '?pod\\.status\\?\\.phase === ' +
          '.Running.; actual: phase Pending, container a waiting ' +
          '\\(ImagePullBackOff: Back-off pulling image "nginy"\\), ' +
          'container b terminated with exit code 1 after 2 restarts \\(Error\\)$',
      ),
    ),
  });
});

test('a time-out over a pod that is not there, in the words of the caller', async () => {
  const rig = new ScriptedDoor();
  rig.script = ({ event }) => event('BOOKMARK', bookmark(3));
  await expect(
    rig.clock.until(rig.client.pod('web').until(isRunning, { withinMs: 1_000, expected: 'Running' })),
  ).rejects.toThrow(
    'not within 1000 ms: pod default/web: phase none; expected Running; actual: there is no such pod',
  );
});

test('untilGone is done when the pod is gone, was never there, or is another', async () => {
  const rig = new ScriptedDoor();
  rig.script = ({ event }) => event('BOOKMARK', bookmark(3));
  await rig.clock.until(rig.client.pod('web').untilGone());
  rig.script = ({ event }) => {
    event('ADDED', podOf('web', 3));
    event('BOOKMARK', bookmark(3));
    rig.clock.after(1_000, () => event('DELETED', podOf('web', 4)));
  };
  await rig.clock.until(rig.client.pod('web').untilGone());
  expect(rig.clock.monotonic()).toBeGreaterThanOrEqual(1_000);
  rig.script = ({ event }) => event('ADDED', podOf('web', 9));
  await rig.clock.until(rig.client.pod('web').untilGone({ uid: 'former' }));
});

test("a predicate that throws is the caller's own error", async () => {
  const rig = new ScriptedDoor();
  rig.script = ({ event }) => event('ADDED', podOf('web', 3));
  const broken = rig.client.pod('web').until(() => {
    throw new RangeError('mine');
  });
  await expect(rig.clock.until(broken)).rejects.toThrow(RangeError);
  expect(rig.clock.armed).toBe(0);
});
