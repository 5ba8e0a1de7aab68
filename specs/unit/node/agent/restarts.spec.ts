import type { SimulatedRun } from '../../../../lab/sim/runtime-images.ts';
import type { Pod } from '../../../../schemas/pod/kind.ts';
import { aPod, type Stage, stage } from '../../../support/fake-host.ts';

/** A stage whose `nginx` behaves as told, and the seconds at which its containers were made. */
async function crashing(run: SimulatedRun | ((attempt: number) => SimulatedRun), pod: Pod) {
  const starts: number[] = [];
  const all: Stage = stage({
    runtime: {
      images: {
        nginx: {
          run: (config) => {
            starts.push((all.clock.now() - began) / 1_000);
            return typeof run === 'function' ? run(config.attempt) : run;
          },
        },
      },
    },
  });
  const agent = await all.start();
  await all.clock.until(agent.ready);
  const began = all.clock.now();
  await all.clock.until(all.host.run(pod));
  return { ...all, starts, agent, end: () => agent.stop({ leavePods: true }) };
}

const mainOf = ({ host }: Stage, name = 'web') => host.lastOf(name).status.containerStatuses![0]!;

test('a container that exits at once is started again after 0, 10, 20, 40 … 300 s, as by kubelet', async () => {
  const all = await crashing({ exitAfterMs: 0, exitCode: 1 }, aPod('web'));
  await all.clock.advance(920_000);
  expect(all.starts).toEqual([0, 0, 10, 30, 70, 150, 310, 610, 910]);
  expect(mainOf(all)).toMatchObject({
    restartCount: 8,
    ready: false,
    state: {
      waiting: {
        reason: 'CrashLoopBackOff',
        message: 'back-off 5m0s restarting failed container=main pod=web_default(uid-web)',
      },
    },
    lastState: { terminated: { exitCode: 1, reason: 'Error' } },
  });
  expect(all.host.lastOf('web').status.phase).toBe('Running');
  expect((await all.runtime.listContainers()).length).toBe(2);
  await all.end();
});

test('annotations tune the back-off of one pod', async () => {
  const pod = aPod('web');
  pod.metadata.annotations = {
    'troupe.dev/restart-backoff-base-seconds': '1',
    'troupe.dev/restart-backoff-max-seconds': '3',
  };
  const all = await crashing({ exitAfterMs: 0, exitCode: 1 }, pod);
  await all.clock.advance(12_000);
  expect(all.starts).toEqual([0, 0, 1, 3, 6, 9, 12]);
  await all.end();
});

test('a run of ten minutes is forgiven what was before', async () => {
  const run = (attempt: number) => ({ exitAfterMs: attempt === 3 ? 600_000 : 0, exitCode: 1 });
  const all = await crashing(run, aPod('web'));
  await all.clock.advance(700_000);
  expect(all.starts).toEqual([0, 0, 10, 30, 630, 630 + 10, 630 + 30, 630 + 70]);
  await all.end();
});

test.each([
  ['Never', 1, 'Failed', { reason: 'Error', exitCode: 1 }],
  ['Never', 0, 'Succeeded', { reason: 'Completed', exitCode: 0 }],
  ['OnFailure', 0, 'Succeeded', { reason: 'Completed', exitCode: 0 }],
] as const)('restart policy %s, exit code %d: %s', async (restartPolicy, exitCode, phase, terminated) => {
  const all = await crashing({ exitAfterMs: 5, exitCode }, aPod('web', {}, { restartPolicy }));
  await all.clock.advance(60_000);
  expect(all.starts).toEqual([0]);
  expect(all.host.lastOf('web').status.phase).toBe(phase);
  expect(mainOf(all)).toMatchObject({ ready: false, restartCount: 0, state: { terminated } });
  expect((await all.runtime.listPodSandbox()).map(({ state }) => state)).toEqual(['notReady']);
  await all.end();
});

test('an image that does not exist: ErrImagePull, then ImagePullBackOff, pulled again after 10, 20, 40 s', async () => {
  const all = await crashing({}, aPod('web', { image: 'nosuch' }));
  await all.clock.advance(200);
  expect(mainOf(all).state?.waiting).toMatchObject({ reason: 'ErrImagePull' });
  await all.clock.advance(1_000);
  expect(mainOf(all).state?.waiting).toMatchObject({
    reason: 'ImagePullBackOff',
    message: expect.stringMatching(/^Back-off pulling image "nosuch": ErrImagePull: .*not found/),
  });
  expect(all.host.lastOf('web').status.phase).toBe('Pending');
  const pulls = () => all.notes.filter(({ reason }) => reason === 'Pulling').length;
  for (const [ms, count] of [
    [8_700, 1],
    [200, 2],
    [19_700, 2],
    [500, 3],
    [39_300, 3],
    [900, 4],
  ] as const) {
    await all.clock.advance(ms);
    expect(pulls()).toBe(count);
  }
  all.runtime.setImage('nosuch', { exists: true });
  await all.clock.advance(80_000);
  expect(mainOf(all)).toMatchObject({ ready: true, restartCount: 0 });
  await all.end();
});

test('a disk full while pulling is said so', async () => {
  const all = stage({ runtime: { images: { big: { pullError: 'diskFull' } } } });
  const agent = await all.start();
  await all.clock.until(agent.ready);
  await all.clock.until(all.host.run(aPod('web', { image: 'big' })));
  await all.clock.advance(200);
  expect(mainOf(all).state?.waiting).toMatchObject({
    reason: 'ErrImagePull',
    message: expect.stringContaining('no space left on device'),
  });
  await agent.stop({ leavePods: true });
});

test.each([
  ['Never', { imagePullPolicy: 'Never' }, 'ErrImageNeverPull', /not present with pull policy of Never/],
  ['a bad name', { image: 'NGINX:' }, 'InvalidImageName', /^Failed to apply default image tag "NGINX:"/],
  [
    'env from a field',
    { env: [{ name: 'A', valueFrom: {} }] },
    'CreateContainerConfigError',
    /env.valueFrom: not sup/,
  ],
  [
    'a probe',
    { livenessProbe: { tcpSocket: { port: 1 } } },
    'CreateContainerConfigError',
    /livenessProbe: not supp/,
  ],
  ['root refused', { securityContext: { runAsNonRoot: true } }, 'CreateContainerConfigError', /runAsNonRoot/],
])('%s: the container waits and says why', async (_what, container, reason, message) => {
  const all = await crashing({}, aPod('web', container));
  await all.clock.advance(30_000);
  expect(mainOf(all).state?.waiting).toEqual({ reason, message: expect.stringMatching(message) });
  expect(all.starts).toEqual([]);
  await all.clock.until(all.host.stop(aPod('web')));
  await all.clock.advance(1_000);
  expect(all.host.lastOf('web').gone).toBe(true);
  await all.end();
});

test('a command that cannot be run: RunContainerError, then CrashLoopBackOff with a StartError behind it', async () => {
  const all = await crashing({ startError: 'exec: "nope": executable file not found in $PATH' }, aPod('web'));
  await all.clock.advance(500);
  expect(mainOf(all)).toMatchObject({
    state: { waiting: { reason: 'RunContainerError', message: expect.stringContaining('"nope"') } },
    lastState: { terminated: { exitCode: 128, reason: 'StartError' } },
  });
  await all.clock.advance(2_000);
  expect(mainOf(all).state?.waiting?.reason).toBe('CrashLoopBackOff');
  expect(all.starts).toEqual([0, 0]);
  await all.end();
});

test('init containers run in order, each to its end, before the others', async () => {
  const order: string[] = [];
  const all = stage({
    runtime: {
      images: {
        nginx: {
          run: ({ name }) => {
            order.push(`${name}@${(all.clock.now() - began) / 1_000}`);
            return name === 'main' ? {} : { exitAfterMs: 2_000 };
          },
        },
      },
    },
  });
  const agent = await all.start();
  await all.clock.until(agent.ready);
  const began = all.clock.now();
  const initContainers = ['first', 'second'].map((name) => ({ name, image: 'nginx' }));
  await all.clock.until(all.host.run(aPod('web', {}, { initContainers })));
  await all.clock.advance(1_000);
  expect(all.host.lastOf('web').status).toMatchObject({
    phase: 'Pending',
    initContainerStatuses: [
      { name: 'first', state: { running: {} } },
      { name: 'second', state: { waiting: { reason: 'PodInitializing' } } },
    ],
    containerStatuses: [{ state: { waiting: { reason: 'PodInitializing' } } }],
  });
  const initialized = all.host.lastOf('web').status.conditions?.find(({ type }) => type === 'Initialized');
  expect(initialized).toMatchObject({
    status: 'False',
    reason: 'ContainersNotInitialized',
    message: 'containers with incomplete status: [first second]',
  });
  await all.clock.advance(4_000);
  expect(order).toEqual(['first@0', 'second@2', 'main@4']);
  expect(all.host.lastOf('web').status.phase).toBe('Running');
  await agent.stop({ leavePods: true });
});

test('a failed init container fails a pod that never restarts, and its containers never start', async () => {
  const pod = aPod(
    'web',
    {},
    { restartPolicy: 'Never', initContainers: [{ name: 'first', image: 'nginx' }] },
  );
  const all = await crashing({ exitAfterMs: 0, exitCode: 7 }, pod);
  await all.clock.advance(60_000);
  expect(all.starts).toEqual([0]);
  expect(all.host.lastOf('web').status).toMatchObject({
    phase: 'Failed',
    initContainerStatuses: [{ state: { terminated: { exitCode: 7 } } }],
  });
  await all.end();
});

test('a pod over its deadline is failed', async () => {
  const all = await crashing({}, aPod('web', {}, { activeDeadlineSeconds: 60 }));
  await all.clock.advance(59_000);
  expect(all.host.lastOf('web').status.phase).toBe('Running');
  await all.clock.advance(2_000);
  expect(all.host.lastOf('web').status).toMatchObject({ phase: 'Failed', reason: 'DeadlineExceeded' });
  await all.end();
});

test('a container that does not heed the signal is killed when its grace is over; a shorter grace counts', async () => {
  const all = await crashing({ ignoresTerm: true }, aPod('web'));
  await all.clock.advance(1_000);
  await all.clock.until(all.host.stop(aPod('web'), 600));
  await all.clock.advance(5_000);
  expect(await all.runtime.listContainers({ state: 'running' })).toHaveLength(1);
  await all.clock.until(all.host.stop(aPod('web'), 2));
  await all.clock.advance(1_900);
  expect(await all.runtime.listContainers({ state: 'running' })).toHaveLength(1);
  await all.clock.advance(200);
  expect(await all.runtime.listContainers()).toEqual([]);
  expect(all.host.lastOf('web')).toMatchObject({ gone: true });
  await all.end();
});

test('a sandbox that dies is replaced, and the restart is counted', async () => {
  const all = await crashing({}, aPod('web'));
  await all.clock.advance(1_000);
  all.runtime.losePower();
  await all.clock.advance(30_000);
  expect(await all.runtime.listPodSandbox({ state: 'ready' })).toMatchObject([{ attempt: 1 }]);
  expect(mainOf(all)).toMatchObject({ ready: true, lastState: { terminated: { exitCode: 255 } } });
  expect(mainOf(all).restartCount).toBeGreaterThan(0);
  await all.end();
});
