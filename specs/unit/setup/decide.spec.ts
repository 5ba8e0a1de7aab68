import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { inNode, SETUP } from './in-node.ts';

// Each spec starts Node several times, which takes its time on a busy machine.
jest.setTimeout(30_000);

const decide = (name: string, ...args: unknown[]) => inNode('decide.mjs', name, ...args);

test('old versions of Node are refused with the version that is needed', () => {
  expect(decide('nodeProblem', 'v18.19.1')).toBe(
    'Node.js 20.11 or newer is needed, this is v18.19.1; see https://nodejs.org/en/download',
  );
  expect(decide('nodeProblem', 'v20.10.0')).toContain('this is v20.10.0');
  expect(decide('nodeProblem', 'v20.11.0')).toBeNull();
  expect(decide('nodeProblem', 'v22.1.0')).toBeNull();
});

test('a command it does not have is refused with those it has', () => {
  expect(decide('commandProblem', 'tests')).toBe(
    'unknown command "tests"; use npm run demo, npm test or npm run bench',
  );
  expect(decide('commandProblem')).toContain('no command given');
  expect(decide('commandProblem', 'bench')).toBeNull();
});

describe('node_modules', () => {
  const lock = (version: string) =>
    JSON.stringify({
      packages: {
        '': { version: '1.0.0' },
        'node_modules/a': { version },
        'node_modules/mac-only': { version: '1.0.0', optional: true },
      },
    });
  const hidden = JSON.stringify({ packages: { 'node_modules/a': { version: '1.0.0' } } });
  const fresh = (given: object) =>
    decide('modulesFresh', { lockText: lock('1.0.0'), lockDigest: 'D', hiddenText: hidden, ...given });

  test('are fresh when the stamp names the lock file or npm installed the same versions', () => {
    expect(fresh({ lockText: lock('2.0.0'), stamp: 'D' })).toBe(true);
    expect(fresh({})).toBe(true);
  });

  test('are stale when missing, half installed, of another version or lacking a package', () => {
    expect(fresh({ hiddenText: undefined, stamp: 'D' })).toBe(false);
    expect(fresh({ lockText: lock('2.0.0'), stamp: 'other' })).toBe(false);
    expect(fresh({ hiddenText: '{"packages": {}}' })).toBe(false);
    expect(fresh({ hiddenText: '{' })).toBe(false);
  });
});

describe('Debian packages', () => {
  const packages = [
    { name: 'containerd', provides: ['containerd'] },
    { name: 'cni', provides: ['/usr/lib/cni/bridge', '/usr/lib/cni/portmap'] },
    { name: 'gone', provides: ['gone'] },
  ];
  const missing = (dpkgOutput: string, provided: string[]) =>
    decide('missingPackages', { packages, dpkgOutput, provided }).map(({ name }: { name: string }) => name);

  test('are there when dpkg says installed or when a program of the same name is', () => {
    expect(missing('cni installed\ngone config-files\n', ['containerd'])).toEqual(['gone']);
    expect(missing('', ['/usr/lib/cni/bridge'])).toEqual(['containerd', 'cni', 'gone']);
    expect(missing('containerd not-installed\ncni installed\ngone installed', ['containerd'])).toEqual([]);
  });

  test('that dpkg has only halfway are missing, even when their programs are there', () => {
    expect(missing('containerd unpacked\ncni installed\ngone installed', ['containerd'])).toEqual([
      'containerd',
    ]);
    expect(missing('containerd half-configured\ncni installed\ngone installed', [])).toEqual(['containerd']);
  });

  test('are never installed at the price of removing others', () => {
    expect(decide('installArguments', ['a', 'b'])).toEqual([
      'install',
      '-y',
      '--no-install-recommends',
      '--no-remove',
      '-q',
      '-o',
      'DPkg::Lock::Timeout=120',
      '-o',
      'Acquire::Retries=2',
      'a',
      'b',
    ]);
  });

  test('that cannot be installed are named in one line with the cure', () => {
    expect(decide('installProblem', { names: ['a', 'b'], root: false, debian: true })).toBe(
      'Debian packages are missing; as root run: apt-get install -y --no-install-recommends a b',
    );
    expect(decide('installProblem', { names: ['a'], root: true, debian: false })).toBe(
      'missing on this machine: a; it has no apt-get, so install these by its own means and run again',
    );
    expect(decide('installProblem', { names: ['a'], root: true, debian: true })).toBeNull();
  });

  test('an apt-get that failed is told in one line with its first reason', () => {
    const update = 'Err:1 http://x bookworm\nW: Failed to fetch http://x  Temporary failure resolving x\n';
    const install = 'E: Unable to locate package a\nE: No installation candidate\n';
    expect(decide('aptProblem', { names: ['a'], update, install })).toBe(
      'Debian packages not installed (Failed to fetch http://x  Temporary failure resolving x); the package ' +
        'server cannot be reached: connect this machine, or install by hand: apt-get install -y a',
    );
    expect(
      decide('aptProblem', { names: ['a', 'b'], update: '', install: 'E: dpkg was interrupted\n' }),
    ).toBe(
      'Debian packages not installed (dpkg was interrupted); mend that, then run: apt-get install -y a b',
    );
    expect(decide('aptProblem', { names: ['a'], update: '', install: '' })).toContain('(apt-get failed)');
  });

  test('the table says of each package why it is needed and how to see that it is there', () => {
    const table = JSON.parse(readFileSync(join(SETUP, 'debian.json'), 'utf8'));
    const names = table.packages.map(({ name }: { name: string }) => name);
    expect(new Set(names).size).toBe(names.length);
    expect(names).toEqual(
      expect.arrayContaining(['nats-server', 'containerd', 'crun', 'nftables', 'conntrack']),
    );
    for (const row of table.packages) {
      expect(row.why).toMatch(/^[a-z].{8,}[^.]$/);
      expect(row.provides.length).toBeGreaterThan(0);
    }
  });
});

test('npm’s warnings about unknown settings are left out, its errors stay', () => {
  const output = 'npm warn Unknown user config "x".\nnpm error code ENOTFOUND\nnpm warn deprecated a@1\n';
  expect(decide('npmOutput', output)).toBe('npm error code ENOTFOUND');
});

test('a child’s end becomes the exit code a shell would show', () => {
  expect(decide('exitCodeOf', { code: 3, signal: null })).toBe(3);
  expect(decide('exitCodeOf', { code: null, signal: 'SIGTERM' })).toBe(143);
  expect(decide('exitCodeOf', { signal: 'SIGINT' })).toBe(130);
  expect(decide('exitCodeOf', { code: null })).toBe(1);
});

describe('a test run', () => {
  const types = { name: 'types', passed: 1, failed: 0, skipped: 0 };

  test('adds up its parts', () => {
    const unit = { name: 'specs/unit', passed: 41, failed: 2, skipped: 0 };
    expect(decide('summaryOf', [types, unit], false)).toEqual({
      lines: ['failed in specs/unit: 2'],
      last: '42 passed, 2 failed',
      code: 1,
    });
    expect(decide('summaryOf', [types], false)).toEqual({ lines: [], last: '1 passed, 0 failed', code: 0 });
    expect(decide('summaryOf', [], false).code).toBe(1);
  });

  test('counts skipped specs as failed unless specs were chosen', () => {
    const unit = { name: 'specs/unit', passed: 1, failed: 0, skipped: 3 };
    expect(decide('summaryOf', [unit], false).last).toBe('1 passed, 3 failed');
    expect(decide('summaryOf', [unit], true)).toEqual({ lines: [], last: '1 passed, 0 failed', code: 0 });
  });

  test('counts files that cannot be loaded, runs that end early and runs that do not end', () => {
    const name = 'specs/unit';
    const result = { passed: 5, failed: 1, skipped: 0, brokenFiles: 2 };
    const clean = { passed: 5, failed: 0, skipped: 0, brokenFiles: 0 };
    expect(decide('jestPart', { name, result, code: 1 })).toEqual({ name, passed: 5, failed: 3, skipped: 0 });
    expect(decide('jestPart', { name, code: 7 })).toMatchObject({ passed: 0, failed: 1 });
    expect(decide('jestPart', { name, result: clean, code: 0, late: 'late' })).toMatchObject({ failed: 1 });
    expect(decide('jestPart', { name, result: clean, code: 1 })).toMatchObject({ passed: 5, failed: 1 });
    expect(decide('jestPart', { name, result: clean, code: 0 })).toMatchObject({ passed: 5, failed: 0 });
  });

  test('runs specs/system apart from all others', () => {
    const files = [
      'specs/unit/a/b.spec.ts',
      'specs/system/c.spec.ts',
      'specs/sim/d.spec.ts',
      'specs/support/e.ts',
    ];
    expect(decide('specFolders', files)).toEqual({
      parallel: ['sim', 'unit'],
      serial: ['system'],
    });
  });
});
