// From a command line to an exit code: parses it with commander, runs the command, and tells what went wrong
// in kubectl's words. The process itself is main.ts's.
import { Command, CommanderError, Option } from 'commander';
import { TroupeError } from '../schemas/errors.ts';
import type { Action, CommandRow } from './command.ts';
import { errorText, Told, UsageError, unreachableText } from './errors.ts';
import { type CliWorld, type GlobalOptions, Session } from './session.ts';
import { COMMANDS } from './table.ts';

/** Runs one command line, without the program's own name; resolves to the exit code. Never throws. */
export async function run(
  argv: readonly string[],
  world: CliWorld,
  rows: readonly CommandRow[] = COMMANDS,
): Promise<number> {
  const outcome = { code: 0 };
  const { stderr } = world.io;
  try {
    const program = await programOf(argv, world, rows, outcome);
    await program.parseAsync(argv.length === 0 ? ['--help'] : [...argv], { from: 'user' });
  } catch (error) {
    if (error instanceof Told) return 1;
    if (error instanceof CommanderError) {
      if (error.exitCode === 0) return 0;
      stderr.write(`${errorText(usageOf(error, argv, rows))}\n`);
      return 1;
    }
    stderr.write(`${errorText(error)}\n`);
    return 1;
  }
  return outcome.code;
}

async function programOf(
  argv: readonly string[],
  world: CliWorld,
  rows: readonly CommandRow[],
  outcome: { code: number },
): Promise<Command> {
  const program = new Command('troupe');
  program
    .description('Troupe runs containers on a cluster of machines: Kubernetes objects as actors over NATS.')
    .configureHelp({ showGlobalOptions: true, helpWidth: 110 })
    .addHelpText('after', "\nUse 'troupe <command> --help' for more information about a command.");
  addGlobals(program);
  settle(program, world);
  for (const row of rows) {
    const command = program.command(row.name).description(row.about);
    settle(command, world);
    command.configureHelp({ showGlobalOptions: true, helpWidth: 110 });
    // Only the command that is asked for is loaded; the others are known by name.
    if (!argv.includes(row.name)) continue;
    const { command: definition } = await row.load();
    definition.declare(command);
    command.action(async () => {
      const globals = program.opts<GlobalOptions>();
      const session = new Session(world, globals);
      outcome.code = await guarded(session, () => definition.run(session, command.args, command.opts()));
    });
  }
  return program;
}

/** Options that every command takes, before or after its name. */
function addGlobals(program: Command): void {
  program
    .addOption(new Option('--cluster <name>', 'name of the cluster (TROUPE_CLUSTER; default "dev")'))
    .addOption(new Option('--server <url>', 'address of the NATS server (TROUPE_SERVER)'))
    .addOption(new Option('--user <name>', 'user of the NATS server; the password is TROUPE_PASSWORD'))
    .addOption(new Option('--context-file <path>', 'file that says how to reach the cluster'))
    .addOption(new Option('-n, --namespace <name>', 'namespace of this request (default "default")'))
    .addOption(new Option('--request-timeout <duration>', 'give up on a request after so long, such as 5s'));
}

function settle(command: Command, { io }: CliWorld): void {
  command
    .exitOverride()
    .helpOption('-h, --help', 'display help')
    .configureOutput({
      writeOut: (text) => io.stdout.write(text),
      // Errors are told once, by run().
      writeErr: () => {},
      outputError: () => {},
    })
    .showSuggestionAfterError(false);
}

/** Closes the session whatever happens; an absent cluster is told by its name and the cure. */
async function guarded(session: Session, work: () => ReturnType<Action<unknown>>): Promise<number> {
  const { signal } = session.io;
  // Whatever is under way ends when the user wants it to.
  const onAbort = () => void session.close();
  signal.addEventListener('abort', onAbort);
  try {
    return (await work()) ?? 0;
  } catch (error) {
    if (signal.aborted && (error instanceof TroupeError || isAbort(error))) return INTERRUPTED;
    const text = session.server && unreachableText(session.cluster, session.server, error);
    if (!text) throw error;
    session.warn(text);
    throw new Told();
  } finally {
    signal.removeEventListener('abort', onAbort);
    await session.close();
  }
}

/** The exit code of a command that was ended by Ctrl-C, as shells have it. */
const INTERRUPTED = 130;

function isAbort(error: unknown): boolean {
  return error instanceof Error && error.name === 'AbortError';
}

/** commander's complaints in kubectl's words. */
function usageOf(error: CommanderError, argv: readonly string[], rows: readonly CommandRow[]): UsageError {
  const named = argv.find((word) => rows.some(({ name }) => name === word));
  const subject = /'([^']*)'/.exec(error.message)?.[1] ?? '';
  switch (error.code) {
    case 'commander.unknownCommand':
    case 'commander.excessArguments':
      if (named)
        return new UsageError(`unexpected arguments: ${error.message.replace(/^error: /, '')}`, named);
      return new UsageError(
        `unknown command "${argv.find((word) => !word.startsWith('-')) ?? ''}" for "troupe"`,
      );
    case 'commander.unknownOption': {
      const letter = /^-([^-])/.exec(subject)?.[1];
      const flag = letter ? `unknown shorthand flag: '${letter}' in ${subject}` : `unknown flag: ${subject}`;
      return new UsageError(flag, named ?? '');
    }
    case 'commander.optionMissingArgument': {
      const flag = subject.split(/[ ,]+/).find((part) => part.startsWith('--')) ?? subject;
      return new UsageError(`flag needs an argument: ${flag}`, named ?? '');
    }
    default:
      return new UsageError(error.message.replace(/^error: /, ''), named);
  }
}
