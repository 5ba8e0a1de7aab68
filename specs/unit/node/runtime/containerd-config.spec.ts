import {
  containerdConfig,
  containerdPaths,
  mirrorConfig,
} from '../../../../actors/node/agent/runtime/containerd-config.ts';

test('everything lies in its own directory, and the first OCI runtime is the default', () => {
  const text = containerdConfig(containerdPaths('/n'), {
    cniConfDir: '/n/cni',
    cniBinDir: '/usr/lib/cni',
    sandboxImage: 'registry.k8s.io/pause:3.6',
    ociRuntimes: [
      { name: 'crun', path: '/usr/bin/crun' },
      { name: 'runc', path: '/usr/sbin/runc' },
    ],
  });
  const lines = text.split('\n').map((line) => line.trim());
  for (const line of [
    'root = "/n/root"',
    'state = "/n/state"',
    'address = "/n/containerd.sock"',
    'path = "/n/opt"',
    'config_path = "/n/certs.d"',
    'default_runtime_name = "crun"',
    'BinaryName = "/usr/sbin/runc"',
    'restrict_oom_score_adj = true',
    'netns_mounts_under_state_dir = true',
    'stream_server_address = "127.0.0.1"',
  ]) {
    expect(lines).toContain(line);
  }
});

test('a path cannot break out of its quotes', () => {
  const evil = '/n"\n[plugins]\\';
  const text = containerdConfig(containerdPaths(evil), {
    cniConfDir: evil,
    cniBinDir: evil,
    sandboxImage: 'x',
    ociRuntimes: [{ name: 'crun', path: '/usr/bin/crun' }],
  });
  expect(text.split('\n').filter((line) => line.startsWith('[plugins]'))).toEqual([]);
  expect(text).toContain('conf_dir = "/n\\"\\n[plugins]\\\\"');
});

test('a mirror is also the server, so that the real registry is never asked', () => {
  expect(mirrorConfig('http://127.0.0.1:5000')).toBe(
    'server = "http://127.0.0.1:5000"\n[host."http://127.0.0.1:5000"]\n  capabilities = ["pull", "resolve"]\n',
  );
});
