// `troupe host`: one process that runs actors, in the foreground. `troupe up` starts one; more may join, on any
// machine.
import type { Command } from 'commander';
import { jsonTrace } from '../../messaging/system/index.ts';
import type { CommandDefinition } from '../command.ts';
import { contextPath, DEFAULT_CLUSTER } from '../context.ts';
import { runHost } from '../up/host-process.ts';
import { placeOf, readPlan } from '../up/place.ts';
import { machineName } from '../up/start.ts';

interface HostFlags {
  readonly name?: string;
  readonly directory?: string;
}

export const command: CommandDefinition<HostFlags> = {
  declare: (on: Command) =>
    on
      .option('--name <name>', 'unique among the hosts of the cluster (default: the name of this machine)')
      .addOption(on.createOption('--directory <path>').hideHelp()),
  run: async ({ io, clock, globals }, _args, flags) => {
    const cluster = globals.cluster ?? io.env.TROUPE_CLUSTER ?? DEFAULT_CLUSTER;
    const contextFile = globals.contextFile ?? contextPath(cluster, io.env);
    const name = flags.name ?? `${machineName()}-host`;
    const trace = jsonTrace({ sink: io.stderr, clock });
    const plan = flags.directory ? readPlan(placeOf(flags.directory)) : undefined;
    const syncAlways = plan?.privateServer ? plan.syncAlways : undefined;
    await runHost({ name, contextFile, syncAlways, clock, trace, signal: io.signal });
  },
};
