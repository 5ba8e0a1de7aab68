// Copies into dist what the compiler leaves out (*.proto, pages, the table of Debian packages) and removes
// from dist what no longer has a source.
import { chmodSync, copyFileSync, existsSync, mkdirSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { filesUnder, sourceRoots } from './tree.mjs';

const COMPILED = /\.(js|js\.map|d\.ts)$/;

/** Completes `dist` after a compilation. */
export function completeDist(root) {
  const sources = sourceRoots(root).flatMap((path) => filesUnder(root, path));
  const assets = [...sources.filter((path) => !path.endsWith('.ts')), 'setup/debian.json'];
  const wanted = new Set(sources);
  for (const path of filesUnder(root, 'dist').map((file) => file.slice('dist/'.length))) {
    const name = path.slice(path.lastIndexOf('/') + 1);
    const isAsset = assets.includes(path);
    if (!isAsset && !name.startsWith('.') && !wanted.has(path.replace(COMPILED, '.ts'))) {
      rmSync(join(root, 'dist', path));
    }
  }
  for (const path of assets) {
    const target = join(root, 'dist', path);
    mkdirSync(dirname(target), { recursive: true });
    copyFileSync(join(root, path), target);
  }
  const program = join(root, 'dist/cli/main.js');
  if (existsSync(program)) chmodSync(program, 0o755);
}
