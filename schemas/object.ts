// What all Kubernetes objects have in common: the type of an object, its metadata, and their codecs. Nothing
// here knows a particular kind.
import { meta } from './meta.ts';
import { anyText, anything, flag, int64, text, time } from './scalars.ts';
import { list, map, type Shape, struct } from './shape.ts';

export interface OwnerReference {
  apiVersion: string;
  kind: string;
  name: string;
  uid: string;
  controller?: boolean;
  blockOwnerDeletion?: boolean;
}

/** Kubernetes' `metav1.ObjectMeta`. Times are RFC 3339. */
export interface ObjectMeta {
  name: string;
  generateName?: string;
  namespace?: string;
  uid?: string;
  labels?: Record<string, string>;
  annotations?: Record<string, string>;
  resourceVersion?: string;
  generation?: number;
  creationTimestamp?: string;
  deletionTimestamp?: string;
  deletionGracePeriodSeconds?: number;
  finalizers?: string[];
  ownerReferences?: OwnerReference[];
  selfLink?: string;
  managedFields?: Record<string, unknown>[];
}

/** Any object of any kind. Fields no codec knows are kept. */
export interface KubeObject<Spec = Record<string, unknown>, St = Record<string, unknown>> {
  apiVersion: string;
  kind: string;
  metadata: ObjectMeta;
  spec?: Spec;
  status?: St;
  [key: string]: unknown;
}

export const ownerReference: Shape<OwnerReference> = meta(
  struct(
    'OwnerReference',
    {
      apiVersion: meta(text, 'API version of the owner.'),
      kind: meta(text, 'Kind of the owner.'),
      name: meta(text, 'Name of the owner.'),
      uid: meta(text, 'UID of the owner.'),
    },
    {
      controller: meta(flag, 'True for the one owner that controls this object.'),
      blockOwnerDeletion: meta(flag, 'True holds back foreground deletion of the owner.'),
    },
  ),
  'Names the object that owns this one; when all owners are gone, so is this one.',
);

const managedFields = struct(
  'ManagedFieldsEntry',
  {},
  {
    apiVersion: text,
    fieldsType: text,
    fieldsV1: map(anything),
    manager: text,
    operation: text,
    subresource: text,
    time,
  },
);

const optionalMeta = {
  generateName: meta(text, 'Prefix from which a unique name is made when no name is given.'),
  namespace: meta(text, 'Namespace of the object; empty for kinds that have none.'),
  uid: meta(text, 'Set by the cluster: tells apart objects that had the same name at different times.'),
  labels: meta(map(text), 'Words to select objects by.'),
  annotations: meta(map(text), 'Free notes of tools; not for selecting.'),
  resourceVersion: meta(text, 'Set by the cluster: the revision of the store at the last change.'),
  generation: meta(int64, 'Set by the cluster: counts the changes of the spec.'),
  creationTimestamp: meta(time, 'Set by the cluster: when the object was created.'),
  deletionTimestamp: meta(time, 'Set by the cluster: when the object is to be gone.'),
  deletionGracePeriodSeconds: meta(int64, 'Set by the cluster: seconds given to end in good order.'),
  finalizers: meta(list(text), {
    description: 'What must be done before the object goes.',
    listType: 'set',
  }),
  ownerReferences: meta(list(ownerReference), {
    description: 'The owners of this object.',
    listType: 'map',
    mergeKey: 'uid',
  }),
  selfLink: meta(text, 'Not used any more.'),
  managedFields: meta(list(managedFields), { description: 'Who set which field.', listType: 'atomic' }),
};

export const objectMeta: Shape<ObjectMeta> = meta(
  struct(
    'ObjectMeta',
    { name: meta(anyText, 'Name, unique among the objects of this kind in the namespace.') },
    optionalMeta,
  ),
  'What every object carries besides its spec and status.',
) as Shape<ObjectMeta>;

/** The metadata of a template, from which objects with names of their own are made. */
export const templateMeta = struct('ObjectMeta', {}, { name: text, ...optionalMeta });

/** A codec for a kind: the four fields of every object, with this spec and status. */
export function objectOf<S, St>(kind: string, apiVersion: string, spec: Shape<S>, status?: Shape<St>) {
  return struct(
    kind,
    {
      apiVersion: meta(text, `Always ${apiVersion}.`),
      kind: meta(text, `Always ${kind}.`),
      metadata: objectMeta,
      spec,
    },
    status === undefined ? {} : { status },
  ) as unknown as Shape<KubeObject<S, St>>;
}
