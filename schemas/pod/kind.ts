// The kind Pod.
import type { Kind } from '../kind.ts';
import { objectOf } from '../object.ts';
import { struct } from '../shape.ts';

export const podKind: Kind = {
  kind: 'Pod',
  apiVersion: 'v1',
  plural: 'pods',
  singular: 'pod',
  shortNames: ['po'],
  namespaced: true,
  categories: ['all'],
  codec: objectOf('Pod', 'v1', struct('PodSpec', {}, {}), struct('PodStatus', {}, {})),
};
