// The agent on a real containerd: what it starts, what users see of it, and what outlives its death.
import { type ChildProcess, fork } from 'node:child_process';
import { get } from 'node:http';
import path from 'node:path';
import type { Pod } from '../../schemas/pod/kind.ts';
import type { Order, ProcessOptions } from '../support/agent-process.ts';
import type { Report } from '../support/fake-host.ts';
import { type RealRuntime, startRealRuntime } from '../support/real-runtime.ts';

const HERE = path.join(__dirname, '..', 'support');
const WITHIN_MS = 30_000;

/** An agent in a process of its own. */
class AgentProcess {
  readonly child: ChildProcess;
  readonly reports: Report[] = [];
  readonly notes: { reason: string; message: string }[] = [];
  private readonly answers = new Map<number, (message: any) => void>();
  private readonly waiters = new Set<() => void>();
  private isReady = false;
  private failure: string | undefined;
  private orders = 0;

  constructor(real: RealRuntime) {
    const options: ProcessOptions = {
      socket: real.containerd.socket,
      directory: path.join(real.directory, 'agent'),
      cgroupRoot: real.cgroupRoot,
    };
    const script = path.join(HERE, 'agent-process.ts');
    this.child = fork(path.join(HERE, 'typescript-hook.cjs'), [script, JSON.stringify(options)]);
    this.child.on('message', (message: any) => this.take(message));
    this.child.on('exit', (code, signal) => {
      this.failure ??= `the process ended: ${code ?? signal}`;
      this.wake();
    });
  }

  ready(): Promise<void> {
    return this.until(() => this.isReady, 'the agent is ready');
  }

  order(verb: Order['verb'], body: object): Promise<any> {
    this.orders += 1;
    const id = this.orders;
    return new Promise((resolve, reject) => {
      this.answers.set(id, ({ answer, error }) => (error ? reject(new Error(error)) : resolve(answer)));
      this.child.send({ id, verb, body } satisfies Order);
    });
  }

  async reported(what: string, holds: (report: Report) => boolean): Promise<Report> {
    await this.until(() => this.reports.some(holds), what);
    return this.reports.find(holds)!;
  }

  async kill(): Promise<void> {
    if (this.child.exitCode !== null || this.child.signalCode !== null) return;
    const exited = new Promise((resolve) => this.child.once('exit', resolve));
    this.child.kill('SIGKILL');
    await exited;
  }

  private take(message: any): void {
    if (message.report) this.reports.push(message.report);
    else if (message.note) this.notes.push(message.note);
    else if (message.ready) this.isReady = true;
    else if (message.failed) this.failure = message.failed;
    else this.answers.get(message.id)?.(message);
    this.wake();
  }

  private wake(): void {
    for (const waiter of this.waiters) waiter();
  }

  private until(holds: () => boolean, what: string): Promise<void> {
    return new Promise((resolve, reject) => {
      const end = (error?: Error) => {
        clearTimeout(timer);
        this.waiters.delete(look);
        if (error) reject(error);
        else resolve();
      };
      const look = () => {
        if (holds()) end();
        else if (this.failure) end(new Error(`${what}: ${this.failure}`));
      };
      const timer = setTimeout(() => {
        const last = JSON.stringify(this.reports.at(-1)?.status, null, 1);
        end(new Error(`within ${WITHIN_MS} ms this did not become true: ${what}; last status: ${last}`));
      }, WITHIN_MS);
      this.waiters.add(look);
      look();
    });
  }
}

function pod(name: string, container: object, spec: object = {}): Pod {
  const uid = `uid-${name}`;
  const containers = [{ name: 'main', image: 'busybox', imagePullPolicy: 'IfNotPresent', ...container }];
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, namespace: 'default', uid },
    spec: { containers, terminationGracePeriodSeconds: 1, ...spec },
  } as unknown as Pod;
}

const web = pod('web', {
  command: ['sh', '-c', 'echo "page of $(WHO)" > index.html; echo ready; exec httpd -f -p 8080 -h .'],
  workingDir: '/tmp',
  env: [{ name: 'WHO', value: 'web' }],
  ports: [{ containerPort: 8080 }],
  resources: { requests: { cpu: '100m', memory: '16Mi' }, limits: { memory: '64Mi' } },
});

function page(ip: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const request = get({ host: ip, port: 8080, path: '/', timeout: 5_000 }, (response) => {
      let text = '';
      response.setEncoding('utf8');
      response.on('data', (piece) => {
        text += piece;
      });
      response.on('end', () => resolve(text));
    });
    request.on('timeout', () => request.destroy(new Error('no answer')));
    request.on('error', reject);
  });
}

const stopOf = ({ metadata }: Pod, fence: number) => ({ ...metadata, graceSeconds: 1, fence });
const of = (uid: string) => (report: Report) => report.uid === uid;

let real: RealRuntime;
const agents: AgentProcess[] = [];

function start(): AgentProcess {
  const agent = new AgentProcess(real);
  agents.push(agent);
  return agent;
}

beforeAll(async () => {
  real = await startRealRuntime();
}, 60_000);

afterAll(async () => {
  for (const agent of agents) await agent.kill();
  expect(await real.remove()).toEqual([]);
}, 60_000);

test('a pod runs, outlives the agent with the same process, and goes without a trace', async () => {
  const first = start();
  await first.ready();
  expect(await first.order('run', { pod: web, fence: 1 })).toEqual({ accepted: true, gone: false });
  const running = await first.reported('web is Running', ({ status }) => status.phase === 'Running');
  expect(running.status).toMatchObject({
    podIP: expect.stringMatching(/^\d+\.\d+\.\d+\.\d+$/),
    qosClass: 'Burstable',
    containerStatuses: [
      {
        ready: true,
        restartCount: 0,
        image: 'docker.io/library/busybox:latest',
        imageID: expect.stringMatching(/^docker\.io\/library\/busybox@sha256:/),
      },
    ],
  });
  expect(await page(running.status.podIP!)).toBe('page of web\n');
  expect(
    await first.order('logs', { uid: 'uid-web', namespace: 'default', name: 'web', container: 'main' }),
  ).toBe('ready\n');
  expect(first.notes.map(({ reason }) => reason)).toEqual(['Pulling', 'Pulled', 'Created', 'Started']);
  const id = running.status.containerStatuses![0]!.containerID!.replace('containerd://', '');
  const { pid } = await real.runtime.containerStatus(id);
  expect(pid).toBeGreaterThan(0);

  await first.kill();
  const second = start();
  await second.ready();
  const again = await second.reported('web is Running again', of('uid-web'));
  expect(again.status).toMatchObject({ phase: 'Running', podIP: running.status.podIP });
  expect(again.status.containerStatuses).toEqual(running.status.containerStatuses);
  expect(again.counter).toBeGreaterThan(running.counter);
  expect((await real.runtime.containerStatus(id)).pid).toBe(pid);
  expect(second.notes).toEqual([]);

  await second.order('stop', stopOf(web, 2));
  await second.reported('web is gone', ({ gone }) => gone);
  expect(await real.runtime.listPodSandbox()).toEqual([]);
  expect(await real.runtime.listContainers()).toEqual([]);
  await second.kill();
}, 120_000);

test('crashes, bad commands and missing images are shown as Kubernetes shows them', async () => {
  const agent = start();
  await agent.ready();
  const pods = [
    pod('crash', { command: ['sh', '-c', 'exit 3'] }),
    pod('bad', { command: ['/no/such/program'] }),
    pod('absent', { image: 'nosuch/image:1' }),
    pod('job', { command: ['true'] }, { restartPolicy: 'Never' }),
  ];
  for (const one of pods) await agent.order('run', { pod: one, fence: 1 });
  const waits = (uid: string, reason: string) =>
    agent.reported(`${uid}: ${reason}`, (report) => {
      return report.uid === uid && report.status.containerStatuses?.[0]?.state?.waiting?.reason === reason;
    });
  const [crash, bad] = [
    await waits('uid-crash', 'CrashLoopBackOff'),
    await waits('uid-bad', 'CrashLoopBackOff'),
  ];
  expect(crash.status.containerStatuses![0]).toMatchObject({
    restartCount: 1,
    lastState: { terminated: { exitCode: 3, reason: 'Error' } },
  });
  expect(bad.status.containerStatuses![0]!.lastState).toMatchObject({
    terminated: { exitCode: 128, reason: 'StartError', message: expect.stringContaining('/no/such/program') },
  });
  await waits('uid-absent', 'ErrImagePull');
  const backOff = await waits('uid-absent', 'ImagePullBackOff');
  expect(backOff.status.containerStatuses![0]!.state!.waiting!.message).toMatch(/nosuch\/image:1.*not found/);
  const job = await agent.reported('the job succeeded', (report) => report.status.phase === 'Succeeded');
  expect(job.status.containerStatuses![0]!.state).toMatchObject({
    terminated: { exitCode: 0, reason: 'Completed' },
  });
  for (const one of pods) await agent.order('stop', stopOf(one, 2));
  for (const { metadata } of pods) {
    await agent.reported(`${metadata.name} is gone`, ({ uid, gone }) => uid === metadata.uid && gone);
  }
  await agent.kill();
}, 120_000);

test('with containerd killed and back, a container that exited meanwhile is found and restarted', async () => {
  const agent = start();
  await agent.ready();
  const flaky = pod('flaky', {
    command: ['sh', '-c', 'while [ ! -e /tmp/stop ]; do sleep 0.05; done; exit 4'],
  });
  await agent.order('run', { pod: web, fence: 3 }).catch(() => undefined);
  await agent.order('run', { pod: flaky, fence: 1 });
  const up = await agent.reported(
    'flaky is Running',
    (report) => of('uid-flaky')(report) && report.status.phase === 'Running',
  );
  const id = up.status.containerStatuses![0]!.containerID!.replace('containerd://', '');
  const { pid } = await real.runtime.containerStatus(id);
  await real.kill();
  process.kill(pid!, 'SIGKILL');
  await real.revive();
  const again = await agent.reported('flaky was restarted', (report) => {
    const status = report.status.containerStatuses?.[0];
    return report.uid === 'uid-flaky' && status?.restartCount === 1 && status.ready;
  });
  expect(again.status.containerStatuses![0]!.lastState).toMatchObject({ terminated: { exitCode: 137 } });
  for (const one of [flaky, web]) await agent.order('stop', stopOf(one, 9));
  await agent.reported('flaky is gone', ({ uid, gone }) => uid === 'uid-flaky' && gone);
  await agent.kill();
}, 120_000);
