// `troupe down`: ends a cluster on this machine and leaves nothing of it behind, however it was left.
import type { Command } from 'commander';
import type { CommandDefinition } from '../command.ts';
import { DEFAULT_CLUSTER, stateDirectory } from '../context.ts';
import { Progress } from '../up/progress.ts';
import { takeDown } from '../up/take-down.ts';

interface DownFlags {
  readonly keepData?: boolean;
  readonly directory?: string;
}

export const command: CommandDefinition<DownFlags> = {
  declare: (on: Command) =>
    on
      .option('--keep-data', 'keep the store, so that up goes on where this ended')
      .option('--directory <path>', 'where everything is kept (default: /var/lib/troupe/<cluster>)'),
  run: async ({ io, clock, globals }, _args, flags) => {
    const cluster = globals.cluster ?? io.env.TROUPE_CLUSTER ?? DEFAULT_CLUSTER;
    const directory = flags.directory ?? stateDirectory(cluster, io.env);
    const progress = new Progress(io.stderr, clock);
    const keepData = flags.keepData ?? false;
    const was = await takeDown({ directory, clock, progress, keepData });
    io.stdout.write(was ? `cluster "${cluster}" is down\n` : `cluster "${cluster}" is not up\n`);
  },
};
