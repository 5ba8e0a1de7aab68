// `npm run demo` but for its bootstrap: the mission's own manifest on a real containerd, from nothing to its
// page and back.
import { readdirSync } from 'node:fs';
import path from 'node:path';
import { leftovers, troupe, until } from '../support/real-cluster.ts';

const ours = () => readdirSync('/tmp').filter((name) => name.startsWith('troupe-demo-'));

test('the demo shows facts, page, table and conversation, and leaves the machine as it was', async () => {
  const before = ours();
  const { code, stdout, stderr } = await troupe(['demo']);
  expect({ code, stderr: code === 0 ? '' : stderr }).toEqual({ code: 0, stderr: '' });
  const lines = stdout.split('\n');
  const told = (pattern: RegExp) => lines.filter((line) => pattern.test(line)).length;
  expect(told(/^\s+[\d.]+ s {2}pod default\/nginx-pod scheduled \(node=/)).toBe(1);
  expect(told(/^http:\/\/10\.244\.\d+\.\d+\/ answers 200, "Welcome to nginx!" from nginx/)).toBe(1);
  expect(told(/^NAME {6,}READY {3}STATUS {4}RESTARTS {3}AGE {3}IP {5,}NODE/)).toBe(1);
  expect(told(/^nginx-pod {3}1\/1 {5}Running {3}0 .*10\.244\.\d+\.\d+/)).toBe(1);
  expect(told(/you +→ the API +apply pods\.default\.nginx-pod/)).toBe(1);
  expect(told(/pod nginx-pod → node .* run me: nginx/)).toBe(1);
  expect(told(/node .* → pod nginx-pod +it is Running, 10\.244\./)).toBeGreaterThanOrEqual(1);
  expect(lines.at(-2)).toMatch(/^the machine is as it was: /);
  const directory = /a cluster is up: .* in (\S+)$/m.exec(stdout)![1]!;
  expect(await leftovers(directory)).toEqual([]);
  expect(ours()).toEqual(before);
}, 180_000);

test('Ctrl-C in the middle takes everything down, too', async () => {
  const before = ours();
  let interrupt: (signal: NodeJS.Signals) => void = () => {};
  const ended = troupe(['demo'], (kill) => {
    interrupt = kill;
  });
  const name = await until('the demo has a directory', () => ours().find((one) => !before.includes(one)));
  const directory = path.join('/tmp', name);
  await until('the node has begun', () => (readdirSync(directory).includes('node.log') ? true : undefined));
  interrupt('SIGINT');
  const { code, stdout } = await ended;
  expect(code).not.toBe(0);
  expect(stdout).toContain('everything is taken down\n');
  expect(await leftovers(directory)).toEqual([]);
}, 180_000);

test('--keep leaves the cluster up, and down takes it away by its directory', async () => {
  const { code, stdout } = await troupe(['demo', '--keep']);
  const directory = /down --directory (\S+)$/m.exec(stdout)?.[1] ?? '';
  try {
    expect(code).toBe(0);
    const got = await troupe([
      '--context-file',
      `${directory}/context.json`,
      'get',
      'pod',
      'nginx-pod',
      '-o',
      'name',
    ]);
    expect(got.stdout).toBe('pod/nginx-pod\n');
  } finally {
    expect((await troupe(['down', '--directory', directory])).code).toBe(0);
  }
  expect(await leftovers(directory)).toEqual([]);
}, 180_000);
