// One body for both sides of the runtime port: containerd with crun and CNI on this machine, and its simulated twin.
import {
  type ContainerConfig,
  type RuntimeEvent,
  runtimeErrorKind,
  type SandboxConfig,
} from '../../actors/node/agent/runtime/port.ts';
import { TroupeError } from '../../schemas/errors.ts';
import { PROGRAMS, type RuntimeWorld, realWorld, simulatedWorld } from '../support/runtime-worlds.ts';

const BOUND_MS = 20_000;

describe.each([
  ['containerd', realWorld],
  ['simulated', simulatedWorld],
])('the runtime port: %s', (_, open) => {
  let world: RuntimeWorld;
  let image: string;
  let events: RuntimeEvent[];
  const listening = new AbortController();
  let listeners: (() => void)[] = [];
  let pods = 0;

  beforeAll(async () => {
    world = await open();
    events = [];
    void (async () => {
      for await (const event of world.runtime.events(listening.signal)) {
        events.push(event);
        for (const wake of listeners) wake();
      }
    })();
    await seen((event) => event.type === 'resync');
    image = await world.runtime.pullImage('busybox');
  }, 60_000);

  afterAll(async () => {
    listening.abort();
    expect(await world.remove()).toEqual([]);
  }, 60_000);

  /** Resolves with the first event from place `from` on that fits. */
  function seen(fits: (event: RuntimeEvent) => boolean, from = 0): Promise<RuntimeEvent> {
    return new Promise((resolve, reject) => {
      const look = () => {
        const found = events.slice(from).find(fits);
        if (found === undefined) return;
        timer.cancel();
        listeners = listeners.filter((each) => each !== look);
        resolve(found);
      };
      const timer = world.clock.after(BOUND_MS, () =>
        reject(new Error(`no such event within ${BOUND_MS} ms; seen: ${JSON.stringify(events.slice(from))}`)),
      );
      listeners.push(look);
      look();
    });
  }

  const exitOf = (id: string) => seen((event) => event.type === 'exited' && event.id === id);

  function pod(change: Partial<SandboxConfig> = {}): SandboxConfig {
    pods += 1;
    const name = `pod-${pods}`;
    return {
      name,
      namespace: 'default',
      uid: `uid-${pods}`,
      attempt: 0,
      hostname: name,
      logDirectory: `${world.logRoot}/${name}`,
      cgroupParent: `${world.cgroupRoot}/${name}`,
      ...change,
    };
  }

  const container = (
    program: keyof typeof PROGRAMS,
    change: Partial<ContainerConfig> = {},
  ): ContainerConfig => ({ name: 'main', attempt: 0, image, command: PROGRAMS[program], ...change });

  async function run(program: keyof typeof PROGRAMS, change: Partial<ContainerConfig> = {}) {
    const config = pod();
    const sandbox = await world.runtime.runPodSandbox(config);
    const id = await world.runtime.createContainer(sandbox, container(program, change), config);
    await world.runtime.startContainer(id);
    return { config, sandbox, id };
  }

  async function failure(promise: Promise<unknown>): Promise<TroupeError> {
    const error = await promise.then(
      () => undefined,
      (reason: unknown) => reason,
    );
    if (error instanceof TroupeError) return error;
    throw new Error(`a TroupeError was expected, not ${error}`);
  }

  const kindOf = async (promise: Promise<unknown>) => runtimeErrorKind(await failure(promise));

  test('tells its version and that it is ready', async () => {
    expect((await world.runtime.version()).apiVersion).toBe('v1');
    expect(await world.runtime.status()).toEqual({ ready: true, networkReady: true, message: '' });
  });

  test('a sandbox has an address of the pod range, its own, until it is stopped', async () => {
    const before = world.clock.now();
    const config = pod({ labels: { app: 'a' }, annotations: { note: 'n' } });
    const id = await world.runtime.runPodSandbox(config);
    const other = await world.runtime.runPodSandbox(pod());
    const status = await world.runtime.podSandboxStatus(id);
    expect(status).toMatchObject({
      id,
      name: config.name,
      namespace: 'default',
      uid: config.uid,
      attempt: 0,
      state: 'ready',
      labels: { app: 'a' },
      annotations: { note: 'n' },
      cgroupParent: config.cgroupParent,
    });
    expect(status.ip?.startsWith(world.prefix)).toBe(true);
    expect((await world.runtime.podSandboxStatus(other)).ip).not.toBe(status.ip);
    expect(status.pid).toBeGreaterThan(0);
    expect(typeof status.netns).toBe('string');
    expect(status.createdAt).toBeGreaterThanOrEqual(before - 1);
    expect(status.createdAt).toBeLessThanOrEqual(world.clock.now());

    await world.runtime.stopPodSandbox(id);
    expect(await world.runtime.podSandboxStatus(id)).toMatchObject({ state: 'notReady', ip: undefined });
    await world.runtime.removePodSandbox(id);
    expect(await kindOf(world.runtime.podSandboxStatus(id))).toBe('notFound');
    await world.runtime.removePodSandbox(other);
  });

  test("a sandbox on the node's network has no address of its own", async () => {
    const id = await world.runtime.runPodSandbox(pod({ hostname: '', namespaces: { network: 'node' } }));
    expect(await world.runtime.podSandboxStatus(id)).toMatchObject({ ip: undefined, netns: undefined });
    await world.runtime.removePodSandbox(id);
  });

  test('a container that runs: created, running, stopped, removed', async () => {
    const config = pod();
    const sandbox = await world.runtime.runPodSandbox(config);
    const id = await world.runtime.createContainer(
      sandbox,
      container('obedient', { labels: { app: 'b' }, logPath: 'main_0.log' }),
      config,
    );
    expect(await world.runtime.containerStatus(id)).toMatchObject({
      id,
      name: 'main',
      attempt: 0,
      state: 'created',
      image: 'docker.io/library/busybox:latest',
      labels: { app: 'b' },
      startedAt: 0,
      finishedAt: 0,
      logPath: `${config.logDirectory}/main_0.log`,
      pid: undefined,
    });
    await world.runtime.startContainer(id);
    await seen((event) => event.type === 'started' && event.id === id);
    const running = await world.runtime.containerStatus(id);
    expect(running).toMatchObject({ state: 'running', reason: '', finishedAt: 0 });
    expect(running.pid).toBeGreaterThan(0);
    expect(running.startedAt).toBeGreaterThanOrEqual(running.createdAt);

    await settled(id);
    await world.runtime.stopContainer(id, 10);
    const stopped = await world.runtime.containerStatus(id);
    expect(stopped).toMatchObject({ state: 'exited', exitCode: 7, reason: 'Error', pid: undefined });
    expect(stopped.finishedAt).toBeGreaterThanOrEqual(stopped.startedAt);
    expect(await exitOf(id)).toMatchObject({ exitCode: 7 });
    expect((await world.runtime.podSandboxStatus(sandbox)).state).toBe('ready');
    expect(await kindOf(world.runtime.startContainer(id))).toBe('other');

    await world.runtime.removeContainer(id);
    expect(await kindOf(world.runtime.containerStatus(id))).toBe('notFound');
    await world.runtime.removePodSandbox(sandbox);
  });

  /** The shell must have set its trap before the signal comes; a command run beside it shows that it got so far. */
  async function settled(id: string): Promise<void> {
    await world.runtime.execSync(id, ['true'], 5);
  }

  test.each([
    ['succeeding', 0, 'Completed'],
    ['failing', 3, 'Error'],
  ] as const)('a %s program ends with exit code %d and reason %s', async (program, exitCode, reason) => {
    const { id, sandbox } = await run(program);
    expect(await exitOf(id)).toMatchObject({ exitCode });
    const status = await ended(id);
    expect(status).toMatchObject({ exitCode, reason });
    await world.runtime.removePodSandbox(sandbox);
  });

  /** The event may come some milliseconds before the status says so. */
  async function ended(id: string) {
    const end = world.clock.monotonic() + BOUND_MS;
    for (;;) {
      const status = await world.runtime.containerStatus(id);
      if (status.state === 'exited') return status;
      if (world.clock.monotonic() > end) throw new Error(`${id} is ${status.state}, not exited`);
      await world.clock.sleep(10);
    }
  }

  test('a container killed for lack of memory says so', async () => {
    const { id, sandbox } = await run('greedy', { resources: { memoryLimitBytes: 16 * 1024 * 1024 } });
    expect(await exitOf(id)).toMatchObject({ exitCode: 137 });
    expect(await ended(id)).toMatchObject({ exitCode: 137, reason: 'OOMKilled' });
    expect(await seen((event) => event.type === 'oom' && event.id === id)).toMatchObject({ id });
    await world.runtime.removePodSandbox(sandbox);
  });

  test('a command that is not there is a start error', async () => {
    const config = pod();
    const sandbox = await world.runtime.runPodSandbox(config);
    const id = await world.runtime.createContainer(sandbox, container('missing'), config);
    const error = await failure(world.runtime.startContainer(id));
    expect(error.code).toBe('RUNTIME');
    expect(error.details).toMatchObject({ kind: 'startError', call: 'StartContainer', grpcCode: 2 });
    expect(error.message).toContain('/no/such/program');
    const status = await ended(id);
    expect(status).toMatchObject({ exitCode: 128, reason: 'StartError' });
    expect(status.message).toContain('/no/such/program');

    const again = await world.runtime.createContainer(sandbox, container('missing', { attempt: 1 }), config);
    expect(again).not.toBe(id);
    await world.runtime.removePodSandbox(sandbox);
  });

  test('images: pulled, listed, absent, with a bad name, removed', async () => {
    expect(await world.runtime.imageStatus('busybox')).toMatchObject({
      id: image,
      tags: ['docker.io/library/busybox:latest'],
    });
    expect((await world.runtime.listImages()).map(({ id }) => id)).toContain(image);
    expect(await world.runtime.imageStatus('other/nosuch:1')).toBeUndefined();
    const absent = await failure(world.runtime.pullImage('nosuch:1'));
    expect(absent.details).toMatchObject({ kind: 'imageNotFound', grpcCode: 5, call: 'PullImage' });
    expect(absent.message).toContain('nosuch:1');
    const misnamed = await failure(world.runtime.pullImage('BAD_NAME:1'));
    expect(misnamed.details).toMatchObject({ kind: 'invalidImageName', grpcCode: 2 });
    const config = pod();
    const sandbox = await world.runtime.runPodSandbox(config);
    const create = world.runtime.createContainer(
      sandbox,
      container('sleeping', { image: 'nosuch:2' }),
      config,
    );
    expect(await kindOf(create)).toBe('imageNotFound');
    await world.runtime.removePodSandbox(sandbox);
    await world.runtime.removeImage('nosuch:1');
    const filesystems = await world.runtime.imageFsInfo();
    expect(filesystems.map(({ mountpoint }) => mountpoint.startsWith('/'))).toEqual([true]);
  });

  test('what does not heed the stop signal is killed after the grace', async () => {
    const { id, sandbox } = await run('sleeping');
    const before = world.clock.monotonic();
    await world.runtime.stopContainer(id, 1);
    const tookMs = world.clock.monotonic() - before;
    expect(tookMs).toBeGreaterThanOrEqual(990);
    expect(tookMs).toBeLessThan(BOUND_MS);
    expect(await ended(id)).toMatchObject({ exitCode: 137, reason: 'Error' });
    await world.runtime.removePodSandbox(sandbox);
  });

  test('without grace it is killed at once', async () => {
    const { id, sandbox } = await run('obedient');
    await world.runtime.stopContainer(id, 0);
    expect(await ended(id)).toMatchObject({ exitCode: 137 });
    await world.runtime.removePodSandbox(sandbox);
  });

  test('stopping a sandbox kills what runs in it', async () => {
    const { id, sandbox, config } = await run('obedient');
    await world.runtime.stopPodSandbox(sandbox);
    expect(await ended(id)).toMatchObject({ exitCode: 137 });
    const next = world.runtime.createContainer(sandbox, container('sleeping', { attempt: 1 }), config);
    expect(await kindOf(next)).toBe('notFound');
    await world.runtime.removePodSandbox(sandbox);
    expect(await kindOf(world.runtime.containerStatus(id))).toBe('notFound');
  });

  test('stopping and removing can be repeated, and what is unknown is gone already', async () => {
    const { id, sandbox } = await run('sleeping');
    for (let round = 0; round < 2; round += 1) await world.runtime.stopContainer(id, 0);
    for (let round = 0; round < 2; round += 1) await world.runtime.removeContainer(id);
    for (let round = 0; round < 2; round += 1) await world.runtime.stopPodSandbox(sandbox);
    for (let round = 0; round < 2; round += 1) await world.runtime.removePodSandbox(sandbox);
    await world.runtime.stopContainer('unknown', 0);
    await world.runtime.removeContainer('unknown');
    await world.runtime.stopPodSandbox('unknown');
    await world.runtime.removePodSandbox('unknown');
    expect(await world.runtime.listPodSandbox({ id: sandbox })).toEqual([]);
  });

  test('a running container can be removed', async () => {
    const { id, sandbox } = await run('sleeping');
    await world.runtime.removeContainer(id);
    expect(await world.runtime.listContainers({ sandboxId: sandbox })).toEqual([]);
    await world.runtime.removePodSandbox(sandbox);
  });

  test('calls on an unknown id say so', async () => {
    const { runtime } = world;
    const calls = [
      runtime.podSandboxStatus('unknown'),
      runtime.containerStatus('unknown'),
      runtime.startContainer('unknown'),
      runtime.createContainer('unknown', container('sleeping'), pod()),
      runtime.execSync('unknown', ['true'], 1),
      runtime.containerStats('unknown'),
      runtime.updateContainerResources('unknown', { cpuShares: 2 }),
      runtime.reopenContainerLog('unknown'),
    ];
    expect(await Promise.all(calls.map(kindOf))).toEqual(calls.map(() => 'notFound'));
  });

  test('a taken name and attempt tells who has it, so that it can be adopted', async () => {
    const { id, sandbox, config } = await run('sleeping');
    const sameSandbox = await failure(world.runtime.runPodSandbox(config));
    expect(sameSandbox.details).toMatchObject({ kind: 'alreadyExists', id: sandbox });
    const sameContainer = await failure(
      world.runtime.createContainer(sandbox, container('sleeping'), config),
    );
    expect(sameContainer.details).toMatchObject({ kind: 'alreadyExists', id });
    const second = await world.runtime.runPodSandbox({ ...config, attempt: 1 });
    expect((await world.runtime.podSandboxStatus(second)).attempt).toBe(1);
    await world.runtime.removePodSandbox(second);
    await world.runtime.removePodSandbox(sandbox);
    const anew = await world.runtime.runPodSandbox(config);
    await world.runtime.removePodSandbox(anew);
  });

  test('lists are narrowed by label, state, sandbox and id', async () => {
    const { runtime } = world;
    const labels = { app: 'list', tier: 'one' };
    const config = pod({ labels });
    const sandbox = await runtime.runPodSandbox(config);
    const [first, second] = [
      await runtime.createContainer(sandbox, container('sleeping', { name: 'first', labels }), config),
      await runtime.createContainer(sandbox, container('sleeping', { name: 'second' }), config),
    ];
    await runtime.startContainer(second!);
    const ids = (items: readonly { id: string }[]) => items.map(({ id }) => id).sort();
    expect(ids(await runtime.listPodSandbox({ labels: { app: 'list' } }))).toEqual([sandbox]);
    expect(ids(await runtime.listPodSandbox({ labels: { app: 'list', tier: 'two' } }))).toEqual([]);
    expect(ids(await runtime.listPodSandbox({ id: sandbox, state: 'notReady' }))).toEqual([]);
    expect(ids(await runtime.listContainers({ sandboxId: sandbox }))).toEqual([first!, second!].sort());
    expect(ids(await runtime.listContainers({ sandboxId: sandbox, labels }))).toEqual([first]);
    expect(ids(await runtime.listContainers({ sandboxId: sandbox, state: 'running' }))).toEqual([second]);
    expect(await runtime.listContainers({ id: first! })).toMatchObject([
      { id: first, sandboxId: sandbox, name: 'first', attempt: 0, state: 'created', labels },
    ]);
    await runtime.removePodSandbox(sandbox);
  });

  test('a command run in a container gives its output and exit code, and ends with its time', async () => {
    const { id, sandbox } = await run('sleeping');
    const result = await world.runtime.execSync(id, ['sh', '-c', 'echo out; echo err >&2; exit 4'], 10);
    expect(result.exitCode).toBe(4);
    expect(Buffer.from(result.stdout).toString()).toBe('out\n');
    expect(Buffer.from(result.stderr).toString()).toBe('err\n');
    expect(await kindOf(world.runtime.execSync(id, ['sh', '-c', 'sleep 5'], 1))).toBe('timeout');
    expect((await world.runtime.containerStatus(id)).state).toBe('running');
    await world.runtime.removePodSandbox(sandbox);
  });

  test('streams are offered as a URL', async () => {
    const { id, sandbox } = await run('sleeping');
    const streams = { containerId: id, tty: false, stdin: false, stdout: true, stderr: true };
    expect(await world.runtime.exec({ ...streams, command: ['true'] })).toMatch(/^http:.*\/exec\//);
    expect(await world.runtime.attach(streams)).toMatch(/^http:.*\/attach\//);
    expect(await world.runtime.portForward(sandbox, [80])).toMatch(/^http:.*\/portforward\//);
    await world.runtime.removePodSandbox(sandbox);
  });

  test('resources can be changed and use is measured while it runs', async () => {
    const { id, sandbox } = await run('sleeping', { logPath: 'main_0.log' });
    await world.runtime.updateContainerResources(id, { cpuPeriodMicros: 100_000, cpuQuotaMicros: 20_000 });
    await world.runtime.reopenContainerLog(id);
    const stats = await world.runtime.containerStats(id);
    expect(stats).toMatchObject({ id, name: 'main', attempt: 0 });
    expect(stats.memoryUsageBytes).toBeGreaterThan(0);
    expect((await world.runtime.listContainerStats({ sandboxId: sandbox })).map((each) => each.id)).toEqual([
      id,
    ]);
    await world.runtime.removePodSandbox(sandbox);
  });

  test('killed: calls are unavailable; back: the same processes, true exit codes, and resync', async () => {
    const lasting = await run('sleeping');
    const passing = await run('brief');
    const before = await world.runtime.containerStatus(lasting.id);
    await world.kill();
    const from = events.length;
    const error = await failure(world.runtime.listContainers());
    expect(error.details).toMatchObject({ kind: 'unavailable', grpcCode: 14 });
    await world.clock.sleep(1_800);

    await world.revive();
    await seen((event) => event.type === 'resync', from);
    expect(await reached(() => world.runtime.containerStatus(lasting.id))).toMatchObject({
      state: 'running',
      pid: before.pid,
      startedAt: before.startedAt,
    });
    expect(await ended(passing.id)).toMatchObject({ exitCode: 0, reason: 'Completed' });
    const later = await run('failing');
    expect(await exitOf(later.id)).toMatchObject({ exitCode: 3 });
    for (const { sandbox } of [lasting, passing, later]) await world.runtime.removePodSandbox(sandbox);
  });

  /** The connection may need a moment more than the runtime. */
  async function reached<T>(call: () => Promise<T>): Promise<T> {
    const end = world.clock.monotonic() + BOUND_MS;
    for (;;) {
      try {
        return await call();
      } catch (error) {
        if (runtimeErrorKind(error) !== 'unavailable' || world.clock.monotonic() > end) throw error;
        await world.clock.sleep(20);
      }
    }
  }
});
