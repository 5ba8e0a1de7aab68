// A lock file written where the registry offers no packages of other platforms lacks their entries, and
// `npm ci` then refuses it everywhere. `node setup/lock.mjs` adds the entries: their versions stand in the
// packages that ask for them.
import { readFileSync, realpathSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const SYSTEMS = [
  'aix',
  'android',
  'darwin',
  'freebsd',
  'linux',
  'netbsd',
  'openbsd',
  'openharmony',
  'sunos',
  'win32',
];
const PROCESSORS = ['arm', 'arm64', 'ia32', 'loong64', 'mips64el', 'ppc64', 'riscv64', 's390x', 'x64'];
const LIBRARIES = { gnu: 'glibc', gnueabihf: 'glibc', musl: 'musl', musleabihf: 'musl' };
const EXACT = /^\d+\.\d+\.\d+(-[\w.]+)?$/;

/**
 * The optional packages that locked packages ask for and the lock file does not hold: `{name, version,
 * dev}`.
 */
export function lockGaps(lock) {
  const gaps = new Map();
  for (const [path, entry] of Object.entries(lock.packages)) {
    for (const [name, version] of Object.entries(entry.optionalDependencies || {})) {
      if (!isLocked(lock.packages, path, name)) gaps.set(name, { name, version, dev: entry.dev === true });
    }
  }
  return [...gaps.values()];
}

/** The lock file with its gaps filled. Throws for a gap whose exact version or platform cannot be told. */
export function completeLock(lock) {
  const added = lockGaps(lock).map(({ name, version, dev }) => {
    const platform = platformOf(name);
    if (!EXACT.test(version) || platform === undefined) {
      throw new Error(
        `${name}@${version} is not locked, and what it is cannot be told from its name and version`,
      );
    }
    const entry = { version, ...platform, ...(dev ? { dev } : {}), optional: true };
    return [`node_modules/${name}`, entry];
  });
  const rows = [...Object.entries(lock.packages), ...added];
  rows.sort(([a], [b]) => a.localeCompare(b, 'en'));
  return { ...lock, packages: Object.fromEntries(rows) };
}

// As Node finds packages: in the node_modules of the package itself, then of each one around it.
function isLocked(packages, from, name) {
  for (let at = from; ; at = at.slice(0, Math.max(0, at.lastIndexOf('node_modules/') - 1))) {
    if (packages[`${at === '' ? '' : `${at}/`}node_modules/${name}`] !== undefined) return true;
    if (at === '') return false;
  }
}

function platformOf(name) {
  const words = name.slice(name.indexOf('/') + 1).split('-');
  const os = words.find((word) => SYSTEMS.includes(word));
  const cpu = words.find((word) => PROCESSORS.includes(word));
  if (os === undefined || cpu === undefined) return undefined;
  const libc = os === 'linux' ? words.map((word) => LIBRARIES[word]).find(Boolean) : undefined;
  return { cpu: [cpu], ...(libc ? { libc: [libc] } : {}), os: [os] };
}

const self = fileURLToPath(import.meta.url);
if (process.argv[1]?.endsWith('lock.mjs') && realpathSync(process.argv[1]) === self) {
  const file = join(dirname(self), '..', 'package-lock.json');
  const completed = completeLock(JSON.parse(readFileSync(file, 'utf8')));
  writeFileSync(file, `${JSON.stringify(completed, undefined, 2)}\n`);
}
