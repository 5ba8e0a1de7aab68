// A user of NATS who may not do everything: what the server refuses is FORBIDDEN at once, not a time-out.
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connectNats, type NatsWorld } from '../../messaging/nats/index.ts';
import { findServer } from '../../messaging/server/index.ts';
import { silentTrace, systemRandom } from '../../messaging/system/index.ts';
import { clock, codeOf, text } from '../conformance/worlds.ts';

let directory: string;
let child: ChildProcess;
let owner: NatsWorld;
let guest: NatsWorld;

async function connectSoon(servers: string, user: string): Promise<NatsWorld> {
  const until = clock.monotonic() + 10_000;
  const options = {
    servers,
    user,
    pass: 'spec',
    name: user,
    clock,
    random: systemRandom(),
    trace: silentTrace,
  };
  for (;;) {
    try {
      return await connectNats(options);
    } catch (error) {
      if (clock.monotonic() > until) throw error;
    }
    await clock.sleep(20);
  }
}

beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'troupe-nats-permissions-'));
  const probe = createServer();
  await new Promise<void>((resolve) => probe.listen(0, '127.0.0.1', resolve));
  const { port } = probe.address() as { port: number };
  await new Promise((resolve) => probe.close(resolve));
  const configuration = join(directory, 'nats.conf');
  writeFileSync(
    configuration,
    `listen: "127.0.0.1:${port}"
jetstream { store_dir: "${directory}/store" }
authorization { users: [
  { user: owner, password: spec }
  { user: guest, password: spec, permissions: { publish: { deny: ["closed.>", "$KV.>"] } } }
] }
`,
    { mode: 0o600 },
  );
  child = spawn(findServer(process.env), ['--config', configuration], { stdio: 'ignore' });
  owner = await connectSoon(`nats://127.0.0.1:${port}`, 'owner');
  guest = await connectSoon(`nats://127.0.0.1:${port}`, 'guest');
});

afterAll(async () => {
  await owner.close();
  await guest.close();
  const ended = new Promise((resolve) => child.once('exit', resolve));
  child.kill('SIGKILL');
  await ended;
  rmSync(directory, { recursive: true });
});

test('a request that may not be sent is FORBIDDEN, and the connection goes on', async () => {
  owner.bus.subscribe('*.door', (message) => message.respond(text('in')));
  await owner.bus.flush();
  const ask = (subject: string) => codeOf(guest.bus.request(subject, text(''), { timeoutMs: 5_000 }));
  expect(await ask('closed.door')).toBe('FORBIDDEN');
  expect(await ask('open.door')).toBe('none');
});

test('a bucket that may only be read says so to who writes', async () => {
  const bucket = await owner.store.bucket('shared');
  await bucket.put('k', text('1'));
  const shared = await guest.store.bucket('shared');
  expect((await shared.get('k'))?.revision).toBe(1);
  expect(await codeOf(shared.put('k', text('2')))).toBe('FORBIDDEN');
  expect(await codeOf(shared.update('k', text('2'), 1))).toBe('FORBIDDEN');
  expect(await bucket.lastRevision()).toBe(1);
});
