// What the Bus port promises, in both worlds.

import { decode, encode, HEADER, respondError } from '../../messaging/envelope.ts';
import type { Bus, Message } from '../../messaging/ports.ts';
import { TroupeError } from '../../schemas/errors.ts';
import { Arrivals, codeOf, read, type TwinWorld, text, untilStatus, WORLDS } from './worlds.ts';

describe.each(WORLDS)('bus in %s', (_name, open) => {
  let world: TwinWorld;
  let a: Bus;
  let b: Bus;
  let number = 0;
  let topic = '';

  beforeAll(async () => {
    world = await open();
    a = (await world.client('a')).bus;
    b = (await world.client('b')).bus;
  });
  afterAll(() => world.close());
  beforeEach(() => {
    number += 1;
    topic = `t${number}`;
  });

  const listen = async (bus: Bus, pattern: string, queue?: string) => {
    const arrivals = new Arrivals<Message>();
    const subscription = bus.subscribe(pattern, (message) => arrivals.add(message), queue ? { queue } : {});
    await bus.flush();
    return { arrivals, subscription };
  };

  test('carries a request with its headers there and the answer back', async () => {
    b.subscribe(`${topic}.*`, (message) => {
      message.respond(text(`${message.subject} ${read(message.data)}`), {
        Seen: message.headers['Troupe-Id']!,
      });
    });
    await b.flush();
    const answer = await a.request(`${topic}.x`, text('hello'), {
      timeoutMs: 2_000,
      headers: { 'Troupe-Id': '7' },
    });
    expect(read(answer.data)).toBe(`${topic}.x hello`);
    expect(answer.headers).toEqual({ Seen: '7' });
  });

  test('says UNAVAILABLE when nobody listens and TIMEOUT when nobody answers', async () => {
    expect(await codeOf(a.request(topic, text(''), { timeoutMs: 2_000 }))).toBe('UNAVAILABLE');
    await listen(b, topic);
    expect(await codeOf(a.request(topic, text(''), { timeoutMs: 50 }))).toBe('TIMEOUT');
  });

  test.each([
    ['*.b.c', 'a.b.c', true],
    ['a.*.c', 'a.b.c', true],
    ['a.*', 'a.b.c', false],
    ['a.>', 'a.b.c', true],
    ['a.b.c.>', 'a.b.c', false],
    ['a.b', 'a.b.c', false],
    ['a.b.c', 'a.b.c', true],
    ['*.*.>', 'a.b.c', true],
  ])('the pattern %s and the subject %s: %s', async (pattern, subject, matches) => {
    const { arrivals } = await listen(b, `${topic}.${pattern}`);
    const last = await listen(b, `${topic}.last`);
    a.publish(`${topic}.${subject}`, text('x'));
    a.publish(`${topic}.last`, text('x'));
    await last.arrivals.count(1);
    expect(arrivals.all.length).toBe(matches ? 1 : 0);
  });

  test('gives each message to one member of a group and to everybody without a group', async () => {
    const members = [await listen(a, topic, 'g'), await listen(b, topic, 'g')];
    const alone = await listen(b, topic);
    for (let index = 0; index < 100; index += 1) a.publish(topic, text(String(index)));
    await alone.arrivals.count(100);
    await a.flush();
    const counts = members.map(({ arrivals }) => arrivals.all.length);
    expect(counts[0]! + counts[1]!).toBe(100);
    expect(Math.min(...counts)).toBeGreaterThan(10);
  });

  test('keeps the order of one sender and subject', async () => {
    const { arrivals } = await listen(b, topic);
    for (let index = 0; index < 1_000; index += 1) a.publish(topic, text(String(index)));
    const all = await arrivals.count(1_000);
    expect(all.map(({ data }) => Number(read(data)))).toEqual(
      Array.from({ length: 1_000 }, (_, index) => index),
    );
  });

  test('delivers a copy, later than the call that sent it', async () => {
    const { arrivals } = await listen(a, topic);
    const data = text('before');
    a.publish(topic, data);
    expect(arrivals.all.length).toBe(0);
    await a.flush();
    data.set(text('after!'));
    expect(read((await arrivals.count(1))[0]!.data)).toBe('before');
  });

  test('delivers nothing after unsubscribe', async () => {
    const { arrivals, subscription } = await listen(b, topic);
    subscription.unsubscribe();
    subscription.unsubscribe();
    await b.flush();
    expect(await codeOf(a.request(topic, text(''), { timeoutMs: 500 }))).toBe('UNAVAILABLE');
    expect(arrivals.all).toEqual([]);
  });

  test('carries what just fits and refuses what does not with TOO_LARGE', async () => {
    const { arrivals } = await listen(b, topic);
    const limit = a.maxPayloadBytes;
    expect(limit).toBe(1_048_576);
    a.publish(topic, new Uint8Array(limit));
    expect((await arrivals.count(1))[0]!.data.length).toBe(limit);
    const tooLarge = new Uint8Array(limit + 1);
    expect(() => a.publish(topic, tooLarge)).toThrow(expect.objectContaining({ code: 'TOO_LARGE' }));
    expect(() => a.publish(topic, new Uint8Array(limit), { A: 'b' })).toThrow(
      expect.objectContaining({ code: 'TOO_LARGE' }),
    );
    expect(await codeOf(a.request(topic, tooLarge, { timeoutMs: 500 }))).toBe('TOO_LARGE');
    a.publish(`${topic}`, text('still there'));
    await arrivals.count(2);
  });

  test.each(['', 'a b', 'a..b', 'a.', 'a.*', 'a.>', '.a'])('refuses to send to "%s"', async (subject) => {
    expect(() => a.publish(subject, text(''))).toThrow(expect.objectContaining({ code: 'BAD_REQUEST' }));
    expect(await codeOf(a.request(subject, text(''), { timeoutMs: 100 }))).toBe('BAD_REQUEST');
  });

  test('refuses a header with a line break', () => {
    expect(() => a.publish(topic, text(''), { A: 'b\r\nC: d' })).toThrow(
      expect.objectContaining({ code: 'BAD_REQUEST' }),
    );
  });

  describe('a stream of answers', () => {
    const options = { idleMs: 3_000 };
    const serve = async (act: (message: Message) => void) => {
      b.subscribe(topic, act);
      await b.flush();
    };

    test('yields all answers in order and ends', async () => {
      await serve((message) => {
        for (let index = 0; index < 100; index += 1) message.respond(text(String(index)));
        message.respond(text(''), { [HEADER.end]: 'ok' });
      });
      const got: number[] = [];
      for await (const answer of a.stream(topic, text(''), options)) got.push(Number(read(answer.data)));
      expect(got).toEqual(Array.from({ length: 100 }, (_, index) => index));
    });

    test('throws the error it ends with', async () => {
      const status = new TroupeError('NOT_FOUND', 'pods "x" not found').toStatus();
      await serve((message) => {
        message.respond(text('1'));
        message.respond(text(''), { [HEADER.end]: JSON.stringify(status) });
      });
      const got: string[] = [];
      const all = async () => {
        for await (const answer of a.stream(topic, text(''), options)) got.push(read(answer.data));
      };
      await expect(all()).rejects.toMatchObject({ code: 'NOT_FOUND', message: 'pods "x" not found' });
      expect(got).toEqual(['1']);
    });

    test('tells the answering side when its reader leaves', async () => {
      const cancelled = new Arrivals<string>();
      await serve((message) => {
        b.subscribe(`${message.reply}.cancel`, (cancel) => cancelled.add(cancel.subject.slice(-7)));
        void b.flush().then(() => message.respond(text('1')));
      });
      for await (const answer of a.stream(topic, text(''), options)) {
        expect(read(answer.data)).toBe('1');
        break;
      }
      expect(await cancelled.count(1)).toEqual(['.cancel']);
    });

    test('ends when its signal is aborted', async () => {
      const end = new AbortController();
      await serve((message) => message.respond(text('1')));
      let count = 0;
      for await (const _ of a.stream(topic, text(''), { idleMs: 0, signal: end.signal })) {
        count += 1;
        end.abort();
      }
      expect(count).toBe(1);
    });

    test('fails with TIMEOUT in silence and UNAVAILABLE when nobody listens', async () => {
      const first = (subject: string, idleMs: number) =>
        a.stream(subject, text(''), { idleMs })[Symbol.asyncIterator]().next();
      expect(await codeOf(first(topic, 1_000))).toBe('UNAVAILABLE');
      await serve(() => {});
      expect(await codeOf(first(topic, 50))).toBe('TIMEOUT');
    });
  });

  describe('a micro service', () => {
    const describeService = (name: string) => ({
      name,
      version: '1.2.3',
      description: 'adds',
      metadata: { kind: 'example' },
      endpoints: [{ name: 'add', subject: `${name}.add.*`, metadata: { answer: 'json' } }],
    });

    test('answers, shares its load, and shows itself as ADR-32 says', async () => {
      const name = `svc${number}`;
      const answered = [0, 0];
      const services = [a, b].map((bus, index) =>
        bus.serve(describeService(name), (message, endpoint) => {
          answered[index]! += 1;
          if (message.data.length === 0)
            respondError(message, new TroupeError('BAD_REQUEST', 'nothing to add'));
          else message.respond(encode({ endpoint, sum: decode(message.data) }));
        }),
      );
      const open = await Promise.all(services);
      const ask = (data: Uint8Array) => a.request(`${name}.add.x`, data, { timeoutMs: 2_000 });
      expect(decode((await ask(text('5'))).data)).toEqual({ endpoint: 'add', sum: 5 });
      const failed = await ask(text(''));
      expect(failed.headers).toEqual({
        [HEADER.serviceError]: 'nothing to add',
        [HEADER.serviceErrorCode]: '400',
      });
      await Promise.all(Array.from({ length: 100 }, () => ask(text('1'))));
      expect(Math.min(...answered)).toBeGreaterThan(10);

      const ping = decode((await a.request(`$SRV.PING.${name}`, text(''), { timeoutMs: 2_000 })).data);
      const { id } = ping as { id: string };
      const identity = { name, id, version: '1.2.3', metadata: { kind: 'example' } };
      expect(ping).toEqual({ type: 'io.nats.micro.v1.ping_response', ...identity });
      const info = await a.request(`$SRV.INFO.${name}.${id}`, text(''), { timeoutMs: 2_000 });
      expect(decode(info.data)).toEqual({
        type: 'io.nats.micro.v1.info_response',
        ...identity,
        description: 'adds',
        endpoints: [
          { name: 'add', subject: `${name}.add.*`, queue_group: 'q', metadata: { answer: 'json' } },
        ],
      });
      const everybody = await Promise.all(
        (await allIds(a, name)).map((one) =>
          a.request(`$SRV.STATS.${name}.${one}`, text(''), { timeoutMs: 2_000 }),
        ),
      );
      const stats = everybody.map(({ data }) => (decode(data) as { endpoints: Stats[] }).endpoints[0]!);
      expect(stats.reduce((sum, { num_requests }) => sum + num_requests, 0)).toBe(102);
      expect(stats.reduce((sum, { num_errors }) => sum + num_errors, 0)).toBe(1);
      expect(stats.find(({ num_errors }) => num_errors === 1)!.last_error).toBe('nothing to add');

      for (const one of open) one.unsubscribe();
      await Promise.all([a.flush(), b.flush()]);
      expect(await codeOf(ask(text('5')))).toBe('UNAVAILABLE');
    });
  });

  test('tells when the server goes and comes, fails what is under way, and listens again by itself', async () => {
    const { arrivals } = await listen(b, topic);
    const seen: string[] = [];
    const stop = a.onStatus((status) => seen.push(status));
    const underWay = codeOf(a.request(topic, text('1'), { timeoutMs: 60_000 }));
    const stream = a.stream(topic, text('2'), { idleMs: 60_000 })[Symbol.asyncIterator]();
    const streamed = codeOf(stream.next());
    await arrivals.count(2);
    await world.serverDown();
    await untilStatus(a, 'disconnected');
    expect(await underWay).toBe('TIMEOUT');
    expect(await streamed).toBe('TIMEOUT');
    expect(await codeOf(a.request(topic, text(''), { timeoutMs: 60_000 }))).toBe('UNAVAILABLE');
    expect(await codeOf(a.flush())).toBe('UNAVAILABLE');
    a.publish(topic, text('lost'));
    await world.serverUp();
    await Promise.all([untilStatus(a, 'connected'), untilStatus(b, 'connected')]);
    await b.flush();
    a.publish(topic, text('again'));
    const all = await arrivals.count(3);
    expect(all.map(({ data }) => read(data))).toEqual(['1', '2', 'again']);
    stop();
    expect(seen.slice(0, 1)).toEqual(['disconnected']);
    expect(seen.at(-1)).toBe('connected');
  });

  test('a closed bus serves nobody', async () => {
    const { bus } = await world.client('c');
    const { arrivals } = await listen(bus, topic);
    const seen: string[] = [];
    bus.onStatus((status) => seen.push(status));
    const underWay = codeOf(bus.request(`${topic}`, text(''), { timeoutMs: 60_000 }));
    await bus.close();
    await bus.close();
    expect(await underWay).toBe('TIMEOUT');
    expect(bus.status).toBe('closed');
    expect(seen).toEqual(['closed']);
    expect(await codeOf(bus.request(topic, text(''), { timeoutMs: 500 }))).toBe('UNAVAILABLE');
    // The server may hear of the end a little later than we do; then a request is lost, and the next finds nobody.
    const ask = () => codeOf(a.request(topic, text(''), { timeoutMs: 500 }));
    let code = await ask();
    for (let again = 0; code === 'TIMEOUT' && again < 5; again += 1) code = await ask();
    expect(code).toBe('UNAVAILABLE');
    expect(arrivals.all.length).toBeLessThanOrEqual(1);
  });
});

interface Stats {
  readonly num_requests: number;
  readonly num_errors: number;
  readonly last_error?: string;
}

/** The ids of both members of a service. */
async function allIds(bus: Bus, name: string): Promise<string[]> {
  const ids = new Set<string>();
  for await (const answer of bus.stream(`$SRV.PING.${name}`, text(''), { idleMs: 2_000 })) {
    ids.add((decode(answer.data) as { id: string }).id);
    if (ids.size === 2) break;
  }
  return [...ids];
}
