// The kind Node.
import type * as t from 'io-ts';
import type { Kind } from './kind.ts';
import { meta } from './meta.ts';
import { type KubeObject, objectOf } from './object.ts';
import { taint } from './pod/affinity.ts';
import { quantities } from './references.ts';
import { anyText, choice, flag, int32, int64, text, time } from './scalars.ts';
import { list, struct } from './shape.ts';

const configSource = struct(
  'NodeConfigSource',
  {},
  {
    configMap: struct(
      'ConfigMapNodeConfigSource',
      { kubeletConfigKey: text, name: text, namespace: text },
      { resourceVersion: text, uid: text },
    ),
  },
);

export const nodeSpec = struct(
  'NodeSpec',
  {},
  {
    configSource,
    externalID: text,
    podCIDR: meta(text, 'Range the addresses of its pods come from.'),
    podCIDRs: meta(list(text), { listType: 'set' }),
    providerID: text,
    taints: meta(list(taint), { description: 'Keep pods away that do not bear them.', listType: 'atomic' }),
    unschedulable: meta(flag, 'True takes no new pods.'),
  },
);

export const nodeCondition = struct(
  'NodeCondition',
  { type: meta(text, 'Ready, MemoryPressure, DiskPressure…'), status: choice('True', 'False', 'Unknown') },
  { lastHeartbeatTime: time, lastTransitionTime: time, message: text, reason: text },
);

const systemInfo = struct(
  'NodeSystemInfo',
  {
    architecture: anyText,
    bootID: anyText,
    containerRuntimeVersion: anyText,
    kernelVersion: anyText,
    kubeProxyVersion: anyText,
    kubeletVersion: anyText,
    machineID: anyText,
    operatingSystem: anyText,
    osImage: anyText,
    systemUUID: anyText,
  },
  { swap: struct('NodeSwapStatus', {}, { capacity: int64 }) },
);

const runtimeFeatures = struct(
  'NodeRuntimeHandlerFeatures',
  {},
  { recursiveReadOnlyMounts: flag, userNamespaces: flag },
);

export const nodeStatus = struct(
  'NodeStatus',
  {},
  {
    addresses: meta(list(struct('NodeAddress', { address: text, type: text }, {})), {
      listType: 'map',
      mergeKey: 'type',
    }),
    allocatable: meta(quantities, 'What pods may be promised.'),
    capacity: meta(quantities, 'What the machine has.'),
    conditions: meta(list(nodeCondition), { listType: 'map', mergeKey: 'type' }),
    config: struct(
      'NodeConfigStatus',
      {},
      { active: configSource, assigned: configSource, error: text, lastKnownGood: configSource },
    ),
    daemonEndpoints: struct(
      'NodeDaemonEndpoints',
      {},
      { kubeletEndpoint: struct('DaemonEndpoint', { Port: int32 }, {}) },
    ),
    declaredFeatures: list(text),
    features: struct('NodeFeatures', {}, { supplementalGroupsPolicy: flag }),
    images: list(struct('ContainerImage', {}, { names: list(text), sizeBytes: int64 })),
    nodeInfo: systemInfo,
    phase: text,
    runtimeHandlers: list(struct('NodeRuntimeHandler', {}, { features: runtimeFeatures, name: text })),
    volumesAttached: list(struct('AttachedVolume', { devicePath: text, name: text }, {})),
    volumesInUse: list(text),
  },
);

export type NodeSpec = t.TypeOf<typeof nodeSpec>;
export type NodeStatus = t.TypeOf<typeof nodeStatus>;
export type NodeCondition = t.TypeOf<typeof nodeCondition>;
export type Node = KubeObject<NodeSpec, NodeStatus>;

export const nodeKind: Kind = {
  kind: 'Node',
  apiVersion: 'v1',
  plural: 'nodes',
  singular: 'node',
  shortNames: ['no'],
  namespaced: false,
  categories: [],
  selectableFields: ['spec.unschedulable'],
  codec: objectOf('Node', 'v1', nodeSpec, nodeStatus),
};
