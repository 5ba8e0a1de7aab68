// From the words a user has for an object (`pod`, `default/web`) to its identity.
import { TroupeError } from '../../schemas/errors.ts';
import { findKind, type Kind, kindOf } from '../../schemas/kinds.ts';
import type { KubeObject } from '../../schemas/object.ts';
import type { ActorId } from '../identity.ts';

export const DEFAULT_NAMESPACE = 'default';

/** The kind meant by `po`, `pod`, `pods` or `Pod`. Errors: `UNSUPPORTED`. */
export function kindNamed(word: string): Kind {
  const kind = findKind(word);
  if (!kind) throw new TroupeError('UNSUPPORTED', `the server doesn't have a resource type "${word}"`);
  return kind;
}

/** The identity of `default/web` or `web`; kinds without namespaces take the name alone. */
export function targetOf(kind: Kind, name: string): ActorId {
  const slash = name.indexOf('/');
  const namespace = slash < 0 ? DEFAULT_NAMESPACE : name.slice(0, slash);
  const own = name.slice(slash + 1);
  if (own === '') throw new TroupeError('BAD_REQUEST', 'resource name may not be empty');
  return { plural: kind.plural, namespace: kind.namespaced ? namespace : '', name: own };
}

/**
 * The identity an object gives itself. Errors: `UNSUPPORTED` for a kind nobody knows, `BAD_REQUEST` for none.
 */
export function addressOf(object: KubeObject, namespace = DEFAULT_NAMESPACE): { kind: Kind; id: ActorId } {
  if (typeof object !== 'object' || object === null || Array.isArray(object)) {
    throw new TroupeError('BAD_REQUEST', 'an object was expected, with apiVersion and kind');
  }
  for (const field of ['kind', 'apiVersion'] as const) {
    if (typeof object[field] === 'string' && object[field] !== '') continue;
    const name = field === 'kind' ? 'Kind' : field;
    throw new TroupeError('BAD_REQUEST', `Object '${name}' is missing in '${shorten(object)}'`);
  }
  const kind = kindOf(object);
  if (!kind) {
    const text = `no matches for kind "${object.kind}" in version "${object.apiVersion}"`;
    throw new TroupeError('UNSUPPORTED', text);
  }
  const { name = '', namespace: given } = (object.metadata ?? {}) as Partial<KubeObject['metadata']>;
  const id = {
    plural: kind.plural,
    namespace: kind.namespaced ? String(given || namespace) : '',
    name: String(name),
  };
  return { kind, id };
}

function shorten(value: unknown): string {
  const text = JSON.stringify(value);
  return text.length <= 200 ? text : `${text.slice(0, 200)}…`;
}
