// The kind Pod.
import type { Kind } from '../kind.ts';
import { type KubeObject, objectOf } from '../object.ts';
import { podDefaults } from './defaults.ts';
import { type PodSpec, podSpec } from './pod-spec.ts';
import { type PodStatus, podStatus } from './pod-status.ts';
import { checkPod } from './rules.ts';
import { checkPodUpdate } from './update-rules.ts';

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
  selectableFields: [
    'spec.nodeName',
    'spec.restartPolicy',
    'spec.schedulerName',
    'spec.serviceAccountName',
    'spec.hostNetwork',
    'status.phase',
    'status.podIP',
    'status.podIPs',
    'status.nominatedNodeName',
  ],
  defaults: podDefaults,
  rules: checkPod,
  updateRules: checkPodUpdate,
};
