// `troupe get`: objects as tables, documents or names; once, or as they change.
import type { WatchEvent } from '../../messaging/client/index.ts';
import { hasCode, TroupeError } from '../../schemas/errors.ts';
import type { Kind } from '../../schemas/kinds.ts';
import type { KubeObject } from '../../schemas/object.ts';
import type { CommandDefinition } from '../command.ts';
import { serverErrorText, UsageError } from '../errors.ts';
import { byLastSeen, columnsOf } from '../print/columns.ts';
import { documentText, listOf, type OutputFormat, outputOf, typedName } from '../print/output.ts';
import { Table } from '../print/table.ts';
import { pathOf, type Selection, selectionsOf } from '../resources.ts';
import type { Session } from '../session.ts';

export interface GetOptions {
  readonly allNamespaces?: boolean;
  readonly output?: string;
  readonly selector?: string;
  readonly fieldSelector?: string;
  readonly watch?: boolean;
  readonly watchOnly?: boolean;
  readonly showLabels?: boolean;
  readonly headers?: boolean;
  readonly ignoreNotFound?: boolean;
}

export const command: CommandDefinition<GetOptions> = {
  declare(command) {
    declareListing(
      command
        .argument('[resources...]', 'KIND[,KIND] [NAME...] or KIND/NAME...')
        .usage('(KIND[,KIND] [NAME...] | KIND/NAME...) [options]'),
    ).addHelpText(
      'after',
      [
        '',
        'Examples:',
        '  # List all pods with more about them, such as their node',
        '  troupe get pods -o wide',
        '',
        '  # Show one pod as YAML',
        '  troupe get pod/web -o yaml',
        '',
        '  # Follow the pods of an application in all namespaces',
        '  troupe get pods -A -l app=web -w',
      ].join('\n'),
    );
  },
  run: (session, args, options) => get(session, selectionsOf(args, 'get'), options),
};

/** The options of commands that list. */
export function declareListing(command: Parameters<CommandDefinition['declare']>[0]) {
  return command
    .option('-A, --all-namespaces', 'objects of all namespaces')
    .option('-o, --output <format>', 'json, yaml, name or wide')
    .option('-l, --selector <labels>', "only objects with these labels, such as 'app=web,tier in (a,b)'")
    .option('--field-selector <fields>', 'only objects with these fields, such as status.phase=Running')
    .option('-w, --watch', 'go on with every change')
    .option('--watch-only', 'changes only, without what is there')
    .option('--show-labels', 'show all labels in the last column')
    .option('--no-headers', 'leave out the headers')
    .option('--ignore-not-found', 'exit with 0 when the object does not exist');
}

export async function get(session: Session, selections: Selection[], options: GetOptions): Promise<number> {
  const output = outputOf(options.output);
  const named = selections.some(({ names }) => names.length > 0);
  if (named && (options.selector || options.fieldSelector)) {
    throw new UsageError('name cannot be provided when a selector is specified');
  }
  if (named && options.allNamespaces) {
    throw new UsageError('a resource cannot be retrieved by name across all namespaces');
  }
  if (options.watch || options.watchOnly) return watch(session, selections, options, output);

  const found: { kind: Kind; objects: KubeObject[] }[] = [];
  const errors: TroupeError[] = [];
  for (const { kind, names } of selections) {
    const objects = names.length > 0 ? [] : await listAll(session, kind, options);
    const client = await session.client();
    for (const name of names) {
      try {
        objects.push(await client.get(kind.plural, pathOf(kind, session.namespace, name)));
      } catch (error) {
        if (!hasCode(error, 'NOT_FOUND')) throw error;
        if (!options.ignoreNotFound) errors.push(error);
      }
    }
    found.push({ kind, objects });
  }
  print(session, found, output, options, named);
  for (const error of errors) session.warn(serverErrorText(error));
  return errors.length > 0 ? 1 : 0;
}

async function listAll(session: Session, kind: Kind, options: GetOptions): Promise<KubeObject[]> {
  const client = await session.client();
  const { items } = await client.list(kind.plural, criteriaOf(session, options));
  return kind.plural === 'events' ? items.sort(byLastSeen) : items;
}

function criteriaOf(session: Session, { allNamespaces, selector, fieldSelector }: GetOptions) {
  return {
    namespace: allNamespaces ? undefined : session.namespace,
    labelSelector: selector,
    fieldSelector,
  };
}

function print(
  session: Session,
  found: { kind: Kind; objects: KubeObject[] }[],
  output: OutputFormat | undefined,
  options: GetOptions,
  named: boolean,
): void {
  const { stdout } = session.io;
  const all = found.flatMap(({ objects }) => objects);
  if (output === 'json' || output === 'yaml') {
    const single = named && found.length === 1 && found[0]!.objects.length === 1;
    if (named && all.length === 0) return;
    stdout.write(documentText(single ? all[0] : listOf(all), output));
  } else if (output === 'name') {
    for (const object of all) session.print(typedName(object));
  } else if (all.length === 0) {
    if (!named) tellNone(session, found, options);
  } else {
    const several = found.filter(({ objects }) => objects.length > 0).length > 1;
    const tables = found
      .filter(({ objects }) => objects.length > 0)
      .map(({ kind, objects }) => tableOf(kind, options, output, several).rows(objects, session.clock.now()));
    stdout.write(tables.join('\n'));
  }
}

function tellNone(session: Session, found: { kind: Kind }[], { allNamespaces }: GetOptions): void {
  const namespaced = found.some(({ kind }) => kind.namespaced);
  const where = namespaced && !allNamespaces ? ` in ${session.namespace} namespace.` : '';
  session.warn(`No resources found${where}`);
}

function tableOf(kind: Kind, options: GetOptions, output: OutputFormat | undefined, several: boolean): Table {
  return new Table({
    columns: columnsOf(kind, output === 'wide'),
    withNamespace: options.allNamespaces === true && kind.namespaced,
    showLabels: options.showLabels,
    noHeaders: options.headers === false,
    prefix: several ? `${kind.singular}/` : '',
  });
}

async function watch(
  session: Session,
  selections: Selection[],
  options: GetOptions,
  output: OutputFormat | undefined,
): Promise<number> {
  const [selection, ...more] = selections;
  if (!selection || more.length > 0) throw new UsageError('you may only specify a single resource type');
  const { kind, names } = selection;
  if (names.length > 1) {
    throw new UsageError('watch is only supported on individual resources and resource collections');
  }
  const [name] = names;
  const criteria = criteriaOf(session, options);
  if (name !== undefined) criteria.fieldSelector = `metadata.name=${name}`;
  const table = tableOf(kind, options, output, false);
  const show = (objects: KubeObject[]) => {
    if (objects.length === 0) return;
    if (output === 'name') for (const object of objects) session.print(typedName(object));
    else if (output === 'json')
      for (const object of objects) session.io.stdout.write(documentText(object, output));
    else if (output === 'yaml') {
      for (const object of objects) session.io.stdout.write(`${documentText(object, output)}---\n`);
    } else session.io.stdout.write(table.rows(objects, session.clock.now()));
  };
  const client = await session.client();
  let initial: KubeObject[] | undefined = [];
  const { signal } = session.io;
  for await (const event of client.watch(kind.plural, { ...criteria, signal })) {
    if (initial === undefined) {
      if (event.type !== 'BOOKMARK') show([event.object]);
    } else if (isInitialEnd(event)) {
      if (name !== undefined && initial.length === 0) throw absent(kind, name);
      if (!options.watchOnly) show(kind.plural === 'events' ? initial.sort(byLastSeen) : initial);
      initial = undefined;
    } else initial.push(event.object);
  }
  return 0;
}

function isInitialEnd({ type }: WatchEvent): boolean {
  return type === 'BOOKMARK';
}

function absent(kind: Kind, name: string): TroupeError {
  return new TroupeError('NOT_FOUND', `${kind.plural} "${name}" not found`, {
    details: { name, kind: kind.plural },
  });
}
