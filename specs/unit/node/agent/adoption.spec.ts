import type { SimulatedRuntime } from '../../../../lab/sim/runtime.ts';
import { TroupeError } from '../../../../schemas/errors.ts';
import { aPod, stage } from '../../../support/fake-host.ts';

async function pids(runtime: SimulatedRuntime): Promise<Record<string, number | undefined>> {
  const found: Record<string, number | undefined> = {};
  for (const { id, labels } of await runtime.listContainers()) {
    found[`${labels['io.kubernetes.pod.name']}/${id}`] = (await runtime.containerStatus(id)).pid;
  }
  return found;
}

test('an agent that comes back adopts what runs: same processes, same counts, nothing started', async () => {
  const all = stage({
    runtime: {
      images: { flaky: { run: ({ attempt }) => (attempt < 3 ? { exitAfterMs: 0, exitCode: 1 } : {}) } },
    },
  });
  const { clock, host, runtime } = all;
  const first = await all.start();
  await clock.until(first.ready);
  await clock.until(host.run(aPod('web')));
  await clock.until(host.run(aPod('flaky', { image: 'flaky' })));
  await clock.advance(60_000);
  const before = await pids(runtime);
  expect(host.lastOf('flaky').status.containerStatuses![0]).toMatchObject({ restartCount: 3, ready: true });
  const statusBefore = host.lastOf('flaky').status;
  const reported = host.reports.length;
  all.network.crash('agent-1');
  await first.stop({ leavePods: true });
  await clock.advance(10_000);
  const second = await all.start();
  await clock.until(second.ready);
  await clock.advance(60_000);
  expect(await pids(runtime)).toEqual(before);
  expect(
    host.reports
      .slice(reported)
      .map(({ uid }) => uid)
      .sort(),
  ).toEqual(['uid-flaky', 'uid-web']);
  expect(host.lastOf('flaky').counter).toBeGreaterThan(host.reports[reported - 1]!.counter);
  const { conditions: _c, ...after } = host.lastOf('flaky').status;
  const { conditions: _b, ...was } = statusBefore;
  expect(after).toEqual(was);
  await clock.until(host.stop(aPod('web')));
  await clock.advance(1_000);
  expect(host.lastOf('web').gone).toBe(true);
  await second.stop({ leavePods: true });
});

test('what exited while the agent was away is restarted by policy, with its count', async () => {
  const all = stage();
  const { clock, host, runtime } = all;
  const first = await all.start();
  await clock.until(first.ready);
  await clock.until(host.run(aPod('always')));
  await clock.until(host.run(aPod('never', {}, { restartPolicy: 'Never' })));
  await clock.advance(1_000);
  await first.stop({ leavePods: true });
  for (const { id } of await runtime.listContainers()) runtime.exitContainer(id, 3);
  await clock.advance(5_000);
  const second = await all.start();
  await clock.until(second.ready);
  await clock.advance(1_000);
  expect(host.lastOf('always').status).toMatchObject({
    phase: 'Running',
    containerStatuses: [{ ready: true, restartCount: 1, lastState: { terminated: { exitCode: 3 } } }],
  });
  expect(host.lastOf('never').status).toMatchObject({
    phase: 'Failed',
    containerStatuses: [{ restartCount: 0, state: { terminated: { exitCode: 3 } } }],
  });
  await second.stop({ leavePods: true });
});

test('a finished pod stays finished, although its sandbox is stopped', async () => {
  const all = stage({ runtime: { images: { nginx: { run: { exitAfterMs: 10 } } } } });
  const { clock, host, runtime } = all;
  const first = await all.start();
  await clock.until(first.ready);
  await clock.until(host.run(aPod('job', {}, { restartPolicy: 'OnFailure' })));
  await clock.advance(1_000);
  expect(host.lastOf('job').status.phase).toBe('Succeeded');
  await first.stop({ leavePods: true });
  const second = await all.start();
  await clock.until(second.ready);
  await clock.advance(60_000);
  expect(host.lastOf('job').status.phase).toBe('Succeeded');
  expect(await runtime.listContainers()).toHaveLength(1);
  await second.stop({ leavePods: true });
});

test('a pod that was being stopped goes on being stopped', async () => {
  const all = stage({ runtime: { images: { nginx: { run: { ignoresTerm: true } } } } });
  const { clock, host, runtime } = all;
  const first = await all.start();
  await clock.until(first.ready);
  await clock.until(host.run(aPod('web')));
  await clock.advance(1_000);
  await clock.until(host.stop(aPod('web'), 20));
  await clock.advance(1_000);
  await first.stop({ leavePods: true });
  const second = await all.start();
  await clock.advance(25_000);
  expect(host.lastOf('web').gone).toBe(true);
  expect(await runtime.listPodSandbox()).toEqual([]);
  await second.stop({ leavePods: true });
});

test('a pod that was told to run and never got so far is run', async () => {
  let isBroken = true;
  const all = stage({
    runtime: { fault: (call) => (isBroken && call === 'runPodSandbox' ? { delayMs: 1e9 } : undefined) },
  });
  const { clock, host } = all;
  const first = await all.start();
  await clock.until(first.ready);
  await clock.until(host.run(aPod('web')));
  await clock.advance(1_000);
  await first.stop({ leavePods: true });
  isBroken = false;
  const second = await all.start();
  await clock.advance(1_000);
  expect(host.lastOf('web').status.phase).toBe('Running');
  await second.stop({ leavePods: true });
});

test('what no file explains goes only when the API says that it does not belong here', async () => {
  const all = stage();
  const { clock, host, runtime, files, cut, mend } = all;
  const first = await all.start();
  await clock.until(first.ready);
  await clock.until(host.run(aPod('mine')));
  await clock.until(host.run(aPod('lost')));
  await clock.advance(1_000);
  const before = await pids(runtime);
  await first.stop({ leavePods: true });
  await files.remove('pods');
  host.podList = [aPod('mine')];
  cut('host');
  const second = await all.start();
  await clock.advance(120_000);
  expect(await pids(runtime)).toEqual(before);
  mend('host');
  await clock.until(second.ready);
  await clock.advance(60_000);
  expect(second.pods().map(({ name }) => name)).toEqual(['mine']);
  const after = await pids(runtime);
  expect(Object.keys(after)).toHaveLength(1);
  expect(before).toMatchObject(after);
  expect(host.lastOf('mine').status.phase).toBe('Running');
  await second.stop({ leavePods: true });
});

test('with NATS away pods go on and are restarted; what happened is told when it is back', async () => {
  const all = stage({ runtime: { images: { flaky: { run: { exitAfterMs: 60_000, exitCode: 1 } } } } });
  const { clock, host, cut, mend } = all;
  const agent = await all.start();
  await clock.until(agent.ready);
  await clock.until(host.run(aPod('flaky', { image: 'flaky' })));
  await clock.advance(1_000);
  cut('agent-1');
  const reports = host.reports.length;
  await clock.advance(200_000);
  expect(host.reports.length).toBe(reports);
  mend('agent-1');
  await clock.advance(100);
  expect(host.reports.length).toBe(reports + 1);
  expect(host.lastOf('flaky').status.containerStatuses![0]!.restartCount).toBe(2);
  await agent.stop({ leavePods: true });
});

test('an agent that starts with NATS away restarts what exited, with the range it remembers', async () => {
  const all = stage();
  const { clock, host, cut, mend, runtime } = all;
  const first = await all.start();
  await clock.until(first.ready);
  await clock.until(host.run(aPod('web')));
  await clock.advance(1_000);
  await first.stop({ leavePods: true });
  for (const { id } of await runtime.listContainers()) runtime.exitContainer(id, 1);
  cut('host');
  const cidrs: string[] = [];
  const second = await all.start({ onPodCIDR: (cidr) => void cidrs.push(cidr) });
  await clock.advance(30_000);
  expect(cidrs).toEqual(['10.244.1.0/24']);
  expect(await runtime.listContainers({ state: 'running' })).toHaveLength(1);
  mend('host');
  await clock.until(second.ready);
  await clock.advance(20_000);
  expect(host.lastOf('web').status.phase).toBe('Running');
  await second.stop({ leavePods: true });
});

test('with the runtime away pods keep their state, the node is not ready, and orders wait', async () => {
  const all = stage();
  const { clock, host, runtime } = all;
  const agent = await all.start();
  await clock.until(agent.ready);
  await clock.until(host.run(aPod('web')));
  await clock.advance(1_000);
  const reports = host.reportsOf('web').length;
  runtime.kill();
  await clock.until(host.run(aPod('late')));
  await clock.advance(60_000);
  const ready = () => host.descriptions.at(-1).status.conditions.find(({ type }: any) => type === 'Ready');
  expect(ready()).toMatchObject({ status: 'False', reason: 'ContainerRuntimeNotReady' });
  expect(host.reportsOf('web').length).toBe(reports);
  expect(host.lastOf('late').status.phase).toBe('Pending');
  const [web] = (await clock.until(revived())).filter(
    ({ labels }) => labels['io.kubernetes.pod.name'] === 'web',
  );
  async function revived() {
    runtime.revive();
    return runtime.listContainers();
  }
  await clock.advance(10_000);
  expect(ready()).toMatchObject({ status: 'True' });
  expect(host.lastOf('late').status.phase).toBe('Running');
  expect((await runtime.containerStatus(web!.id)).state).toBe('running');
  await agent.stop({ leavePods: true });
});

test('an exit that nobody announced is found when the runtime is back', async () => {
  const all = stage();
  const { clock, host, runtime } = all;
  const agent = await all.start();
  await clock.until(agent.ready);
  await clock.until(host.run(aPod('web')));
  await clock.advance(1_000);
  const [container] = await runtime.listContainers();
  runtime.kill();
  runtime.exitContainer(container!.id, 9);
  await clock.advance(1_000);
  runtime.revive();
  await clock.advance(1_000);
  expect(host.lastOf('web').status.containerStatuses![0]).toMatchObject({
    restartCount: 1,
    ready: true,
    lastState: { terminated: { exitCode: 9 } },
  });
  await agent.stop({ leavePods: true });
});

test('an agent that leaves for good ends its pods with their grace and keeps nothing', async () => {
  const all = stage({ runtime: { images: { nginx: { run: { termMs: 2_000 } } } } });
  const { clock, host, runtime, files } = all;
  const agent = await all.start();
  await clock.until(agent.ready);
  for (const name of ['a', 'b']) await clock.until(host.run(aPod(name)));
  await clock.advance(1_000);
  await clock.until(agent.stop({ leavePods: false }));
  expect(await runtime.listPodSandbox()).toEqual([]);
  expect(await files.list('pods')).toEqual([]);
  expect(clock.armed).toBe(0);
});

test('a restart count outlives a sandbox that is replaced while the agent crashes', async () => {
  let isStuck = false;
  const all = stage({
    runtime: { fault: (call) => (isStuck && call === 'createContainer' ? { delayMs: 1e9 } : undefined) },
  });
  const { clock, host, runtime } = all;
  const first = await all.start();
  await clock.until(first.ready);
  await clock.until(host.run(aPod('web')));
  await clock.advance(1_000);
  isStuck = true;
  runtime.losePower();
  await clock.advance(1_000);
  await first.stop({ leavePods: true });
  isStuck = false;
  const second = await all.start();
  await clock.until(second.ready);
  await clock.advance(1_000);
  expect(host.lastOf('web').status.containerStatuses![0]).toMatchObject({
    ready: true,
    restartCount: 1,
    lastState: { terminated: { exitCode: 255 } },
  });
  await second.stop({ leavePods: true });
});

test('answers of the runtime that are lost make nothing twice', async () => {
  const lost = new Set<string>();
  const once = (call: string) => {
    if (lost.has(call) || !['runPodSandbox', 'createContainer', 'startContainer'].includes(call))
      return undefined;
    lost.add(call);
    return { lostAnswer: true };
  };
  const all = stage({ runtime: { fault: once } });
  const agent = await all.start();
  await all.clock.until(agent.ready);
  await all.clock.until(all.host.run(aPod('web')));
  await all.clock.advance(5_000);
  expect([...lost].sort()).toEqual(['createContainer', 'runPodSandbox', 'startContainer']);
  expect(await all.runtime.listPodSandbox()).toHaveLength(1);
  expect(await all.runtime.listContainers()).toHaveLength(1);
  expect(all.host.lastOf('web').status).toMatchObject({
    phase: 'Running',
    containerStatuses: [{ ready: true, restartCount: 0 }],
  });
  await agent.stop({ leavePods: true });
});

test('a start whose outcome nobody knows is looked into, and done', async () => {
  const failing = new TroupeError('RUNTIME', 'deadline exceeded', { details: { kind: 'timeout' } });
  const failed: string[] = [];
  const fault = (call: string) => {
    if (failed.length >= 2 || (call !== 'startContainer' && call !== 'containerStatus')) return undefined;
    failed.push(call);
    return failing;
  };
  const all = stage({ runtime: { fault } });
  const agent = await all.start();
  await all.clock.until(agent.ready);
  await all.clock.until(all.host.run(aPod('web')));
  await all.clock.advance(10_000);
  expect(failed).toEqual(['startContainer', 'containerStatus']);
  expect(all.host.lastOf('web').status).toMatchObject({
    phase: 'Running',
    containerStatuses: [{ ready: true }],
  });
  await agent.stop({ leavePods: true });
});
