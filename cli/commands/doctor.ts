// `troupe doctor`: what is missing or unsafe on this machine and its NATS, one line each, with the cure.
import type { Command } from 'commander';
import type { CommandDefinition } from '../command.ts';
import { DEFAULT_CLUSTER, stateDirectory } from '../context.ts';
import { checkLines, examine, isFit } from '../doctor/doctor.ts';
import { realProbe } from '../doctor/probe.ts';
import { outputOf } from '../print/output.ts';

interface DoctorFlags {
  readonly output?: string;
  readonly directory?: string;
}

export const command: CommandDefinition<DoctorFlags> = {
  declare: (on: Command) =>
    on
      .option('-o, --output <format>', 'json')
      .option('--directory <path>', 'where up keeps the cluster (default: /var/lib/troupe/<cluster>)'),
  run: async ({ io, clock, globals }, _args, flags) => {
    const format = outputOf(flags.output, ['json']);
    const { env, signal } = io;
    const cluster = globals.cluster ?? env.TROUPE_CLUSTER ?? DEFAULT_CLUSTER;
    const directory = flags.directory ?? stateDirectory(cluster, env);
    const contextFile =
      globals.contextFile ?? (flags.directory ? `${flags.directory}/context.json` : undefined);
    const checks = await examine(realProbe(), { cluster, directory, contextFile, env, clock, signal });
    const fit = isFit(checks);
    io.stdout.write(
      format === 'json' ? `${JSON.stringify({ ok: fit, checks }, null, 2)}\n` : `${checkLines(checks)}\n`,
    );
    return fit ? 0 : 1;
  },
};
