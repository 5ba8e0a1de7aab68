// Every example does what its first line says, applied as a user applies it, on a real containerd.
import { readdirSync } from 'node:fs';
import path from 'node:path';
import type { Pod } from '../../schemas/pod/kind.ts';
import { type RealCluster, startRealCluster } from '../support/real-cluster.ts';

const EXAMPLES = path.join(process.cwd(), 'examples');
const WITHIN = { withinMs: 45_000 };

const SHOWS: Readonly<Record<string, (pod: Pod) => boolean>> = {
  'crash-loop': ({ status }) =>
    status?.containerStatuses?.[0]?.state?.waiting?.reason === 'CrashLoopBackOff' &&
    status.containerStatuses[0].lastState?.terminated?.exitCode === 3,
  'init-and-sidecar': ({ status }) =>
    status?.initContainerStatuses?.[0]?.state?.terminated?.exitCode === 0 &&
    status.containerStatuses?.length === 2 &&
    status.containerStatuses.every(({ ready }) => ready),
  'job-like': ({ status }) => status?.phase === 'Succeeded',
};

let cluster: RealCluster;
beforeAll(async () => {
  cluster = await startRealCluster({ runtime: 'containerd' });
}, 60_000);
afterAll(async () => {
  expect(await cluster?.remove()).toEqual([]);
}, 60_000);

test('each example is tried here, but for nginx-pod, which the demo shows', () => {
  const names = readdirSync(EXAMPLES).map((file) => file.replace('.yaml', ''));
  expect(names.sort()).toEqual([...Object.keys(SHOWS), 'nginx-pod'].sort());
});

test.each(Object.keys(SHOWS))(
  '%s',
  async (name) => {
    const applied = await cluster.troupe(
      'apply',
      '-f',
      path.join(EXAMPLES, `${name}.yaml`),
      '--validate=strict',
    );
    expect(applied).toEqual({ code: 0, stdout: `pod/${name} created\n`, stderr: '' });
    await cluster.client.pod(name).until(SHOWS[name]!, WITHIN);
    if (name === 'job-like') {
      const logs = await cluster.troupe('logs', name);
      expect(logs.stdout).toBe('step 1\nstep 2\nstep 3\n');
    }
    const deleted = await cluster.troupe('delete', 'pod', name);
    expect(deleted.stdout).toContain(`pod "${name}" deleted`);
  },
  90_000,
);
