// `troupe node`: one process that runs the containers of a machine, in the foreground. Containers go on when it
// ends, unless it is told to drain.
import { hostname } from 'node:os';
import type { Command } from 'commander';
import { jsonTrace } from '../../messaging/system/index.ts';
import type { CommandDefinition } from '../command.ts';
import { contextPath, DEFAULT_CLUSTER, stateDirectory } from '../context.ts';
import { runNode } from '../up/node-process.ts';
import { machineName } from '../up/start.ts';

interface NodeFlags {
  readonly name?: string;
  readonly directory?: string;
  readonly criSocket?: string;
  readonly drain?: boolean;
}

export const command: CommandDefinition<NodeFlags> = {
  declare: (on: Command) =>
    on
      .option('--directory <path>', 'where everything is kept (default: /var/lib/troupe/<cluster>)')
      .option('--name <name>', `name of the node (default: ${hostname()})`)
      .option('--cri-socket <path>', 'use the container runtime that listens there, with its own network')
      .option('--drain', 'end the containers, too, when it is asked to end'),
  run: async ({ io, clock, globals, version }, _args, flags) => {
    const cluster = globals.cluster ?? io.env.TROUPE_CLUSTER ?? DEFAULT_CLUSTER;
    const contextFile = globals.contextFile ?? contextPath(cluster, io.env);
    const directory = flags.directory ?? stateDirectory(cluster, io.env);
    const trace = jsonTrace({ sink: io.stderr, clock });
    const name = flags.name ?? machineName();
    const { criSocket, drain } = flags;
    const { signal } = io;
    await runNode({
      name,
      contextFile,
      directory,
      version: `v${version}`,
      criSocket,
      drain,
      clock,
      trace,
      signal,
    });
  },
};
