// `troupe delete`: asks objects to end and, unless told otherwise, waits until they are gone.
import type { Client } from '../../messaging/client/index.ts';
import { hasCode, type TroupeError } from '../../schemas/errors.ts';
import { type Kind, kindOf } from '../../schemas/kinds.ts';
import type { KubeObject } from '../../schemas/object.ts';
import { type CommandDefinition, several } from '../command.ts';
import { serverErrorText, UsageError } from '../errors.ts';
import { checkNamespace, type FileOptions, forEachManifest } from '../manifests.ts';
import { outputOf } from '../print/output.ts';
import { parseDuration } from '../print/time.ts';
import { withProgress } from '../progress.ts';
import { pathOf, type Selection, selectionsOf } from '../resources.ts';
import type { Session } from '../session.ts';

interface DeleteCommandOptions extends FileOptions {
  readonly selector?: string;
  readonly all?: boolean;
  readonly allNamespaces?: boolean;
  readonly gracePeriod?: string;
  readonly force?: boolean;
  readonly now?: boolean;
  readonly wait?: string | true;
  readonly timeout?: string;
  readonly ignoreNotFound?: boolean;
  readonly output?: string;
}

interface Target {
  readonly kind: Kind;
  readonly namespace: string;
  readonly name: string;
}

const FORCE_WARNING =
  'Warning: Immediate deletion does not wait for confirmation that the running resource has been ' +
  'terminated. ' +
  'The resource may continue to run on the cluster indefinitely.';

export const command: CommandDefinition<DeleteCommandOptions> = {
  declare(command) {
    command
      .argument('[resources...]', 'KIND NAME... or KIND/NAME...')
      .usage('(-f FILENAME | KIND (NAME... | -l LABELS | --all) | KIND/NAME...) [options]')
      .option('-f, --filename <file>', 'delete the objects of this file; may be repeated', several)
      .option('-R, --recursive', 'go through directories below')
      .option('-l, --selector <labels>', 'delete the objects with these labels')
      .option('--all', 'delete all objects of the kind in the namespace')
      .option('-A, --all-namespaces', 'with --all or -l: in all namespaces')
      .option('--grace-period <seconds>', 'seconds to end in good order', '-1')
      .option('--force', 'do not wait for the node to confirm')
      .option('--now', 'the same as --grace-period=1')
      .option('--wait [wait]', 'wait until the objects are gone', 'true')
      .option('--timeout <duration>', 'give up waiting after so long; 0 waits for ever', '0')
      .option('--ignore-not-found', 'exit with 0 when the object does not exist')
      .option('-o, --output <format>', 'name prints names only')
      .addHelpText(
        'after',
        [
          '',
          'Examples:',
          '  # Delete a pod using the type and name in pod.yaml',
          '  troupe delete -f pod.yaml',
          '',
          '  # Delete pods with the label app=web',
          '  troupe delete pods -l app=web',
        ].join('\n'),
      );
  },
  async run(session, args, options) {
    const plan = planOf(args, options);
    const client = await session.client();
    if (options.force) session.warn(FORCE_WARNING);
    const deletion = new Deletion(session, client, plan, options);
    const failed = options.filename
      ? await deletion.files(options)
      : await deletion.selections(selectionsOf(args, 'delete'));
    await deletion.untilGone();
    return failed > 0 ? 1 : 0;
  },
};

interface Plan {
  readonly gracePeriodSeconds: number | undefined;
  readonly wait: boolean;
  readonly timeoutMs: number;
  readonly namesOnly: boolean;
}

/** kubectl's rules for how the options go together. */
function planOf(args: readonly string[], options: DeleteCommandOptions): Plan {
  if (args.length === 0 && !options.filename) {
    throw new UsageError(
      'You must provide one or more resources by argument or filename.\nExample resource ' +
        'specifications include:\n' +
        "   '-f rsrc.yaml'\n   '--filename=rsrc.json'\n   '<resource> <name>'\n   '<resource>'",
    );
  }
  if (args.length > 0 && options.filename) {
    throw new UsageError(
      'when paths, URLs, or stdin is provided as input, you may not specify resource arguments as well',
    );
  }
  if (options.all && options.selector) {
    throw new UsageError("setting 'all' parameter but found a non empty selector. ");
  }
  const given = Number(options.gracePeriod ?? '-1');
  if (!Number.isInteger(given)) {
    const value = options.gracePeriod;
    throw new UsageError(
      `invalid argument "${value}" for "--grace-period" flag: must be a whole number`,
      'delete',
    );
  }
  if (options.now && given !== -1)
    throw new UsageError('--now and --grace-period cannot be specified together');
  if (options.force && given > 0) {
    throw new UsageError('--force and --grace-period greater than 0 cannot be specified together');
  }
  const timeoutMs = parseDuration(options.timeout ?? '0');
  if (timeoutMs === undefined)
    throw new UsageError(`invalid argument "${options.timeout}" for "--timeout" flag`);
  const seconds = options.now ? 1 : options.force ? 0 : given === 0 ? 1 : given;
  return {
    gracePeriodSeconds: seconds < 0 ? undefined : seconds,
    wait: String(options.wait ?? 'true') !== 'false' && !options.force,
    timeoutMs,
    namesOnly: outputOf(options.output, ['name']) === 'name',
  };
}

class Deletion {
  readonly #session: Session;
  readonly #client: Client;
  readonly #plan: Plan;
  readonly #options: DeleteCommandOptions;
  /** What has been asked to end and may still be there. */
  readonly #ending: (Target & { readonly uid: string | undefined })[] = [];

  constructor(session: Session, client: Client, plan: Plan, options: DeleteCommandOptions) {
    this.#session = session;
    this.#client = client;
    this.#plan = plan;
    this.#options = options;
  }

  files(options: FileOptions): Promise<number> {
    const what = { verb: 'delete', doing: 'deleting' };
    return forEachManifest(this.#session, options, what, async (object) => {
      checkNamespace(this.#session, object);
      const kind = kindOf(object);
      if (!kind)
        throw new UsageError(`no matches for kind "${object.kind}" in version "${object.apiVersion}"`);
      const namespace = object.metadata.namespace ?? this.#session.namespace;
      await this.#one({ kind, namespace, name: object.metadata.name });
    });
  }

  async selections(selections: readonly Selection[]): Promise<number> {
    const { all, selector } = this.#options;
    let failed = 0;
    let met = 0;
    for (const { kind, names } of selections) {
      if (names.length > 0 && (all || selector)) {
        throw new UsageError('name cannot be provided when a selector is specified');
      }
      if (names.length === 0 && !all && !selector) {
        throw new UsageError('resource(s) were provided, but no name was specified');
      }
      const targets = names.length > 0 ? this.#named(kind, names) : await this.#matching(kind);
      for (const target of targets) {
        met += 1;
        try {
          await this.#one(target);
        } catch (error) {
          if (!hasCode(error, 'NOT_FOUND', 'CONFLICT', 'FORBIDDEN', 'INVALID', 'UNSUPPORTED')) throw error;
          // One that vanished after it had been listed is what was asked for.
          if (error.code === 'NOT_FOUND' && names.length === 0) continue;
          failed += 1;
          this.#session.warn(serverErrorText(error as TroupeError));
        }
      }
    }
    if (met === 0) this.#session.warn('No resources found');
    return failed;
  }

  #named(kind: Kind, names: readonly string[]): Target[] {
    return names.map((name) => ({ kind, namespace: this.#session.namespace, name }));
  }

  async #matching(kind: Kind): Promise<Target[]> {
    const { allNamespaces, selector } = this.#options;
    const namespace = allNamespaces ? undefined : this.#session.namespace;
    const { items } = await this.#client.list(kind.plural, { namespace, labelSelector: selector });
    return items.map(({ metadata }) => ({ kind, namespace: metadata.namespace ?? '', name: metadata.name }));
  }

  async #one(target: Target): Promise<void> {
    const { kind, namespace, name } = target;
    const { gracePeriodSeconds, namesOnly } = this.#plan;
    const options = gracePeriodSeconds === undefined ? {} : { gracePeriodSeconds };
    let answer: KubeObject;
    try {
      answer = await this.#client.delete(kind.plural, pathOf(kind, namespace, name), options);
    } catch (error) {
      if (hasCode(error, 'NOT_FOUND') && this.#options.ignoreNotFound) return;
      throw error;
    }
    const word = this.#options.force ? 'force deleted' : 'deleted';
    this.#session.print(namesOnly ? `${kind.singular}/${name}` : `${kind.singular} "${name}" ${word}`);
    if (answer.kind !== 'Status') this.#ending.push({ ...target, uid: answer.metadata.uid });
  }

  async untilGone(): Promise<void> {
    if (!this.#plan.wait || this.#ending.length === 0) return;
    const waiting = new Set(this.#ending);
    const what = () => {
      const [first] = waiting;
      const more = waiting.size > 1 ? ` and ${waiting.size - 1} more` : '';
      return `waiting for ${first?.kind.singular} "${first?.name}"${more} to end`;
    };
    const all = Promise.all(
      this.#ending.map(async (target) => {
        await this.#gone(target);
        waiting.delete(target);
      }),
    );
    await withProgress(this.#session, what, all);
  }

  async #gone({ kind, namespace, name, uid }: Target & { readonly uid: string | undefined }): Promise<void> {
    const { clock, io } = this.#session;
    const { timeoutMs } = this.#plan;
    const ended = new AbortController();
    const end = () => ended.abort();
    if (io.signal.aborted) end();
    io.signal.addEventListener('abort', end);
    const timer = timeoutMs > 0 ? clock.after(timeoutMs, end) : undefined;
    const criteria = {
      namespace: kind.namespaced ? namespace : undefined,
      fieldSelector: `metadata.name=${name}`,
      signal: ended.signal,
    };
    let there = false;
    try {
      for await (const { type, object } of this.#client.watch(kind.plural, criteria)) {
        if (type === 'BOOKMARK' ? !there : object.metadata.name === name) {
          if (type === 'BOOKMARK' || type === 'DELETED' || object.metadata.uid !== uid) return;
          there = true;
        }
      }
    } finally {
      timer?.cancel();
      io.signal.removeEventListener('abort', end);
    }
    if (io.signal.aborted) throw this.#session.interrupted();
    throw new UsageError(`timed out waiting for the condition on ${kind.plural}/${name}`);
  }
}
