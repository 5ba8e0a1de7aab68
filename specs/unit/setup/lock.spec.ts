import { inNode } from './in-node.ts';

// Each spec starts Node several times, which takes its time on a busy machine.
jest.setTimeout(30_000);

const lock = {
  name: 'x',
  packages: {
    '': { version: '1.0.0' },
    'node_modules/fast': {
      version: '2.0.0',
      dev: true,
      optionalDependencies: {
        '@fast/core-linux-x64-musl': '2.0.0',
        '@fast/win32-arm64': '2.0.0',
        extra: '^1.0.0',
      },
    },
    'node_modules/fast/node_modules/extra': { version: '1.0.0', optional: true },
    'node_modules/zed': { version: '1.0.0' },
  },
};

test('optional packages of other platforms are found missing and added with their platform', () => {
  expect(inNode('lock.mjs', 'lockGaps', lock)).toEqual([
    { name: '@fast/core-linux-x64-musl', version: '2.0.0', dev: true },
    { name: '@fast/win32-arm64', version: '2.0.0', dev: true },
  ]);
  const completed = inNode('lock.mjs', 'completeLock', lock);
  expect(inNode('lock.mjs', 'lockGaps', completed)).toEqual([]);
  expect(Object.keys(completed.packages)).toEqual([
    '',
    'node_modules/@fast/core-linux-x64-musl',
    'node_modules/@fast/win32-arm64',
    'node_modules/fast',
    'node_modules/fast/node_modules/extra',
    'node_modules/zed',
  ]);
  expect(completed.packages['node_modules/@fast/core-linux-x64-musl']).toEqual({
    version: '2.0.0',
    cpu: ['x64'],
    libc: ['musl'],
    os: ['linux'],
    dev: true,
    optional: true,
  });
  expect(completed.packages['node_modules/@fast/win32-arm64'].os).toEqual(['win32']);
});

test('a gap whose version or platform cannot be told is an error, not a guess', () => {
  const vague = { packages: { 'node_modules/a': { optionalDependencies: { 'b-linux-x64': '^1.0.0' } } } };
  expect(() => inNode('lock.mjs', 'completeLock', vague)).toThrow('b-linux-x64@^1.0.0 is not locked');
});
