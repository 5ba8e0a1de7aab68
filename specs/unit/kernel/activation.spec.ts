// The heart of the kernel under trouble: lost replies, stale owners, floods, machines that throw. One host (or two that
// both believe to own), a counting actor, a clock that moves only when told.
import { asTroupeError, decode, encode, HEADER } from '../../../messaging/envelope.ts';
import { type ActorId, keyOf, shardOf } from '../../../messaging/identity.ts';
import { subjectsOf } from '../../../messaging/subjects.ts';
import { counterKind } from '../../support/counter.ts';
import { KernelWorld } from '../../support/kernel-world.ts';

const id: ActorId = { plural: 'counters', namespace: 'default', name: 'c' };
const subjects = subjectsOf('spec');
const counter = { apiVersion: 'spec/v1', kind: 'Counter', metadata: { name: 'c' } };

async function started(onWork?: Parameters<typeof counterKind>[0]) {
  const world = new KernelWorld();
  const definitions = [counterKind(onWork)];
  const host = await world.host('h1', { definitions });
  const bus = world.network.bus('client');
  const send = async (type: string, headers: Record<string, string> = {}, body?: unknown) => {
    const subject = subjects.mail(shardOf(id, 64), id);
    const request = bus.request(subject, encode({ type, body }), { timeoutMs: 30_000, headers });
    return decode((await world.clock.until(request)).data) as any;
  };
  await send('object.create', {}, counter);
  const stored = async () => {
    const bucket = await world.network.store('reader').bucket('troupe_spec');
    const entry = await world.clock.until(bucket.get(keyOf(id)));
    return entry?.operation === 'put' ? (decode(entry.value) as any) : undefined;
  };
  return { world, host, send, stored, definitions, bus };
}

test('an event that means nothing is answered and nothing is written', async () => {
  const { send, stored, world } = await started();
  const bucket = await world.network.store('reader').bucket('troupe_spec');
  const before = await world.clock.until(bucket.lastRevision());
  expect(await send('nonsense')).toEqual({ accepted: false });
  expect(await world.clock.until(bucket.lastRevision())).toBe(before);
  expect((await stored()).object.status).toEqual({ state: 'resting', count: 0, fired: 0 });
});

test('a message that comes twice with one id is counted once', async () => {
  const { send, stored } = await started();
  expect(await send('add', { [HEADER.id]: 'm1' })).toEqual({ accepted: true });
  expect(await send('add', { [HEADER.id]: 'm1' })).toEqual({ accepted: true });
  expect((await stored()).object.status.count).toBe(1);
});

test('the reply to a write is lost: the change is made once and acknowledged', async () => {
  const { world, send, stored } = await started();
  let lose = 1;
  world.network.faults = {
    onWrite: (_client, bucket) => {
      if (bucket !== 'troupe_spec' || lose === 0) return 'ok';
      lose -= 1;
      return 'loseReply';
    },
  };
  expect(await send('add')).toEqual({ accepted: true });
  expect((await stored()).object.status.count).toBe(1);
});

test('the write itself is lost: it is made again', async () => {
  const { world, send, stored } = await started();
  let lose = 1;
  world.network.faults = {
    onWrite: (_client, bucket) => {
      if (bucket !== 'troupe_spec' || lose === 0) return 'ok';
      lose -= 1;
      return 'loseRequest';
    },
  };
  expect(await send('add')).toEqual({ accepted: true });
  expect((await stored()).object.status.count).toBe(1);
});

test('somebody else has written the record: the loser forgets, loads and loses no update', async () => {
  const { world, send, stored } = await started();
  await send('add');
  const bucket = await world.network.store('rival').bucket('troupe_spec');
  const entry = (await world.clock.until(bucket.get(keyOf(id))))!;
  const record = decode(entry.value) as any;
  record.actor.context.count = 10;
  // Written in the same instant as the next message is sent, so that no news of it has arrived.
  const rival = bucket.update(keyOf(id), encode(record), entry.revision);
  const answer = await send('add');
  await world.clock.until(rival);
  expect(answer).toEqual({ accepted: true });
  expect((await stored()).object.status.count).toBe(11);
});

test('an effect is performed after its commit and carries that commit as its fence', async () => {
  const seen: { fence: number; stored: unknown }[] = [];
  const world = new KernelWorld();
  const bucketOf = () => world.network.store('reader').bucket('troupe_spec');
  const definition = counterKind(async (scope) => {
    const entry = await (await bucketOf()).get(keyOf(id));
    seen.push({ fence: scope.fence, stored: entry?.revision });
  });
  await world.host('h1', { definitions: [definition] });
  const bus = world.network.bus('client');
  const subject = subjects.mail(shardOf(id, 64), id);
  const say = (event: object) => world.clock.until(bus.request(subject, encode(event), { timeoutMs: 5_000 }));
  await say({ type: 'object.create', body: counter });
  await say({ type: 'work' });
  await world.clock.advance(10);
  expect(seen).toHaveLength(1);
  expect(seen[0]!.fence).toBe(seen[0]!.stored);
});

test('a sender that speaks from an older revision than it did before is refused', async () => {
  const { send, stored } = await started();
  await send('add', { [HEADER.from]: 'pods.default.a', [HEADER.fence]: '7' });
  const refused = await send('add', { [HEADER.from]: 'pods.default.a', [HEADER.fence]: '6' });
  expect(refused).toMatchObject({ kind: 'Status', details: { troupeCode: 'STALE_FENCE' } });
  expect((await stored()).object.status.count).toBe(1);
});

test('a full mailbox refuses, and every message is answered', async () => {
  const { bus, world, stored } = await started();
  const subject = subjects.mail(shardOf(id, 64), id);
  const all = Array.from({ length: 12 }, () =>
    bus.request(subject, encode({ type: 'add' }), { timeoutMs: 5_000 }),
  );
  const answers = await world.clock.until(Promise.all(all));
  const codes = answers.map(({ data }) => (decode(data) as any).code ?? 200);
  const accepted = codes.filter((code) => code === 200).length;
  expect(new Set(codes)).toEqual(new Set([200, 429]));
  expect((await stored()).object.status.count).toBe(accepted);
  expect(accepted).toBeGreaterThanOrEqual(4);
});

test('a machine that throws keeps its state, is tried again, and then is held; the others go on', async () => {
  const { world, send, stored, bus } = await started();
  await send('add');
  const dead: string[] = [];
  bus.subscribe(subjects.deadAll, ({ subject }) => dead.push(subject));
  const answer = await send('throw');
  expect(answer).toMatchObject({
    kind: 'Status',
    message: 'throw: planted',
    details: { troupeCode: 'QUARANTINED' },
  });
  const { object, actor } = await stored();
  expect(actor.context.count).toBe(1);
  expect(actor.quarantine).toMatchObject({ event: 'throw', message: 'planted' });
  expect(object.status.conditions).toMatchObject([
    { type: 'Quarantined', status: 'True', reason: 'StepFailed' },
  ]);
  expect(dead).toEqual(['troupe.spec.dead.counters.default.c']);
  expect(world.lines.filter(({ message }) => message === 'step failed')).toHaveLength(4);
  expect(await send('add')).toMatchObject({ details: { troupeCode: 'QUARANTINED' } });
  const other = { ...id, name: 'd' };
  const create = encode({ type: 'object.create', body: { ...counter, metadata: { name: 'd' } } });
  const made = bus.request(subjects.mail(shardOf(other, 64), other), create, { timeoutMs: 5_000 });
  expect(decode((await world.clock.until(made)).data)).toMatchObject({ metadata: { name: 'd' } });
});

test('a held actor is released by a change of its object, and can always be deleted', async () => {
  const { send, stored } = await started();
  await send('throw');
  const labelled = { ...counter, metadata: { name: 'c', labels: { a: 'b' } } };
  await send('object.apply', {}, labelled);
  expect((await stored()).actor.quarantine).toBeUndefined();
  expect(await send('add')).toEqual({ accepted: true });
  await send('throw');
  await send('object.delete');
  expect(await stored()).toBeUndefined();
});

test('an actor that is released goes on with what its state wants, and with its deadlines', async () => {
  let works = 0;
  const { world, send, stored } = await started(async () => {
    works += 1;
    if (works === 1) await new Promise(() => {});
  });
  await send('arm');
  await send('throw');
  expect((await stored()).actor).toMatchObject({ value: 'armed', deadlines: {} });
  await send('object.apply', {}, { ...counter, metadata: { name: 'c', labels: { a: 'b' } } });
  await world.clock.advance(15_000);
  expect((await stored()).object.status).toMatchObject({ state: 'resting', fired: 1 });
  await send('work');
  await send('throw');
  expect((await stored()).actor.value).toBe('working');
  await send('object.apply', {}, { ...counter, metadata: { name: 'c', labels: { a: 'c' } } });
  await world.clock.advance(100);
  expect(works).toBe(2);
  expect((await stored()).object.status).toMatchObject({ state: 'resting' });
});

test('what a refused creation took for granted is not believed by the next message', async () => {
  const { world, bus, stored } = await started();
  const other = { ...id, name: 'd' };
  const { object, actor } = await stored();
  const bucket = await world.network.store('rival').bucket('troupe_spec');
  // The host hears late of what another owner has just written.
  world.network.faults = { onWatch: (client) => (client === 'h1' ? { delayMs: 60_000 } : 'ok') };
  const record = { object: { ...object, metadata: { ...object.metadata, name: 'd' } }, actor };
  await world.clock.until(bucket.update(keyOf(other), encode(record), 0));
  const say = async (event: object) => {
    const request = bus.request(subjects.mail(shardOf(other, 64), other), encode(event), {
      timeoutMs: 5_000,
    });
    return decode((await world.clock.until(request)).data) as any;
  };
  const invalid = { ...counter, metadata: { name: 'd', labels: { 'a b': '' } } };
  expect(await say({ type: 'object.create', body: invalid })).toMatchObject({ reason: 'Invalid' });
  expect(await say({ type: 'add' })).toEqual({ accepted: true });
});

test('what an effect found for a former object of this name is not told to the present one', async () => {
  const ends: (() => void)[] = [];
  const { world, send, stored } = await started(() => new Promise((resolve) => ends.push(resolve)));
  await send('work');
  await send('object.delete');
  await send('object.create', {}, counter);
  await send('work');
  expect(ends).toHaveLength(2);
  ends[0]!();
  await world.clock.advance(100);
  expect((await stored()).object.status.state).toBe('working');
  ends[1]!();
  await world.clock.advance(100);
  expect((await stored()).object.status.state).toBe('resting');
});

test('a held actor with a finalizer is deleted when that is taken away, and not before', async () => {
  const { send, stored } = await started();
  await send('object.patch', {}, { metadata: { finalizers: ['spec.dev/hold'] } });
  await send('throw');
  await send('object.delete');
  expect((await stored()).object.metadata.deletionTimestamp).toBe('2026-01-01T00:00:00Z');
  await send('object.delete');
  expect((await stored()).actor.quarantine).toBeDefined();
  await send('object.patch', {}, { metadata: { finalizers: null } });
  expect(await stored()).toBeUndefined();
});

test('a deadline fires once, although every host is down when it falls due', async () => {
  const { world, host, send, stored, definitions } = await started();
  await send('arm');
  host.crash();
  world.network.crash('h1');
  await world.clock.advance(60_000);
  expect((await stored()).object.status.fired).toBe(0);
  const again = await world.host('h1', { definitions });
  await world.clock.advance(5_000);
  expect((await stored()).object.status).toMatchObject({ state: 'resting', fired: 1 });
  await again.stop();
  await world.host('h1', { definitions });
  await world.clock.advance(60_000);
  expect((await stored()).object.status.fired).toBe(1);
});

test('an idle actor leaves memory and comes back as it was', async () => {
  const { world, host, send, stored } = await started();
  await send('add');
  const before = host.kernel.activationCount;
  await world.clock.advance(120_000);
  expect(host.kernel.activationCount).toBeLessThan(before);
  await send('add');
  expect((await stored()).object.status.count).toBe(2);
});

test('a finalizer keeps a deleted object until it is taken away', async () => {
  const { send, stored } = await started();
  await send('object.patch', {}, { metadata: { finalizers: ['spec.dev/hold'] } });
  const deleted = await send('object.delete');
  expect(deleted.metadata.deletionTimestamp).toBe('2026-01-01T00:00:00Z');
  expect((await stored()).object.metadata.finalizers).toEqual(['spec.dev/hold']);
  await send('object.patch', {}, { metadata: { finalizers: null } });
  expect(await stored()).toBeUndefined();
});

test('nothing thrown by the kernel is without a code', () => {
  expect(asTroupeError(new Error('x')).code).toBe('INTERNAL');
});

test.each(['effect.failed', 'kernel.deadline', 'record.loaded'])(
  '"%s" is refused from outside',
  async (type) => {
    const { send } = await started();
    expect(await send(type)).toMatchObject({ kind: 'Status', details: { troupeCode: 'BAD_REQUEST' } });
  },
);
