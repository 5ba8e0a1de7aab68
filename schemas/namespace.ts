// The kind Namespace.
import type * as t from 'io-ts';
import type { Kind } from './kind.ts';
import { meta } from './meta.ts';
import { labelErrors } from './names.ts';
import { type KubeObject, objectOf } from './object.ts';
import { text, time } from './scalars.ts';
import { list, struct } from './shape.ts';

export const namespaceSpec = struct(
  'NamespaceSpec',
  {},
  { finalizers: meta(list(text), 'What must be done before the namespace goes.') },
);

const namespaceCondition = struct(
  'NamespaceCondition',
  { type: text, status: text },
  { lastTransitionTime: time, message: text, reason: text },
);

export const namespaceStatus = struct(
  'NamespaceStatus',
  {},
  {
    phase: meta(text, 'Active, or Terminating while its objects are removed.'),
    conditions: meta(list(namespaceCondition), { listType: 'map', mergeKey: 'type' }),
  },
);

export type Namespace = KubeObject<t.TypeOf<typeof namespaceSpec>, t.TypeOf<typeof namespaceStatus>>;

export const namespaceKind: Kind = {
  kind: 'Namespace',
  apiVersion: 'v1',
  plural: 'namespaces',
  singular: 'namespace',
  shortNames: ['ns'],
  namespaced: false,
  categories: [],
  nameErrors: labelErrors,
  selectableFields: ['status.phase'],
  codec: objectOf('Namespace', 'v1', namespaceSpec, namespaceStatus),
};
