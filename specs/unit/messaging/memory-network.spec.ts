// The faults of the memory network: what a simulation can do to messages, writes, watches and whole processes.
import {
  ManualClock,
  type MemoryNetwork,
  memoryNetwork,
  seededRandom,
} from '../../../messaging/memory/index.ts';
import type { Bucket, Bus } from '../../../messaging/ports.ts';
import { codeOf, nameOf, text } from '../../conformance/worlds.ts';

let clock: ManualClock;
let network: MemoryNetwork;
let a: Bus;
let b: Bus;
let got: string[];

beforeEach(() => {
  clock = new ManualClock();
  network = memoryNetwork({ clock, random: seededRandom(1) });
  a = network.bus('a');
  b = network.bus('b');
  got = [];
  b.subscribe('x', (message) => {
    got.push(`${new TextDecoder().decode(message.data)}@${clock.monotonic()}`);
    message.respond(message.data);
  });
});

describe('messages', () => {
  test('are dropped, delayed and doubled as asked, with sender, receiver and subject known', async () => {
    const asked: string[] = [];
    network.faults = {
      onMessage(from, to, subject) {
        asked.push(`${from}>${to} ${subject}`);
        return (['drop', { delayMs: 20 }, { copies: 3, delayMs: 5 }, 'deliver'] as const)[asked.length - 1]!;
      },
    };
    for (const one of ['dropped', 'late', 'thrice', 'plain']) a.publish('x', text(one));
    await clock.advance(100);
    expect(asked).toEqual(Array(4).fill('a>b x'));
    expect(got).toEqual(['thrice@0', 'plain@0', 'thrice@5', 'thrice@10', 'late@20']);
  });

  test('a lost answer is a TIMEOUT although the request was carried out', async () => {
    network.faults = {
      onMessage: (_from, _to, subject) => (subject.startsWith('_INBOX.') ? 'drop' : 'deliver'),
    };
    const answer = codeOf(a.request('x', text('1'), { timeoutMs: 100 }));
    await clock.advance(99);
    expect(got).toEqual(['1@0']);
    await clock.advance(1);
    expect(await answer).toBe('TIMEOUT');
  });

  test('a client without a connection hears nothing and says so', async () => {
    network.faults = { connected: (client) => client !== 'b' };
    const seen: string[] = [];
    b.onStatus((status) => seen.push(status));
    network.refresh();
    expect(await codeOf(a.request('x', text('1'), { timeoutMs: 100 }))).toBe('UNAVAILABLE');
    expect(await codeOf(b.request('x', text('1'), { timeoutMs: 100 }))).toBe('UNAVAILABLE');
    network.faults = {};
    network.refresh();
    await a.request('x', text('2'), { timeoutMs: 100 });
    expect(got).toEqual(['2@0']);
    expect(seen).toEqual(['disconnected', 'connected']);
  });

  test('a delivery under way to a client that loses its connection is lost', async () => {
    a.publish('x', text('1'));
    network.faults = { connected: (client) => client !== 'b' };
    await clock.advance(0);
    expect(got).toEqual([]);
  });

  test('the same program runs the same way twice', async () => {
    const run = async () => {
      const ticks = new ManualClock();
      const twin = memoryNetwork({ clock: ticks, random: seededRandom('same') });
      const chance = seededRandom('faults');
      twin.faults = { onMessage: () => ({ delayMs: chance.below(50) }) };
      const log: string[] = [];
      for (const name of ['p', 'q', 'r']) {
        const bus = twin.bus(name);
        bus.subscribe(
          't',
          (message) => {
            log.push(`${name} ${ticks.monotonic()} ${message.data.length}`);
            if (message.data.length < 6) bus.publish('t', new Uint8Array(message.data.length + 1));
          },
          name === 'p' ? {} : { queue: 'g' },
        );
      }
      twin.bus('s').publish('t', new Uint8Array(1));
      await ticks.advance(10_000);
      return log;
    };
    const first = await run();
    expect(first.length).toBeGreaterThan(60);
    expect(await run()).toEqual(first);
  });

  test('a busy program leaves room for the clock when asked to', async () => {
    const fair = memoryNetwork({ clock, random: seededRandom(1), deliveriesPerTurn: 10 });
    const bus = fair.bus('a');
    bus.subscribe('loop', (message) => bus.publish('loop', message.data));
    bus.publish('loop', text('x'));
    let turned = false;
    clock.after(0, () => {
      turned = true;
    });
    const since = fair.delivered;
    for (let step = 0; step < 100; step += 1) await null;
    expect(fair.delivered - since).toBe(10);
    expect(turned).toBe(false);
    await bus.close();
    await clock.advance(0);
    expect(turned).toBe(true);
  });
});

describe('writes', () => {
  let bucket: Bucket;
  beforeEach(async () => {
    bucket = await network.store('a').bucket('t');
  });

  test('lost on the way there or back look the same to the writer', async () => {
    const fates = ['loseRequest', 'loseReply'] as const;
    let index = 0;
    network.faults = { onWrite: () => fates[index++] ?? 'ok' };
    const lost = codeOf(bucket.update('lost', text('1'), 0));
    const stored = codeOf(bucket.update('stored', text('1'), 0));
    await clock.advance(1_999);
    await expect(Promise.race([lost, stored, Promise.resolve('open')])).resolves.toBe('open');
    await clock.advance(1);
    expect([await lost, await stored]).toEqual(['UNSURE', 'UNSURE']);
    expect(await bucket.get('lost')).toBeUndefined();
    expect((await bucket.get('stored'))?.revision).toBe(1);
  });

  test('that are late enough are stored after their writer has given up, unless somebody was quicker', async () => {
    network.faults = { onWrite: (client) => (client === 'a' ? { delayMs: 3_000 } : 'ok') };
    const late = codeOf(bucket.update('k', text('late'), 0));
    const beaten = codeOf(bucket.update('other', text('late'), 0));
    await clock.advance(2_500);
    expect([await late, await beaten]).toEqual(['UNSURE', 'UNSURE']);
    const other = await network.store('b').bucket('t');
    await other.update('other', text('quick'), 0);
    await clock.advance(1_000);
    expect((await bucket.history('k')).length).toBe(1);
    expect((await bucket.history('other')).length).toBe(1);
  });

  test('are unsure at once when the connection goes while they are under way', async () => {
    network.faults = { onWrite: () => ({ delayMs: 10, replyDelayMs: 10 }) };
    const write = codeOf(bucket.update('k', text('1'), 0));
    await clock.advance(15);
    network.faults = { connected: () => false };
    network.refresh();
    expect(await write).toBe('UNSURE');
  });

  test('reads can be lost and late', async () => {
    network.faults = { onRead: (_client, _bucket, key) => (key === 'lost' ? 'lose' : { delayMs: 50 }) };
    const lost = codeOf(bucket.get('lost'));
    const late = bucket.get('late');
    await clock.advance(50);
    expect(await late).toBeUndefined();
    await clock.advance(2_000);
    expect(await lost).toBe('TIMEOUT');
  });
});

describe('watches', () => {
  const watching = (bucket: Bucket) => {
    const seen: string[] = [];
    const done = (async () => {
      for await (const event of bucket.watch()) seen.push(`${nameOf(event)} +${clock.monotonic()}`);
    })().catch((error: { code: string }) => seen.push(error.code));
    return { seen, done };
  };

  test('that break or lose their connection go on without a gap', async () => {
    const bucket = await network.store('a').bucket('t');
    const writer = await network.store('w').bucket('t');
    let breaks = 0;
    network.faults = { onWatch: () => (breaks++ === 0 ? 'break' : 'ok') };
    const { seen } = watching(bucket);
    await clock.advance(0);
    await writer.put('k', text('1'));
    await writer.put('k', text('2'));
    await clock.advance(0);
    network.faults = { connected: (client) => client !== 'a' };
    network.refresh();
    await writer.put('k', text('3'));
    await writer.put('k', text('4'));
    await clock.advance(10);
    expect(seen).toEqual(['current@0 +0', 'put k@1 +0', 'put k@2 +0']);
    network.faults = {};
    network.refresh();
    await clock.advance(0);
    expect(seen.slice(3)).toEqual(['put k@3 +10', 'put k@4 +10']);
  });

  test('delayed entries hold back those behind them', async () => {
    const bucket = await network.store('a').bucket('t');
    network.faults = { onWatch: (_client, _bucket, key) => (key === 'slow' ? { delayMs: 30 } : 'ok') };
    const { seen } = watching(bucket);
    await clock.advance(0);
    await bucket.put('slow', text('1'));
    await bucket.put('fast', text('2'));
    await clock.advance(100);
    expect(seen).toEqual(['current@0 +0', 'put slow@1 +30', 'put fast@2 +30']);
  });

  test('cut off for longer than the history reaches say GONE', async () => {
    const bucket = await network.store('a').bucket('t', { history: 2 });
    const writer = await network.store('w').bucket('t');
    const { seen, done } = watching(bucket);
    await writer.put('k', text('1'));
    await clock.advance(0);
    network.faults = { connected: (client) => client !== 'a' };
    network.refresh();
    for (let index = 0; index < 5; index += 1) await writer.put('k', text('x'));
    network.faults = {};
    network.refresh();
    await clock.advance(0);
    await done;
    expect(seen.at(-1)).toBe('GONE');
  });
});

test('a process that crashes never runs again; one of the same name starts afresh', async () => {
  const store = network.store('b');
  const bucket = await store.bucket('t');
  const settled: string[] = [];
  network.faults = { onWrite: () => ({ delayMs: 10 }), onMessage: () => ({ delayMs: 10 }) };
  const note = (what: string) => () => settled.push(what);
  bucket.update('k', text('1'), 0).then(note('write'), note('write'));
  b.request('x', text('1'), { timeoutMs: 50 }).then(note('request'), note('request'));
  bucket.get('k').then(note('read before'), note('read before'));
  const crashed = async () => {
    for await (const _ of bucket.watch()) settled.push('watch');
  };
  crashed().then(note('watch'), note('watch'));
  b.onStatus(note('status'));
  network.crash('b');
  bucket.get('k').then(note('read'), note('read'));
  b.request('x', text('1'), { timeoutMs: 50 }).then(note('request'), note('request'));
  await clock.advance(60_000);
  expect(settled).toEqual(['read before']);
  expect(got).toEqual([]);
  network.faults = {};
  const again = await network.store('b').bucket('t');
  // What was on its way arrived although its sender is dead.
  expect((await again.get('k'))?.revision).toBe(1);
  const bus = network.bus('b');
  bus.subscribe('y', (message) => message.respond(text('alive')));
  expect((await a.request('y', text(''), { timeoutMs: 50 })).data).toEqual(text('alive'));
});

test('a receiver that throws fails loudly, or is told to the trace, and harms no other', async () => {
  const lines: unknown[] = [];
  const trace = { log: (...line: unknown[]) => lines.push(line), with: () => trace };
  const traced = memoryNetwork({ clock, random: seededRandom(1), trace });
  const bus = traced.bus('a');
  const seen: string[] = [];
  bus.subscribe('t', () => {
    throw new Error('broken');
  });
  bus.subscribe('t', () => seen.push('other'));
  bus.publish('t', text(''));
  await clock.advance(0);
  expect(seen).toEqual(['other']);
  expect(lines).toEqual([
    ['error', 'a receiver of messages failed', { client: 'a', subject: 't', error: new Error('broken') }],
  ]);
});
