// `troupe doctor` on this machine: what it says, and that it finds what a run that was killed left behind.
import { chmod } from 'node:fs/promises';
import { placeOf } from '../../cli/up/place.ts';
import { startRealCluster, troupe } from '../support/real-cluster.ts';

interface Check {
  readonly name: string;
  readonly verdict: string;
  readonly found: string;
  readonly cure?: string;
}

async function doctor(directory: string): Promise<{ code: number; checks: Check[] }> {
  const { code, stdout } = await troupe(['doctor', '-o', 'json', '--directory', directory]);
  return { code, checks: (JSON.parse(stdout) as { checks: Check[] }).checks };
}

const named = (checks: readonly Check[], name: string) => checks.filter((check) => check.name === name);

test('nothing is missing here; a running cluster, a public context file and a dead supervisor are told', async () => {
  const cluster = await startRealCluster({ runtime: 'simulated' });
  const { directory } = cluster;
  try {
    const healthy = await doctor(directory);
    expect(healthy.checks.filter(({ verdict }) => verdict === 'missing')).toEqual([]);
    expect(healthy.code).toBe(0);
    expect(named(healthy.checks, 'running').map(({ found }) => found)).toContain(
      `cluster "spec" in ${directory}`,
    );
    expect(named(healthy.checks, 'durability').map(({ found }) => found)).toContain(
      'Each write is kept by one server only: losing its disk loses the cluster.',
    );

    const { context } = placeOf(directory);
    await chmod(context, 0o644);
    const open = await doctor(directory);
    expect([open.code, named(open.checks, 'context')[0]?.found]).toEqual([
      1,
      `${context} can be read by others`,
    ]);
    await chmod(context, 0o600);

    await cluster.kill('up');
    const left = named((await doctor(directory)).checks, 'leftovers');
    expect(left.find(({ found }) => found.includes(directory))).toMatchObject({
      verdict: 'warning',
      cure: `troupe down --directory ${directory}`,
    });
  } finally {
    expect(await cluster.remove()).toEqual([]);
  }
  const gone = await doctor(directory);
  expect(gone.checks.filter(({ found }) => found.includes(directory)).map(({ name }) => name)).toEqual([
    'disk',
  ]);
}, 60_000);

test('lines for people: verdict, name, what was found, the cure', async () => {
  const { stdout } = await troupe(['doctor', '--directory', '/tmp/troupe-nowhere']);
  const lines = stdout.trimEnd().split('\n');
  expect(lines.find((line) => line.includes('packages'))).toMatch(/^ok +packages +nats-server containerd /);
  expect(lines.every((line) => /^(ok|WARNING|MISSING) +\S+ +\S/.test(line))).toBe(true);
  const long = `/tmp/${'x'.repeat(100)}`;
  const bad = await troupe(['doctor', '--directory', long]);
  expect(bad.code).toBe(1);
  expect(bad.stdout).toMatch(
    /MISSING +sockets +\S+ is too long by \d+ bytes - cure: choose a shorter --directory/,
  );
}, 30_000);
