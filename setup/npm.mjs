// Installs the npm packages of the lock file when node_modules is missing or does not match it. A stamp
// inside node_modules names the lock file it was installed from, so that a second run costs a few
// milliseconds.
import { createHash } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { modulesFresh, npmOutput } from './decide.mjs';
import { say, step } from './progress.mjs';
import { run, SetupProblem } from './run.mjs';

/** Makes node_modules what package-lock.json says. */
export async function ensureModules(root) {
  const lockText = readFileSync(join(root, 'package-lock.json'), 'utf8');
  const lockDigest = createHash('sha256').update(lockText).digest('hex');
  const stampFile = join(root, 'node_modules', '.troupe-lock');
  const stamp = readIfThere(stampFile);
  const hiddenText = readIfThere(join(root, 'node_modules', '.package-lock.json'));
  if (!modulesFresh({ lockText, lockDigest, stamp, hiddenText })) await install(root);
  if (stamp !== lockDigest) writeFileSync(stampFile, lockDigest);
}

async function install(root) {
  const done = step('installing npm packages from the lock file');
  // Under `npm run` this is the npm that is running; otherwise the one in PATH.
  const own = process.env.npm_execpath;
  const [program, before] = own?.endsWith('.js') ? [process.execPath, [own]] : ['npm', []];
  const args = [...before, 'ci', '--include=dev', '--no-audit', '--no-fund'];
  const { code, output } = await run(program, args, { cwd: root, quiet: true });
  if (code === 0) return done();
  done('failed');
  say(npmOutput(output));
  throw new SetupProblem(
    `npm ci failed (exit code ${code}), see above; check that the npm registry can be reached`,
  );
}

function readIfThere(path) {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}
