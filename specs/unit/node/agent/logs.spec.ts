import { LogLines, LogView, tailOffset } from '../../../../actors/node/agent/log-lines.ts';
import { encode } from '../../../../messaging/envelope.ts';
import { subjectsOf } from '../../../../messaging/subjects.ts';
import { aPod, CLUSTER, NODE, type Stage, stage } from '../../../support/fake-host.ts';

const bytes = (text: string) => new TextEncoder().encode(text);
const text = (content: Uint8Array) => new TextDecoder().decode(content);

const AT = (second: number) => `2026-01-01T00:00:${String(second).padStart(2, '0')}.000000001Z`;
const LOG = [
  `${AT(1)} stdout F one`,
  `${AT(2)} stderr P two and`,
  `${AT(2)} stderr F  a half`,
  `${AT(3)} stdout F `,
  `${AT(4)} stdout F four ü`,
  '',
].join('\n');

test('lines are found wherever the bytes are cut', () => {
  const whole = bytes(LOG);
  for (let cut = 0; cut <= whole.length; cut += 1) {
    const lines = new LogLines();
    const found = [...lines.take(whole.slice(0, cut)), ...lines.take(whole.slice(cut))];
    expect(found.map(({ content, isPartial }) => `${text(content)}${isPartial ? '…' : ''}`)).toEqual([
      'one',
      'two and…',
      ' a half',
      '',
      'four ü',
    ]);
  }
});

test('what is no line of a log is left out', () => {
  expect(
    new LogLines().take(bytes('\n\nfoo\nfoo bar\n2026 stdout X y\n2026 stdout F:Z good\n')),
  ).toHaveLength(1);
});

test.each([
  [{ timestamps: false }, 'one\ntwo and a half\n\nfour ü\n'],
  [{ timestamps: true }, `${AT(1)} one\n${AT(2)} two and a half\n${AT(3)} \n${AT(4)} four ü\n`],
  [{ timestamps: false, sinceMs: Date.parse(AT(3)) }, '\nfour ü\n'],
  [{ timestamps: false, limitBytes: 6 }, 'one\ntw'],
])('shown with %j', (format, shown) => {
  expect(text(new LogView(format).show(bytes(LOG)))).toBe(shown);
});

test.each([
  [0, ''],
  [1, 'd\n'],
  [2, 'c\nd\n'],
  [4, 'a\nb\nc\nd\n'],
  [9, 'a\nb\nc\nd\n'],
])('the last %d lines', async (count, rest) => {
  const file = bytes('a\nb\nc\nd\n');
  const read = async (offset: number, maxBytes: number) => file.slice(offset, offset + maxBytes);
  expect(text(file.slice(await tailOffset(file.length, count, read)))).toBe(rest);
});

test('the last lines of a file larger than a block', async () => {
  const file = bytes(Array.from({ length: 50_000 }, (_, line) => `line ${line}\n`).join(''));
  const read = async (offset: number, maxBytes: number) => file.slice(offset, offset + maxBytes);
  expect(text(file.slice(await tailOffset(file.length, 20_000, read)))).toMatch(/^line 30000\n/);
});

/** Reads a stream to its end, or until `enough` has been read. */
async function logs(all: Stage, request: object, enough = Number.POSITIVE_INFINITY): Promise<string> {
  const subject = subjectsOf(CLUSTER).node(NODE, 'logs');
  const body = { uid: 'uid-web', namespace: 'default', name: 'web', container: 'main', ...request };
  let read = '';
  for await (const { data } of all.host.bus.stream(subject, encode(body), { idleMs: 60_000 })) {
    read += text(data);
    if (read.length >= enough) break;
  }
  return read;
}

async function writing(log: readonly string[], run: object = {}, container: object = {}) {
  const all = stage({ runtime: { images: { nginx: { run: { log, ...run } } } } });
  const agent = await all.start();
  await all.clock.until(agent.ready);
  await all.clock.until(all.host.run(aPod('web', container)));
  await all.clock.advance(1_000);
  return {
    ...all,
    agent,
    logs: (request: object, enough?: number) => all.clock.until(logs(all, request, enough)),
  };
}

test('a log is read with each of its options', async () => {
  const all = await writing(['one', 'two', 'three']);
  expect(await all.logs({})).toBe('one\ntwo\nthree\n');
  expect(await all.logs({ tailLines: 2 })).toBe('two\nthree\n');
  expect(await all.logs({ tailLines: 0 })).toBe('');
  expect(await all.logs({ limitBytes: 5 })).toBe('one\nt');
  expect(await all.logs({ timestamps: true, tailLines: 1 })).toBe('2026-01-01T00:00:00.000Z three\n');
  expect(await all.logs({ sinceTime: '2026-01-01T00:00:01Z' })).toBe('');
  expect(await all.logs({ sinceSeconds: 3_600 })).toBe('one\ntwo\nthree\n');
  expect(await all.logs({ container: '' })).toBe('one\ntwo\nthree\n');
  expect(await all.logs({ uid: '' })).toBe('one\ntwo\nthree\n');
  await all.agent.stop({ leavePods: true });
});

test('a large log comes in pieces that are bounded, and whole', async () => {
  const lines = Array.from({ length: 30_000 }, (_, line) => `line number ${line} of many`);
  const all = await writing(lines);
  const subject = subjectsOf(CLUSTER).node(NODE, 'logs');
  const body = { uid: 'uid-web', namespace: 'default', name: 'web', container: 'main' };
  let read = '';
  const reading = (async () => {
    for await (const { data } of all.host.bus.stream(subject, encode(body), { idleMs: 60_000 })) {
      expect(data.length).toBeLessThanOrEqual(128 * 1024);
      read += text(data);
    }
  })();
  await all.clock.until(reading);
  expect(read).toBe(`${lines.join('\n')}\n`);
  await all.agent.stop({ leavePods: true });
});

test('what is followed comes as it is written, until the container exits', async () => {
  const all = await writing(['one']);
  const reading = logs(all, { follow: true });
  await all.clock.advance(10);
  const [container] = await all.runtime.listContainers();
  const { logPath } = await all.runtime.containerStatus(container!.id);
  all.files.append(logPath, '2026-01-01T00:00:02Z stdout F two\n');
  await all.clock.advance(10);
  all.files.append(logPath, '2026-01-01T00:00:03Z stdout F thr');
  await all.clock.advance(10);
  all.files.append(logPath, 'ee\n');
  all.runtime.exitContainer(container!.id, 0);
  expect(await all.clock.until(reading)).toBe('one\ntwo\nthree\n');
  await all.agent.stop({ leavePods: true });
  expect(all.clock.armed).toBe(0);
});

test('a reader that leaves ends the stream', async () => {
  const all = await writing(['one']);
  expect(await all.logs({ follow: true }, 4)).toBe('one\n');
  await all.clock.advance(10);
  const [container] = await all.runtime.listContainers();
  const { logPath } = await all.runtime.containerStatus(container!.id);
  const read = jest.spyOn(all.files, 'readRange');
  all.files.append(logPath, '2026-01-01T00:00:02Z stdout F two\n');
  await all.clock.advance(10);
  expect(read).not.toHaveBeenCalled();
  await all.agent.stop({ leavePods: true });
});

test('the run before, while it waits and after it was started again', async () => {
  const all = stage({
    runtime: {
      images: {
        nginx: { run: ({ attempt }) => ({ log: [`run ${attempt}`], exitAfterMs: 1_000, exitCode: 1 }) },
      },
    },
  });
  const agent = await all.start();
  await all.clock.until(agent.ready);
  await all.clock.until(all.host.run(aPod('web')));
  await all.clock.advance(500);
  await expect(all.clock.until(logs(all, { previous: true }))).rejects.toMatchObject({
    code: 'BAD_REQUEST',
    message: 'previous terminated container "main" in pod "web" not found',
  });
  await all.clock.advance(1_000);
  expect(await all.clock.until(logs(all, { previous: true }))).toBe('run 0\n');
  expect(await all.clock.until(logs(all, {}))).toBe('run 1\n');
  await all.clock.advance(1_000);
  expect(await all.clock.until(logs(all, { previous: true }))).toBe('run 1\n');
  await agent.stop({ leavePods: true });
});

test.each([
  [{ container: 'other' }, 'BAD_REQUEST', 'container other is not valid for pod web'],
  [{}, 'BAD_REQUEST', 'container "main" in pod "web" is waiting to start: ImagePullBackOff'],
  [{ uid: 'other' }, 'NOT_FOUND', 'pods "web" not found'],
  [{ sinceTime: 'yesterday' }, 'BAD_REQUEST', /container "main"|sinceTime/],
])('no log of %j: %s', async (request, code, message) => {
  const all = await writing([], {}, { image: 'nosuch' });
  await all.clock.advance(2_000);
  await expect(all.logs(request)).rejects.toMatchObject({ code, message: expect.stringMatching(message) });
  await all.agent.stop({ leavePods: true });
});
