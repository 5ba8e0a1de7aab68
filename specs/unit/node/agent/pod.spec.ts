import { aPod, stage } from '../../../support/fake-host.ts';

test('a simple pod runs, with one report and the status that kubelet would show', async () => {
  const { clock, host, start } = stage();
  const agent = await start();
  await clock.until(agent.ready);
  await expect(clock.until(host.run(aPod('web')))).resolves.toEqual({ accepted: true, gone: false });
  await clock.advance(1_000);
  const reports = host.reportsOf('web');
  expect(reports).toHaveLength(1);
  expect(reports[0]).toMatchObject({ type: 'node.reported', node: 'n1', uid: 'uid-web', gone: false });
  expect(reports[0]!.status).toMatchObject({
    phase: 'Running',
    hostIP: '192.168.0.1',
    podIP: expect.stringMatching(/^10\.244\.1\./),
    qosClass: 'BestEffort',
    startTime: '2026-01-01T00:00:00Z',
    containerStatuses: [
      {
        name: 'main',
        ready: true,
        started: true,
        restartCount: 0,
        image: 'docker.io/library/nginx:latest',
        imageID: expect.stringMatching(/^docker\.io\/library\/nginx@sha256:[0-9a-f]{64}$/),
        containerID: expect.stringMatching(/^containerd:\/\/[0-9a-f]{64}$/),
        state: { running: { startedAt: '2026-01-01T00:00:00Z' } },
        lastState: {},
      },
    ],
  });
  expect(reports[0]!.status.conditions?.map(({ type, status }) => `${type}=${status}`)).toEqual([
    'PodReadyToStartContainers=True',
    'Initialized=True',
    'Ready=True',
    'ContainersReady=True',
  ]);
  await agent.stop({ leavePods: true });
});

test('a stopped pod is ended, removed, reported gone, and nothing of it is left', async () => {
  const { clock, host, start, runtime, files } = stage();
  const agent = await start();
  await clock.until(agent.ready);
  const pod = aPod('web');
  await clock.until(host.run(pod));
  await clock.advance(1_000);
  await clock.until(host.stop(pod));
  await clock.advance(1_000);
  expect(host.lastOf('web')).toMatchObject({ gone: true, status: { phase: 'Failed' } });
  expect(agent.pods()).toEqual([]);
  expect(await runtime.listPodSandbox()).toEqual([]);
  expect(await runtime.listContainers()).toEqual([]);
  expect(await files.list('pods')).toEqual([]);
  expect(await files.list('logs')).toEqual([]);
  await expect(clock.until(host.stop(pod))).resolves.toEqual({ accepted: true, gone: true });
  await agent.stop({ leavePods: true });
});
