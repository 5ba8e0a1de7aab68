// The decisions of the setup, as pure functions: what is missing, what to do about it, what to tell the
// user. They read nothing and run nothing. Written for old versions of Node too, since the check of the
// version is among them.

const NEEDED_NODE = [20, 11];
export const COMMANDS = ['demo', 'test', 'bench'];

/** What is wrong with this version of Node, or undefined. */
export function nodeProblem(version) {
  const [major, minor] = version.replace(/^v/, '').split('.').map(Number);
  if (major > NEEDED_NODE[0] || (major === NEEDED_NODE[0] && minor >= NEEDED_NODE[1])) return undefined;
  const needed = NEEDED_NODE.join('.');
  return `Node.js ${needed} or newer is needed, this is ${version}; see https://nodejs.org/en/download`;
}

/** What is wrong with the command line, or undefined. */
export function commandProblem(command) {
  if (COMMANDS.includes(command)) return undefined;
  const given = command === undefined ? 'no command given' : `unknown command "${command}"`;
  return `${given}; use npm run demo, npm test or npm run bench`;
}

/**
 * True when node_modules holds what the lock file says: either our stamp names this very lock file, or
 * npm's own record of what it installed (`hidden`) agrees with it. Packages that a machine may leave out
 * (optional ones) may be absent.
 */
export function modulesFresh({ lockText, lockDigest, stamp, hiddenText }) {
  if (hiddenText === undefined) return false;
  if (stamp !== undefined && stamp.trim() === lockDigest) return true;
  const wanted = packagesOf(lockText);
  const there = packagesOf(hiddenText);
  if (wanted === undefined || there === undefined) return false;
  return Object.keys(wanted).every((path) => {
    if (path === '') return true;
    const { version, optional, devOptional, peer } = wanted[path];
    if (there[path] === undefined) return Boolean(optional || devOptional || peer);
    return there[path].version === version;
  });
}

function packagesOf(text) {
  try {
    const { packages } = JSON.parse(text);
    return typeof packages === 'object' && packages !== null ? packages : undefined;
  } catch {
    return undefined;
  }
}

/**
 * The rows of the table that this machine lacks. A package is there when dpkg says `installed`, or when
 * dpkg does not have it and all it provides is there by other means, such as a vendor's own containerd,
 * which must not be replaced. What dpkg has only halfway, after an installation that was cut off, is
 * missing.
 */
export function missingPackages({ packages, dpkgOutput, provided }) {
  const status = new Map(dpkgOutput.split('\n').map((line) => line.trim().split(/\s+/)));
  return packages.filter(({ name, provides }) => {
    const own = status.get(name);
    if (own === 'installed') return false;
    if (own !== undefined && own !== 'not-installed' && own !== 'config-files') return true;
    return !provides.every((program) => provided.includes(program));
  });
}

/** The arguments of apt-get that install these; nothing that is on the machine may be removed for it. */
export function installArguments(names) {
  return ['install', '-y', '--no-install-recommends', '--no-remove', ...APT_OPTIONS, ...names];
}

export const APT_OPTIONS = ['-q', '-o', 'DPkg::Lock::Timeout=120', '-o', 'Acquire::Retries=2'];

/** Why the missing packages cannot be installed here, with the cure; undefined when they can. */
export function installProblem({ names, root, debian }) {
  const list = names.join(' ');
  if (!debian) {
    return `missing on this machine: ${list}; it has no apt-get, so install these by its own means and run again`;
  }
  if (!root) {
    return `Debian packages are missing; as root run: apt-get install -y --no-install-recommends ${list}`;
  }
  return undefined;
}

/**
 * One line for an apt-get install that failed. When the update before it had failed already, that is the
 * cause: without lists apt-get only says that it has never heard of the package.
 */
export function aptProblem({ names, update, install }) {
  const failedUpdate = linesWith(update, /^(E: |W: Failed to fetch )/);
  const failedInstall = linesWith(install, /^E: /);
  const cause = failedUpdate[0] || failedInstall[failedInstall.length - 1] || 'apt-get failed';
  const cure = OFFLINE.test(`${update}${install}`)
    ? 'the package server cannot be reached: connect this machine, or install by hand'
    : 'mend that, then run';
  return `Debian packages not installed (${cause}); ${cure}: apt-get install -y ${names.join(' ')}`;
}

const OFFLINE =
  /Temporary failure resolving|Could not connect|Unable to connect|Network is unreachable|timed out/i;

function linesWith(output, pattern) {
  const lines = output.split('\n').filter((line) => pattern.test(line));
  return lines.map((line) => line.replace(/^[EW]: /, '').trim());
}

/** What npm printed, without the warnings about settings it does not know; errors always stay. */
export function npmOutput(output) {
  return output
    .split('\n')
    .filter((line) => !/^npm warn (Unknown|deprecated)/i.test(line))
    .join('\n')
    .trim();
}

/** The exit code a shell would show for a child that ended so. */
export function exitCodeOf({ code, signal }) {
  if (signal) return 128 + ({ SIGHUP: 1, SIGINT: 2, SIGKILL: 9, SIGTERM: 15 }[signal] || 1);
  return code === null || code === undefined ? 1 : code;
}

/**
 * Adds up the parts of a test run. A part is `{name, passed, failed, skipped}`. Skipped specs count as
 * failed, unless the user chose specs by arguments: a spec that is never run protects nothing.
 */
export function summaryOf(parts, chosen) {
  const sum = (field) => parts.reduce((total, part) => total + (part[field] || 0), 0);
  const skipped = chosen ? 0 : sum('skipped');
  const passed = sum('passed');
  const failed = sum('failed') + skipped;
  const lines = parts
    .filter((part) => part.failed > 0 || (!chosen && part.skipped > 0))
    .map((part) => {
      const about = part.why ? `: ${part.why}` : '';
      return `failed in ${part.name}: ${part.failed + (chosen ? 0 : part.skipped || 0)}${about}`;
    });
  return { lines, last: `${passed} passed, ${failed} failed`, code: failed === 0 && passed > 0 ? 0 : 1 };
}

/** Counts one run of jest from what the reporter wrote; `undefined` means it wrote nothing. */
export function jestPart({ name, result, code, late }) {
  if (result === undefined) {
    return {
      name,
      passed: 0,
      failed: 1,
      skipped: 0,
      why: late || `jest ended with ${code} before it reported`,
    };
  }
  const failed = result.failed + result.brokenFiles;
  const part = { name, passed: result.passed, failed, skipped: result.skipped };
  if (late) return { ...part, failed: failed + 1, why: late };
  if (code !== 0 && failed === 0) return { ...part, failed: 1, why: `jest ended with ${code}` };
  return part;
}

/**
 * The folders of specs/ that hold specs: those that run side by side, and those that run one after another.
 */
export function specFolders(files) {
  const specs = files.filter((path) => path.endsWith('.spec.ts')).map((path) => path.split('/'));
  const names = [...new Set(specs.filter((parts) => parts.length > 2).map((parts) => parts[1]))].sort();
  return {
    parallel: names.filter((name) => name !== 'system'),
    serial: names.filter((name) => name === 'system'),
  };
}
