// Where a pod wants to run: node and pod affinity, tolerations, spreading.
import type * as t from 'io-ts';
import { meta } from '../meta.ts';
import { labelSelector } from '../references.ts';
import { anyText, choice, int32, int64, text } from '../scalars.ts';
import { list, struct } from '../shape.ts';

const atomic = { listType: 'atomic' } as const;

export const nodeSelectorRequirement = struct(
  'NodeSelectorRequirement',
  {
    key: meta(text, 'The label or field.'),
    operator: meta(text, 'In, NotIn, Exists, DoesNotExist, Gt or Lt.'),
  },
  { values: meta(list(text), { description: 'What it is compared with.', ...atomic }) },
);

export const nodeSelectorTerm = struct(
  'NodeSelectorTerm',
  {},
  {
    matchExpressions: meta(list(nodeSelectorRequirement), {
      description: "Over the node's labels.",
      ...atomic,
    }),
    matchFields: meta(list(nodeSelectorRequirement), { description: "Over the node's fields.", ...atomic }),
  },
);

export const nodeSelector = struct(
  'NodeSelector',
  { nodeSelectorTerms: meta(list(nodeSelectorTerm), { description: 'One of these must hold.', ...atomic }) },
  {},
);

const preferredSchedulingTerm = struct(
  'PreferredSchedulingTerm',
  { preference: nodeSelectorTerm, weight: meta(int32, 'From 1 to 100.') },
  {},
);

export const nodeAffinity = struct(
  'NodeAffinity',
  {},
  {
    requiredDuringSchedulingIgnoredDuringExecution: meta(nodeSelector, 'Must hold for the node.'),
    preferredDuringSchedulingIgnoredDuringExecution: meta(list(preferredSchedulingTerm), {
      description: 'Adds its weight to nodes for which it holds.',
      ...atomic,
    }),
  },
);

export const podAffinityTerm = struct(
  'PodAffinityTerm',
  { topologyKey: meta(anyText, 'Node label that says what "the same place" means.') },
  {
    labelSelector,
    matchLabelKeys: meta(list(text), atomic),
    mismatchLabelKeys: meta(list(text), atomic),
    namespaceSelector: labelSelector,
    namespaces: meta(list(text), atomic),
  },
);

const weightedPodAffinityTerm = struct(
  'WeightedPodAffinityTerm',
  { podAffinityTerm, weight: meta(int32, 'From 1 to 100.') },
  {},
);

const podTerms = {
  requiredDuringSchedulingIgnoredDuringExecution: meta(list(podAffinityTerm), atomic),
  preferredDuringSchedulingIgnoredDuringExecution: meta(list(weightedPodAffinityTerm), atomic),
};

export const podAffinity = struct('PodAffinity', {}, podTerms);
export const podAntiAffinity = struct('PodAntiAffinity', {}, podTerms);

export const affinity = meta(
  struct('Affinity', {}, { nodeAffinity, podAffinity, podAntiAffinity }),
  'Rules for where the pod runs, by nodes and by the pods already there.',
);

const TAINT_EFFECTS = ['NoSchedule', 'PreferNoSchedule', 'NoExecute'] as const;

export const toleration = struct(
  'Toleration',
  {},
  {
    key: meta(text, 'Key of the taint; empty with operator Exists means every taint.'),
    operator: meta(choice('Equal', 'Exists'), {
      description: 'How the value is compared.',
      default: 'Equal',
    }),
    value: meta(text, 'Value of the taint.'),
    effect: meta(choice(...TAINT_EFFECTS), 'Effect of the taint; empty means every effect.'),
    tolerationSeconds: meta(int64, 'With NoExecute: how long the taint is borne.'),
  },
);

export const taint = struct(
  'Taint',
  { key: meta(text, 'Key of the taint.'), effect: meta(choice(...TAINT_EFFECTS), 'What it does to pods.') },
  { value: meta(text, 'Value of the taint.'), timeAdded: text },
);

export const topologySpreadConstraint = struct(
  'TopologySpreadConstraint',
  {
    maxSkew: meta(int32, 'How uneven pods may be spread.'),
    topologyKey: meta(anyText, 'Node label whose values are the places to spread over.'),
    whenUnsatisfiable: choice('DoNotSchedule', 'ScheduleAnyway'),
  },
  {
    labelSelector,
    matchLabelKeys: meta(list(text), atomic),
    minDomains: int32,
    nodeAffinityPolicy: choice('Honor', 'Ignore'),
    nodeTaintsPolicy: choice('Honor', 'Ignore'),
  },
);

export type Affinity = t.TypeOf<typeof affinity>;
export type NodeSelector = t.TypeOf<typeof nodeSelector>;
export type NodeSelectorTerm = t.TypeOf<typeof nodeSelectorTerm>;
export type NodeSelectorRequirement = t.TypeOf<typeof nodeSelectorRequirement>;
export type PodAffinityTerm = t.TypeOf<typeof podAffinityTerm>;
export type Toleration = t.TypeOf<typeof toleration>;
export type Taint = t.TypeOf<typeof taint>;
export type TopologySpreadConstraint = t.TypeOf<typeof topologySpreadConstraint>;
