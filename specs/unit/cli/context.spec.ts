import { chmod, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { chooseContext, contextPath, loadContext, removeContext, saveContext } from '../../../cli/context.ts';

let root: string;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'troupe-context-'));
});
afterEach(() => rm(root, { recursive: true }));

const dev = { cluster: 'dev', server: 'nats://127.0.0.1:4333', user: 'cli', pass: 'secret' };
const modeOf = async (path: string) => ((await stat(path)).mode & 0o777).toString(8);

test('its place follows XDG_STATE_HOME', () => {
  expect(contextPath('dev', {})).toBe('/var/lib/troupe/dev/context.json');
  expect(contextPath('lab', { XDG_STATE_HOME: '/home/a/.local/state' })).toBe(
    '/home/a/.local/state/troupe/lab/context.json',
  );
});

test('it is written privately, whole, and read again', async () => {
  const path = contextPath('dev', { XDG_STATE_HOME: root });
  await saveContext(path, { ...dev, pass: 'former' });
  await saveContext(path, dev);
  expect(await modeOf(path)).toBe('600');
  expect(await modeOf(dirname(path))).toBe('700');
  expect(await readdir(dirname(path))).toEqual(['context.json']);
  expect(JSON.parse(await readFile(path, 'utf8'))).toEqual(dev);
  expect(await loadContext(path)).toEqual(dev);
  await removeContext(path);
  expect(await loadContext(path)).toBeUndefined();
  await removeContext(path);
});

test('one that others can read is refused', async () => {
  const path = join(root, 'context.json');
  await saveContext(path, dev);
  await chmod(path, 0o644);
  await expect(loadContext(path)).rejects.toMatchObject({
    code: 'SETUP',
    message: `the context file ${path} can be read by others: chmod 600 ${path}`,
  });
});

test.each([['not json: secret'], ['[]'], ['{"server": 1, "cluster": "dev"}'], ['{"server": "nats://x"}']])(
  'one that holds %s is refused without showing it',
  async (text) => {
    const path = join(root, 'context.json');
    await writeFile(path, text, { mode: 0o600 });
    await expect(loadContext(path)).rejects.toMatchObject({
      code: 'SETUP',
      message: `the context file ${path} does not hold {server, user, pass, cluster}`,
    });
  },
);

describe('the cluster a command is meant for', () => {
  const save = (cluster: string) =>
    saveContext(contextPath(cluster, { XDG_STATE_HOME: root }), { ...dev, cluster });
  const env = (more: Record<string, string> = {}) => ({ XDG_STATE_HOME: root, ...more });

  test('is the one that runs here', async () => {
    await save('dev');
    expect(await chooseContext({}, env())).toEqual(dev);
  });
  test('can be named by option or environment', async () => {
    await save('lab');
    expect(await chooseContext({ cluster: 'lab' }, env())).toEqual({ ...dev, cluster: 'lab' });
    expect(await chooseContext({}, env({ TROUPE_CLUSTER: 'lab' }))).toEqual({ ...dev, cluster: 'lab' });
  });
  test('can be reached without a file', async () => {
    const there = { cluster: 'dev', server: 'nats://far:4222' };
    expect(await chooseContext({ server: there.server }, env())).toEqual(there);
    expect(
      await chooseContext({ user: 'a' }, env({ TROUPE_SERVER: there.server, TROUPE_PASSWORD: 'p' })),
    ).toEqual({
      ...there,
      user: 'a',
      pass: 'p',
    });
  });
  test('does not send the password of one server to another', async () => {
    await save('dev');
    const chosen = await chooseContext({ server: 'nats://far:4222' }, env());
    expect(chosen.pass).toBeUndefined();
  });
  test('is said to be down when there is no file', async () => {
    await expect(chooseContext({}, env())).rejects.toMatchObject({
      code: 'UNAVAILABLE',
      message:
        `The connection to the cluster "dev" failed: there is no ${root}/troupe/dev/context.json and ` +
        `no --server - ` +
        'is it up? (troupe up)',
    });
    await expect(chooseContext({ contextFile: '/no/where' }, env())).rejects.toMatchObject({
      message: 'stat /no/where: no such file or directory',
    });
  });
});
