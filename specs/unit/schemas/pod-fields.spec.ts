// Every field that Kubernetes' own type declarations know must be known to our codecs, and ours must take
// whatever those types allow.
import { readFileSync } from 'node:fs';
import type {
  NodeSpec as KubeNodeSpec,
  PodSpec as KubePodSpec,
  Volume as KubeVolume,
} from 'kubernetes-types/core/v1.js';
import { eventKind } from '../../../schemas/event.ts';
import { type Description, describe as describeCodec } from '../../../schemas/meta.ts';
import { namespaceKind } from '../../../schemas/namespace.ts';
import { type NodeSpec, nodeKind } from '../../../schemas/node.ts';
import { podKind } from '../../../schemas/pod/kind.ts';
import type { PodSpec } from '../../../schemas/pod/pod-spec.ts';
import type { Volume } from '../../../schemas/pod/volume.ts';

const SOURCES = ['core/v1.d.ts', 'meta/v1.d.ts'].map((file) =>
  readFileSync(require.resolve(`kubernetes-types/${file}`), 'utf8'),
);

/** The fields of each interface in the declarations. */
const INTERFACES = new Map<string, string[]>();
for (const source of SOURCES) {
  for (const [, name, body] of source.matchAll(/export interface (\w+) \{(.*?)\n\}/gs)) {
    const fields = [...body!.matchAll(/^ {2}"?(\w+)"?\??:/gm)].map((match) => match[1]!);
    if (!INTERFACES.has(name!)) INTERFACES.set(name!, fields);
  }
}

function structsOf(
  description: Description,
  found = new Map<string, Description>(),
): Map<string, Description> {
  if (description.fields !== undefined) found.set(description.name, description);
  for (const field of Object.values(description.fields ?? {})) structsOf(field, found);
  if (description.items !== undefined) structsOf(description.items, found);
  return found;
}

test.each([
  ['Pod', podKind, 80],
  ['Node', nodeKind, 15],
  ['Event', eventKind, 4],
  ['Namespace', namespaceKind, 4],
] as const)('%s and all structs in it know every field', (_, kind, atLeast) => {
  const missing: string[] = [];
  let compared = 0;
  for (const [name, struct] of structsOf(describeCodec(kind.codec))) {
    const known = INTERFACES.get(name);
    if (known === undefined) continue;
    compared += 1;
    for (const field of known) if (!(field in struct.fields!)) missing.push(`${name}.${field}`);
  }
  expect(missing).toEqual([]);
  expect(compared).toBeGreaterThanOrEqual(atLeast);
});

/** Our words such as `'Always' | 'Never'` are `string` there. */
type Widened<T> = T extends string
  ? string
  : T extends (infer I)[]
    ? Widened<I>[]
    : T extends object
      ? { [K in keyof T]: Widened<T[K]> }
      : T;

test('the types take what Kubernetes allows', () => {
  // Their `hostAliases[].ip` is optional; Kubernetes has required it since 1.31. Their `managedFields`,
  // inside an ephemeral volume, are a closed type.
  const pod = (
    spec: Omit<KubePodSpec, 'hostAliases' | 'volumes'>,
  ): Widened<Omit<PodSpec, 'hostAliases' | 'volumes'>> => spec;
  const volume = (source: Omit<KubeVolume, 'ephemeral'>): Widened<Omit<Volume, 'ephemeral'>> => source;
  const node = (spec: KubeNodeSpec): Widened<NodeSpec> => spec;
  expect([pod({ containers: [] }), volume({ name: 'v' }), node({})]).toEqual([
    { containers: [] },
    { name: 'v' },
    {},
  ]);
});
