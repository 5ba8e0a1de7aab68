// `troupe apply`: states what is desired, by files.
import type { Client, FieldValidation, WriteOptions } from '../../messaging/client/index.ts';
import { hasCode } from '../../schemas/errors.ts';
import { kindOf } from '../../schemas/kinds.ts';
import type { KubeObject } from '../../schemas/object.ts';
import { orThrow } from '../../schemas/or-throw.ts';
import { validate } from '../../schemas/validate.ts';
import { type CommandDefinition, several } from '../command.ts';
import { UsageError } from '../errors.ts';
import { checkNamespace, type FileOptions, forEachManifest } from '../manifests.ts';
import { documentText, listOf, type OutputFormat, outputOf, typedName } from '../print/output.ts';
import { pathOf } from '../resources.ts';
import type { Session } from '../session.ts';

export interface WriteCommandOptions extends FileOptions {
  readonly dryRun?: string | true;
  readonly validate?: string | true;
  readonly output?: string;
}

type DryRun = 'none' | 'client' | 'server';

export const command: CommandDefinition<WriteCommandOptions> = {
  declare(command) {
    declareWrite(command).addHelpText(
      'after',
      [
        '',
        'Examples:',
        '  # Apply the configuration in pod.yaml',
        '  troupe apply -f pod.yaml',
        '',
        '  # Apply what another program writes',
        '  cat pod.yaml | troupe apply -f -',
        '',
        '  # Apply every .yaml, .yml and .json file in a directory',
        '  troupe apply -f manifests/ -R',
      ].join('\n'),
    );
  },
  run: (session, args, options) => write(session, args, options, 'apply'),
};

/** The options `apply` and `create` share. */
export function declareWrite(command: Parameters<CommandDefinition['declare']>[0]) {
  return command
    .argument('[args...]')
    .usage('-f FILENAME [options]')
    .option('-f, --filename <file>', 'file, directory or - for standard input; may be repeated', several)
    .option('-R, --recursive', 'go through directories below')
    .option('--dry-run [mode]', 'none, client (checks here) or server (checks there); stores nothing')
    .option(
      '--validate [mode]',
      'strict refuses unknown fields, warn tells of them, ignore is silent',
      'strict',
    )
    .option('-o, --output <format>', 'print the objects: json, yaml or name');
}

/** Carries out `apply` or `create` for every object of the files. */
export async function write(
  session: Session,
  args: readonly string[],
  options: WriteCommandOptions,
  verb: 'apply' | 'create',
): Promise<number> {
  if (args.length > 0) throw new UsageError(`Unexpected args: [${args.join(' ')}]`, verb);
  if (!options.filename) throw new UsageError('must specify -f', verb);
  const output = outputOf(options.output, ['json', 'yaml', 'name']);
  const dryRun = dryRunOf(options.dryRun);
  const fieldValidation = validationOf(options.validate);
  const client = await session.client();
  const done: KubeObject[] = [];
  const doing = verb === 'apply' ? 'applying' : 'creating';
  const failed = await forEachManifest(session, options, { verb, doing }, async (given) => {
    checkNamespace(session, given);
    const writing = { namespace: session.namespace, fieldValidation, dryRun: dryRun === 'server' };
    const { object, result } =
      dryRun === 'client'
        ? await pretend(client, given, verb, writing)
        : await really(client, given, verb, writing);
    done.push(object);
    tell(session, object, result, output, dryRun);
  });
  if ((output === 'json' || output === 'yaml') && done.length > 0) {
    const value = done.length === 1 && failed === 0 ? done[0] : listOf(done);
    session.io.stdout.write(documentText(value, output));
  }
  return failed > 0 ? 1 : 0;
}

async function really(
  client: Client,
  given: KubeObject,
  verb: 'apply' | 'create',
  options: WriteOptions,
): Promise<{ object: KubeObject; result: string }> {
  if (verb === 'create') return { object: await client.create(given, options), result: 'created' };
  return (await client.apply(given, options))[0]!;
}

/** What would happen, found out here: the object is checked, and only whether it exists is asked. */
async function pretend(
  client: Client,
  given: KubeObject,
  verb: 'apply' | 'create',
  options: WriteOptions,
): Promise<{ object: KubeObject; result: string }> {
  const { namespace = 'default', fieldValidation } = options;
  const kind = kindOf(given);
  const named = kind?.namespaced && !given.metadata?.namespace;
  const whole = named ? { ...given, metadata: { ...given.metadata, namespace } } : given;
  const { object } = orThrow(validate(whole, { strict: fieldValidation === 'Strict' }));
  if (verb === 'create' || !kind) return { object, result: 'created' };
  const { name, namespace: own = namespace } = object.metadata;
  try {
    await client.get(kind.plural, pathOf(kind, own, name));
    return { object, result: 'configured' };
  } catch (error) {
    if (hasCode(error, 'NOT_FOUND')) return { object, result: 'created' };
    throw error;
  }
}

function tell(
  session: Session,
  object: KubeObject,
  result: string,
  output: OutputFormat | undefined,
  dryRun: DryRun,
): void {
  const mark = { none: '', client: ' (dry run)', server: ' (server dry run)' }[dryRun];
  if (output === 'name') session.print(typedName(object));
  else if (output === undefined) session.print(`${typedName(object)} ${result}${mark}`);
}

function dryRunOf(mode: string | true | undefined): DryRun {
  if (mode === undefined) return 'none';
  if (mode === 'none' || mode === 'client' || mode === 'server') return mode;
  const text = mode === true ? '' : mode;
  throw new UsageError(`Invalid dry-run value (${text}). Must be "none", "server", or "client".`);
}

function validationOf(mode: string | true | undefined): FieldValidation {
  if (mode === undefined || mode === true || mode === 'strict' || mode === 'true') return 'Strict';
  if (mode === 'warn') return 'Warn';
  if (mode === 'ignore' || mode === 'false') return 'Ignore';
  const allowed = 'must be one of: strict (or true), warn, ignore (or false)';
  throw new UsageError(`invalid - validate option "${mode}"; ${allowed}`);
}
