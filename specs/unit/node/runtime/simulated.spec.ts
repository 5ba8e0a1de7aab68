// What only the simulated runtime has: scripts, faults, seeds and a clock that is moved by hand.
import type {
  ContainerConfig,
  RuntimeEvent,
  SandboxConfig,
} from '../../../../actors/node/agent/runtime/port.ts';
import { SimulatedRuntime, type SimulatedRuntimeOptions } from '../../../../lab/sim/runtime.ts';
import { PodAddresses } from '../../../../lab/sim/runtime-addresses.ts';
import { simulatedError } from '../../../../lab/sim/runtime-errors.ts';
import { imageReference } from '../../../../lab/sim/runtime-images.ts';
import { ManualClock } from '../../../../messaging/memory/manual-clock.ts';
import { seededRandom } from '../../../../messaging/memory/seeded-random.ts';

function simulated(options: Partial<SimulatedRuntimeOptions> = {}) {
  const clock = new ManualClock();
  const random = seededRandom('runtime');
  return { clock, runtime: new SimulatedRuntime({ clock, random, podCIDR: '10.1.0.0/16', ...options }) };
}

const pod = (name: string): SandboxConfig => ({
  name,
  namespace: 'default',
  uid: `uid-${name}`,
  attempt: 0,
  hostname: name,
  logDirectory: `/logs/${name}`,
});

const main = (image: string): ContainerConfig => ({ name: 'main', attempt: 0, image, logPath: 'main.log' });

async function run(runtime: SimulatedRuntime, name: string, image = 'nginx') {
  const reference = await runtime.pullImage(image);
  const sandbox = await runtime.runPodSandbox(pod(name));
  const id = await runtime.createContainer(sandbox, main(reference), pod(name));
  await runtime.startContainer(id);
  return { sandbox, id };
}

async function collect(runtime: SimulatedRuntime, during: () => Promise<void>): Promise<RuntimeEvent[]> {
  const ended = new AbortController();
  const events: RuntimeEvent[] = [];
  const reading = (async () => {
    for await (const event of runtime.events(ended.signal)) events.push(event);
  })();
  await during();
  ended.abort();
  await reading;
  return events;
}

test.each([
  ['nginx', 'docker.io/library/nginx:latest'],
  ['nginx:1.27', 'docker.io/library/nginx:1.27'],
  ['team/app', 'docker.io/team/app:latest'],
  ['localhost/app:1', 'localhost/app:1'],
  ['reg.example:5000/a/b', 'reg.example:5000/a/b:latest'],
  [`a@sha256:${'0'.repeat(64)}`, `docker.io/library/a@sha256:${'0'.repeat(64)}`],
  ['Nginx', undefined],
  ['nginx:', undefined],
  ['', undefined],
  ['a@sha256:1', undefined],
  ['a b', undefined],
  ['a//b', undefined],
])('%s is read as %s', (name, reference) => {
  expect(imageReference(name)).toBe(reference);
});

test('addresses go round, and end', () => {
  const addresses = new PodAddresses('192.168.7.8/29');
  const all = [1, 2, 3, 4, 5].map(() => addresses.take());
  expect(all).toEqual(['192.168.7.10', '192.168.7.11', '192.168.7.12', '192.168.7.13', '192.168.7.14']);
  expect(addresses.take()).toBeUndefined();
  addresses.give('192.168.6.11');
  addresses.give('192.168.7.12');
  addresses.give('192.168.7.10');
  expect([addresses.take(), addresses.take(), addresses.take()]).toEqual([
    '192.168.7.10',
    '192.168.7.12',
    undefined,
  ]);
});

test('a full range refuses the next sandbox', async () => {
  const { runtime } = simulated({ podCIDR: '10.1.0.0/30' });
  await runtime.runPodSandbox(pod('a'));
  await expect(runtime.runPodSandbox(pod('b'))).rejects.toMatchObject({
    code: 'RUNTIME',
    message: expect.stringContaining('no IP addresses available'),
  });
});

test('images: pulling takes its time and fails as told', async () => {
  const { runtime, clock } = simulated({
    images: {
      slow: { pullMs: 5_000, sizeBytes: 7 },
      gone: { exists: false },
      full: { pullError: 'diskFull' },
    },
  });
  const pulling = runtime.pullImage('slow');
  await clock.advance(4_999);
  expect(await runtime.imageStatus('slow')).toBeUndefined();
  await clock.advance(1);
  expect(await runtime.imageStatus('slow')).toMatchObject({ id: await pulling, sizeBytes: 7 });
  await expect(runtime.pullImage('gone')).rejects.toMatchObject({ details: { kind: 'imageNotFound' } });
  await expect(runtime.pullImage('full')).rejects.toMatchObject({ details: { kind: 'diskFull' } });
  runtime.setImage('gone', {});
  await runtime.pullImage('gone');
  await runtime.removeImage('slow');
  expect((await runtime.listImages()).map(({ tags }) => tags[0])).toEqual(['docker.io/library/gone:latest']);
});

test('scripts: log, exit, grace, at the times of the clock', async () => {
  const lines: [string, string][] = [];
  const { runtime, clock } = simulated({
    writeLog: (path, line) => lines.push([path, line]),
    images: {
      job: { run: { exitAfterMs: 3_000, exitCode: 2, log: ['hello', 'world'] } },
      stubborn: { run: { ignoresTerm: true } },
      polite: { run: { termMs: 400, termExitCode: 0 } },
    },
  });
  const job = await run(runtime, 'a', 'job');
  await clock.advance(2_999);
  expect((await runtime.containerStatus(job.id)).state).toBe('running');
  await clock.advance(1);
  const status = await runtime.containerStatus(job.id);
  expect(status).toMatchObject({ state: 'exited', exitCode: 2, reason: 'Error' });
  expect(status.finishedAt - status.startedAt).toBe(3_000);
  expect(lines).toEqual([
    ['/logs/a/main.log', '2026-01-01T00:00:00.000Z stdout F hello\n'],
    ['/logs/a/main.log', '2026-01-01T00:00:00.000Z stdout F world\n'],
  ]);

  for (const [image, grace, tookMs, exitCode] of [
    ['stubborn', 30, 30_000, 137],
    ['polite', 30, 400, 0],
    ['nginx', 30, 0, 143],
  ] as const) {
    const { id } = await run(runtime, image, image);
    const before = clock.monotonic();
    await clock.until(runtime.stopContainer(id, grace));
    expect(clock.monotonic() - before).toBe(tookMs);
    expect((await runtime.containerStatus(id)).exitCode).toBe(exitCode);
  }
  expect(clock.armed).toBe(0);
});

test('faults: an error, a delay, an answer that is lost', async () => {
  const calls: string[] = [];
  let fault: ReturnType<NonNullable<SimulatedRuntimeOptions['fault']>>;
  const { runtime, clock } = simulated({
    latencyMs: { listPodSandbox: 10 },
    fault: (call, subject) => {
      calls.push(`${call} ${subject}`);
      return fault;
    },
  });
  fault = simulatedError('diskFull', 'RunPodSandbox', 'no space left on device');
  await expect(runtime.runPodSandbox(pod('a'))).rejects.toBe(fault);
  fault = { lostAnswer: true };
  await expect(runtime.runPodSandbox(pod('a'))).rejects.toMatchObject({ details: { kind: 'unavailable' } });
  fault = { delayMs: 250 };
  const before = clock.monotonic();
  const listed = await clock.until(runtime.listPodSandbox());
  expect(listed.map(({ name }) => name)).toEqual(['a']);
  expect(clock.monotonic() - before).toBe(260);
  expect(calls).toEqual(['runPodSandbox default/a', 'runPodSandbox default/a', 'listPodSandbox ']);
});

test('killed while a call waits: the caller hears unavailable and nothing was done', async () => {
  const { runtime, clock } = simulated({ latencyMs: { runPodSandbox: 100 } });
  const waiting = runtime.runPodSandbox(pod('a')).catch((error: unknown) => error);
  runtime.kill();
  await clock.advance(100);
  expect(await waiting).toMatchObject({ details: { kind: 'unavailable', grpcCode: 14 } });
  runtime.revive();
  expect(await runtime.listPodSandbox()).toEqual([]);
});

test('events while it is away are lost, and resync says so', async () => {
  const { runtime, clock } = simulated({ images: { job: { run: { exitAfterMs: 1_000 } } } });
  const events = await collect(runtime, async () => {
    const { id } = await run(runtime, 'a', 'job');
    await clock.advance(0);
    runtime.kill();
    await clock.advance(1_000);
    runtime.revive();
    await clock.advance(0);
    expect((await runtime.containerStatus(id)).state).toBe('exited');
  });
  expect(events.map(({ type }) => type)).toEqual(['resync', 'started', 'started', 'resync']);
});

test('a power cut: sandboxes are not ready, containers were lost, addresses are free', async () => {
  const { runtime } = simulated({ podCIDR: '10.1.0.0/30' });
  const { sandbox, id } = await run(runtime, 'a');
  runtime.losePower();
  expect(await runtime.podSandboxStatus(sandbox)).toMatchObject({ state: 'notReady', ip: undefined });
  expect(await runtime.containerStatus(id)).toMatchObject({
    state: 'exited',
    exitCode: 255,
    reason: 'Unknown',
  });
  await runtime.runPodSandbox(pod('b'));
});

test('the same seed makes the same ids; closing ends listeners and keeps what runs', async () => {
  const [one, two] = [simulated(), simulated()];
  expect(await run(one.runtime, 'a')).toEqual(await run(two.runtime, 'a'));
  const listening = collect(one.runtime, () => one.clock.advance(0));
  one.runtime.close();
  await listening;
  expect(await one.runtime.listContainers()).toHaveLength(1);
});

test('5,000 pods start and go, with an event for each step', async () => {
  const count = 5_000;
  const { runtime, clock } = simulated();
  const sandboxes: string[] = [];
  const events = await collect(runtime, async () => {
    for (let index = 0; index < count; index += 1) {
      const { sandbox, id } = await run(runtime, `pod-${index}`);
      await runtime.podSandboxStatus(sandbox);
      await runtime.containerStatus(id);
      sandboxes.push(sandbox);
    }
    await clock.advance(0);
    expect((await runtime.listContainers({ sandboxId: sandboxes[7]! })).length).toBe(1);
    for (const sandbox of sandboxes) await runtime.removePodSandbox(sandbox);
    await clock.advance(0);
  });
  expect(events.filter(({ type }) => type === 'started')).toHaveLength(2 * count);
  expect(events.filter(({ type }) => type === 'exited')).toHaveLength(2 * count);
  expect(await runtime.listPodSandbox()).toEqual([]);
  expect(await runtime.listContainers()).toEqual([]);
});
