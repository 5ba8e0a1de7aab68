// The library on a real nats-server: a cluster that keeps its records in an embedded one, and a second client that
// connects from elsewhere, as another process would.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect, startCluster, startNatsServer } from '../../index.ts';

const WEB =
  'apiVersion: v1\nkind: Pod\nmetadata: { name: web }\nspec: { containers: [{ name: main, image: nginx }] }\n';

let directory: string;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'troupe-library-'));
});

afterEach(() => rmSync(directory, { recursive: true }));

test('a cluster on an embedded server keeps what it stored over its own end', async () => {
  {
    await using cluster = await startCluster({ nats: 'embedded', directory });
    await cluster.apply(WEB);
    await cluster.pod('default/web').until((pod) => pod.status?.phase === 'Running', { withinMs: 10_000 });
  }
  await using again = await startCluster({ nats: 'embedded', directory });
  const web = await again.pod('default/web').get();
  expect(web.spec).toMatchObject({ nodeName: 'n1' });
  await again.pod('default/web').until((pod) => pod.status?.phase === 'Running', { withinMs: 20_000 });
}, 60_000);

test('a client connects by address and credentials, and sees and does the same', async () => {
  const server = await startNatsServer({ directory });
  try {
    const target = { servers: server.url, ...server.credentials };
    await using cluster = await startCluster({ nats: target, nodes: 2, hosts: 2 });
    await using client = await connect(target);
    await client.apply(WEB);
    const pod = await cluster
      .pod('default/web')
      .until((now) => now.status?.phase === 'Running', { withinMs: 10_000 });
    expect((await client.list('pods')).items.map(({ metadata }) => metadata.uid)).toEqual([pod.metadata.uid]);
    await expect(connect({ ...target, pass: 'wrong' })).rejects.toMatchObject({ code: 'UNAUTHORIZED' });
  } finally {
    await server.stop();
  }
}, 60_000);
