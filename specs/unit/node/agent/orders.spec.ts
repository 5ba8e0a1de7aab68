import { aPod, stage } from '../../../support/fake-host.ts';

async function running() {
  const all = stage();
  const agent = await all.start();
  await all.clock.until(agent.ready);
  return { ...all, agent, until: <T>(promise: Promise<T>) => all.clock.until(promise) };
}

const offer = (name: string, fence: number, cpuMillis = 100) => ({
  uid: `uid-${name}`,
  namespace: 'default',
  name,
  requests: { cpuMillis, memoryBytes: 0, hostPorts: [] },
  fence,
});

test('an offer is granted again for the same pod, and refused when there is no room', async () => {
  const { host, until, agent } = await running();
  expect(await until(host.order('offer', offer('a', 1, 3_000)))).toEqual({ granted: true });
  expect(await until(host.order('offer', offer('a', 2, 3_000)))).toEqual({ granted: true });
  expect(await until(host.order('offer', offer('b', 1, 3_000)))).toEqual({
    granted: false,
    reason: 'Insufficient cpu',
  });
  await agent.stop({ leavePods: true });
});

test('a sender with a lower fence is refused, for every verb, also after the pod is gone', async () => {
  const { host, until, clock, agent } = await running();
  const pod = aPod('a');
  await until(host.order('offer', offer('a', 10)));
  await expect(until(host.order('offer', offer('a', 9)))).rejects.toMatchObject({ code: 'STALE_FENCE' });
  await expect(until(host.run(pod, 9))).rejects.toMatchObject({ code: 'STALE_FENCE' });
  await until(host.run(pod, 11));
  await expect(until(host.stop(pod, 0, 10))).rejects.toMatchObject({ code: 'STALE_FENCE' });
  await until(host.stop(pod, 0, 12));
  await clock.advance(1_000);
  expect(host.lastOf('a').gone).toBe(true);
  await expect(until(host.run(pod, 11))).rejects.toMatchObject({ code: 'STALE_FENCE' });
  expect(await until(host.run(pod, 12))).toEqual({ accepted: false, gone: true });
  expect(agent.pods()).toEqual([]);
  await agent.stop({ leavePods: true });
});

test('a run told twice starts one pod and reports it again', async () => {
  const { host, until, clock, runtime, agent } = await running();
  const pod = aPod('a');
  await until(Promise.all([host.run(pod, 5), host.run(pod, 5)]));
  await clock.advance(1_000);
  const reports = host.reportsOf('a').length;
  await until(host.run(pod, 6));
  await clock.advance(1_000);
  expect(host.reportsOf('a').length).toBe(reports + 1);
  expect(await runtime.listContainers()).toHaveLength(1);
  await agent.stop({ leavePods: true });
});

test('an order for which there is no room any more is refused', async () => {
  const { host, until, agent } = await running();
  const big = (name: string) => aPod(name, { resources: { requests: { cpu: '3' } } });
  await until(host.run(big('a')));
  await expect(until(host.run(big('b')))).rejects.toMatchObject({
    code: 'REFUSED',
    message: 'Insufficient cpu',
  });
  expect(agent.pods().map(({ name }) => name)).toEqual(['a']);
  await agent.stop({ leavePods: true });
});

test('the room of a pod that has ended is free again', async () => {
  const all = stage({ runtime: { images: { nginx: { run: { exitAfterMs: 1_000 } } } } });
  const agent = await all.start();
  await all.clock.until(agent.ready);
  const job = (name: string) =>
    aPod(name, { resources: { limits: { cpu: '4' } } }, { restartPolicy: 'Never' });
  await all.clock.until(all.host.run(job('a')));
  await all.clock.advance(2_000);
  await expect(all.clock.until(all.host.run(job('b')))).resolves.toMatchObject({ accepted: true });
  await agent.stop({ leavePods: true });
});

test('a report that is not acknowledged is repeated after 200, 400 … 10,000 ms with a higher counter', async () => {
  const { host, until, clock, agent } = await running();
  host.acknowledge = () => undefined;
  const silent = clock.now();
  await until(host.run(aPod('a')));
  await clock.advance(60_000);
  const reports = host.reportsOf('a');
  // Each try waits 5 s for the acknowledgement first.
  const times = reports.map(({ at }) => at - silent);
  expect(times.slice(0, 6)).toEqual([0, 5_200, 10_600, 16_400, 23_000, 31_200]);
  expect(reports.every(({ counter }, at) => at === 0 || counter > reports[at - 1]!.counter)).toBe(true);
  host.acknowledge = () => ({ accepted: true, unknown: false });
  await clock.advance(60_000);
  const acknowledged = host.reportsOf('a').length;
  await clock.advance(60_000);
  expect(host.reportsOf('a').length).toBe(acknowledged);
  await agent.stop({ leavePods: true });
});

test('changes while a report is under way become one report, and the newest wins', async () => {
  const all = stage({ runtime: { images: { nginx: { run: { exitAfterMs: 100, exitCode: 1 } } } } });
  const agent = await all.start();
  await all.clock.until(agent.ready);
  let calls = 0;
  all.host.acknowledge = () => (++calls === 1 ? undefined : { accepted: true, unknown: false });
  await all.clock.until(all.host.run(aPod('a')));
  await all.clock.advance(4_900);
  expect(all.host.reportsOf('a')).toHaveLength(1);
  await all.clock.advance(1_000);
  expect(all.host.reportsOf('a')).toHaveLength(2);
  expect(all.host.lastOf('a').status.containerStatuses![0]).toMatchObject({
    restartCount: 1,
    state: { waiting: { reason: 'CrashLoopBackOff' } },
  });
  await agent.stop({ leavePods: true });
});

test('a pod that its actor does not know is removed', async () => {
  const { host, until, clock, runtime, agent } = await running();
  host.acknowledge = () => ({ accepted: false, unknown: true });
  await until(host.run(aPod('a')));
  await clock.advance(5_000);
  expect(agent.pods()).toEqual([]);
  expect(await runtime.listPodSandbox()).toEqual([]);
  await agent.stop({ leavePods: true });
});

test.each([
  ['offer', {}],
  ['run', { pod: { metadata: { name: 'x', uid: '../../etc' }, spec: { containers: [] } }, fence: 1 }],
  ['run', { pod: { metadata: { name: '../x', uid: 'u' }, spec: { containers: [{ name: 'a' }] } }, fence: 1 }],
  ['run', { pod: { metadata: { name: 'x', uid: 'u' }, spec: { containers: [{ name: '../a' }] } }, fence: 1 }],
  ['stop', { uid: 7 }],
])('a %s that cannot be understood is refused: %j', async (verb, body) => {
  const { host, until, agent } = await running();
  await expect(until(host.order(verb, body))).rejects.toMatchObject({ code: 'BAD_REQUEST' });
  await agent.stop({ leavePods: true });
});

test('before it has pod addresses a node takes nothing; then it says that it is ready', async () => {
  const { host, clock, start } = stage();
  host.podCIDR = undefined;
  const cidrs: string[] = [];
  const agent = await start({ onPodCIDR: (cidr) => void cidrs.push(cidr) });
  await clock.advance(1_000);
  expect(await clock.until(host.order('offer', offer('a', 1)))).toMatchObject({ granted: false });
  await expect(clock.until(host.run(aPod('a')))).rejects.toMatchObject({ code: 'UNAVAILABLE' });
  const ready = () => host.descriptions.at(-1).status.conditions.find(({ type }: any) => type === 'Ready');
  expect(ready()).toMatchObject({ status: 'False', reason: 'KubeletNotReady' });
  host.podCIDR = '10.244.7.0/24';
  await clock.until(agent.ready);
  await clock.advance(100);
  expect(cidrs).toEqual(['10.244.7.0/24']);
  expect(ready()).toMatchObject({ status: 'True', reason: 'KubeletReady' });
  expect(host.nodes[0].metadata.labels).toEqual({
    'kubernetes.io/hostname': 'n1',
    'kubernetes.io/os': 'linux',
    'kubernetes.io/arch': 'amd64',
  });
  expect(host.descriptions.at(-1).status).toMatchObject({
    capacity: { cpu: '4', memory: '8Gi', pods: '110' },
    addresses: [{ type: 'InternalIP', address: '192.168.0.1' }],
    nodeInfo: { containerRuntimeVersion: 'simulated://1.0.0' },
  });
  await agent.stop({ leavePods: true });
});

test('it says every second that it lives', async () => {
  const { host, clock, agent } = await running();
  const before = host.beats.length;
  await clock.advance(10_000);
  expect(host.beats.length).toBe(before + 10);
  expect(host.beats.at(-1)).toMatchObject({ node: 'n1', at: clock.now(), pods: 0 });
  await agent.stop({ leavePods: true });
  expect(clock.armed).toBe(0);
});
