// Whatever anybody sends on whatever subject ends in an answer: the host lives on, no promise is rejected where nobody
// looks (the runner fails a test for that), and no actor is held for what a stranger said to it.
import fc from 'fast-check';
import { decode, encode, HEADER } from '../../../messaging/envelope.ts';
import { type ActorId, shardOf } from '../../../messaging/identity.ts';
import type { Bus, Headers } from '../../../messaging/ports.ts';
import { subjectsOf } from '../../../messaging/subjects.ts';
import { KernelWorld, podNamed } from '../../support/kernel-world.ts';

const subjects = subjectsOf('spec');
const web: ActorId = { plural: 'pods', namespace: 'default', name: 'web' };
const n1: ActorId = { plural: 'nodes', namespace: '', name: 'n1' };

const mailOf = (id: ActorId) => subjects.mail(shardOf(id, 64), id);

/** A document nested so deeply that recursion over it fails. */
const deep = (levels: number) =>
  new TextEncoder().encode(`${'{"spec":'.repeat(levels)}1${'}'.repeat(levels)}`);

async function busy() {
  const world = new KernelWorld();
  await world.host('h1');
  await world.agent('n1');
  const client = world.client();
  await world.clock.until(client.create(podNamed('web')));
  await world.clock.advance(100);
  const bus = world.network.bus('stranger');
  const send = async (subject: string, data: Uint8Array, headers: Headers = {}) => {
    const answer = await world.clock.until(bus.request(subject, data, { timeoutMs: 60_000, headers }));
    return { headers: answer.headers, value: decode(answer.data) as any };
  };
  return { world, client, bus, send };
}

type Busy = Awaited<ReturnType<typeof busy>>;

/** The host still does all it should: it reads, writes, places and announces. */
async function expectWell({ world, client }: Busy, name: string): Promise<void> {
  const pod = await world.clock.until(client.get('pods', 'default/web'));
  expect(pod.status).toMatchObject({ phase: 'Running' });
  const held = (pod.status as { conditions?: { type: string }[] }).conditions ?? [];
  expect(held.map(({ type }) => type)).not.toContain('Quarantined');
  await world.clock.until(client.create(podNamed(name)));
  await world.clock.advance(2_000);
  const other = await world.clock.until(client.get('pods', `default/${name}`));
  expect(other.status).toMatchObject({ phase: 'Running' });
  await world.clock.until(client.delete('pods', `default/${name}`));
  await world.clock.advance(2_000);
}

const codeOf = ({ value }: { value: any }) => value?.details?.troupeCode ?? 'answered';

test('a refusal that quotes half a megabyte twice is an answer, not the end of the host', async () => {
  const stage = await busy();
  const name = 'X'.repeat(700_000);
  const body = encode({ apiVersion: 'v1', kind: 'Pod', metadata: { name }, spec: {} });
  const refused = await stage.send(subjects.api('create', { ...web, name: '' }), body);
  expect(codeOf(refused)).toBe('INVALID');
  const event = encode({ type: 'add', text: '"'.repeat(400_000) });
  const unknown = await stage.send(mailOf({ plural: 'namespaces', namespace: '', name: 'default' }), event);
  expect(codeOf(unknown)).toBe('BAD_REQUEST');
  await expectWell(stage, 'after');
});

test.each([
  ['no body', new Uint8Array()],
  ['null', encode(null)],
  ['a number', encode(5)],
  ['a list', encode([1, 2])],
  ['metadata that is null', encode({ metadata: null })],
  ['metadata that is text', encode({ metadata: 'text' })],
  ['a hundred thousand levels', deep(100_000)],
  ['a key named __proto__', new TextEncoder().encode('{"metadata":{"__proto__":{"a":1}}}')],
])('a patch of %s is refused, and holds nobody', async (_what, body) => {
  const stage = await busy();
  expect(['BAD_REQUEST', 'INVALID']).toContain(codeOf(await stage.send(subjects.api('patch', web), body)));
  await expectWell(stage, 'after');
});

test.each([
  ['create', { ...web, name: 'other' }],
  ['apply', web],
  ['replace', web],
] as const)('%s of a document a hundred thousand levels deep is refused', async (verb, id) => {
  const stage = await busy();
  expect(codeOf(await stage.send(subjects.api(verb, id), deep(100_000)))).toBe('BAD_REQUEST');
  await expectWell(stage, 'after');
});

test('a grace period beyond the calendar is refused', async () => {
  const stage = await busy();
  for (const gracePeriodSeconds of [1e15, -1, 1.5, '5', {}]) {
    const refused = await stage.send(subjects.api('delete', web), encode({ gracePeriodSeconds }));
    expect(codeOf(refused)).toBe('INVALID');
  }
  await expectWell(stage, 'after');
});

test.each(['not json', 'null', '5', '[]', '"text"'])('options that are %s are refused', async (options) => {
  const stage = await busy();
  const headers = { [HEADER.options]: options };
  for (const verb of ['get', 'list', 'create', 'patch', 'delete']) {
    const refused = await stage.send(subjects.api(verb, web), encode({}), headers);
    expect(codeOf(refused)).toBe('BAD_REQUEST');
  }
  expect(codeOf(await stage.send(mailOf(web), encode({ type: 'pod.gone' }), headers))).toBe('BAD_REQUEST');
  await expectWell(stage, 'after');
});

test('a name that is no text is refused', async () => {
  const stage = await busy();
  for (const name of [5, {}, [], true]) {
    const body = encode({ ...podNamed('x'), metadata: { name } });
    expect(['BAD_REQUEST', 'INVALID']).toContain(
      codeOf(await stage.send(subjects.api('create', { ...web, name: '' }), body)),
    );
  }
  await expectWell(stage, 'after');
});

test('no pod is made outside of all namespaces', async () => {
  const stage = await busy();
  const nowhere = { ...web, namespace: '' };
  const answer = await stage.send(mailOf(nowhere), encode({ type: 'object.create', body: podNamed('web') }));
  expect(codeOf(answer)).toBe('BAD_REQUEST');
});

test('a deadline is nothing that can be sent, whatever its name', async () => {
  const stage = await busy();
  for (const deadline of ['toString', '__proto__', 'constructor', 5, null]) {
    const answer = await stage.send(mailOf(web), encode({ type: 'kernel.deadline', deadline }));
    expect(codeOf(answer)).toBe('BAD_REQUEST');
  }
});

test.each([
  { conditions: 5 },
  { conditions: [null] },
  { conditions: {} },
  { containerStatuses: 'x' },
  { containerStatuses: [null] },
  { phase: { a: 1 } },
])('a report with the status %j does not hold the pod', async (status) => {
  const stage = await busy();
  const pod = await stage.world.clock.until(stage.client.get('pods', 'default/web'));
  const report = { type: 'node.reported', node: 'n1', uid: pod.metadata.uid, counter: 99, gone: false };
  const answer = await stage.send(mailOf(web), encode({ ...report, status }));
  expect(codeOf(answer)).toBe('BAD_REQUEST');
  await expectWell(stage, 'after');
});

test.each([
  { conditions: 5 },
  { conditions: [null] },
  { allocatable: { cpu: 'rubbish', memory: {} } },
  { allocatable: 'x' },
])('a node described as %j does not end the placing of pods', async (status) => {
  const stage = await busy();
  const n2 = { ...n1, name: 'n2' };
  const body = { apiVersion: 'v1', kind: 'Node', metadata: { name: 'n2' } };
  await stage.send(subjects.api('apply', n2), encode(body));
  await stage.send(mailOf(n2), encode({ type: 'node.described', status }));
  await expectWell(stage, 'after');
});

test('a heartbeat of random bytes does no harm', async () => {
  const stage = await busy();
  for (const text of ['', 'x', 'null', '5', '{"node":5}', '{"node":{}}']) {
    stage.bus.publish(subjects.beat('n1'), new TextEncoder().encode(text));
  }
  await stage.world.clock.advance(1_000);
  await expectWell(stage, 'after');
});

test('strangers in the bucket of objects are stepped over, also by a host that starts', async () => {
  const stage = await busy();
  const { world, client } = stage;
  const bucket = await world.network.store('stranger').bucket('troupe_spec');
  const put = (key: string, value: unknown) =>
    world.clock.until(bucket.put(key, typeof value === 'string' ? Buffer.from(value) : encode(value)));
  await put('note', 'a text');
  await put('pods.default.x', 'a text');
  await put('pods.default.y', { object: { metadata: {} }, actor: {} });
  await put('nodes.n9', 'a text');
  await put('nodes._.n9', null);
  await put('a.b.c.d', {});
  await put('pods.=FF.=FF', {});
  await world.clock.advance(3_000);
  await expectWell(stage, 'after');
  await world.host('h2');
  await world.clock.advance(3_000);
  await expectWell(stage, 'again');
  const { items } = await world.clock.until(client.list('pods'));
  expect(items.map(({ metadata }) => metadata.name)).toEqual(['web']);
});

test('strangers in the bucket of leases do not keep a host from its shards', async () => {
  const stage = await busy();
  const { world } = stage;
  const bucket = await world.network.store('stranger').bucket('troupe_spec_leases');
  for (const [key, value] of [
    ['note', 'a text'],
    ['shards.x', 'null'],
    ['hosts.=FF', '{"incarnation":"a"}'],
    ['shards.3', '5'],
  ] as const) {
    await world.clock.until(bucket.put(key, Buffer.from(value)));
  }
  await world.host('h2');
  await world.clock.advance(10_000);
  await expectWell(stage, 'after');
});

const json = fc.jsonValue({ maxDepth: 4 });
const bytes = fc.oneof(
  fc.uint8Array({ maxLength: 200 }),
  json.map((value) => encode(value)),
  fc
    .record(
      {
        apiVersion: fc.oneof(fc.constant('v1'), json),
        kind: fc.oneof(fc.constant('Pod'), json),
        metadata: fc.oneof(fc.record({ name: fc.oneof(fc.constant('web'), json), labels: json }), json),
        spec: fc.oneof(fc.record({ containers: fc.oneof(fc.array(json), json), volumes: json }), json),
        status: json,
      },
      { requiredKeys: [] },
    )
    .map((value) => encode(value)),
  fc
    .record({
      type: fc.constantFrom(
        ...[
          'object.patch',
          'object.apply',
          'object.create',
          'object.replace',
          'kernel.deadline',
          'record.loaded',
        ],
        ...[
          'node.reported',
          'node.described',
          'pod.granted',
          'pod.unplaced',
          'effect.failed',
          'nonsense',
          '',
        ],
      ),
      body: json,
      deadline: json,
      node: json,
      uid: json,
      counter: json,
      status: json,
      gone: json,
      message: json,
    })
    .map((value) => encode(value)),
);
const headerText = fc.oneof(
  fc.string({ maxLength: 40 }),
  json.map((value) => JSON.stringify(value)),
  fc.constantFrom('NaN', '-1', '1e999', '__proto__', '{"dryRun":true}', '{"limit":"x"}'),
);
const headers = fc.dictionary(
  fc.constantFrom(HEADER.id, HEADER.from, HEADER.fence, HEADER.options, HEADER.traceparent),
  headerText.map((text) => text.replace(/[^\x20-\x7e]/g, '?')),
  { noNullPrototype: true },
);
const token = fc.oneof(
  fc.constantFrom(
    'pods',
    'nodes',
    'namespaces',
    'events',
    'default',
    '_',
    'web',
    'n1',
    '__proto__',
    '=FF',
    '%',
  ),
  fc.string({ minLength: 1, maxLength: 12 }).map((text) => text.replace(/[\s.*>]/g, '-')),
);
const rest = fc.tuple(token, token, token).map((tokens) => tokens.join('.'));
const subject = fc.oneof(
  fc
    .constantFrom('get', 'list', 'create', 'apply', 'replace', 'patch', 'logs')
    .chain((verb) =>
      fc.oneof(fc.constant('pods.default.web'), rest).map((path) => `${subjects.root}.api.${verb}.${path}`),
    ),
  fc.constantFrom(mailOf(web), mailOf(n1)),
  fc.tuple(fc.nat(70), rest).map(([shard, path]) => `${subjects.root}.mail.${shard}.${path}`),
  token.map((who) => `${subjects.root}.beat.${who}`),
);

async function fuzz(bus: Bus, world: KernelWorld, to: string, data: Uint8Array, given: Headers) {
  if (to.includes('.beat.')) return bus.publish(to, data, given);
  const answer = bus.request(to, data, { timeoutMs: 60_000, headers: given }).catch((error) => error);
  const outcome = (await world.clock.until(answer)) as { code?: string };
  // Nobody listens there, or there is nobody to write the logs: never a silence.
  expect(outcome.code === 'TIMEOUT').toBe(false);
}

test('random messages on all subjects, with random headers', async () => {
  const stage = await busy();
  const { world, bus } = stage;
  const uid = (await world.clock.until(stage.client.get('pods', 'default/web'))).metadata.uid;
  await fc.assert(
    fc.asyncProperty(subject, bytes, headers, (to, data, given) => fuzz(bus, world, to, data, given)),
    { numRuns: 400, seed: 7 },
  );
  expect(world.lines.filter(({ message }) => message === 'step failed')).toEqual([]);
  const pod = await world.clock.until(stage.client.get('pods', 'default/web'));
  expect(pod.metadata.uid).toBe(uid);
  await world.clock.until(stage.client.get('nodes', 'n1'));
});
