// `troupe up`: a cluster on this machine. In the foreground it shows what happens and takes everything down on
// Ctrl-C but for the data; with --detach it leaves the cluster running.
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import type { Command } from 'commander';
import { TroupeError } from '../../schemas/errors.ts';
import { type CommandDefinition, several } from '../command.ts';
import { DEFAULT_CLUSTER, stateDirectory } from '../context.ts';
import { UsageError } from '../errors.ts';
import { parseDuration } from '../print/time.ts';
import type { Session } from '../session.ts';
import { mirrorsOf } from '../up/mirrors.ts';
import { type Plan, placeOf, readPlan } from '../up/place.ts';
import { Progress } from '../up/progress.ts';
import { isAlive } from '../up/roles.ts';
import { commandName, contextWords, nextLines, nodeLine, sayWarnings } from '../up/say.ts';
import { careful } from '../up/signals.ts';
import { bringUp, type Up } from '../up/start.ts';
import { runSupervisor } from '../up/supervisor.ts';
import { takeDown } from '../up/take-down.ts';

interface UpFlags {
  readonly detach?: boolean;
  readonly directory?: string;
  readonly node?: string;
  readonly criSocket?: string;
  readonly registryMirror?: string[];
  readonly runtime?: string;
  readonly syncAlways?: boolean;
  readonly wait?: string;
  readonly supervise?: boolean;
}

const LOOK_MS = 300;

export const command: CommandDefinition<UpFlags> = {
  declare: (on: Command) =>
    on
      .option('-d, --detach', 'leave the cluster running in the background')
      .option('--directory <path>', 'where everything is kept (default: /var/lib/troupe/<cluster>)')
      .option('--node <name>', 'name of the node (default: the name of this machine)')
      .option('--cri-socket <path>', 'use the container runtime that listens there, with its own network')
      .option('--registry-mirror <name=url>', 'pull what the registry has from here', several)
      .option('--runtime <name>', 'containerd, or simulated: containers are only acted', 'containerd')
      .option('--sync-always', 'each write on disk before it is acknowledged (nats-server 2.10)')
      .option('--wait <duration>', 'give up when it is not ready after so long', '60s')
      .addOption(on.createOption('--supervise').hideHelp()),
  run: async (session, _args, flags) => {
    const cluster = session.globals.cluster ?? session.io.env.TROUPE_CLUSTER ?? DEFAULT_CLUSTER;
    const directory = placeOf(flags.directory ?? stateDirectory(cluster, session.io.env)).directory;
    if (flags.supervise)
      return runSupervisor({
        directory,
        clock: session.clock,
        signal: session.io.signal,
        out: session.io.stderr,
      });
    const progress = new Progress(session.io.stderr, session.clock);
    const up = await started(session, { directory, cluster, flags, progress });
    const { env } = session.io;
    const command = commandName(process.argv, process.cwd());
    const context = contextWords(up, stateDirectory(DEFAULT_CLUSTER, env));
    const word = up.already ? 'is up already' : 'is up';
    session.print(`cluster "${up.plan.cluster}" ${word}: ${up.place.directory}`);
    session.print(nodeLine(up.node));
    sayWarnings(progress, up.warnings);
    if (up.already) return 0;
    const place = flags.directory
      ? ` --directory ${directory}`
      : session.globals.cluster
        ? ` --cluster ${cluster}`
        : '';
    for (const line of nextLines(command, context, place)) session.print(line);
    if (flags.detach) return 0;
    session.print('Ctrl-C ends it; its data is kept.');
    const ending = careful(session.io.signal, () => progress.say('still taking everything down'));
    try {
      return await foreground(session, up, progress, ending.signal);
    } finally {
      ending.release();
    }
  },
};

interface Started {
  readonly directory: string;
  readonly cluster: string;
  readonly flags: UpFlags;
  readonly progress: Progress;
}

async function started(session: Session, { directory, cluster, flags, progress }: Started): Promise<Up> {
  const { io, clock, globals } = session;
  const server = globals.server ?? io.env.TROUPE_SERVER;
  const user = globals.user ?? io.env.TROUPE_USER;
  const external = server ? { server, user, pass: user ? io.env.TROUPE_PASSWORD : undefined } : undefined;
  const runtime = runtimeOf(flags.runtime);
  if (runtime === 'containerd' && process.getuid?.() !== 0) {
    throw new TroupeError('SETUP', 'running containers needs root. Run as root, or try --runtime simulated.');
  }
  const withinMs = parseDuration(flags.wait ?? '60s');
  if (!withinMs || withinMs <= 0)
    throw new UsageError(`invalid --wait "${flags.wait}": use a duration such as 30s`, 'up');
  const { node, criSocket, syncAlways } = flags;
  const registryMirrors = mirrorsOf(flags.registryMirror ?? []);
  const fresh = readPlan(placeOf(directory)) === undefined;
  const options = { directory, cluster, node, external, runtime, criSocket, syncAlways, registryMirrors };
  try {
    return await bringUp({ ...options, clock, progress, withinMs, signal: io.signal });
  } catch (error) {
    // What was never up is of no use to anybody; what was kept from before is.
    if (!(error instanceof UsageError)) await takeDown({ directory, clock, progress, keepData: !fresh });
    throw error;
  }
}

function runtimeOf(name: string | undefined): Plan['runtime'] {
  if (name === undefined || name === 'containerd' || name === 'simulated') return name ?? 'containerd';
  throw new UsageError(`unknown runtime "${name}": use containerd or simulated`, 'up');
}

/** Shows the supervisor's log until Ctrl-C, then takes down all but the data. */
async function foreground(
  session: Session,
  up: Up,
  progress: Progress,
  signal: AbortSignal,
): Promise<number> {
  const { io, clock } = session;
  const log = up.place.log('up');
  let shown = await sizeOf(log);
  while (!signal.aborted && up.supervisor !== undefined && isAlive(up.supervisor)) {
    const size = await sizeOf(log);
    if (size > shown)
      for await (const chunk of createReadStream(log, { start: shown, end: size - 1 }))
        io.stderr.write(chunk);
    shown = size;
    await clock.sleep(LOOK_MS, signal);
  }
  if (!signal.aborted) {
    progress.say('the supervisor has ended');
    return 1;
  }
  await takeDown({ directory: up.place.directory, clock, progress, keepData: true });
  progress.say('everything has ended; the data is kept');
  return 0;
}

async function sizeOf(path: string): Promise<number> {
  return stat(path).then(
    ({ size }) => size,
    () => 0,
  );
}
