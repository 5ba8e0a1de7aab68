// The table of kinds, and finding a kind by the words users and objects have for it.

import { eventKind } from './event.ts';
import type { Kind } from './kind.ts';
import { namespaceKind } from './namespace.ts';
import { nodeKind } from './node.ts';
import type { KubeObject } from './object.ts';
import { podKind } from './pod/kind.ts';

export type { Kind } from './kind.ts';

export const KINDS: readonly Kind[] = [podKind, nodeKind, eventKind, namespaceKind];

const BY_WORD = new Map<string, Kind>();
const BY_TYPE = new Map<string, Kind>();
for (const kind of KINDS) {
  BY_TYPE.set(`${kind.apiVersion}/${kind.kind}`, kind);
  for (const word of wordsOf(kind)) if (!BY_WORD.has(word)) BY_WORD.set(word, kind);
}

/**
 * `pods`, `pod`, `po`, each alone and with group or version: `pods.v1`, `deployments.apps`,
 * `deployments.v1.apps`.
 */
function wordsOf(kind: Kind): string[] {
  const [version, group] = kind.apiVersion.split('/').reverse();
  const suffixes = [
    '',
    `.${version}`,
    group ? `.${group}` : `.${version}.`,
    group ? `.${version}.${group}` : '',
  ];
  const names = [kind.plural, kind.singular, ...kind.shortNames, kind.kind.toLowerCase()];
  return suffixes.flatMap((suffix) => names.map((name) => `${name}${suffix}`));
}

/** The kind a user means by `po`, `pod`, `pods`, `Pod` or `pods.v1`. */
export function findKind(word: string): Kind | undefined {
  return BY_WORD.get(word.toLowerCase());
}

/** The kind of an object, by its apiVersion and kind. */
export function kindOf(object: Pick<KubeObject, 'apiVersion' | 'kind'>): Kind | undefined {
  return BY_TYPE.get(`${object.apiVersion}/${object.kind}`);
}
