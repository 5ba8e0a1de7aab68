// Faults of the control plane: nats-server killed -9 in the middle of 200 creations, the host killed -9 at each
// point of a pod's start. Nothing acknowledged is lost, nothing is started twice, everything converges.
import { decode } from '../../messaging/envelope.ts';
import { subjectsOf } from '../../messaging/subjects.ts';
import { TroupeError } from '../../schemas/errors.ts';
import type { Pod } from '../../schemas/pod/kind.ts';
import { busybox, containerPids, type RealCluster, startRealCluster } from '../support/real-cluster.ts';

const WITHIN = { withinMs: 60_000 };
const running = ({ status }: Pod) => status?.phase === 'Running' && Boolean(status.podIP);

test('nats-server killed -9 in the middle of 200 creations: what was acknowledged is there and runs', async () => {
  const cluster = await startRealCluster({ runtime: 'simulated' });
  try {
    const { client } = cluster;
    const acknowledged = new Map<string, string>();
    const refused: string[] = [];
    let killed: Promise<number> | undefined;
    const names = Array.from({ length: 200 }, (_, index) => `pod-${index}`);
    const work = async () => {
      for (let name = names.shift(); name !== undefined; name = names.shift()) {
        try {
          const { metadata } = await client.create(busybox(name, ['sleep', '3600']));
          acknowledged.set(name, metadata.uid!);
        } catch (error) {
          if (!(error instanceof TroupeError)) throw error;
          refused.push(`${name}: ${error.code}`);
        }
        if (acknowledged.size >= 60) killed ??= cluster.kill('nats-server');
      }
    };
    await Promise.all(Array.from({ length: 8 }, work));
    expect(await cluster.restarted('nats-server', await killed!)).toBeGreaterThan(0);
    // Each request is repeated with its identity until it is answered, so a short absence is not even seen.
    expect(refused).toEqual([]);
    for (const name of acknowledged.keys()) await client.pod(name).until(running, WITHIN);
    const { items } = await client.list('pods');
    const uids = new Map(items.map(({ metadata }) => [metadata.name, metadata.uid]));
    expect(uids).toEqual(acknowledged);
    expect(acknowledged.size).toBe(200);
    const addresses = items.map((pod) => (pod as Pod).status?.podIP);
    expect(new Set(addresses).size).toBe(200);
  } finally {
    expect(await cluster.remove()).toEqual([]);
  }
}, 180_000);

type Heard = { subject: string; body: any };

/** Points of a pod's start, as they are seen on the bus. */
const POINTS: Readonly<Record<string, (heard: Heard, name: string) => boolean>> = {
  'it was created': ({ subject }, name) => subject.endsWith(`.fact.pods.default.${name}.created`),
  'it offers itself to the node': ({ subject, body }, name) =>
    subject.endsWith('.offer') && body?.name === name,
  'it was scheduled': ({ subject }, name) => subject.endsWith(`.fact.pods.default.${name}.scheduled`),
  'it is ordered to run': ({ subject, body }, name) =>
    subject.endsWith('.run') && body?.pod?.metadata?.name === name,
  'the node reports for the first time': ({ subject, body }, name) =>
    subject.endsWith(`.pods.default.${name}`) && body?.type === 'node.reported',
  'the node reports that it runs': ({ subject, body }, name) =>
    subject.endsWith(`.pods.default.${name}`) && body?.status?.phase === 'Running',
};

describe('the host killed -9', () => {
  let cluster: RealCluster;
  beforeAll(async () => {
    cluster = await startRealCluster({ runtime: 'containerd' });
  }, 60_000);
  afterAll(async () => {
    expect(await cluster?.remove()).toEqual([]);
  }, 60_000);

  test.each(Object.keys(POINTS).map((point, index) => [point, `start-${index}`] as const))(
    'when %s: the pod runs once',
    async (point, name) => {
      const { client, nats, directory } = cluster;
      const host = await cluster.pidOf('host');
      let wasKilled = false;
      const subscription = nats.bus.subscribe(subjectsOf('spec').all, ({ subject, data }) => {
        if (wasKilled || !POINTS[point]!({ subject, body: decode(data) }, name)) return;
        wasKilled = true;
        process.kill(host, 'SIGKILL');
      });
      await nats.bus.flush();
      const { metadata } = await client.create(busybox(name, ['sleep', '3600']));
      await cluster.restarted('host', host);
      const pod = await client.pod(name).until(running, WITHIN);
      subscription.unsubscribe();
      expect(wasKilled).toBe(true);
      expect(pod.metadata.uid).toBe(metadata.uid);
      expect(pod.status!.containerStatuses![0]!.restartCount).toBe(0);
      const pids = await containerPids(directory, metadata.uid!);
      // The sandbox's own process and the container's.
      expect(pids.length).toBe(2);
      await client.pod(name).delete({ gracePeriodSeconds: 0 });
      await client.pod(name).untilGone(WITHIN);
    },
    120_000,
  );
});
