// Bad input through the library's own door: Kubernetes' words with the path, and nothing stored.
import { isFailure } from '../../../messaging/envelope.ts';
import type { KubeObject } from '../../../schemas/object.ts';
import { KernelWorld, podNamed } from '../../support/kernel-world.ts';

async function started() {
  const world = new KernelWorld();
  await world.host('h1');
  const client = world.client();
  const stored = async () => {
    const { items } = await world.clock.until(client.list('pods'));
    return items.map(({ metadata }) => metadata.name);
  };
  const create = (object: unknown, options = {}) =>
    world.clock.until(client.create(object as KubeObject, options));
  return { world, client, stored, create };
}

const container = { name: 'main', image: 'nginx' };

test.each([
  [
    'wrong type',
    podNamed('web', { containers: [{ ...container, ports: [{ containerPort: 'http' }] }] }),
    'INVALID',
    /spec\.containers\[0\]\.ports\[0\]\.containerPort: Invalid value: "http": must be an integer/,
  ],
  [
    'bad name',
    podNamed('Web_1'),
    'INVALID',
    /Pod "Web_1" is invalid: metadata\.name: Invalid value: "Web_1": a lowercase RFC 1123 subdomain must consist of/,
  ],
  [
    'no image',
    podNamed('web', { containers: [{ name: 'main' }] }),
    'INVALID',
    /spec\.containers\[0\]\.image: Required value/,
  ],
  ['no containers', podNamed('web', { containers: [] }), 'INVALID', /spec\.containers: Required value/],
  [
    'two containers of one name',
    podNamed('web', { containers: [container, container] }),
    'INVALID',
    /spec\.containers\[1\]\.name: Duplicate value: "main"/,
  ],
])('%s: said with its path, and nothing is stored', async (_what, object, code, message) => {
  const { create, stored } = await started();
  await expect(create(object)).rejects.toMatchObject({ code, message: expect.stringMatching(message) });
  expect(await stored()).toEqual([]);
});

test('an unknown field is refused when strict, and warned of otherwise', async () => {
  const { create, stored, world } = await started();
  const object = podNamed('web', { contaniers: [] });
  await expect(create(object, { fieldValidation: 'Strict' })).rejects.toMatchObject({
    code: 'BAD_REQUEST',
    message: expect.stringContaining('unknown field "spec.contaniers"'),
  });
  expect(await stored()).toEqual([]);
  const [applied] = await world.clock.until(world.client('other').apply(object));
  expect(applied!.warnings).toEqual(['unknown field "spec.contaniers"']);
  expect(await stored()).toEqual(['web']);
});

test('a name that is taken is refused, and the first keeps its place', async () => {
  const { create, stored } = await started();
  const first = await create(podNamed('web'));
  await expect(create(podNamed('web'))).rejects.toMatchObject({
    code: 'ALREADY_EXISTS',
    message: 'pods "web" already exists',
  });
  expect(first.metadata.uid).toBeDefined();
  expect(await stored()).toEqual(['web']);
});

test('of two documents with one bad, the error names the bad one and its line, and the good one stays', async () => {
  const { client, world, stored } = await started();
  const text = [
    'apiVersion: v1',
    'kind: Pod',
    'metadata: { name: good }',
    'spec: { containers: [{ name: main, image: nginx }] }',
    '---',
    'apiVersion: v1',
    'kind: Pod',
    'metadata: { name: bad }',
    'spec: { containers: [{ name: main }] }',
  ].join('\n');
  await expect(world.clock.until(client.apply(text))).rejects.toMatchObject({
    code: 'INVALID',
    message: expect.stringContaining('spec.containers[0].image: Required value'),
  });
  expect(await stored()).toEqual(['good']);
});

test('a manifest of 2 MB is refused before it is sent, and the cluster goes on', async () => {
  const { create, stored } = await started();
  const big = podNamed('big', { containers: [{ ...container, args: ['x'.repeat(2 * 1024 * 1024)] }] });
  await expect(create(big)).rejects.toMatchObject({ code: 'TOO_LARGE' });
  await create(podNamed('web'));
  expect(await stored()).toEqual(['web']);
});

test('an object that outgrows the limit only once it is stored is refused as a whole', async () => {
  const { client, world, stored } = await started();
  // Fits a message, but not together with the note of the last applied document.
  const big = podNamed('big', { containers: [{ ...container, args: ['x'.repeat(600 * 1024)] }] });
  await expect(world.clock.until(client.apply(big))).rejects.toMatchObject({
    code: expect.stringMatching(/TOO_LARGE|INVALID/),
  });
  expect(await stored()).toEqual([]);
});

test('what is not JSON is answered with an error', async () => {
  const { world } = await started();
  const bus = world.network.bus('rude');
  const subject = 'troupe.spec.api.create.pods.default.web';
  const answer = await world.clock.until(bus.request(subject, Buffer.from('{'), { timeoutMs: 1_000 }));
  const status = JSON.parse(Buffer.from(answer.data).toString());
  expect(isFailure(status)).toBe(true);
  expect(status).toMatchObject({ reason: 'BadRequest', message: 'the body of the request is not JSON' });
});
