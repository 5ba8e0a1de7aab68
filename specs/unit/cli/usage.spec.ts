import { COMMANDS } from '../../../cli/table.ts';
import { Rig } from './rig.ts';

let rig: Rig;
beforeEach(async () => {
  rig = await Rig.start();
});
afterEach(() => rig.stop());

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
  test.each(COMMANDS.map(({ name }) => name))('of %s is printed without doing anything', async (name) => {
    const { code, out, err } = await rig.run(`${name} --help`);
    expect({ code, err }).toEqual({ code: 0, err: '' });
    expect(out).toContain(`Usage: troupe ${name} `);
    expect(rig.contexts).toEqual([]);
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
