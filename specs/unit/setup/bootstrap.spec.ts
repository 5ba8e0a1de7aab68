import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { inNode, SETUP } from './in-node.ts';

// Each spec starts Node several times, which takes its time on a busy machine.
jest.setTimeout(30_000);

let root: string;

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'troupe-setup-'));
});

afterEach(async () => {
  await rm(root, { recursive: true, force: true });
});

async function files(contents: Record<string, string>): Promise<void> {
  for (const [path, text] of Object.entries(contents)) {
    await mkdir(join(root, path, '..'), { recursive: true });
    await writeFile(join(root, path), text);
  }
}

test('a wrong command ends with 1 and one line, before anything is installed', () => {
  const { status, stdout, stderr } = spawnSync(process.execPath, [join(SETUP, 'bootstrap.mjs'), 'dance'], {
    encoding: 'utf8',
  });
  expect({ status, stdout, stderr }).toEqual({
    status: 1,
    stdout: '',
    stderr: 'unknown command "dance"; use npm run demo, npm test or npm run bench\n',
  });
});

test('matching modules are stamped, not installed again', async () => {
  const lock = JSON.stringify({ packages: { 'node_modules/a': { version: '1.0.0' } } });
  await files({
    'package-lock.json': lock,
    'node_modules/.package-lock.json': lock,
    'node_modules/a/x.js': '',
  });
  inNode('npm.mjs', 'ensureModules', root);
  expect(await readFile(join(root, 'node_modules/.troupe-lock'), 'utf8')).toBe(
    createHash('sha256').update(lock).digest('hex'),
  );
  expect(existsSync(join(root, 'node_modules/a/x.js'))).toBe(true);
});

test('dist gets what the compiler leaves out and loses what has no source any more', async () => {
  await files({
    'tsconfig.build.json': JSON.stringify({ include: ['index.ts', 'cli', 'actors', 'absent'] }),
    'index.ts': '',
    'cli/main.ts': '',
    'actors/runtime/api.proto': 'syntax = "proto3";',
    'setup/debian.json': '{}',
    'dist/.built': '',
    'dist/index.js': '',
    'dist/cli/main.js': '',
    'dist/cli/main.js.map': '',
    'dist/cli/main.d.ts': '',
    'dist/cli/gone.js': '',
    'dist/cli/gone.d.ts': '',
    'dist/old/page.html': '',
  });
  inNode('dist.mjs', 'completeDist', root);
  expect(await readFile(join(root, 'dist/actors/runtime/api.proto'), 'utf8')).toBe('syntax = "proto3";');
  expect(await readFile(join(root, 'dist/setup/debian.json'), 'utf8')).toBe('{}');
  expect((await readdir(join(root, 'dist/cli'))).sort()).toEqual(['main.d.ts', 'main.js', 'main.js.map']);
  expect((await stat(join(root, 'dist/cli/main.js'))).mode & 0o777).toBe(0o755);
  expect(existsSync(join(root, 'dist/old/page.html'))).toBe(false);
  expect(existsSync(join(root, 'dist/.built'))).toBe(true);
});

test('the reporter writes the counts of a run', async () => {
  const file = join(root, 'counts.json');
  const results = { numPassedTests: 3, numFailedTests: 1, numPendingTests: 2, numTodoTests: 1 };
  const code = `import Reporter from ${JSON.stringify(pathToFileURL(join(SETUP, 'reporter.mjs')).href)};
    new Reporter().onRunComplete(new Set(), ${JSON.stringify({ ...results, numRuntimeErrorTestSuites: 4 })});`;
  execFileSync(process.execPath, ['--input-type=module', '-e', code], { env: { TROUPE_SPEC_COUNTS: file } });
  expect(JSON.parse(await readFile(file, 'utf8'))).toEqual({
    passed: 3,
    failed: 1,
    skipped: 3,
    brokenFiles: 4,
  });
});

test('a signal reaches the child, and the child’s answer to it is the exit code', async () => {
  const child = `process.on('SIGTERM', () => process.exit(7)); console.log('up'); setInterval(() => {}, 1000);`;
  const code = `import { passSignals, runLast } from ${JSON.stringify(pathToFileURL(join(SETUP, 'run.mjs')).href)};
    passSignals();
    process.exitCode = (await runLast(process.execPath, ['-e', ${JSON.stringify(child)}])).code;`;
  const parent = spawn(process.execPath, ['--input-type=module', '-e', code], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  await once(parent.stdout, 'data');
  const exit = once(parent, 'exit');
  parent.kill('SIGTERM');
  expect(await exit).toEqual([7, null]);
});

test('after a signal nothing more is started', async () => {
  const code = `import { passSignals, run } from ${JSON.stringify(pathToFileURL(join(SETUP, 'run.mjs')).href)};
    passSignals();
    const child = ['-e', 'console.log("up"); setInterval(() => {}, 1000)'];
    await run(process.execPath, child).catch((error) => console.log(error.message));
    await run('echo', ['started']).catch((error) => console.log(error.message));`;
  const parent = spawn(process.execPath, ['--input-type=module', '-e', code], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let output = '';
  parent.stdout.setEncoding('utf8').on('data', (chunk) => {
    output += chunk;
    if (output === 'up\n') parent.kill('SIGINT');
  });
  await once(parent, 'close');
  expect(output).toBe('up\nstopped by SIGINT\nstopped by SIGINT\n');
});

test('a program that takes too long is ended, one that is missing has code 127', () => {
  const sleeping = inNode('run.mjs', 'run', 'sleep', ['60'], { quiet: true, boundMs: 50 });
  expect(sleeping).toMatchObject({ late: true, signal: 'SIGTERM' });
  expect(inNode('run.mjs', 'run', '/nowhere/program', [], { quiet: true })).toMatchObject({ code: 127 });
});

test('a shielded program runs to its end when a signal comes, and nothing is started after it', async () => {
  const code = `import { passSignals, run } from ${JSON.stringify(pathToFileURL(join(SETUP, 'run.mjs')).href)};
    passSignals();
    process.on('SIGTERM', () => console.log('asked to stop'));
    const child = ['-c', 'echo up; read line; echo "whole $line"'];
    await run('sh', child, { shielded: true }).catch((error) => console.log(error.message));`;
  const args = ['--input-type=module', '-e', code];
  const parent = spawn(process.execPath, args, { stdio: ['pipe', 'pipe', 'inherit'] });
  let output = '';
  parent.stdout.setEncoding('utf8').on('data', (chunk) => {
    output += chunk;
    if (output === 'up\n') parent.kill('SIGTERM');
    if (output.endsWith('asked to stop\n')) parent.stdin.end('line\n');
  });
  await once(parent, 'close');
  expect(output).toBe('up\nasked to stop\nwhole line\nstopped by SIGTERM\n');
});
