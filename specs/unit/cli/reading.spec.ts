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

describe('get', () => {
  beforeEach(async () => {
    const all = { 'all.yaml': `${named('web', '{app: web}')}---\n${named('db')}` };
    await rig.run('apply -f all.yaml', { files: all });
    await Promise.all([running('web'), running('db')]);
  });

  test('a table, a kind after the other', async () => {
    const { out, code } = await rig.run('get po,no');
    expect(code).toBe(0);
    expect(out.replace(/\d+s/g, '9s')).toBe(
      'NAME      READY   STATUS    RESTARTS   AGE\n' +
        'pod/db    0/1     Running   0          9s\n' +
        'pod/web   0/1     Running   0          9s\n' +
        '\n' +
        'NAME      STATUS   ROLES    AGE   VERSION\n' +
        'node/n1   Ready    <none>   9s    \n',
    );
  });

  test('by name, and what is missing', async () => {
    const { code, out, err } = await rig.run('get pods web nope --no-headers');
    expect(code).toBe(1);
    expect(out).toMatch(/^web {3}0\/1 {3}Running {3}0 {5}\d+s\n$/);
    expect(err).toBe('Error from server (NotFound): pods "nope" not found\n');
    expect(await rig.run('get pod/nope --ignore-not-found')).toEqual({ code: 0, out: '', err: '' });
  });

  test('selected by labels and fields', async () => {
    expect(await rig.run('get pods -l app=web -o name')).toEqual({ code: 0, out: 'pod/web\n', err: '' });
    expect(await rig.run('get pods --field-selector=metadata.name!=web -o name')).toMatchObject({
      out: 'pod/db\n',
    });
    expect((await rig.run("get pods -l 'app in ('")).err).toMatch(/^Error from server \(BadRequest\): /);
  });

  test('as documents', async () => {
    const one = JSON.parse((await rig.run('get pod web -o json')).out);
    expect(one).toMatchObject({
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name: 'web', labels: { app: 'web' } },
    });
    const list = JSON.parse((await rig.run('get pods -o json')).out);
    expect(list).toMatchObject({
      kind: 'List',
      items: [{ metadata: { name: 'db' } }, { metadata: { name: 'web' } }],
    });
    expect((await rig.run('get pod web -o yaml')).out).toMatch(/^apiVersion: v1\nkind: Pod\nmetadata:\n/);
    expect(JSON.parse((await rig.run('get pods -n empty -o json')).out).items).toEqual([]);
  });

  test('all namespaces', async () => {
    const { out } = await rig.run('get pods -A --show-labels');
    expect(out.split('\n')[0]).toBe('NAMESPACE   NAME   READY   STATUS    RESTARTS   AGE   LABELS');
    expect(await rig.run('get pods -A -n x -l none=here')).toMatchObject({ err: 'No resources found\n' });
  });

  test('rows as changes come', async () => {
    const watch = rig.begin('get pods -w -o name');
    await watch.printed(/pod\/db\npod\/web\n/);
    await rig.client.patch('pods', 'web', { metadata: { labels: { app: 'new' } } });
    expect(await watch.printed(/(pod\/web\n(.*\n)*){2}/)).toBe('pod/db\npod/web\npod/web\n');
    watch.stop();
    expect(await watch.outcome).toMatchObject({ code: 0, err: '' });
  });

  test('a watch of one that is not there', async () => {
    expect(await rig.run('get pods nope -w')).toEqual({
      code: 1,
      out: '',
      err: 'Error from server (NotFound): pods "nope" not found\n',
    });
  });

  test('events', async () => {
    const { out } = await rig.run('events');
    expect(out).toMatch(/^LAST SEEN {3}TYPE {5}REASON {6}OBJECT {4}MESSAGE\n/);
    expect(out).toContain('pod/web   Successfully assigned default/web to n1\n');
  });
});

test('describe finds by the beginning of a name and ends with the events', async () => {
  await rig.run('apply -f pod.yaml', { files });
  await running('nginx-pod');
  const { code, out } = await rig.run('describe pod nginx');
  expect(code).toBe(0);
  expect(out).toMatch(/^Name: {9}nginx-pod\nNamespace: {4}default\n/);
  expect(out.trimEnd().split('\n').at(-1)).toMatch(
    /^ {2}Normal {2}Scheduled {2}\d+s {4}troupe-host\/h1 {2}Successfully assigned default\/nginx-pod to n1$/,
  );
  expect((await rig.run('describe nodes')).out).toContain('Non-terminated Pods:          (1 in total)\n');
  expect(await rig.run('describe pods zzz')).toEqual({
    code: 1,
    out: '',
    err: 'Error from server (NotFound): pods "zzz" not found\n',
  });
});

describe('logs', () => {
  test('of the default container, and of one that is named', async () => {
    rig.logs = (asked) => [`${asked.container} ${asked.tailLines ?? 'all'} `, 'done\n'];
    const two = {
      'two.yaml': named('two').replace('[{name: a, image: b}]', '[{name: a, image: b}, {name: c, image: d}]'),
    };
    await rig.run('apply -f two.yaml', { files: two });
    await running('two');
    expect(await rig.run('logs two --tail=5')).toEqual({
      code: 0,
      out: 'a 5 done\n',
      err: 'Defaulted container "a" out of: a, c\n',
    });
    expect(await rig.run('logs pod/two -c c')).toEqual({ code: 0, out: 'c all done\n', err: '' });
    expect(await rig.run('logs two -c nope')).toEqual({
      code: 1,
      out: '',
      err: 'error: container nope is not valid for pod two\n',
    });
    expect(await rig.run('logs nope')).toMatchObject({
      code: 1,
      err: 'Error from server (NotFound): pods "nope" not found\n',
    });
  });
});

describe('facts', () => {
  test('one readable line a fact', async () => {
    const facts = rig.begin('facts pods --count 2');
    await rig.run('apply -f pod.yaml', { files });
    const { code, out } = await facts.outcome;
    expect(code).toBe(0);
    expect(out.trimEnd().split('\n')).toEqual([
      expect.stringMatching(/^\d\d:\d\d:\d\d\.\d{3} {2}pod default\/nginx-pod {2}created .*#\d+$/),
      expect.stringMatching(/^\d\d:\d\d:\d\d\.\d{3} {2}pod default\/nginx-pod {2}scheduled .*#\d+$/),
    ]);
  });
  test('as CloudEvents', async () => {
    const facts = rig.begin('facts pod/two -o json --count 1');
    await rig.run('apply -f all.yaml', { files: { 'all.yaml': `${named('one')}---\n${named('two')}` } });
    const fact = JSON.parse((await facts.outcome).out);
    expect(fact).toMatchObject({
      specversion: '1.0',
      type: 'dev.troupe.pod.created',
      subject: 'pods.default.two',
    });
  });
  test('until it is stopped', async () => {
    const facts = rig.begin('facts');
    await rig.run('apply -f pod.yaml', { files });
    await facts.printed(/created/);
    facts.stop();
    expect((await facts.outcome).code).toBe(0);
  });
});

test('version asks the service', async () => {
  expect(await rig.run('version')).toEqual({
    code: 0,
    out: 'Client Version: v9.9.9\nServer Version: v0.1.0\n',
    err: '',
  });
  expect(JSON.parse((await rig.run('version --client -o json')).out)).toEqual({ clientVersion: 'v9.9.9' });
});

test('api-resources', async () => {
  const { out } = await rig.run('api-resources');
  expect(out.split('\n').slice(0, 2)).toEqual([
    'NAME         SHORTNAMES   APIVERSION   NAMESPACED   KIND',
    'events       ev           v1           true         Event',
  ]);
  expect((await rig.run('api-resources -o name --namespaced=false')).out).toBe('namespaces\nnodes\n');
  const { resources } = JSON.parse((await rig.run('api-resources -o json')).out);
  expect(resources.find(({ kind }: { kind: string }) => kind === 'Pod')).toMatchObject({
    name: 'pods',
    namespaced: true,
  });
});
