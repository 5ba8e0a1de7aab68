// The status of a Pod: Kubernetes' v1 PodStatus, all fields. Troupe writes it; users read it.
import type * as t from 'io-ts';
import { meta } from '../meta.ts';
import { quantities } from '../references.ts';
import { anyText, choice, flag, int32, int64, text, time } from '../scalars.ts';
import { list, struct } from '../shape.ts';
import { resourceRequirements } from './container.ts';

export const podCondition = struct(
  'PodCondition',
  {
    type: meta(text, 'PodScheduled, Initialized, ContainersReady, Ready…'),
    status: choice('True', 'False', 'Unknown'),
  },
  {
    lastProbeTime: time,
    lastTransitionTime: meta(time, 'When the status last changed.'),
    message: meta(text, 'Why, in a sentence.'),
    observedGeneration: int64,
    reason: meta(text, 'Why, in a word.'),
  },
);

const running = struct('ContainerStateRunning', {}, { startedAt: meta(time, 'Since when.') });

const terminated = struct(
  'ContainerStateTerminated',
  { exitCode: meta(int32, 'What the first process exited with.') },
  {
    containerID: text,
    finishedAt: time,
    message: text,
    reason: meta(text, 'Completed, Error, OOMKilled…'),
    signal: int32,
    startedAt: time,
  },
);

const waiting = struct(
  'ContainerStateWaiting',
  {},
  { message: text, reason: meta(text, 'ContainerCreating, ImagePullBackOff, CrashLoopBackOff…') },
);

export const containerState = meta(
  struct('ContainerState', {}, { running, terminated, waiting }),
  'One of running, terminated, waiting.',
);

const mountStatus = struct(
  'VolumeMountStatus',
  { mountPath: text, name: text },
  { readOnly: flag, recursiveReadOnly: text },
);

export const containerStatus = struct(
  'ContainerStatus',
  {
    name: text,
    image: meta(anyText, 'The image asked for.'),
    imageID: meta(anyText, 'The image that runs, by digest.'),
    ready: meta(flag, 'True while its readiness probe succeeds.'),
    restartCount: meta(int32, 'How often it has been started anew.'),
  },
  {
    allocatedResources: quantities,
    allocatedResourcesStatus: list(struct('ResourceStatus', { name: text }, {})),
    containerID: meta(text, 'runtime://id.'),
    lastState: meta(containerState, 'How it ended last time.'),
    resources: resourceRequirements,
    started: flag,
    state: containerState,
    stopSignal: text,
    user: struct(
      'ContainerUser',
      {},
      {
        linux: struct('LinuxContainerUser', { gid: int64, uid: int64 }, { supplementalGroups: list(int64) }),
      },
    ),
    volumeMounts: list(mountStatus),
  },
);

const address = (name: string) => struct(name, {}, { ip: text });
const statuses = list(containerStatus);

export const podStatus = meta(
  struct(
    'PodStatus',
    {},
    {
      phase: meta(
        choice('Pending', 'Running', 'Succeeded', 'Failed', 'Unknown'),
        'Where the pod is in its life.',
      ),
      conditions: meta(list(podCondition), { listType: 'map', mergeKey: 'type' }),
      containerStatuses: meta(statuses, { listType: 'atomic' }),
      initContainerStatuses: meta(statuses, { listType: 'atomic' }),
      ephemeralContainerStatuses: meta(statuses, { listType: 'atomic' }),
      hostIP: meta(text, 'Address of the node.'),
      hostIPs: list(address('HostIP')),
      podIP: meta(text, 'Address of the pod.'),
      podIPs: list(address('PodIP')),
      message: text,
      reason: text,
      nominatedNodeName: text,
      observedGeneration: int64,
      qosClass: choice('Guaranteed', 'Burstable', 'BestEffort'),
      resize: text,
      resourceClaimStatuses: list(
        struct('PodResourceClaimStatus', { name: text }, { resourceClaimName: text }),
      ),
      startTime: meta(time, 'When the node took the pod.'),
    },
  ),
  'What was last seen of a pod.',
);

export type PodStatus = t.TypeOf<typeof podStatus>;
export type PodCondition = t.TypeOf<typeof podCondition>;
export type ContainerStatus = t.TypeOf<typeof containerStatus>;
export type ContainerState = t.TypeOf<typeof containerState>;
