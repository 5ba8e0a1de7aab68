// The kind Node.
import type { Kind } from './kind.ts';
import { objectOf } from './object.ts';
import { struct } from './shape.ts';

export const nodeKind: Kind = {
  kind: 'Node',
  apiVersion: 'v1',
  plural: 'nodes',
  singular: 'node',
  shortNames: ['no'],
  namespaced: false,
  categories: [],
  codec: objectOf('Node', 'v1', struct('NodeSpec', {}, {}), struct('NodeStatus', {}, {})),
};
