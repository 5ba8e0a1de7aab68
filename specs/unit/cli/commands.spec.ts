import { COMMANDS } from '../../../cli/table.ts';
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

test('the context is chosen by options and environment', async () => {
  await rig.run('get ns --server nats://a:1 --user u', { env: { TROUPE_PASSWORD: 'p' } });
  await rig.run('get ns', { env: { TROUPE_SERVER: 'nats://b:2', TROUPE_CLUSTER: 'dev' } });
  expect(rig.contexts).toEqual([
    { cluster: 'dev', server: 'nats://a:1', user: 'u', pass: 'p' },
    { cluster: 'dev', server: 'nats://b:2', user: undefined, pass: undefined },
  ]);
});

test('a cluster that does not answer is named, without its password', async () => {
  const { code, out, err } = await rig.run(
    'get pods --cluster lab --server nats://u:secret@h:4222 --request-timeout 1s',
  );
  expect({ code, out }).toEqual({ code: 1, out: '' });
  expect(err).toBe('The connection to the cluster "lab" at nats://h:4222 failed - is it up? (troupe up)\n');
});

test('a cluster nobody told of', async () => {
  const env = { TROUPE_SERVER: '', XDG_STATE_HOME: '/no/where' };
  expect(await rig.run('get pods', { env })).toEqual({
    code: 1,
    out: '',
    err:
      'The connection to the cluster "dev" failed: there is no /no/where/troupe/dev/context.json and ' +
      'no --server - ' +
      'is it up? (troupe up)\n',
  });
});

test('a request under way ends when the user interrupts it', async () => {
  await rig.host.stop();
  const waiting = rig.begin('get pods --request-timeout 60s', { tty: true });
  const told = 'Waiting for the cluster "dev" to answer; Ctrl-C ends the wait\n';
  expect(await waiting.printed(/Waiting/)).toBe(told);
  waiting.stop();
  expect(await waiting.outcome).toEqual({ code: 130, out: '', err: told });
});

describe('what is wrong with a command line', () => {
  test.each([
    ['foo', 'error: unknown command "foo" for "troupe"'],
    [
      'get',
      'error: You must specify the type of resource to get. Use "troupe api-resources" for a complete ' +
        'list of supported resources.',
    ],
    ['get foo', 'error: the server doesn\'t have a resource type "foo"'],
    ['get pods --foo', "error: unknown flag: --foo\nSee 'troupe get --help' for usage."],
    ['get pods -x', "error: unknown shorthand flag: 'x' in -x\nSee 'troupe get --help' for usage."],
    ['get pods -o', "error: flag needs an argument: --output\nSee 'troupe get --help' for usage."],
    [
      'get pods -o foo',
      'error: unable to match a printer suitable for the output format "foo", allowed formats are: ' +
        'json,name,wide,yaml',
    ],
    ['get pods a -l b=c', 'error: name cannot be provided when a selector is specified'],
    ['get pod a -A', 'error: a resource cannot be retrieved by name across all namespaces'],
    ['get po,no -w', 'error: you may only specify a single resource type'],
    [
      'get pods --request-timeout soon',
      'error: Invalid timeout value "soon": expected a duration such as 1s, 2m, 3h, or a number of seconds',
    ],
    [
      'get pod/a b',
      'error: there is no need to specify a resource type as a separate argument when passing arguments in ' +
        "resource/name form (e.g. 'troupe get resource/<resource_name>' instead of 'troupe get " +
        "resource resource/<resource_name>'",
    ],
    [
      'describe',
      'error: You must specify the type of resource to describe. Use "troupe api-resources" for a ' +
        'complete list of supported resources.',
    ],
    ['apply', "error: must specify -f\nSee 'troupe apply --help' for usage."],
    ['apply -f /no/file', 'error: the path "/no/file" does not exist'],
    ['apply -f empty.yaml', 'error: no objects passed to apply'],
    [
      'apply -f x --dry-run=foo',
      'error: Invalid dry-run value (foo). Must be "none", "server", or "client".',
    ],
    [
      'apply -f x --validate=foo',
      'error: invalid - validate option "foo"; must be one of: strict (or true), warn, ignore (or false)',
    ],
    ['delete pods', 'error: resource(s) were provided, but no name was specified'],
    ['delete pods a --all', 'error: name cannot be provided when a selector is specified'],
    ['delete pods --all -l a=b', "error: setting 'all' parameter but found a non empty selector. "],
    ['delete pod a --now --grace-period=3', 'error: --now and --grace-period cannot be specified together'],
    [
      'delete pod a --force --grace-period=3',
      'error: --force and --grace-period greater than 0 cannot be specified together',
    ],
    [
      'logs',
      "error: expected 'logs [-f] [-p] (POD | TYPE/NAME) [-c CONTAINER]'.\nPOD or TYPE/NAME is a " +
        "required argument for the logs command\nSee 'troupe logs --help' for usage.",
    ],
    ['api-resources x', "error: unexpected arguments: [x]\nSee 'troupe api-resources --help' for usage."],
  ])('%s', async (line, text) => {
    expect(await rig.run(line, { files: { 'empty.yaml': '# nothing\n' } })).toEqual({
      code: 1,
      out: '',
      err: `${text}\n`,
    });
  });
});

describe('help', () => {
  test('names every command', async () => {
    const { code, out } = await rig.run('--help');
    expect(code).toBe(0);
    for (const { name, about } of COMMANDS) expect(out.replace(/\s+/g, ' ')).toContain(`${name} ${about}`);
    expect((await rig.run('')).out).toBe(out);
  });
  const OWN = [
    'get',
    'describe',
    'apply',
    'create',
    'delete',
    'logs',
    'events',
    'facts',
    'api-resources',
    'version',
  ];
  test.each(OWN)('of %s has a usage, examples and the options of all commands', async (name) => {
    const { code, out, err } = await rig.run(`${name} --help`);
    expect({ code, err }).toEqual({ code: 0, err: '' });
    expect(out).toContain(`Usage: troupe ${name} `);
    expect(out).toContain('Examples:\n');
    expect(out).toContain('--namespace <name>');
    expect((await rig.run(`help ${name}`)).out).toBe(out);
  });
});
