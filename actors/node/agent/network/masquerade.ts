// Lets pods reach the world outside the cluster: what leaves the machine from a pod's address bears the
// machine's own. One nftables table per node, written and removed as a whole. Traffic between pods is never
// touched.
import { TroupeError } from '../../../../schemas/errors.ts';
import { runProgram } from '../runtime/programs.ts';

export interface MasqueradeOptions {
  /** The node's bridge, whose name the table bears. */
  readonly bridge: string;
  readonly podCIDR: string;
  /** All pod addresses of the cluster. */
  readonly podNetwork: string;
}

/** Writes the table anew, in one transaction. Safe to repeat. Errors: `SETUP` when nftables refuses. */
export async function writeMasquerade(options: MasqueradeOptions): Promise<void> {
  const { exitCode, stderr } = await runProgram('nft', ['-f', '-'], masqueradeTable(options));
  if (exitCode === 0) return;
  throw new TroupeError('SETUP', `nftables cannot translate the pods' addresses: ${stderr.trim()}`);
}

/** Idempotent. */
export async function removeMasquerade(bridge: string): Promise<void> {
  // Adding first makes that deleting does not fail when there is none.
  const text = `add table ip ${bridge}\ndelete table ip ${bridge}\n`;
  const { exitCode, stderr } = await runProgram('nft', ['-f', '-'], text);
  if (exitCode !== 0 && exitCode !== 127) {
    throw new TroupeError('SETUP', `the table ${bridge} cannot be removed: ${stderr.trim()}`);
  }
}

/** The table in nftables' own words. */
export function masqueradeTable({ bridge, podCIDR, podNetwork }: MasqueradeOptions): string {
  return `add table ip ${bridge}
delete table ip ${bridge}
table ip ${bridge} {
  chain postrouting {
    type nat hook postrouting priority srcnat; policy accept;
    ip saddr ${podCIDR} ip daddr != ${podNetwork} oifname != "${bridge}" masquerade
  }
}
`;
}
