// The spec of a Pod: Kubernetes' v1 PodSpec, all fields.
import type * as t from 'io-ts';
import { meta } from '../meta.ts';
import { localObjectReference, quantities } from '../references.ts';
import { choice, flag, int32, int64, text } from '../scalars.ts';
import { list, map, struct } from '../shape.ts';
import { affinity, toleration, topologySpreadConstraint } from './affinity.ts';
import { container, ephemeralContainer, resourceRequirements } from './container.ts';
import { podSecurityContext } from './security.ts';
import { volume } from './volume.ts';

const atomic = { listType: 'atomic' } as const;
const byName = { listType: 'map', mergeKey: 'name' } as const;

export const hostAlias = struct(
  'HostAlias',
  { ip: meta(text, 'Address of the entry.') },
  { hostnames: meta(list(text), { description: 'Names of the address.', ...atomic }) },
);

const dnsOption = struct('PodDNSConfigOption', {}, { name: text, value: text });

export const dnsConfig = struct(
  'PodDNSConfig',
  {},
  {
    nameservers: meta(list(text), { description: 'Addresses of DNS servers.', ...atomic }),
    options: meta(list(dnsOption), { description: 'Options of resolv.conf.', ...atomic }),
    searches: meta(list(text), { description: 'Search domains.', ...atomic }),
  },
);

const claim = struct(
  'PodResourceClaim',
  { name: text },
  {
    resourceClaimName: text,
    resourceClaimTemplateName: text,
    source: struct('ClaimSource', {}, { resourceClaimName: text, resourceClaimTemplateName: text }),
  },
);

const placementFields = {
  nodeName: meta(text, 'Node the pod is bound to; set when it has been placed.'),
  nodeSelector: meta(map(text), 'Labels the node must have.'),
  affinity,
  tolerations: meta(list(toleration), { description: 'Taints of nodes that are borne.', ...atomic }),
  topologySpreadConstraints: meta(list(topologySpreadConstraint), {
    description: 'How pods are spread over places.',
    listType: 'map',
    mergeKey: 'topologyKey',
    listMapKeys: ['topologyKey', 'whenUnsatisfiable'],
  }),
  schedulerName: meta(text, { description: 'Who places the pod.', default: 'default-scheduler' }),
  schedulingGates: meta(list(struct('PodSchedulingGate', { name: text }, {})), {
    description: 'While there is one, the pod is not placed.',
    ...byName,
  }),
  priority: meta(int32, 'Rank among pods that wait for room.'),
  priorityClassName: meta(text, 'Names the class the priority is taken from.'),
  preemptionPolicy: choice('PreemptLowerPriority', 'Never'),
  overhead: meta(quantities, 'What the runtime class adds to the requests.'),
  runtimeClassName: meta(text, 'Names the runtime class; the default runtime when absent.'),
  resourceClaims: meta(list(claim), byName),
  resources: meta(resourceRequirements, 'Amounts for the whole pod.'),
};

const networkFields = {
  hostname: meta(text, 'Host name in the pod; the name of the pod when absent.'),
  hostnameOverride: text,
  subdomain: meta(text, 'With it, the pod has the name hostname.subdomain.namespace.svc.'),
  setHostnameAsFQDN: flag,
  hostNetwork: meta(flag, "True uses the node's network."),
  hostAliases: meta(list(hostAlias), {
    description: 'Entries for /etc/hosts.',
    listType: 'map',
    mergeKey: 'ip',
  }),
  dnsPolicy: meta(choice('ClusterFirst', 'ClusterFirstWithHostNet', 'Default', 'None'), {
    description: 'Where DNS settings come from.',
    default: 'ClusterFirst',
  }),
  dnsConfig,
  enableServiceLinks: meta(flag, { description: 'True gives services as variables.', default: true }),
};

const processFields = {
  hostPID: meta(flag, "True sees the node's processes."),
  hostIPC: meta(flag, "True uses the node's IPC."),
  hostUsers: meta(flag, 'False gives the pod user ids of its own.'),
  shareProcessNamespace: meta(flag, 'True lets the containers see each other.'),
  securityContext: podSecurityContext,
  serviceAccountName: meta(text, 'Who the pod is to the cluster.'),
  serviceAccount: meta(text, 'Former name of serviceAccountName.'),
  automountServiceAccountToken: flag,
  imagePullSecrets: meta(list(localObjectReference), { description: 'Secrets for registries.', ...byName }),
  os: struct('PodOS', { name: choice('linux', 'windows') }, {}),
};

export const podSpec = meta(
  struct(
    'PodSpec',
    { containers: meta(list(container), { description: 'At least one.', ...byName }) },
    {
      initContainers: meta(list(container), {
        description: 'Run one after another before the others.',
        ...byName,
      }),
      ephemeralContainers: meta(list(ephemeralContainer), byName),
      volumes: meta(list(volume), { description: 'What containers can mount.', ...byName }),
      restartPolicy: meta(choice('Always', 'OnFailure', 'Never'), {
        description: 'When ended containers are started anew.',
        default: 'Always',
      }),
      terminationGracePeriodSeconds: meta(int64, {
        description: 'Seconds from the signal to end until the pod is killed.',
        default: 30,
      }),
      activeDeadlineSeconds: meta(int64, 'Seconds after which the pod is failed.'),
      readinessGates: meta(list(struct('PodReadinessGate', { conditionType: text }, {})), {
        description: 'Conditions that must be true for the pod to be ready.',
        ...atomic,
      }),
      workloadRef: struct('WorkloadReference', { name: text, podGroup: text }, { podGroupReplicaKey: text }),
      ...placementFields,
      ...networkFields,
      ...processFields,
    },
  ),
  'What is desired of a pod.',
);

export type PodSpec = t.TypeOf<typeof podSpec>;
