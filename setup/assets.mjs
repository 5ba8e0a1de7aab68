// `node setup/assets.mjs`, run by `npm run build` after the compiler: completes dist with what is not
// TypeScript.
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { completeDist } from './dist.mjs';

completeDist(join(dirname(fileURLToPath(import.meta.url)), '..'));
