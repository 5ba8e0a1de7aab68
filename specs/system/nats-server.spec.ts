// The private nats-server: who may read and use it, that it is found again, and that it ends.
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connectNats } from '../../messaging/nats/index.ts';
import { findServer, type NatsServer, startNatsServer } from '../../messaging/server/index.ts';
import { silentTrace, systemRandom } from '../../messaging/system/index.ts';
import { clock, codeOf, connectTo, read, text, untilStatus } from '../conformance/worlds.ts';

let directory: string;
const started: NatsServer[] = [];

async function start(options: Partial<Parameters<typeof startNatsServer>[0]> = {}): Promise<NatsServer> {
  const server = await startNatsServer({ directory, ...options });
  started.push(server);
  return server;
}

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'troupe-nats-server-'));
});

afterEach(async () => {
  for (const server of started.splice(0)) await server.stop();
  rmSync(directory, { recursive: true });
});

const world = { name: 'spec', clock, random: systemRandom(), trace: silentTrace };
const isAlive = (pid: number) => {
  try {
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
  } catch {
    return false;
  }
};

test('is for its owner only', async () => {
  const server = await start();
  expect(server.url).toBe(`nats://127.0.0.1:${server.port}`);
  expect(server.version).toMatch(/^\d+\.\d+\.\d+/);
  expect(statSync(directory).mode & 0o777).toBe(0o700);
  expect(statSync(join(directory, 'jetstream')).mode & 0o777).toBe(0o700);
  for (const file of ['nats-server.conf', 'access.json', 'nats-server.log']) {
    expect([file, statSync(join(directory, file)).mode & 0o777]).toEqual([file, 0o600]);
  }
  expect(readdirSync(directory).filter((name) => name.endsWith('.new'))).toEqual([]);
  const { user, pass } = server.credentials;
  expect(pass.length).toBeGreaterThanOrEqual(32);
  expect(readFileSync(`/proc/${server.pid}/cmdline`, 'utf8')).not.toContain(pass);
  const wrong = connectNats({ servers: server.url, user, pass: 'guess', ...world });
  await expect(wrong).rejects.toMatchObject({ code: 'UNAUTHORIZED' });
  await expect(connectNats({ servers: server.url, ...world })).rejects.toMatchObject({
    code: 'UNAUTHORIZED',
  });
});

test('keeps its port, its credentials and its store over a restart', async () => {
  const server = await start();
  const client = await connectTo(server, 'spec');
  const bucket = await client.store.bucket('kept');
  await bucket.update('k', text('value'), 0);
  const before = [server.port, server.credentials, server.pid];
  await server.stop();
  expect(isAlive(before[2] as number)).toBe(false);
  const again = await start();
  expect([again.port, again.credentials]).toEqual(before.slice(0, 2));
  expect(again.adopted).toBe(false);
  await untilStatus(client.bus, 'connected');
  expect(read((await bucket.get('k'))!.value)).toBe('value');
  await client.close();
});

test('is adopted when it still runs', async () => {
  const first = await start({ detached: true });
  const second = await start();
  expect([second.adopted, second.pid, second.port]).toEqual([true, first.pid, first.port]);
  expect(second.credentials).toEqual(first.credentials);
  // A process group of its own: a signal to ours does not reach it.
  const stat = readFileSync(`/proc/${first.pid}/stat`, 'utf8');
  expect(Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[2])).toBe(first.pid);
  await second.stop();
  expect(isAlive(first.pid)).toBe(false);
  await second.stop();
});

test('ends even when it does not listen to the signal', async () => {
  const server = await start();
  const { pid } = server;
  process.kill(pid, 'SIGSTOP');
  await server.stop();
  expect(isAlive(pid)).toBe(false);
}, 20_000);

test('says what is missing and how to get it', async () => {
  expect(() => findServer({ PATH: directory }, [])).toThrow(
    expect.objectContaining({
      code: 'SETUP',
      message: expect.stringContaining('apt-get install nats-server'),
    }),
  );
  const environment = { NATS_SERVER: join(directory, 'none') };
  await expect(start({ environment })).rejects.toMatchObject({
    code: 'SETUP',
    message: `NATS_SERVER is "${join(directory, 'none')}", which is not a program`,
  });
});

test('says that its port is taken', async () => {
  const other = createServer();
  await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve));
  const { port } = other.address() as { port: number };
  await expect(start({ port })).rejects.toMatchObject({
    code: 'SETUP',
    message: expect.stringContaining('address already in use'),
  });
  await new Promise((resolve) => other.close(resolve));
});

test('refuses to promise what an old version cannot do', async () => {
  const server = await start();
  await server.stop();
  const promised = start({ syncAlways: true });
  if (/^2\.9\./.test(server.version)) await expect(promised).rejects.toMatchObject({ code: 'SETUP' });
  else expect((await promised).syncAlways).toBe(true);
});

test('a server that cannot be reached is UNAVAILABLE, and no secret is told', async () => {
  const server = await start();
  await server.stop();
  const servers = `nats://someone:secret@127.0.0.1:${server.port}`;
  const failure = await connectNats({ servers, ...world }).catch((error: Error) => error);
  expect(failure).toMatchObject({ code: 'UNAVAILABLE' });
  expect((failure as Error).message).toContain(`nats://127.0.0.1:${server.port}`);
  expect((failure as Error).message).not.toContain('secret');
});

test('a client closes at once although its server is away', async () => {
  const server = await start();
  const client = await connectTo(server, 'spec');
  await server.kill();
  await untilStatus(client.bus, 'disconnected');
  const since = clock.monotonic();
  await client.close();
  expect(clock.monotonic() - since).toBeLessThan(1_000);
  expect(await codeOf(client.bus.request('x', text(''), { timeoutMs: 100 }))).toBe('UNAVAILABLE');
});
