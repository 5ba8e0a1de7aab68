// What `KIND[,KIND] [NAME…]` and `KIND/NAME…` on a command line mean, with kubectl's complaints.
import { kindNamed } from '../messaging/client/index.ts';
import { hasCode } from '../schemas/errors.ts';
import { KINDS, type Kind } from '../schemas/kinds.ts';
import { UsageError } from './errors.ts';

/** Objects of one kind: those named, or all when `names` is empty. */
export interface Selection {
  readonly kind: Kind;
  readonly names: readonly string[];
}

export function selectionsOf(args: readonly string[], verb: string): Selection[] {
  const [first, ...rest] = args;
  if (first === undefined) {
    throw new UsageError(
      `You must specify the type of resource to ${verb}. ` +
        'Use "troupe api-resources" for a complete list of supported resources.',
    );
  }
  if (!args.some((arg) => arg.includes('/'))) {
    return kindsOf(first).map((kind) => ({ kind, names: rest }));
  }
  const selections: { kind: Kind; names: string[] }[] = [];
  for (const arg of args) {
    const [word, name, ...more] = arg.split('/');
    if (name === undefined) throw new UsageError(mixedForms(verb));
    if (!word || !name || more.length > 0) {
      throw new UsageError(
        'arguments in resource/name form must have a single resource and name, as in pod/web',
      );
    }
    const kind = kindOfWord(word);
    const last = selections.at(-1);
    if (last?.kind === kind) last.names.push(name);
    else selections.push({ kind, names: [name] });
  }
  return selections;
}

function mixedForms(verb: string): string {
  return (
    'there is no need to specify a resource type as a separate argument when passing arguments in ' +
    'resource/name ' +
    `form (e.g. 'troupe ${verb} resource/<resource_name>' instead of ` +
    `'troupe ${verb} resource resource/<resource_name>'`
  );
}

/** `pods,nodes`, or `all` for every kind of that category. */
function kindsOf(words: string): Kind[] {
  const kinds = words.split(',').flatMap((word) => {
    return word === 'all' ? KINDS.filter(({ categories }) => categories.includes('all')) : [kindOfWord(word)];
  });
  return [...new Set(kinds)];
}

export function kindOfWord(word: string): Kind {
  try {
    return kindNamed(word);
  } catch (error) {
    if (hasCode(error, 'UNSUPPORTED')) throw new UsageError(error.message);
    throw error;
  }
}

/** The client's spelling of an object: `default/web`, or `n1` for kinds without namespaces. */
export function pathOf(kind: Kind, namespace: string, name: string): string {
  return kind.namespaced ? `${namespace}/${name}` : name;
}
