// Who an actor is, and how that is spelled as a KV key and as subject tokens. The only place that knows the escape.
// Plain Kubernetes names stay readable: a dot becomes `_`, any other character that NATS refuses becomes `=XX`.
import { TroupeError } from '../schemas/errors.ts';

/** Identity of an actor. Cluster-scoped kinds have the empty namespace. */
export interface ActorId {
  readonly plural: string;
  readonly namespace: string;
  readonly name: string;
}

const PLAIN = /^[A-Za-z0-9-]+$/;

/** One name as one token. The empty text becomes `_`. */
export function toToken(text: string): string {
  if (PLAIN.test(text)) return text;
  if (text === '') return '_';
  return text.replace(/[^A-Za-z0-9-]/gu, (character) => (character === '.' ? '_' : hex(character)));
}

/** The inverse of {@link toToken}. */
export function fromToken(token: string): string {
  if (PLAIN.test(token)) return token;
  if (token === '_') return '';
  const bytes = token.replace(/_/g, '.').replace(/=([0-9A-F]{2})/g, '%$1');
  try {
    return decodeURIComponent(bytes);
  } catch (cause) {
    throw new TroupeError('BAD_REQUEST', `"${token}" is not a name`, { cause });
  }
}

function hex(character: string): string {
  let out = '';
  for (const byte of new TextEncoder().encode(character)) {
    out += `=${byte.toString(16).toUpperCase().padStart(2, '0')}`;
  }
  return out;
}

/** `pods.default.web`, `nodes._.n1`. */
export function keyOf(id: ActorId): string {
  return `${id.plural}.${toToken(id.namespace)}.${toToken(id.name)}`;
}

/** The inverse of {@link keyOf}. */
export function idOfKey(key: string): ActorId {
  const [plural, namespace, name, ...more] = key.split('.');
  if (!plural || !namespace || !name || more.length > 0) {
    throw new TroupeError('BAD_REQUEST', `"${key}" is not the key of an object`);
  }
  return { plural, namespace: fromToken(namespace), name: fromToken(name) };
}

/** The slice of all identities this one belongs to: FNV-1a over its key, so that any language can compute it. */
export function shardOf(id: ActorId, shards: number): number {
  return hashOf(keyOf(id)) % shards;
}

/** FNV-1a, 32 bits, of the UTF-16 code units; keys are ASCII. */
export function hashOf(text: string): number {
  let hash = 0x811c9dc5;
  for (let index = 0; index < text.length; index += 1) {
    hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193);
  }
  return hash >>> 0;
}
