// `troupe facts`: the live account of a cluster, one line for each thing that becomes true.
import type { Fact } from '../../messaging/client/index.ts';
import { idOfKey, keyOf } from '../../messaging/identity.ts';
import type { CommandDefinition } from '../command.ts';
import { UsageError } from '../errors.ts';
import { outputOf } from '../print/output.ts';
import { oneLine } from '../print/table.ts';
import { kindOfWord } from '../resources.ts';
import type { Session } from '../session.ts';

interface FactsOptions {
  readonly output?: string;
  readonly count?: string;
}

export const command: CommandDefinition<FactsOptions> = {
  declare(command) {
    command
      .argument('[filter...]', 'a kind, KIND/NAME, or a key with wildcards such as pods.default.*')
      .usage('[FILTER] [options]')
      .option('-o, --output <format>', 'json prints the CloudEvents as they are, one a line')
      .option('--count <number>', 'end after so many facts')
      .addHelpText(
        'after',
        [
          '',
          'Examples:',
          '  # Everything that happens',
          '  troupe facts',
          '',
          '  # What happens to one pod, for a program to read',
          '  troupe facts pod/web -o json',
        ].join('\n'),
      );
  },
  async run(session, args, options) {
    const output = outputOf(options.output, ['json']);
    const left = options.count === undefined ? Number.POSITIVE_INFINITY : Number(options.count);
    if (!(left >= 1)) throw new UsageError(`invalid argument "${options.count}" for "--count" flag`, 'facts');
    const client = await session.client();
    const facts = client.facts(filterOf(session, args));
    const end = () => void facts.return?.();
    session.io.signal.addEventListener('abort', end);
    if (session.io.signal.aborted) end();
    let seen = 0;
    try {
      for await (const fact of facts) {
        session.print(output === 'json' ? JSON.stringify(fact) : factLine(fact));
        seen += 1;
        if (seen >= left) break;
      }
    } finally {
      session.io.signal.removeEventListener('abort', end);
    }
    return 0;
  },
};

function filterOf(session: Session, [filter, ...more]: readonly string[]): string {
  if (more.length > 0) throw new UsageError(`unexpected arguments: [${more.join(' ')}]`, 'facts');
  if (filter === undefined) return '>';
  if (/[.*>]/.test(filter)) return filter;
  const [word, name] = filter.split('/');
  const kind = kindOfWord(word!);
  if (!name) return kind.plural;
  return keyOf({ plural: kind.plural, namespace: kind.namespaced ? session.namespace : '', name });
}

/** `12:00:00.250  pod default/web  scheduled  node=n1  #42`: when, who, what, more, revision. */
export function factLine(fact: Fact): string {
  const { uid: _uid, revision, state: _state, ...more } = fact.data ?? {};
  const [, , kind = '', ...words] = fact.type.split('.');
  const details = Object.entries(more).map(([key, value]) => `${key}=${shown(value)}`);
  const parts = [clockTime(fact.time), `${kind} ${subjectOf(fact.subject)}`, words.join('.'), ...details];
  if (revision) parts.push(`#${revision}`);
  return oneLine(parts.join('  '));
}

function clockTime(time: string | undefined): string {
  return /T(\d\d:\d\d:\d\d(?:\.\d{3})?)/.exec(time ?? '')?.[1] ?? '--:--:--';
}

function subjectOf(key: string): string {
  try {
    const { namespace, name } = idOfKey(key);
    return namespace ? `${namespace}/${name}` : name;
  } catch {
    return key;
  }
}

function shown(value: unknown): string {
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  return /\s/.test(text) ? JSON.stringify(text) : text;
}
