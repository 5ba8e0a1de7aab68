// Objects that use much of what a description can show. The expected texts in the specs were printed by
// kubectl 1.32 for these very objects.
import type { Event } from '../../../schemas/event.ts';
import type { Node } from '../../../schemas/node.ts';
import type { Pod } from '../../../schemas/pod/kind.ts';

export const NOW_MS = Date.parse('2026-01-01T12:00:00Z');

export const richPod = {
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: {
    name: 'web',
    namespace: 'default',
    uid: 'u-1',
    creationTimestamp: '2026-01-01T11:00:00Z',
    labels: { tier: 'front', app: 'web' },
    annotations: { note: 'short', long: 'first line\nsecond line' },
    ownerReferences: [
      { apiVersion: 'apps/v1', kind: 'ReplicaSet', name: 'web-5d', uid: 'u-0', controller: true },
    ],
  },
  spec: {
    nodeName: 'n1',
    priority: 0,
    serviceAccountName: 'default',
    nodeSelector: { disk: 'ssd' },
    tolerations: [
      {
        key: 'node.kubernetes.io/not-ready',
        operator: 'Exists',
        effect: 'NoExecute',
        tolerationSeconds: 300,
      },
      { key: 'a', operator: 'Equal', value: 'b', effect: 'NoSchedule' },
    ],
    volumes: [
      { name: 'scratch', emptyDir: {} },
      { name: 'host', hostPath: { path: '/srv', type: 'Directory' } },
      { name: 'conf', configMap: { name: 'settings' } },
      { name: 'sec', secret: { secretName: 'keys', optional: true } },
    ],
    initContainers: [{ name: 'setup', image: 'busybox', command: ['sh', '-c', 'echo one\necho two'] }],
    containers: [
      {
        name: 'main',
        image: 'nginx:1.27',
        args: ['-g', 'daemon off;'],
        ports: [
          { containerPort: 80, protocol: 'TCP', name: 'http' },
          { containerPort: 443, hostPort: 8443, protocol: 'TCP' },
        ],
        resources: { limits: { cpu: '500m', memory: '128Mi' }, requests: { cpu: '250m', memory: '64Mi' } },
        livenessProbe: {
          httpGet: { path: '/live', port: 80, scheme: 'HTTP' },
          timeoutSeconds: 1,
          periodSeconds: 10,
          successThreshold: 1,
          failureThreshold: 3,
        },
        readinessProbe: {
          exec: { command: ['cat', '/tmp/ready'] },
          initialDelaySeconds: 5,
          timeoutSeconds: 1,
          periodSeconds: 10,
          successThreshold: 1,
          failureThreshold: 3,
        },
        env: [
          { name: 'PLAIN', value: 'yes' },
          { name: 'NAME', valueFrom: { fieldRef: { apiVersion: 'v1', fieldPath: 'metadata.name' } } },
          { name: 'TOKEN', valueFrom: { secretKeyRef: { name: 'keys', key: 'token' } } },
        ],
        volumeMounts: [
          { name: 'scratch', mountPath: '/tmp' },
          { name: 'conf', mountPath: '/etc/conf', readOnly: true, subPath: 'a/b' },
        ],
      },
      { name: 'side', image: 'busybox' },
    ],
  },
  status: {
    phase: 'Running',
    qosClass: 'Burstable',
    hostIP: '192.168.0.2',
    podIP: '10.244.0.7',
    podIPs: [{ ip: '10.244.0.7' }],
    startTime: '2026-01-01T11:00:01Z',
    conditions: [
      { type: 'Initialized', status: 'True' },
      { type: 'Ready', status: 'False' },
      { type: 'ContainersReady', status: 'False' },
      { type: 'PodScheduled', status: 'True' },
    ],
    initContainerStatuses: [
      {
        name: 'setup',
        image: 'busybox',
        imageID: 'sha256:aa',
        containerID: 'containerd://c0',
        ready: true,
        restartCount: 0,
        state: {
          terminated: {
            exitCode: 0,
            reason: 'Completed',
            startedAt: '2026-01-01T11:00:02Z',
            finishedAt: '2026-01-01T11:00:03Z',
          },
        },
      },
    ],
    containerStatuses: [
      {
        name: 'main',
        image: 'nginx:1.27',
        imageID: 'sha256:bb',
        containerID: 'containerd://c1',
        ready: true,
        restartCount: 0,
        state: { running: { startedAt: '2026-01-01T11:00:04Z' } },
      },
      {
        name: 'side',
        image: 'busybox',
        imageID: 'sha256:cc',
        containerID: 'containerd://c2',
        ready: false,
        restartCount: 3,
        state: { waiting: { reason: 'CrashLoopBackOff', message: 'back-off 40s' } },
        lastState: {
          terminated: {
            exitCode: 1,
            reason: 'Error',
            startedAt: '2026-01-01T11:59:00Z',
            finishedAt: '2026-01-01T11:59:30Z',
          },
        },
      },
    ],
  },
} as unknown as Pod;

export const richNode = {
  apiVersion: 'v1',
  kind: 'Node',
  metadata: {
    name: 'n1',
    uid: 'n-1',
    creationTimestamp: '2026-01-01T10:00:00Z',
    labels: { 'kubernetes.io/hostname': 'n1', 'node-role.kubernetes.io/control-plane': '' },
  },
  spec: {
    podCIDR: '10.244.0.0/24',
    podCIDRs: ['10.244.0.0/24'],
    taints: [{ key: 'dedicated', value: 'lab', effect: 'NoSchedule' }],
  },
  status: {
    addresses: [
      { type: 'InternalIP', address: '192.168.0.2' },
      { type: 'Hostname', address: 'n1' },
    ],
    capacity: { cpu: '4', memory: '8Gi', pods: '110', 'ephemeral-storage': '100Gi' },
    allocatable: { cpu: '4', memory: '8Gi', pods: '110', 'ephemeral-storage': '100Gi' },
    conditions: [
      {
        type: 'Ready',
        status: 'True',
        lastHeartbeatTime: '2026-01-01T11:59:55Z',
        lastTransitionTime: '2026-01-01T10:00:05Z',
        reason: 'KubeletReady',
        message: 'the agent is ready',
      },
    ],
    nodeInfo: {
      machineID: 'm',
      systemUUID: 's',
      bootID: 'b',
      kernelVersion: '6.18.0',
      osImage: 'Debian GNU/Linux 12 (bookworm)',
      operatingSystem: 'linux',
      architecture: 'amd64',
      containerRuntimeVersion: 'containerd://1.6.20',
      kubeletVersion: 'v0.1.0',
      kubeProxyVersion: '',
    },
  },
} as unknown as Node;

export const podEvents = [
  {
    apiVersion: 'v1',
    kind: 'Event',
    metadata: { name: 'web.1', namespace: 'default', creationTimestamp: '2026-01-01T11:00:00Z' },
    involvedObject: { kind: 'Pod', namespace: 'default', name: 'web', uid: 'u-1' },
    type: 'Normal',
    reason: 'Scheduled',
    message: 'Successfully assigned default/web to n1',
    source: { component: 'troupe-host/h1' },
    firstTimestamp: '2026-01-01T11:00:00Z',
    lastTimestamp: '2026-01-01T11:00:00Z',
    count: 1,
  },
  {
    apiVersion: 'v1',
    kind: 'Event',
    metadata: { name: 'web.2', namespace: 'default', creationTimestamp: '2026-01-01T11:50:00Z' },
    involvedObject: {
      kind: 'Pod',
      namespace: 'default',
      name: 'web',
      uid: 'u-1',
      fieldPath: 'spec.containers{side}',
    },
    type: 'Warning',
    reason: 'BackOff',
    message: 'Back-off restarting failed container',
    source: { component: 'kubelet', host: 'n1' },
    firstTimestamp: '2026-01-01T11:50:00Z',
    lastTimestamp: '2026-01-01T11:59:40Z',
    count: 7,
  },
] as unknown as Event[];
