// Faults of a node: images that are not there, containers that end, the agent and containerd killed with -9, a
// full disk. Each is a condition that users see, and nothing is lost. One cluster for all, as a user's is.
import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import { runProgram } from '../../actors/node/agent/runtime/programs.ts';
import type { Pod } from '../../schemas/pod/kind.ts';
import {
  busybox,
  containerPids,
  type RealCluster,
  startRealCluster,
  until,
} from '../support/real-cluster.ts';

const WITHIN = { withinMs: 45_000 };
const running = ({ status }: Pod) => status?.phase === 'Running' && Boolean(status.podIP);
const waitingFor = (reason: string) => (pod: Pod) =>
  pod.status?.containerStatuses?.[0]?.state?.waiting?.reason === reason;

describe('on a healthy machine', () => {
  let cluster: RealCluster;
  beforeAll(async () => {
    cluster = await startRealCluster({ runtime: 'containerd' });
  }, 60_000);
  afterAll(async () => {
    expect(await cluster?.remove()).toEqual([]);
  }, 60_000);

  async function gone(name: string): Promise<void> {
    await cluster.client.pod(name).delete({ gracePeriodSeconds: 0 });
    await cluster.client.pod(name).untilGone(WITHIN);
  }

  test('an image that does not exist: ErrImagePull, then ImagePullBackOff, with the registry’s words', async () => {
    const { client } = cluster;
    const pod = busybox('absent', ['true']);
    (pod.spec as any).containers[0].image = 'no-such-image:1';
    await client.create(pod);
    const failed = await client.pod('absent').until(waitingFor('ErrImagePull'), WITHIN);
    expect(failed.status!.containerStatuses![0]!.state!.waiting!.message).toContain('no-such-image:1');
    const waits = await client.pod('absent').until(waitingFor('ImagePullBackOff'), WITHIN);
    expect(waits.status!.phase).toBe('Pending');
    const table = await cluster.troupe('get', 'pod', 'absent');
    expect(table.stdout).toMatch(/^absent +0\/1 +(ImagePullBackOff|ErrImagePull) +0 /m);
    const described = await cluster.troupe('describe', 'pod', 'absent');
    expect(described.stdout).toMatch(/Warning +Failed .*Failed to pull image "no-such-image:1"/);
    await gone('absent');
  }, 90_000);

  test('a container that exits at once: CrashLoopBackOff, with its exit code and restarts', async () => {
    const { client } = cluster;
    await client.create(busybox('crash', ['sh', '-c', 'echo sorry; exit 3']));
    const pod = await client
      .pod('crash')
      .until(
        (one) => waitingFor('CrashLoopBackOff')(one) && one.status!.containerStatuses![0]!.restartCount > 0,
        WITHIN,
      );
    const [status] = pod.status!.containerStatuses!;
    expect(status!.lastState!.terminated).toMatchObject({ exitCode: 3, reason: 'Error' });
    const table = await cluster.troupe('get', 'pod', 'crash');
    expect(table.stdout).toMatch(/^crash +0\/1 +CrashLoopBackOff +[1-9]\d* \(/m);
    const logs = await cluster.troupe('logs', 'crash');
    expect([logs.code, logs.stdout, logs.stderr]).toEqual([0, 'sorry\n', '']);
    await gone('crash');
  }, 90_000);

  test('the agent killed with -9: its containers are the same processes afterwards, and it goes on', async () => {
    const { client, directory } = cluster;
    const { metadata } = await client.create(busybox('stays', ['sleep', '3600']));
    await client.pod('stays').until(running, WITHIN);
    const before = await containerPids(directory, metadata.uid!);
    expect(before.length).toBeGreaterThan(0);
    const former = await cluster.kill('node');
    // Accepted while the agent is away, run when it is back.
    await client.create(busybox('later', ['sleep', '3600']));
    await cluster.restarted('node', former);
    await client.pod('later').until(running, WITHIN);
    expect(await containerPids(directory, metadata.uid!)).toEqual(before);
    const pod = await client.pod('stays').get();
    expect([pod.status?.phase, pod.status?.containerStatuses?.[0]?.restartCount]).toEqual(['Running', 0]);
    await gone('later');
    await gone('stays');
    // With no grace the object is gone at once, and its processes a moment later.
    await until('the processes have ended', async () =>
      (await containerPids(directory, metadata.uid!)).length === 0 ? true : undefined,
    );
  }, 120_000);

  test('containerd killed with -9: containers go on, and it is started again', async () => {
    const { client, directory } = cluster;
    const { metadata } = await client.create(busybox('stays', ['sleep', '3600']));
    await client.pod('stays').until(running, WITHIN);
    const before = await containerPids(directory, metadata.uid!);
    const former = await cluster.kill('containerd');
    await client.create(busybox('later', ['sleep', '3600']));
    await cluster.restarted('containerd', former);
    await client.pod('later').until(running, WITHIN);
    expect(await containerPids(directory, metadata.uid!)).toEqual(before);
    const pod = await client.pod('stays').get();
    expect([pod.status?.phase, pod.status?.containerStatuses?.[0]?.restartCount]).toEqual(['Running', 0]);
    await gone('later');
    await gone('stays');
  }, 120_000);

  test('agent and containerd killed while a container ends: its exit code is known afterwards', async () => {
    const { client } = cluster;
    const short = busybox('short', ['sh', '-c', 'sleep 3; exit 4'], { restartPolicy: 'Never' });
    await client.create(short);
    await client.pod('short').until(running, WITHIN);
    const formerAgent = await cluster.kill('node');
    const formerRuntime = await cluster.kill('containerd');
    await cluster.restarted('containerd', formerRuntime);
    await cluster.restarted('node', formerAgent);
    const pod = await client.pod('short').until(({ status }) => status?.phase === 'Failed', WITHIN);
    expect(pod.status!.containerStatuses![0]!.state!.terminated!.exitCode).toBe(4);
    await gone('short');
  }, 120_000);
});

test('a disk that is full on the pull: the pod says so and runs when there is room', async () => {
  let root = '';
  const cluster = await startRealCluster({
    runtime: 'containerd',
    prepare: async (directory) => {
      root = path.join(directory, 'node', 'containerd', 'root');
      await mkdir(root, { recursive: true, mode: 0o700 });
      const { exitCode, stderr } = await runProgram('mount', [
        '-t',
        'tmpfs',
        '-o',
        'size=64m',
        'tmpfs',
        root,
      ]);
      if (exitCode !== 0) throw new Error(`no tmpfs: ${stderr}`);
    },
  });
  const fill = path.join(root, 'fill');
  try {
    const { client } = cluster;
    // Everything but a last few pages.
    await runProgram('dd', ['if=/dev/zero', `of=${fill}`, 'bs=64k']);
    await client.create(busybox('full', ['sleep', '3600']));
    const said = (pod: Pod) => JSON.stringify(pod.status?.containerStatuses ?? '').includes('no space left');
    const inEvents = async () => {
      const { stdout } = await cluster.troupe('describe', 'pod', 'full');
      return /no space left/i.test(stdout) || said(await client.pod('full').get()) ? true : undefined;
    };
    await until('the pod says that there is no space left', inEvents, 45_000);
    expect((await client.pod('full').get()).status?.phase).toBe('Pending');
    await runProgram('rm', [fill]);
    await client.pod('full').until(running, { withinMs: 60_000 });
  } finally {
    expect(await cluster.remove()).toEqual([]);
  }
}, 180_000);
