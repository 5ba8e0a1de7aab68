// `troupe demo`: one pod on a cluster of its own, from nothing to its page and back to nothing.
import type { Command } from 'commander';
import type { CommandDefinition } from '../command.ts';
import { demo } from '../demo/demo.ts';
import { runMirror } from '../demo/images.ts';
import { Progress } from '../up/progress.ts';
import { commandName } from '../up/say.ts';
import { careful } from '../up/signals.ts';

interface DemoFlags {
  readonly keep?: boolean;
  readonly directory?: string;
  readonly serveImages?: boolean;
}

export const command: CommandDefinition<DemoFlags> = {
  declare: (on: Command) =>
    on
      .option('--keep', 'leave the cluster up')
      .addOption(on.createOption('--directory <path>').hideHelp())
      .addOption(on.createOption('--serve-images').hideHelp()),
  run: async ({ io, clock }, _args, flags) => {
    const { signal } = io;
    if (flags.serveImages && flags.directory) {
      const log = (line: string) => io.stderr.write(`${line}\n`);
      await runMirror({ directory: flags.directory, signal, log });
      return 0;
    }
    const progress = new Progress(io.stderr, clock);
    const ending = careful(signal, () => progress.say('still taking everything down'));
    const command = commandName(process.argv, process.cwd());
    const print = (line: string) => io.stdout.write(`${line}\n`);
    try {
      const keep = flags.keep ?? false;
      return await demo({ keep, command, clock, progress, print, signal: ending.signal });
    } finally {
      ending.release();
    }
  },
};
