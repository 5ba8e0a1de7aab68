// The kind Pod.
import type { Kind } from '../kind.ts';
import { type KubeObject, objectOf } from '../object.ts';
import { type PodSpec, podSpec } from './pod-spec.ts';
import { type PodStatus, podStatus } from './pod-status.ts';

export type Pod = KubeObject<PodSpec, PodStatus>;

export const podKind: Kind = {
  kind: 'Pod',
  apiVersion: 'v1',
  plural: 'pods',
  singular: 'pod',
  shortNames: ['po'],
  namespaced: true,
  categories: ['all'],
  codec: objectOf('Pod', 'v1', podSpec, podStatus),
};
