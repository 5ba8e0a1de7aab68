// All checks together, and how they are shown.
import { tmpdir } from 'node:os';
import { dirname } from 'node:path';
import { alignTabs } from '../print/tabs.ts';
import type { Check, Probe } from './check.ts';
import { leftoverChecks } from './leftovers.ts';
import { machineChecks } from './machine-checks.ts';
import { type NatsInput, natsChecks } from './nats-checks.ts';
import { socketCheck } from './socket-check.ts';

const WORDS = { ok: 'ok', warning: 'WARNING', missing: 'MISSING' } as const;

export async function examine(probe: Probe, input: NatsInput): Promise<Check[]> {
  const { directory } = input;
  const machine = { nodeVersion: process.version, uid: process.getuid?.(), directory };
  return [
    ...(await machineChecks(probe, machine)),
    await socketCheck(directory),
    ...(await natsChecks(probe, input)),
    ...(await leftoverChecks(probe, [dirname(directory), tmpdir()])),
  ];
}

export function isFit(checks: readonly Check[]): boolean {
  return checks.every(({ verdict }) => verdict !== 'missing');
}

/** One line a check. */
export function checkLines(checks: readonly Check[]): string {
  const lines = checks.map(({ name, verdict, found, cure }) => {
    return `${WORDS[verdict]}\t${name}\t${found}${cure ? ` - cure: ${cure}` : ''}`;
  });
  return alignTabs(lines.join('\n'), { least: 0, padding: 2 });
}
