// Pure parts of up, down and doctor: command lines, mirrors, checks on a machine that only exists in the spec.
import type { Probe } from '../../../cli/doctor/check.ts';
import { directoryOf } from '../../../cli/doctor/leftovers.ts';
import { machineChecks, nodeCheck } from '../../../cli/doctor/machine-checks.ts';
import { mirrorsOf } from '../../../cli/up/mirrors.ts';
import { roleOf } from '../../../cli/up/roles.ts';
import { commandName } from '../../../cli/up/say.ts';

const MAIN = '/opt/troupe/dist/cli/main.js';

test.each([
  [['node', MAIN, 'host', '--directory', '/a', '--name', 'h'], 'host'],
  [['/usr/bin/node', MAIN, 'node', '--directory', '/a'], 'node'],
  [['node', MAIN, 'up', '--directory', '/a', '--supervise'], 'up'],
  // What a user typed only waits for the supervisor.
  [['node', MAIN, 'up', '--directory', '/a'], undefined],
  [['node', MAIN, 'host', '--directory', '/b'], undefined],
  [['vim', MAIN, 'host', '--directory', '/a'], undefined],
  [['node', '/x/other.js', 'host', '--directory', '/a'], undefined],
  [[], undefined],
])('the role of %j', (words, role) => {
  expect(roleOf(words, '/a')).toBe(role);
});

test.each([
  [['/usr/bin/node', MAIN, 'host', '--directory', '/a/b', '--name', 'h'], '/a/b'],
  [['/usr/bin/node', MAIN, 'up', '--directory', '/a'], undefined],
  [['/usr/sbin/nats-server', '--config', '/a/nats/nats-server.conf'], '/a'],
  [['/usr/bin/containerd', '-c', '/a/node/containerd/config.toml'], '/a'],
  [['/usr/bin/containerd-shim-runc-v2', '-address', '/a/node/containerd/containerd.sock'], '/a'],
  [['/usr/bin/containerd', '-c', '/etc/containerd/config.toml'], undefined],
])('the directory behind %j', (words, directory) => {
  expect(directoryOf(words)).toBe(directory);
});

test('mirrors by name, and one for all', () => {
  expect(mirrorsOf(['docker.io=http://127.0.0.1:5000', 'https://mirror.example/a=b'])).toEqual({
    'docker.io': 'http://127.0.0.1:5000',
    _default: 'https://mirror.example/a=b',
  });
  expect(() => mirrorsOf(['docker.io'])).toThrow('invalid --registry-mirror "docker.io": use NAME=URL');
  expect(() => mirrorsOf(['../x=http://a'])).toThrow('invalid --registry-mirror');
});

test('the program is called as the user calls it', () => {
  expect(commandName(['node', '/usr/bin/troupe'], '/home')).toBe('troupe');
  expect(commandName(['node', '/home/me/t/dist/cli/main.js'], '/home/me/t')).toBe('node dist/cli/main.js');
  expect(commandName(['node', '/opt/t/dist/cli/main.js'], '/home/me')).toBe('node /opt/t/dist/cli/main.js');
});

test('versions of Node', () => {
  expect([nodeCheck('v20.11.0').verdict, nodeCheck('v22.0.0').verdict]).toEqual(['ok', 'ok']);
  expect(nodeCheck('v20.10.9')).toEqual({
    name: 'node',
    verdict: 'missing',
    found: 'v20.10.9 is too old',
    cure: 'install Node.js 20.11 or newer',
  });
});

/** A machine with nothing on it but these files. */
function bareMachine(files: Readonly<Record<string, string>>, freeBytes: number): Probe {
  return {
    read: async (path) => files[path],
    list: async () => [],
    program: async (name) => (name === 'ip' ? '/sbin/ip' : undefined),
    run: async () => ({ exitCode: 127, stdout: '', stderr: '' }),
    mode: async () => undefined,
    freeBytes: async () => freeBytes,
  };
}

test('a bare machine: each thing that is missing has its cure', async () => {
  const files = {
    '/proc/self/status': 'CapEff:\t0000000000000000\n',
    '/proc/self/mounts': 'cgroup /sys/fs/cgroup/cpu cgroup rw 0 0\n',
    '/proc/filesystems': 'nodev\ttmpfs\n\text4\n',
    '/proc/sys/net/ipv4/ip_forward': '0\n',
  };
  const input = { nodeVersion: 'v20.20.0', uid: 0, directory: '/var/lib/troupe/dev' };
  const checks = await machineChecks(bareMachine(files, 1024 ** 3), input);
  const found = new Map(checks.map((check) => [check.name, check]));
  expect(found.get('root')).toMatchObject({ verdict: 'missing' });
  expect(found.get('root')!.found).toContain('without CAP_CHOWN, ');
  expect(found.get('crun')).toMatchObject({ verdict: 'missing', cure: 'apt-get install crun' });
  expect(found.get('iproute2')).toBeUndefined();
  expect(found.get('cgroups')).toMatchObject({ verdict: 'warning', cure: 'boot with cgroup_enable=memory' });
  expect(found.get('overlayfs')).toMatchObject({ verdict: 'missing', cure: 'modprobe overlay' });
  expect(found.get('bridge-nf')).toMatchObject({ verdict: 'warning' });
  expect(found.get('ip_forward')).toMatchObject({ verdict: 'ok' });
  expect(found.get('disk')).toMatchObject({
    verdict: 'warning',
    found: '1.0 GiB free at /var/lib/troupe/dev',
  });
  const user = await machineChecks(bareMachine(files, 1), { ...input, uid: 1000 });
  expect(user.find(({ name }) => name === 'root')).toMatchObject({ found: 'running as uid 1000' });
  expect(user.find(({ name }) => name === 'disk')).toMatchObject({ verdict: 'missing' });
});
