// The library's door: a whole cluster in this process, as an embedding program sees it.
import { startCluster } from '../../../index.ts';

const WEB = `
apiVersion: v1
kind: Pod
metadata: { name: web, labels: { app: web } }
spec: { containers: [{ name: main, image: nginx }] }
`;

test('a cluster in memory takes a pod, runs it, tells its facts, and ends', async () => {
  await using cluster = await startCluster({ nodes: 2, hosts: 2 });
  const heard: string[] = [];
  const facts = cluster.facts('pods.default.web');
  const listening = (async () => {
    for await (const fact of facts) {
      heard.push(fact.type);
      if (fact.type === 'dev.troupe.pod.deleted') return;
    }
  })();
  const [applied] = await cluster.apply(WEB);
  expect(applied).toMatchObject({ result: 'created' });
  const web = cluster.pod('default/web');
  const pod = await web.until((now) => now.status?.phase === 'Running', { withinMs: 10_000 });
  expect(pod.status).toMatchObject({ podIP: expect.stringMatching(/^10\.244\.\d+\.2$/) });
  const again = await cluster.apply(WEB);
  expect(again).toMatchObject([{ result: 'unchanged' }]);
  await web.delete({ gracePeriodSeconds: 1 });
  await listening;
  expect(heard).toEqual(
    ['created', 'scheduled', 'ready', 'deleting', 'deleted'].map((fact) => `dev.troupe.pod.${fact}`),
  );
  expect((await cluster.list('pods')).items).toEqual([]);
});

test('two clusters in one process know nothing of each other', async () => {
  await using one = await startCluster();
  await using two = await startCluster();
  await one.apply(WEB);
  await one.pod('default/web').until((now) => now.status?.phase === 'Running', { withinMs: 10_000 });
  await expect(two.pod('default/web').get()).rejects.toMatchObject({ code: 'NOT_FOUND' });
});

test('an embedded server without a directory is refused', async () => {
  await expect(startCluster({ nats: 'embedded' })).rejects.toThrow('nats: "embedded" needs a directory');
});
