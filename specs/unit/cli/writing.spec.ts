import { ManualClock } from '../../../messaging/memory/index.ts';
import { Rig } from './rig.ts';

const NGINX = `apiVersion: v1
kind: Pod
metadata:
  name: nginx-pod
spec:
  containers:
  - name: nginx
    image: nginx
    ports:
    - containerPort: 80
`;
const named = (name: string, labels = '{}') =>
  `{apiVersion: v1, kind: Pod, metadata: {name: ${name}, labels: ${labels}}, spec: {containers: ` +
  `[{name: a, image: b}]}}\n`;

let rig: Rig;
beforeEach(async () => {
  rig = await Rig.start();
});
afterEach(() => rig.stop());

const files = { 'pod.yaml': NGINX };
const running = (name: string) =>
  rig.client.pod(name).until((pod) => pod.status?.phase === 'Running', { withinMs: 5_000 });

describe('apply', () => {
  test('says what became of each object', async () => {
    expect(await rig.run('apply -f pod.yaml', { files })).toEqual({
      code: 0,
      out: 'pod/nginx-pod created\n',
      err: '',
    });
    expect(await rig.run('apply -f pod.yaml', { files })).toEqual({
      code: 0,
      out: 'pod/nginx-pod unchanged\n',
      err: '',
    });
    const changed = { 'pod.yaml': NGINX.replace('name: nginx-pod', 'name: nginx-pod\n  labels: {a: b}') };
    expect(await rig.run('apply -f pod.yaml', { files: changed })).toEqual({
      code: 0,
      out: 'pod/nginx-pod configured\n',
      err: '',
    });
    expect(await rig.run('apply -f - -o name', { files: { '-': named('two') } })).toMatchObject({
      out: 'pod/two\n',
    });
  });

  test('applies what is sound and tells file, line and path of what is not', async () => {
    const mixed = [
      NGINX,
      NGINX.replace('image: nginx', 'imagee: nginx').replace('nginx-pod', 'typo'),
      'apiVersion: v1\nkind: Pod\nmetadata:\n  name: empty\nspec:\n  containers:\n  - name: a\n',
      'apiVersion: v1\nkind: Foo\nmetadata:\n  name: foo\n',
      named('last'),
    ].join('---\n');
    const { code, out, err } = await rig.run('apply -f all.yaml', { files: { 'all.yaml': mixed } });
    expect(code).toBe(1);
    expect(out).toBe('pod/nginx-pod created\npod/last created\n');
    expect(err.trimEnd().split('\n')).toEqual([
      'Error from server (BadRequest): error when applying "all.yaml:12": ' +
        'all.yaml:19: unknown field "spec.containers[0].imagee"',
      'The Pod "empty" is invalid: all.yaml:29: spec.containers[0].image: Required value',
      'error: resource mapping not found for name: "foo" namespace: "" from "all.yaml:31": ' +
        'no matches for kind "Foo" in version "v1"',
    ]);
  });

  test('unknown fields are a warning, or nothing, when that is wanted', async () => {
    const typo = { 'pod.yaml': NGINX.replace('spec:', 'spec:\n  colour: red') };
    expect(await rig.run('apply -f pod.yaml --validate=warn', { files: typo })).toEqual({
      code: 0,
      out: 'pod/nginx-pod created\n',
      err: 'Warning: unknown field "spec.colour"\n',
    });
    expect(await rig.run('apply -f pod.yaml --validate=ignore', { files: typo })).toMatchObject({
      code: 0,
      err: '',
    });
  });

  test('YAML that cannot be read names its line, and other files go on', async () => {
    const broken = { 'bad.yaml': 'a: [\nb', 'pod.yaml': NGINX };
    const { code, out, err } = await rig.run('apply -f bad.yaml -f pod.yaml', { files: broken });
    expect({ code, out }).toEqual({ code: 1, out: 'pod/nginx-pod created\n' });
    expect(err).toMatch(/^error: error parsing bad.yaml: line \d+: /);
  });

  test('an object larger than NATS carries is refused, and the others are applied', async () => {
    const big = `${named('big')
      .trimEnd()
      .replace('labels: {}', `annotations: {a: ${'x'.repeat(2_000_000)}}`)}\n---\n${NGINX}`;
    const { code, out, err } = await rig.run('apply -f big.yaml', { files: { 'big.yaml': big } });
    expect({ code, out }).toEqual({ code: 1, out: 'pod/nginx-pod created\n' });
    expect(err).toMatch(
      /^Error from server \(RequestEntityTooLarge\): error when applying "big.yaml:1": .* than the 1048576 /,
    );
  });

  test('dry runs store nothing', async () => {
    expect(await rig.run('apply -f pod.yaml --dry-run=client', { files })).toMatchObject({
      out: 'pod/nginx-pod created (dry run)\n',
    });
    expect(await rig.run('apply -f pod.yaml --dry-run=server', { files })).toMatchObject({
      out: 'pod/nginx-pod created (server dry run)\n',
    });
    expect(await rig.run('get pods')).toEqual({
      code: 0,
      out: '',
      err: 'No resources found in default namespace.\n',
    });
  });

  test('an object of another namespace than the one named is refused', async () => {
    const lab = { 'pod.yaml': NGINX.replace('name: nginx-pod', 'name: nginx-pod\n  namespace: lab') };
    const { code, err } = await rig.run('apply -f pod.yaml -n other', { files: lab });
    expect(code).toBe(1);
    expect(err).toBe(
      'error: the namespace from the provided object "lab" does not match the namespace "other". ' +
        "You must pass '--namespace=lab' to perform this operation.\n",
    );
  });
});

test('create refuses what exists', async () => {
  expect(await rig.run('create -f pod.yaml', { files })).toEqual({
    code: 0,
    out: 'pod/nginx-pod created\n',
    err: '',
  });
  expect(await rig.run('create -f pod.yaml', { files })).toEqual({
    code: 1,
    out: '',
    err:
      'Error from server (AlreadyExists): error when creating "pod.yaml:1": pods "nginx-pod" ' +
      'already exists\n',
  });
});

describe('delete', () => {
  test('waits until the object is gone', async () => {
    await rig.run('apply -f pod.yaml', { files });
    await running('nginx-pod');
    expect(await rig.run('delete -f pod.yaml', { files })).toEqual({
      code: 0,
      out: 'pod "nginx-pod" deleted\n',
      err: '',
    });
    expect((await rig.client.list('pods')).items).toEqual([]);
    expect(await rig.run('delete pod nginx-pod')).toEqual({
      code: 1,
      out: '',
      err: 'Error from server (NotFound): pods "nginx-pod" not found\n',
    });
    expect(await rig.run('delete pod nginx-pod --ignore-not-found')).toEqual({ code: 0, out: '', err: '' });
  });

  test('by label, and all', async () => {
    const all = { 'all.yaml': `${named('web', '{app: web}')}---\n${named('db')}---\n${named('job')}` };
    await rig.run('apply -f all.yaml', { files: all });
    expect(await rig.run('delete pods -l app=web')).toMatchObject({ code: 0, out: 'pod "web" deleted\n' });
    expect(await rig.run('delete pods --all -o name')).toMatchObject({ code: 0, out: 'pod/db\npod/job\n' });
    expect(await rig.run('delete pods --all')).toEqual({ code: 0, out: '', err: 'No resources found\n' });
  });

  test('gives up waiting when told to, and shows on a terminal that it waits', async () => {
    await rig.run('apply -f pod.yaml', { files });
    await running('nginx-pod');
    // An agent that does not answer: the pod stays.
    rig.silence();
    const clock = new ManualClock();
    const waiting = rig.begin('delete pod nginx-pod --timeout=3s', { tty: true, clock });
    await waiting.printed(/deleted/);
    await clock.advance(2_500);
    await clock.advance(500);
    expect(await waiting.outcome).toEqual({
      code: 1,
      out: 'pod "nginx-pod" deleted\n',
      err:
        '\r\x1b[Kwaiting for pod "nginx-pod" to end (1s)\r\x1b[Kwaiting for pod "nginx-pod" to end ' +
        '(2s)\r\x1b[K' +
        'error: timed out waiting for the condition on pods/nginx-pod\n',
    });
    expect(await rig.run('delete pod nginx-pod --wait=false')).toMatchObject({ code: 0 });
  });
});
