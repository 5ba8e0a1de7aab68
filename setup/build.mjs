// Compiles the sources into dist when they have changed since the last time. A stamp in dist names every
// source by path, size and time, so that an added or removed file counts as a change too.
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { completeDist } from './dist.mjs';
import { say, step } from './progress.mjs';
import { run } from './run.mjs';
import { filesUnder, sourceRoots } from './tree.mjs';

/** Program files of the development tools, called by path: npx would ask the network when one is missing. */
export const TOOLS = {
  tsc: 'node_modules/typescript/bin/tsc',
  biome: 'node_modules/@biomejs/biome/bin/biome',
  jest: 'node_modules/jest/bin/jest.js',
};

/**
 * True when dist is up to date afterwards; false when the sources do not compile, which has been shown
 * then.
 */
export async function ensureBuilt(root) {
  const stampFile = join(root, 'dist', '.built');
  const digest = sourcesDigest(root);
  const complete = existsSync(join(root, 'dist/index.js')) && existsSync(join(root, 'dist/cli/main.js'));
  if (complete && existsSync(stampFile) && readFileSync(stampFile, 'utf8') === digest) return true;
  // The compiler's own record would keep it from writing files that were removed by hand.
  if (!complete) rmSync(join(root, 'dist/.tsbuildinfo'), { force: true });
  const done = step('compiling');
  const { code, output } = await run(process.execPath, [TOOLS.tsc, '-p', 'tsconfig.build.json'], {
    cwd: root,
    quiet: true,
  });
  if (code !== 0) {
    done('failed');
    say(output.trim());
    return false;
  }
  completeDist(root);
  writeFileSync(stampFile, digest);
  done();
  return true;
}

function sourcesDigest(root) {
  const settings = [
    'tsconfig.json',
    'tsconfig.build.json',
    'package-lock.json',
    'setup/debian.json',
    'setup/dist.mjs',
  ];
  const hash = createHash('sha256');
  for (const path of [...settings, ...sourceRoots(root).flatMap((each) => filesUnder(root, each))]) {
    const { size, mtimeMs } = statSync(join(root, path));
    hash.update(`${path}\n${size}\n${mtimeMs}\n`);
  }
  return hash.digest('hex');
}
