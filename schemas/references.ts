// Small structs that several kinds use to point at other objects, and label selectors as objects.
import type * as t from 'io-ts';
import { meta } from './meta.ts';
import { flag, quantity, text } from './scalars.ts';
import { list, map, struct } from './shape.ts';

export const localObjectReference = struct(
  'LocalObjectReference',
  {},
  { name: meta(text, 'Name of an object in the same namespace.') },
);

export const objectReference = struct(
  'ObjectReference',
  {},
  {
    apiVersion: text,
    fieldPath: meta(text, 'A part of the object, as spec.containers{name}.'),
    kind: text,
    name: text,
    namespace: text,
    resourceVersion: text,
    uid: text,
  },
);

export const typedLocalObjectReference = struct(
  'TypedLocalObjectReference',
  { kind: text, name: text },
  { apiGroup: text },
);

export const typedObjectReference = struct(
  'TypedObjectReference',
  { kind: text, name: text },
  { apiGroup: text, namespace: text },
);

export const labelSelectorRequirement = struct(
  'LabelSelectorRequirement',
  {
    key: meta(text, 'The label.'),
    operator: meta(text, 'In, NotIn, Exists or DoesNotExist.'),
  },
  { values: meta(list(text), { description: 'For In and NotIn.', listType: 'atomic' }) },
);

export const labelSelector = meta(
  struct(
    'LabelSelector',
    {},
    {
      matchLabels: meta(map(text), 'Labels that must be present with these values.'),
      matchExpressions: meta(list(labelSelectorRequirement), {
        description: 'Requirements that must all hold.',
        listType: 'atomic',
      }),
    },
  ),
  'Selects objects by their labels. An empty selector selects all, an absent one none.',
);

export type LabelSelector = t.TypeOf<typeof labelSelector>;

export const quantities = map(quantity);

export const optionalKey = {
  name: meta(text, 'Name of the object.'),
  optional: meta(flag, 'True when the object or key may be missing.'),
};
