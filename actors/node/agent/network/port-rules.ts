// Takes away what the portmap plugin leaves of pods that were never removed in order. Each change is one transaction of
// the kernel, so that a rule another node makes at the same moment is never lost.
import { TroupeError } from '../../../../schemas/errors.ts';
import { runProgram } from '../runtime/programs.ts';

/** portmap's own chains, shared by all networks of a machine. The first one has a rule for each port in use. */
const SHARED_CHAINS = ['CNI-HOSTPORT-DNAT', 'CNI-HOSTPORT-SETMARK', 'CNI-HOSTPORT-MASQ'];

/** Removes the rules of one CNI network; portmap notes its name in their comments. Idempotent. */
export async function removePortRules(network: string): Promise<void> {
  const ours = (await natRules()).filter((rule) => rule.includes(`name: \\"${network}\\"`));
  const chains = ours.map(targetOf).filter((chain) => chain?.startsWith('CNI-DN-'));
  if (ours.length > 0) {
    const failure = await change([
      ...ours.map(deletion),
      ...new Set(chains.flatMap((chain) => [`-F ${chain}`, `-X ${chain}`])),
    ]);
    if (failure !== undefined) throw new TroupeError('SETUP', `the rules of ${network} stay: ${failure}`);
  }
  await removeSharedChains();
}

/**
 * Removes portmap's chains when no port is in use any more; it makes them again when it needs them. A chain that is
 * not empty cannot be removed, and then the whole transaction does nothing.
 */
async function removeSharedChains(): Promise<void> {
  const rules = await natRules();
  const [ports, ...others] = SHARED_CHAINS;
  if (!rules.includes(`-N ${ports}`) || rules.some((rule) => rule.startsWith(`-A ${ports} `))) return;
  const present = SHARED_CHAINS.filter((chain) => rules.includes(`-N ${chain}`));
  const jumps = rules.filter((rule) => present.includes(targetOf(rule) ?? ''));
  const emptied = others.filter((chain) => present.includes(chain));
  await change([
    ...jumps.map(deletion),
    ...emptied.map((chain) => `-F ${chain}`),
    ...present.map((chain) => `-X ${chain}`),
  ]);
}

/** As `iptables -S` prints them, one a line; none when iptables is not installed. */
async function natRules(): Promise<string[]> {
  return (await runProgram('iptables', ['-w', '-t', 'nat', '-S'])).stdout.split('\n');
}

/** Returns what is wrong when it was not done. */
async function change(lines: readonly string[]): Promise<string | undefined> {
  const input = ['*nat', ...lines, 'COMMIT', ''].join('\n');
  const { exitCode, stderr } = await runProgram('iptables-restore', ['--noflush', '-w'], input);
  return exitCode === 0 ? undefined : stderr.trim();
}

function deletion(rule: string): string {
  return rule.replace(/^-A/, '-D');
}

function targetOf(rule: string): string | undefined {
  return rule.startsWith('-A') ? / -j (\S+)/.exec(rule)?.[1] : undefined;
}
