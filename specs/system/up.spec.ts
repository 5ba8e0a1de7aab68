// `troupe up` and `troupe down` as a user runs them: a real pod on a real containerd, and nothing left
// afterwards, however the processes ended.
import { mkdtemp, readdir, readFile, rm, stat } from 'node:fs/promises';
import path from 'node:path';
import { fetchPage } from '../../cli/demo/page.ts';
import { namesOf, placeOf } from '../../cli/up/place.ts';
import { commandLineOf, roleProcesses, serverProcesses } from '../../cli/up/roles.ts';
import { startNatsServer } from '../../messaging/server/index.ts';
import { systemClock } from '../../messaging/system/index.ts';
import type { Pod } from '../../schemas/pod/kind.ts';
import { busybox, leftovers, startRealCluster, troupe, until } from '../support/real-cluster.ts';

const SERVER = [
  'sh',
  '-c',
  'mkdir /www; echo "<title>hello</title>" > /www/index.html; exec httpd -f -p 80 -h /www',
];
const running = ({ status }: Pod) => status?.phase === 'Running' && Boolean(status.podIP);

test('up, a pod that serves its page, the table, up again, down: nothing is left', async () => {
  const cluster = await startRealCluster({ runtime: 'containerd' });
  try {
    await cluster.client.create(busybox('web', SERVER));
    const pod = await cluster.client.pod('web').until(running, { withinMs: 30_000 });
    const page = await fetchPage(`http://${pod.status!.podIP}/`, systemClock(), new AbortController().signal);
    expect([page.status, page.body.trim()]).toEqual([200, '<title>hello</title>']);

    const table = await cluster.troupe('get', 'pods', '-o', 'wide');
    const [header, row] = table.stdout.split('\n').map((line) => line.trim().split(/ {2,}/));
    expect(header).toEqual([
      'NAME',
      'READY',
      'STATUS',
      'RESTARTS',
      'AGE',
      'IP',
      'NODE',
      'NOMINATED NODE',
      'READINESS GATES',
    ]);
    expect(row!.toSpliced(4, 1)).toEqual([
      'web',
      '1/1',
      'Running',
      '0',
      pod.status!.podIP,
      'n1',
      '<none>',
      '<none>',
    ]);

    const again = await cluster.up();
    expect([again.code, again.stdout.split('\n')[0]]).toEqual([
      0,
      `cluster "spec" is up already: ${cluster.directory}`,
    ]);
    const modes = await Promise.all(
      ['', 'context.json', 'up.json', 'up.log', 'node'].map(async (name) =>
        ((await stat(path.join(cluster.directory, name))).mode & 0o777).toString(8),
      ),
    );
    expect(modes).toEqual(['700', '600', '600', '600', '700']);
  } finally {
    expect(await cluster.remove()).toEqual([]);
  }
}, 120_000);

test('down takes everything away although every process of ours was killed before, and again', async () => {
  const cluster = await startRealCluster({ runtime: 'containerd' });
  let left: string[] | undefined;
  try {
    await cluster.client.create(busybox('web', ['sleep', '3600']));
    await cluster.client.pod('web').until(running, { withinMs: 30_000 });
    // The supervisor first, or it would start the others again.
    for (const part of ['up', 'node', 'host', 'containerd', 'nats-server'] as const) await cluster.kill(part);
    expect(await leftovers(cluster.directory)).not.toEqual([]);
  } finally {
    left = await cluster.remove();
  }
  expect(left).toEqual([]);
  const again = await troupe(['down', '--directory', cluster.directory]);
  expect([again.code, again.stdout]).toEqual([0, 'cluster "dev" is not up\n']);
}, 120_000);

test('clusters on one machine share no addresses; one uses the containerd of another and leaves it alone', async () => {
  const clusters = [await startRealCluster({ runtime: 'containerd' })];
  const left: string[][] = [];
  try {
    clusters.push(await startRealCluster({ runtime: 'containerd' }));
    const socket = path.join(clusters[0]!.directory, 'node', 'containerd', 'containerd.sock');
    const guest = { runtime: 'containerd', cluster: 'guest', flags: ['--cri-socket', socket] } as const;
    clusters.push(await startRealCluster(guest));
    const pods: Pod[] = [];
    for (const { client } of clusters) {
      await client.create(busybox('web', SERVER));
      pods.push(await client.pod('web').until(running, { withinMs: 30_000 }));
    }
    const [first, second, third] = pods.map((pod) => pod.status!.podIP!.split('.').slice(0, 3).join('.'));
    expect(second).not.toBe(first);
    expect(third).toBe(first);
    left.push(await clusters.pop()!.remove());
    const stays = await clusters[0]!.client.pod('web').get();
    expect([stays.status?.phase, stays.status?.containerStatuses?.[0]?.restartCount]).toEqual(['Running', 0]);
    const page = await fetchPage(
      `http://${stays.status!.podIP}/`,
      systemClock(),
      new AbortController().signal,
    );
    expect(page.status).toBe(200);
  } finally {
    for (const cluster of clusters.reverse()) left.push(await cluster.remove());
  }
  expect(left).toEqual([[], [], []]);
}, 120_000);

test('the user’s own NATS: its data stays there, and no password is on a command line or in a log', async () => {
  const directory = await mkdtemp('/tmp/troupe-nats-');
  const server = await startNatsServer({ directory });
  const { user, pass } = server.credentials;
  try {
    const cluster = await startRealCluster({
      runtime: 'simulated',
      flags: ['--server', server.url, '--user', user],
      env: { TROUPE_PASSWORD: pass },
    });
    try {
      expect(serverProcesses(placeOf(cluster.directory).nats)).toEqual([]);
      await cluster.client.create(busybox('web', ['sleep', '3600']));
      await cluster.client.pod('web').until(running);
      const lines = roleProcesses(cluster.directory).flatMap(({ pid }) => commandLineOf(pid));
      expect(lines.filter((line) => line.includes(pass))).toEqual([]);
      for (const name of await readdir(cluster.directory)) {
        if (!name.endsWith('.log') && name !== 'up.json') continue;
        expect(await readFile(path.join(cluster.directory, name), 'utf8')).not.toContain(pass);
      }
    } finally {
      expect(await cluster.remove()).toEqual([]);
    }
    const again = await startRealCluster({
      runtime: 'simulated',
      flags: ['--server', server.url, '--user', user],
      env: { TROUPE_PASSWORD: pass },
    });
    try {
      expect((await again.client.pod('web').get()).metadata.name).toBe('web');
    } finally {
      expect(await again.remove()).toEqual([]);
    }
  } finally {
    await server.stop();
    await rm(directory, { recursive: true, force: true });
  }
}, 120_000);

test('a supervisor that was killed is followed by one that takes over what runs', async () => {
  const cluster = await startRealCluster({ runtime: 'simulated' });
  try {
    const before = [
      await cluster.pidOf('host'),
      await cluster.pidOf('node'),
      await cluster.pidOf('nats-server'),
    ];
    const former = await cluster.kill('up');
    const again = await cluster.up();
    expect(again.stdout).toContain('cluster "spec" is up: ');
    expect(await cluster.pidOf('up')).not.toBe(former);
    const after = [
      await cluster.pidOf('host'),
      await cluster.pidOf('node'),
      await cluster.pidOf('nats-server'),
    ];
    expect(after).toEqual(before);
    const host = await cluster.kill('host');
    expect(await cluster.restarted('host', host)).not.toBe(host);
  } finally {
    expect(await cluster.remove()).toEqual([]);
  }
}, 60_000);

test('down --keep-data ends all but the store, and up goes on where it ended', async () => {
  const cluster = await startRealCluster({ runtime: 'simulated' });
  try {
    const made = await cluster.client.create(busybox('web', ['sleep', '3600']));
    await cluster.client.pod('web').until(running);
    const down = await troupe(['down', '--directory', cluster.directory, '--keep-data']);
    expect(down.code).toBe(0);
    expect(roleProcesses(cluster.directory)).toEqual([]);
    expect(serverProcesses(placeOf(cluster.directory).nats)).toEqual([]);
    expect((await cluster.up()).code).toBe(0);
    const got = await cluster.troupe('get', 'pod', 'web', '-o', 'json');
    expect(JSON.parse(got.stdout).metadata.uid).toBe(made.metadata.uid);
  } finally {
    expect(await cluster.remove()).toEqual([]);
  }
}, 60_000);

test('in the foreground up ends everything on Ctrl-C and keeps the data', async () => {
  const directory = await mkdtemp('/tmp/troupe-spec-');
  try {
    let interrupt: (signal: NodeJS.Signals) => void = () => {};
    const ended = troupe(['up', '--directory', directory, '--runtime', 'simulated'], (kill) => {
      interrupt = kill;
    });
    await until('a node process runs', () => roleProcesses(directory).find(({ role }) => role === 'node'));
    interrupt('SIGINT');
    const { code } = await ended;
    expect([0, 130]).toContain(code);
    expect(roleProcesses(directory)).toEqual([]);
    expect(serverProcesses(placeOf(directory).nats)).toEqual([]);
  } finally {
    await troupe(['down', '--directory', directory]);
    await rm(directory, { recursive: true, force: true });
  }
}, 60_000);

test('what cannot be is said with its cure, and nothing is left', async () => {
  const long = `/tmp/troupe-spec-${'x'.repeat(80)}`;
  const tooLong = await troupe(['up', '--detach', '--directory', long, '--runtime', 'simulated']);
  expect([tooLong.code, tooLong.stderr.trim()]).toEqual([
    1,
    `error: ${long}: the path is too long for sockets by 28 bytes. Choose a shorter --directory.`,
  ]);
  const unknown = await troupe(['up', '--runtime', 'docker']);
  expect([unknown.code, unknown.stderr.split('\n')[0]]).toEqual([
    1,
    'error: unknown runtime "docker": use containerd or simulated',
  ]);
  const mirror = await troupe(['up', '--runtime', 'simulated', '--registry-mirror', 'docker.io=ftp://x']);
  expect([mirror.code, mirror.stderr.split('\n')[0]]).toEqual([
    1,
    'error: invalid --registry-mirror "docker.io=ftp://x": use NAME=URL, such as docker.io=http://127.0.0.1:5000',
  ]);
  const nowhere = await mkdtemp('/tmp/troupe-spec-');
  const args = ['up', '--detach', '--directory', nowhere, '--runtime', 'simulated', '--wait', '2s'];
  const away = await troupe([...args, '--server', 'nats://127.0.0.1:1', '--cluster', 'spec']);
  expect(away.code).toBe(1);
  expect(away.stderr).toContain('not ready within 2 s, still waiting for nats-server');
  expect(await leftovers(nowhere)).toEqual([]);
  expect(namesOf(nowhere).bridge).toMatch(/^troupe[0-9a-f]{9}$/);
}, 120_000);
