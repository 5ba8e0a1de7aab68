// What the public door promises about single requests: once however often they arrive, nothing stored when nothing is
// to be stored, and never one object in the place of another.
import { decode, encode, HEADER } from '../../../messaging/envelope.ts';
import type { ActorId } from '../../../messaging/identity.ts';
import { subjectsOf } from '../../../messaging/subjects.ts';
import type { KubeObject } from '../../../schemas/object.ts';
import { KernelWorld, podNamed } from '../../support/kernel-world.ts';

const subjects = subjectsOf('spec');
const web: ActorId = { plural: 'pods', namespace: 'default', name: 'web' };
const codeOf = (value: any) => value?.details?.troupeCode ?? 'answered';

async function started() {
  const world = new KernelWorld();
  await world.host('h1');
  const client = world.client();
  const bus = world.network.bus('stranger');
  const send = async (verb: string, id: ActorId, body: unknown, headers: Record<string, string> = {}) => {
    const request = bus.request(subjects.api(verb, id), encode(body), { timeoutMs: 30_000, headers });
    const { data, headers: given } = await world.clock.until(request);
    return { value: decode(data) as any, headers: given };
  };
  const names = async () => {
    const { items } = await world.clock.until(client.list('pods'));
    return items.map(({ metadata }) => metadata.name);
  };
  return { world, client, send, names };
}

function generated(prefix: string): KubeObject {
  return { ...podNamed(''), metadata: { generateName: prefix } } as unknown as KubeObject;
}

test('a creation with a generated name that comes twice makes one object', async () => {
  const { send, names } = await started();
  const headers = { [HEADER.id]: 'r1' };
  const first = await send('create', { ...web, name: '' }, generated('web-'), headers);
  const second = await send('create', { ...web, name: '' }, generated('web-'), headers);
  expect(first.value.metadata.name).toMatch(/^web-[a-z0-9]{5}$/);
  expect(second.value.metadata.uid).toBe(first.value.metadata.uid);
  await send('create', { ...web, name: '' }, generated('web-'), { [HEADER.id]: 'r2' });
  expect(await names()).toHaveLength(2);
});

test.each([true, 'All', ['All']])('dryRun %j stores nothing', async (dryRun) => {
  const { send, names } = await started();
  const headers = { [HEADER.options]: JSON.stringify({ dryRun }) };
  expect((await send('create', web, podNamed('web'), headers)).value.metadata.name).toBe('web');
  expect(await names()).toEqual([]);
});

test.each(['true', 1, 'Some', {}])(
  'dryRun %j is refused, since it may have meant to store nothing',
  async (dryRun) => {
    const { send, names } = await started();
    const headers = { [HEADER.options]: JSON.stringify({ dryRun }) };
    expect(codeOf((await send('create', web, podNamed('web'), headers)).value)).toBe('BAD_REQUEST');
    expect(await names()).toEqual([]);
  },
);

test('no patch gives an object another name', async () => {
  const { world, client, send } = await started();
  const id = { plural: 'namespaces', namespace: '', name: 'kube-public' };
  const refused = await send('patch', id, { metadata: { name: 'other' } });
  expect(refused.value.message).toBe('metadata.name: Invalid value: "other": field is immutable');
  const kept = await world.clock.until(client.get('namespaces', 'kube-public'));
  expect(kept.metadata.name).toBe('kube-public');
});

test('a change meant for an object that was here before under this name is refused', async () => {
  const { client, world, send } = await started();
  const { metadata } = await world.clock.until(client.create(podNamed('web')));
  const uid = 'of-a-former-one';
  for (const verb of ['apply', 'replace', 'patch']) {
    const body = { ...podNamed('web'), metadata: { name: 'web', uid, labels: { a: 'b' } } };
    expect(codeOf((await send(verb, web, body)).value)).toBe('CONFLICT');
  }
  expect(codeOf((await send('delete', web, { preconditions: { uid } })).value)).toBe('CONFLICT');
  const patch = { metadata: { uid: metadata.uid, labels: { a: 'b' } } };
  expect((await send('patch', web, patch)).value.metadata.labels).toEqual({ a: 'b' });
});

test('warnings are as many as an answer carries', async () => {
  const { send } = await started();
  const spec = { ...podNamed('web').spec } as Record<string, unknown>;
  for (let field = 0; field < 2_000; field += 1) spec[`unknown${'x'.repeat(300)}${field}`] = 1;
  const made = await send('create', web, { ...podNamed('web'), spec });
  expect(made.value.metadata.name).toBe('web');
  const warnings = JSON.parse(made.headers[HEADER.warning]!) as string[];
  expect(JSON.stringify(warnings).length).toBeLessThan(5_000);
  expect(warnings.at(-1)).toMatch(/^and \d+ more$/);
});

test('ids and senders too long to be kept are refused', async () => {
  const { send } = await started();
  for (const headers of [{ [HEADER.id]: 'x'.repeat(257) }]) {
    expect(codeOf((await send('create', web, podNamed('web'), headers)).value)).toBe('BAD_REQUEST');
  }
});

test('a list with a limit says that there is more, and goes on from there', async () => {
  const { send } = await started();
  for (const name of ['c', 'a', 'e', 'b', 'd']) await send('create', { ...web, name }, podNamed(name));
  const pages: string[][] = [];
  let mark: string | undefined;
  do {
    const headers = { [HEADER.options]: JSON.stringify({ limit: 2, continue: mark }) };
    const { value } = await send('list', { ...web, name: '' }, {}, headers);
    pages.push(value.items.map(({ metadata }: KubeObject) => metadata.name));
    mark = value.metadata.continue;
    expect(value.metadata.remainingItemCount).toBe(mark === undefined ? undefined : 5 - pages.flat().length);
  } while (mark !== undefined && pages.length < 5);
  expect(pages).toEqual([['a', 'b'], ['c', 'd'], ['e']]);
});

test.each([{ limit: -1 }, { limit: 'x' }, { continue: '%%' }])(
  'a list with %j is refused',
  async (options) => {
    const { send } = await started();
    const headers = { [HEADER.options]: JSON.stringify(options) };
    expect(codeOf((await send('list', { ...web, name: '' }, {}, headers)).value)).toBe('BAD_REQUEST');
  },
);

test('a list that does not fit into one message comes in pages, and the client joins them', async () => {
  const world = new KernelWorld();
  await world.host('h1');
  const client = world.client();
  const names = Array.from({ length: 30 }, (_, index) => `w${String(index).padStart(2, '0')}`);
  const args = ['x'.repeat(100 * 1024)];
  const containers = [{ name: 'main', image: 'nginx', args }];
  for (const name of names) await world.clock.until(client.create(podNamed(name, { containers })));
  const { items, metadata } = await world.clock.until(client.list('pods'));
  expect(items.map((pod) => pod.metadata.name)).toEqual(names);
  expect(metadata.continue).toBeUndefined();
});
