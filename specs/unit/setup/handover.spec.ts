// The setup as a whole in a small clone of its own, in which the tools are stand-ins that say how they were
// called.
import { spawnSync } from 'node:child_process';
import { cp, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SETUP } from './in-node.ts';

// Each spec starts Node several times, which takes its time on a busy machine.
jest.setTimeout(30_000);

const LOCK = JSON.stringify({ packages: { 'node_modules/typescript': { version: '1.0.0' } } });
const TSC = 'node_modules/typescript/bin/tsc';
const BIOME = 'node_modules/@biomejs/biome/bin/biome';
const JEST = 'node_modules/jest/bin/jest.js';
const SHOW = 'console.log(JSON.stringify(process.argv.slice(2)));';

let root: string;

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'troupe-clone-'));
  await cp(SETUP, join(root, 'setup'), { recursive: true });
  await write({
    'setup/debian.json': '{ "packages": [] }',
    'package-lock.json': LOCK,
    'node_modules/.package-lock.json': LOCK,
    'tsconfig.json': '{}',
    'tsconfig.build.json': '{ "include": ["index.ts", "cli"] }',
    'index.ts': '',
    'cli/main.ts': '',
    'dist/index.js': '',
    'dist/cli/main.js': `${SHOW} process.exit(5);`,
    [TSC]: '',
    [BIOME]: '',
    'specs/unit/a.spec.ts': '',
    'specs/system/b.spec.ts': '',
  });
});

afterEach(async () => {
  await rm(root, { recursive: true, force: true });
});

async function write(contents: Record<string, string>): Promise<void> {
  for (const [path, text] of Object.entries(contents)) {
    await mkdir(join(root, path, '..'), { recursive: true });
    await writeFile(join(root, path), text);
  }
}

function bootstrap(...args: string[]): { status: number | null; stdout: string; stderr: string } {
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    [join(root, 'setup/bootstrap.mjs'), ...args],
    {
      encoding: 'utf8',
    },
  );
  return { status, stdout, stderr: stderr.replace(/\d+\.\d s/g, '0.0 s') };
}

/** A jest that reports `counts` for each run and ends with `code`. */
const jestThat = (counts: object, code: number) => `${SHOW}
  require('node:fs').writeFileSync(process.env.TROUPE_SPEC_COUNTS, ${JSON.stringify(JSON.stringify(counts))});
  process.exit(${code});`;

test('demo compiles once, gets its arguments, and its exit code is the answer', () => {
  expect(bootstrap('demo', '--keep')).toEqual({
    status: 5,
    stdout: '["demo","--keep"]\n',
    stderr: 'compiling …\ncompiling: done in 0.0 s\n',
  });
  expect(bootstrap('demo')).toEqual({ status: 5, stdout: '["demo"]\n', stderr: '' });
});

test('a changed, added or removed source is compiled again', async () => {
  bootstrap('demo');
  await write({ 'cli/added.ts': '' });
  expect(bootstrap('demo').stderr).toContain('compiling');
  await rm(join(root, 'cli/added.ts'));
  expect(bootstrap('demo').stderr).toContain('compiling');
  await write({ 'cli/main.ts': 'export {};' });
  expect(bootstrap('demo').stderr).toContain('compiling');
  expect(bootstrap('demo').stderr).toBe('');
});

test('sources that do not compile are shown and nothing is started', async () => {
  await write({ [TSC]: 'console.log("index.ts(1,1): error"); process.exit(2);' });
  expect(bootstrap('demo')).toEqual({
    status: 1,
    stdout: '',
    stderr:
      'compiling …\ncompiling: failed in 0.0 s\nindex.ts(1,1): error\nthe sources do not compile, see above\n',
  });
});

test('test runs specs/system by itself and adds everything up in the last line', async () => {
  await write({ [JEST]: jestThat({ passed: 20, failed: 0, skipped: 0, brokenFiles: 0 }, 0) });
  const { status, stdout } = bootstrap('test');
  const lines = stdout.trim().split('\n');
  expect(lines).toHaveLength(3);
  const [first, second] = lines.slice(0, 2).map((line) => JSON.parse(line) as string[]);
  expect(first!.slice(0, 3)).toEqual(['--roots', join(root, 'specs/unit'), '--ci']);
  expect(first).not.toContain('--runInBand');
  expect(second!.slice(0, 3)).toEqual(['--roots', join(root, 'specs/system'), '--ci']);
  expect(second).toContain('--runInBand');
  expect({ status, last: lines[2] }).toEqual({ status: 0, last: '42 passed, 0 failed' });
});

test('test counts what failed, says where, and goes on to the end', async () => {
  await write({
    [BIOME]: 'console.log("cli/main.ts lint/style"); process.exit(1);',
    [JEST]: jestThat({ passed: 3, failed: 2, skipped: 0, brokenFiles: 1 }, 1),
  });
  const { status, stdout, stderr } = bootstrap('test');
  expect({ status, last: stdout.trim().split('\n').at(-1) }).toEqual({
    status: 1,
    last: '7 passed, 7 failed',
  });
  expect(stderr).toContain('cli/main.ts lint/style\n');
  expect(stderr).toMatch(/failed in lint: 1\nfailed in specs\/unit: 3\nfailed in specs\/system: 3\n$/);
});
