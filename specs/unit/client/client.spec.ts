import { TroupeError } from '../../../schemas/errors.ts';
import { podOf, ScriptedDoor } from './scripted-door.ts';

const pod = { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'web' }, spec: { containers: [] } };
const notFound = () => new TroupeError('NOT_FOUND', 'pods "web" not found');

describe('verbs', () => {
  test('become subjects, bodies and options', async () => {
    const rig = new ScriptedDoor();
    rig.script = ({ answer, verb }) => answer(verb === 'list' ? { items: [] } : podOf('web', 1));
    const all = async () => {
      await rig.client.create(pod, { namespace: 'lab', fieldValidation: 'Strict', dryRun: true });
      await rig.client.replace({ ...pod, metadata: { name: 'web', resourceVersion: '3' } });
      await rig.client.patch(
        'po',
        'lab/web',
        { metadata: { labels: { a: null } } },
        { resourceVersion: '7' },
      );
      await rig.client.delete('Pod', 'web', { gracePeriodSeconds: 5, preconditions: { uid: 'u' } });
      await rig.client.get('nodes', 'n1', { resourceVersion: '9' });
      await rig.client.list('pods', { namespace: 'lab', labelSelector: 'a=b', fieldSelector: 'c=d' });
      await rig.client.list('pods');
      await rig.client.list('nodes', { namespace: 'ignored' });
    };
    await rig.clock.until(all());
    expect(
      rig.asked.map(({ subject, body, options }) => [subject.slice('troupe.dev.api.'.length), body, options]),
    ).toEqual([
      [
        'create.pods.lab.web',
        { ...pod, metadata: { name: 'web', namespace: 'lab' } },
        { fieldValidation: 'Strict', dryRun: true },
      ],
      [
        'replace.pods.default.web',
        { ...pod, metadata: { name: 'web', namespace: 'default', resourceVersion: '3' } },
        {},
      ],
      ['patch.pods.lab.web', { metadata: { labels: { a: null } } }, { resourceVersion: '7' }],
      [
        'delete.pods.default.web',
        { apiVersion: 'v1', kind: 'DeleteOptions', gracePeriodSeconds: 5, preconditions: { uid: 'u' } },
        {},
      ],
      ['get.nodes._.n1', undefined, { resourceVersion: '9' }],
      ['list.pods.lab._', undefined, { labelSelector: 'a=b', fieldSelector: 'c=d' }],
      ['list.pods._._', undefined, {}],
      ['list.nodes._._', undefined, {}],
    ]);
    expect(new Set(rig.asked.map(({ id }) => id)).size).toBe(rig.asked.length);
  });

  test('apply takes text, an object or objects, and tells what became of each', async () => {
    const rig = new ScriptedDoor();
    const results = ['created', 'configured', 'unchanged', 'created', 'created'];
    rig.script = ({ body, answer }) =>
      answer(body, { 'Troupe-Result': results.shift()!, 'Troupe-Warning': '["unknown field \\"a\\""]' });
    const text =
      'apiVersion: v1\nkind: Pod\nmetadata: {name: a}\n---\napiVersion: v1\nkind: Node\nmetadata: ' +
      '{name: b}\n';
    const applied = await rig.clock.until(
      Promise.all([rig.client.apply(text), rig.client.apply(pod), rig.client.apply([pod, pod])]),
    );
    expect(applied.map(({ length }) => length)).toEqual([2, 1, 2]);
    expect(
      applied
        .flat()
        .map(({ result }) => result)
        .sort(),
    ).toEqual(['configured', 'created', 'created', 'created', 'unchanged']);
    expect(applied[0]!.map(({ object }) => object.metadata.name)).toEqual(['a', 'b']);
    expect(applied.flat().every(({ warnings }) => warnings[0] === 'unknown field "a"')).toBe(true);
    expect(rig.warnings).toHaveLength(5);
  });

  test.each([
    ['text that is not YAML', 'a: [', 'BAD_REQUEST', /^error parsing manifest: line 1: /],
    ['an object of no kind', { metadata: { name: 'x' } }, 'BAD_REQUEST', /^Object 'Kind' is missing in /],
    [
      'a kind nobody knows',
      { ...pod, kind: 'Foo' },
      'UNSUPPORTED',
      /^no matches for kind "Foo" in version "v1"$/,
    ],
    ['an object without a name', { ...pod, metadata: {} }, 'INVALID', /^metadata.name: Required value/],
  ])('apply refuses %s without asking', async (_name, given, code, message) => {
    const rig = new ScriptedDoor();
    await expect(rig.client.apply(given as any)).rejects.toMatchObject({
      code,
      message: expect.stringMatching(message),
    });
    expect(rig.asked).toEqual([]);
  });

  test('a word that is no kind', async () => {
    const rig = new ScriptedDoor();
    await expect(rig.client.get('foo', 'x')).rejects.toMatchObject({
      code: 'UNSUPPORTED',
      message: 'the server doesn\'t have a resource type "foo"',
    });
  });
});

describe('a request without an answer', () => {
  test('is repeated with the same identity and growing pauses', async () => {
    const rig = new ScriptedDoor();
    rig.script = ({ answer }) => {
      if (rig.asked.length === 4) answer(podOf('web', 1));
    };
    await rig.clock.until(rig.client.create(pod));
    expect(new Set(rig.asked.map(({ id }) => id)).size).toBe(1);
    const pauses = rig.asked.slice(1).map(({ atMs }, index) => atMs - rig.asked[index]!.atMs - 5_000);
    expect(pauses).toHaveLength(3);
    for (const [index, pause] of pauses.entries()) {
      expect(pause).toBeGreaterThanOrEqual(25 * 2 ** index);
      expect(pause).toBeLessThanOrEqual(50 * 2 ** index);
    }
  });

  test('is given up when the bound has passed', async () => {
    const rig = new ScriptedDoor({ requestTimeoutMs: 12_000 });
    await expect(rig.clock.until(rig.client.get('pods', 'web'))).rejects.toMatchObject({ code: 'TIMEOUT' });
    expect(rig.asked.length).toBe(3);
    expect(rig.clock.monotonic()).toBeLessThanOrEqual(12_000);
  });

  test('finds a host that comes up meanwhile', async () => {
    const rig = new ScriptedDoor({ absent: true });
    rig.script = ({ answer }) => answer(podOf('web', 1));
    rig.clock.after(3_000, () => rig.open());
    expect(await rig.clock.until(rig.client.get('pods', 'web'))).toMatchObject({ metadata: { name: 'web' } });
    expect(rig.clock.monotonic()).toBeLessThan(6_000);
  });

  test('is UNAVAILABLE when nobody ever listens', async () => {
    const rig = new ScriptedDoor({ absent: true, requestTimeoutMs: 1_000 });
    await expect(rig.clock.until(rig.client.get('pods', 'web'))).rejects.toMatchObject({
      code: 'UNAVAILABLE',
    });
  });

  test('a refusal is not repeated', async () => {
    const rig = new ScriptedDoor();
    rig.script = ({ fail }) => fail(notFound());
    await expect(rig.clock.until(rig.client.get('pods', 'web'))).rejects.toMatchObject({ code: 'NOT_FOUND' });
    expect(rig.asked).toHaveLength(1);
  });

  test('a deletion whose answer was lost is done when the object is gone', async () => {
    const rig = new ScriptedDoor();
    rig.script = ({ fail }) => {
      if (rig.asked.length > 1) fail(notFound());
    };
    expect(await rig.clock.until(rig.client.delete('pods', 'web'))).toMatchObject({ kind: 'Status' });
    rig.script = ({ fail }) => fail(notFound());
    await expect(rig.clock.until(rig.client.delete('pods', 'web'))).rejects.toMatchObject({
      code: 'NOT_FOUND',
    });
  });
});

describe('logs', () => {
  test('are bytes, of the default container', async () => {
    const rig = new ScriptedDoor();
    const annotations = { 'kubectl.kubernetes.io/default-container': 'b' };
    const two = podOf('web', 1, { spec: { containers: [{ name: 'a' }, { name: 'b' }] } });
    rig.script = (asked) => {
      if (asked.verb === 'get') return asked.answer({ ...two, metadata: { ...two.metadata, annotations } });
      asked.answer({ line: 1 });
      asked.end();
    };
    const read = async () => {
      let text = '';
      for await (const bytes of rig.client.logs('default/web', { tailLines: 3 })) text += Buffer.from(bytes);
      return text;
    };
    expect(await rig.clock.until(read())).toBe('{"line":1}');
    expect(rig.asked.at(-1)).toMatchObject({ verb: 'logs', body: { container: 'b', tailLines: 3 } });
  });
});

describe('facts', () => {
  const fact = (name: string) =>
    Buffer.from(
      JSON.stringify({ specversion: '1.0', type: 'dev.troupe.pod.created', subject: `pods.default.${name}` }),
    );

  test('come from the moment of the call, through the filter, without what is none', async () => {
    const rig = new ScriptedDoor();
    const bus = rig.network.bus('host');
    const facts = rig.client.facts('pods.default.*');
    bus.publish('troupe.dev.fact.pods.default.a.created', fact('a'));
    bus.publish('troupe.dev.fact.pods.other.x.created', fact('x'));
    bus.publish('troupe.dev.fact.pods.default.y.created', Buffer.from('noise'));
    bus.publish('troupe.dev.fact.pods.default.b.created', fact('b'));
    expect((await facts.next()).value.subject).toBe('pods.default.a');
    expect((await facts.next()).value.subject).toBe('pods.default.b');
    await facts.return?.();
    expect(await facts.next()).toEqual({ done: true, value: undefined });
  });

  test('a reader that does not keep up is told so', async () => {
    const rig = new ScriptedDoor();
    const bus = rig.network.bus('host');
    const facts = rig.client.facts();
    const one = fact('a');
    for (let count = 0; count <= 65_536; count += 1)
      bus.publish('troupe.dev.fact.pods.default.a.created', one);
    await rig.clock.advance(1);
    let seen = 0;
    const drain = async () => {
      for await (const _ of facts) seen += 1;
    };
    await expect(drain()).rejects.toMatchObject({ code: 'TOO_MANY_REQUESTS' });
    expect(seen).toBe(65_536);
  });
});

test('closing ends what is under way', async () => {
  const rig = new ScriptedDoor();
  const facts = rig.client.facts();
  const watch = rig.client.watch('pods')[Symbol.asyncIterator]();
  const waiting = Promise.all([facts.next(), watch.next()]);
  await rig.clock.advance(1);
  await rig.client.close();
  expect(await rig.clock.until(waiting)).toEqual([
    { done: true, value: undefined },
    { done: true, value: undefined },
  ]);
  await rig.clock.advance(1);
  expect(rig.asked[0]!.cancelled()).toBe(true);
  await expect(rig.client.get('pods', 'web')).rejects.toMatchObject({ code: 'UNAVAILABLE' });
  expect(rig.clock.armed).toBe(0);
});
