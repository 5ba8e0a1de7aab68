// Makes a node's bridge as soon as its range is known, rather than with its first pod: its route then tells
// other clusters on this machine that the range is taken. The bridge plugin finds it made. What takes it away
// is cni.ts.
import { TroupeError } from '../../../../schemas/errors.ts';
import { runProgram } from '../runtime/programs.ts';

/** Safe to repeat. Errors: `SETUP`. */
export async function makeBridge({ bridge, podCIDR }: { bridge: string; podCIDR: string }): Promise<void> {
  const there = await runProgram('ip', ['link', 'show', 'dev', bridge]);
  if (there.exitCode !== 0) await ip('link', 'add', 'name', bridge, 'type', 'bridge');
  await ip('address', 'replace', gatewayOf(podCIDR), 'dev', bridge);
  await ip('link', 'set', 'dev', bridge, 'up');
}

/** The first address of the range, which host-local gives to the bridge: `10.244.1.0/24` → `10.244.1.1/24`. */
export function gatewayOf(podCIDR: string): string {
  const found = /^(\d+\.\d+\.\d+)\.(\d+)\/(\d+)$/.exec(podCIDR);
  if (!found) throw new TroupeError('SETUP', `"${podCIDR}" is no range of pod addresses`);
  return `${found[1]}.${Number(found[2]) + 1}/${found[3]}`;
}

async function ip(...args: string[]): Promise<void> {
  const { exitCode, stderr } = await runProgram('ip', args);
  if (exitCode !== 0) throw new TroupeError('SETUP', `ip ${args.join(' ')}: ${stderr.trim()}`);
}
