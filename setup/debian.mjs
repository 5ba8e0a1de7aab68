// Installs the Debian packages of debian.json that are missing. It starts no service: while packages are
// installed a policy-rc.d forbids it, and a service that came with a new package is left off, since Troupe
// runs its own private ones.
import { accessSync, constants, existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { APT_OPTIONS, aptProblem, installArguments, installProblem, missingPackages } from './decide.mjs';
import { say, step } from './progress.mjs';
import { run, SetupProblem } from './run.mjs';

const POLICY = '/usr/sbin/policy-rc.d';
const POLICY_TEXT =
  '#!/bin/sh\n# Put here by the setup of Troupe while packages are installed; removed afterwards.\nexit 101\n';
const ENVIRONMENT = { DEBIAN_FRONTEND: 'noninteractive', LC_ALL: 'C' };

/** Makes sure that every package of the table is there. */
export async function ensurePackages(directory) {
  const { packages } = JSON.parse(readFileSync(join(directory, 'debian.json'), 'utf8'));
  const provided = packages.flatMap(({ provides }) => provides).filter(isProvided);
  const missing = missingPackages({ packages, dpkgOutput: await installedPackages(packages), provided });
  if (missing.length === 0) return;
  const names = missing.map(({ name }) => name);
  const root = process.getuid !== undefined && process.getuid() === 0;
  const problem = installProblem({ names, root, debian: isProvided('apt-get') && isProvided('dpkg-query') });
  if (problem !== undefined) throw new SetupProblem(problem);
  const allowServices = forbidServices();
  try {
    await install(names);
  } finally {
    allowServices();
  }
  for (const { service } of missing) if (service !== undefined) await turnOff(service);
}

async function installedPackages(packages) {
  const names = packages.map(({ name }) => name);
  // Exit code 1 only says that some are unknown; the output still lists the others.
  // biome-ignore lint/suspicious/noTemplateCurlyInString: the format is dpkg's.
  const query = ['-W', '-f', '${Package} ${db:Status-Status}\n', ...names];
  const { output } = await run('dpkg-query', query, { quiet: true, env: ENVIRONMENT });
  return output;
}

function isProvided(program) {
  const directories = `${process.env.PATH || ''}:/usr/local/sbin:/usr/sbin:/sbin:/usr/bin:/bin`.split(':');
  const candidates = program.startsWith('/') ? [program] : directories.map((path) => join(path, program));
  return candidates.some((path) => {
    try {
      accessSync(path, constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}

async function install(names) {
  const done = step(`installing Debian packages: ${names.join(' ')}`);
  // A failed update is not the end: one broken source must not keep the others from serving.
  const update = await run('apt-get', ['update', ...APT_OPTIONS], { quiet: true, env: ENVIRONMENT });
  // Cut off halfway, dpkg would have to be mended by hand: so it is shielded, and finishes what was cut off
  // before.
  const shielded = { quiet: true, shielded: true, env: ENVIRONMENT };
  if ((await run('dpkg', ['--audit'], shielded)).output.trim() !== '') {
    await run('dpkg', ['--configure', '-a'], shielded);
  }
  const { code, output } = await run('apt-get', installArguments(names), shielded);
  if (code === 0) return done();
  done('failed');
  throw new SetupProblem(aptProblem({ names, update: update.output, install: output }));
}

/**
 * Puts up a policy-rc.d where there is none; returns the way to take it away. One left by a killed run
 * counts as ours.
 */
function forbidServices() {
  if (existsSync(POLICY) && readFileSync(POLICY, 'utf8') !== POLICY_TEXT) return () => {};
  writeFileSync(POLICY, POLICY_TEXT, { mode: 0o755 });
  return () => rmSync(POLICY, { force: true });
}

async function turnOff(service) {
  if (existsSync('/run/systemd/system')) {
    const { code } = await run('systemctl', ['disable', '--now', service], { quiet: true });
    if (code === 0)
      say(`the system's own ${service} stays off; systemctl enable --now ${service} turns it on`);
    return;
  }
  if (!existsSync(`/etc/init.d/${service}`)) return;
  const { code } = await run('service', [service, 'status'], { quiet: true });
  if (code === 0) await run('service', [service, 'stop'], { quiet: true });
}
