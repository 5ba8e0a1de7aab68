// `npm test`: types, lint and all specs, added up in a last line `N passed, N failed`. Specs that only need
// this process run side by side; specs/system uses things there is one of on a machine, so those run one
// after another.
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ensureBuilt, TOOLS } from './build.mjs';
import { jestPart, specFolders, summaryOf } from './decide.mjs';
import { say, step } from './progress.mjs';
import { run } from './run.mjs';
import { filesUnder } from './tree.mjs';

/** Bounds of the two runs of jest; together with the setup they keep the whole under 25 minutes. */
const PARALLEL_BOUND_MS = 8 * 60_000;
const SERIAL_BOUND_MS = 12 * 60_000;

/** Runs everything and returns the exit code. `args` go to jest, to choose specs. */
export async function runSpecs(root, args) {
  if (process.getuid !== undefined && process.getuid() !== 0)
    say('not root: specs/system needs root and will fail');
  const parts = [await check(root, 'types', [TOOLS.tsc, '-p', 'tsconfig.json', '--pretty', 'false'])];
  if (parts[0].failed === 0 && !(await ensureBuilt(root))) parts.push(part('build', false));
  parts.push(await check(root, 'lint', [TOOLS.biome, 'check', '.']));
  const { parallel, serial } = specFolders(filesUnder(root, 'specs'));
  if (parallel.length > 0) parts.push(await jest(root, parallel, [], args, PARALLEL_BOUND_MS));
  if (serial.length > 0) parts.push(await jest(root, serial, ['--runInBand'], args, SERIAL_BOUND_MS));
  const { lines, last, code } = summaryOf(parts, args.length > 0);
  for (const line of lines) say(line);
  process.stdout.write(`${last}\n`);
  return code;
}

function part(name, passed) {
  return { name, passed: passed ? 1 : 0, failed: passed ? 0 : 1, skipped: 0 };
}

async function check(root, name, command) {
  const done = step(`checking ${name}`);
  const { code, output } = await run(process.execPath, command, { cwd: root, quiet: true });
  done(code === 0 ? 'passed' : 'failed');
  if (code !== 0) say(output.trim());
  return part(name, code === 0);
}

async function jest(root, folders, options, args, boundMs) {
  const name = folders.map((folder) => `specs/${folder}`).join(' ');
  const directory = mkdtempSync(join(tmpdir(), 'troupe-counts-'));
  const file = join(directory, 'counts.json');
  const done = step(`running ${name}`, { ticking: false });
  try {
    const reporters = ['--reporters=default', `--reporters=${join(root, 'setup/reporter.mjs')}`];
    const roots = ['--roots', ...folders.map((folder) => join(root, 'specs', folder))];
    // Jest must end by itself: what a spec leaves open is a leak, and the bound makes it a failure.
    const all = [TOOLS.jest, ...roots, '--ci', ...reporters, ...options, '--passWithNoTests', ...args];
    const { code, late } = await run(process.execPath, all, {
      cwd: root,
      boundMs,
      env: { TROUPE_SPEC_COUNTS: file },
    });
    const about = late ? `jest did not end within ${boundMs / 60_000} minutes` : undefined;
    const counted = jestPart({ name, result: countsIn(file), code, late: about });
    done(counted.failed === 0 ? 'passed' : 'failed');
    return counted;
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

function countsIn(file) {
  try {
    return JSON.parse(readFileSync(file, 'utf8'));
  } catch {
    return undefined;
  }
}
