import { describeNamespace, describeObject } from '../../../cli/describe/generic.ts';
import { describeNode } from '../../../cli/describe/node.ts';
import { Page } from '../../../cli/describe/page.ts';
import { describePod } from '../../../cli/describe/pod.ts';
import { NOW_MS, podEvents, richNode, richPod } from './objects.ts';

// Printed by kubectl 1.32 for the same objects; but for the ages, for the names of ports (kubectl 1.34 shows
// them), and for the lease of a node, which Troupe does not have.
const POD = [
  'Name:             web',
  'Namespace:        default',
  'Priority:         0',
  'Service Account:  default',
  'Node:             n1/192.168.0.2',
  'Start Time:       Thu, 01 Jan 2026 11:00:01 +0000',
  'Labels:           app=web',
  '                  tier=front',
  'Annotations:      long:',
  '                    first line',
  '                    second line',
  '                  note: short',
  'Status:           Running',
  'IP:               10.244.0.7',
  'IPs:',
  '  IP:           10.244.0.7',
  'Controlled By:  ReplicaSet/web-5d',
  'Init Containers:',
  '  setup:',
  '    Container ID:  containerd://c0',
  '    Image:         busybox',
  '    Image ID:      sha256:aa',
  '    Port:          <none>',
  '    Host Port:     <none>',
  '    Command:',
  '      sh',
  '      -c',
  '      echo one',
  '      echo two',
  '    State:          Terminated',
  '      Reason:       Completed',
  '      Exit Code:    0',
  '      Started:      Thu, 01 Jan 2026 11:00:02 +0000',
  '      Finished:     Thu, 01 Jan 2026 11:00:03 +0000',
  '    Ready:          True',
  '    Restart Count:  0',
  '    Environment:    <none>',
  '    Mounts:         <none>',
  'Containers:',
  '  main:',
  '    Container ID:  containerd://c1',
  '    Image:         nginx:1.27',
  '    Image ID:      sha256:bb',
  '    Ports:         80/TCP (http), 443/TCP',
  '    Host Ports:    0/TCP (http), 8443/TCP',
  '    Args:',
  '      -g',
  '      daemon off;',
  '    State:          Running',
  '      Started:      Thu, 01 Jan 2026 11:00:04 +0000',
  '    Ready:          True',
  '    Restart Count:  0',
  '    Limits:',
  '      cpu:     500m',
  '      memory:  128Mi',
  '    Requests:',
  '      cpu:      250m',
  '      memory:   64Mi',
  '    Liveness:   http-get http://:80/live delay=0s timeout=1s period=10s #success=1 #failure=3',
  '    Readiness:  exec [cat /tmp/ready] delay=5s timeout=1s period=10s #success=1 #failure=3',
  '    Environment:',
  '      PLAIN:  yes',
  '      NAME:   web (v1:metadata.name)',
  "      TOKEN:  <set to the key 'token' in secret 'keys'>  Optional: false",
  '    Mounts:',
  '      /etc/conf from conf (ro,path="a/b")',
  '      /tmp from scratch (rw)',
  '  side:',
  '    Container ID:   containerd://c2',
  '    Image:          busybox',
  '    Image ID:       sha256:cc',
  '    Port:           <none>',
  '    Host Port:      <none>',
  '    State:          Waiting',
  '      Reason:       CrashLoopBackOff',
  '    Last State:     Terminated',
  '      Reason:       Error',
  '      Exit Code:    1',
  '      Started:      Thu, 01 Jan 2026 11:59:00 +0000',
  '      Finished:     Thu, 01 Jan 2026 11:59:30 +0000',
  '    Ready:          False',
  '    Restart Count:  3',
  '    Environment:    <none>',
  '    Mounts:         <none>',
  'Conditions:',
  '  Type              Status',
  '  Initialized       True ',
  '  Ready             False ',
  '  ContainersReady   False ',
  '  PodScheduled      True ',
  'Volumes:',
  '  scratch:',
  "    Type:       EmptyDir (a temporary directory that shares a pod's lifetime)",
  '    Medium:     ',
  '    SizeLimit:  <unset>',
  '  host:',
  '    Type:          HostPath (bare host directory volume)',
  '    Path:          /srv',
  '    HostPathType:  Directory',
  '  conf:',
  '    Type:      ConfigMap (a volume populated by a ConfigMap)',
  '    Name:      settings',
  '    Optional:  false',
  '  sec:',
  '    Type:        Secret (a volume populated by a Secret)',
  '    SecretName:  keys',
  '    Optional:    true',
  'QoS Class:       Burstable',
  'Node-Selectors:  disk=ssd',
  'Tolerations:     a=b:NoSchedule',
  '                 node.kubernetes.io/not-ready:NoExecute op=Exists for 300s',
  'Events:',
  '  Type     Reason     Age                From            Message',
  '  ----     ------     ----               ----            -------',
  '  Normal   Scheduled  60m                troupe-host/h1  Successfully assigned default/web to n1',
  '  Warning  BackOff    20s (x7 over 10m)  kubelet         Back-off restarting failed container',
].join('\n');

const NODE = [
  'Name:               n1',
  'Roles:              control-plane',
  'Labels:             kubernetes.io/hostname=n1',
  '                    node-role.kubernetes.io/control-plane=',
  'Annotations:        <none>',
  'CreationTimestamp:  Thu, 01 Jan 2026 10:00:00 +0000',
  'Taints:             dedicated=lab:NoSchedule',
  'Unschedulable:      false',
  'Conditions:',
  '  Type    Status  LastHeartbeatTime                 LastTransitionTime                Reason        ' +
    ' Message',
  '  ----    ------  -----------------                 ------------------                ------        ' +
    ' -------',
  '  Ready   True    Thu, 01 Jan 2026 11:59:55 +0000   Thu, 01 Jan 2026 10:00:05 +0000   KubeletReady  ' +
    ' the agent is ready',
  'Addresses:',
  '  InternalIP:  192.168.0.2',
  '  Hostname:    n1',
  'Capacity:',
  '  cpu:                4',
  '  ephemeral-storage:  100Gi',
  '  memory:             8Gi',
  '  pods:               110',
  'Allocatable:',
  '  cpu:                4',
  '  ephemeral-storage:  100Gi',
  '  memory:             8Gi',
  '  pods:               110',
  'System Info:',
  '  Machine ID:                 m',
  '  System UUID:                s',
  '  Boot ID:                    b',
  '  Kernel Version:             6.18.0',
  '  OS Image:                   Debian GNU/Linux 12 (bookworm)',
  '  Operating System:           linux',
  '  Architecture:               amd64',
  '  Container Runtime Version:  containerd://1.6.20',
  '  Kubelet Version:            v0.1.0',
  '  Kube-Proxy Version:         ',
  'PodCIDR:                      10.244.0.0/24',
  'PodCIDRs:                     10.244.0.0/24',
  'Non-terminated Pods:          (1 in total)',
  '  Namespace                   Name    CPU Requests  CPU Limits  Memory Requests  Memory Limits  Age',
  '  ---------                   ----    ------------  ----------  ---------------  -------------  ---',
  '  default                     web     250m (6%)     500m (12%)  64Mi (0%)        128Mi (1%)     60m',
  'Allocated resources:',
  '  (Total limits may be over 100 percent, i.e., overcommitted.)',
  '  Resource           Requests   Limits',
  '  --------           --------   ------',
  '  cpu                250m (6%)  500m (12%)',
  '  memory             64Mi (0%)  128Mi (1%)',
  '  ephemeral-storage  0 (0%)     0 (0%)',
  'Events:              <none>',
].join('\n');

const page = () => new Page({ nowMs: NOW_MS, zoneMinutes: () => 0 });
const lines = (given: Page) => given.toString().trimEnd().split('\n');

test('a pod as kubectl describes it', () => {
  const given = page();
  describePod(given, richPod, podEvents);
  expect(lines(given)).toEqual(POD.split('\n'));
});

test('a node as kubectl describes it', () => {
  const given = page();
  describeNode(given, richNode, [richPod], []);
  expect(lines(given)).toEqual(NODE.split('\n'));
});

test('a pod that ends', () => {
  const given = page();
  const metadata = {
    name: 'web',
    namespace: 'default',
    deletionTimestamp: '2026-01-01T11:59:50Z',
    deletionGracePeriodSeconds: 30,
  };
  describePod(
    given,
    { ...richPod, metadata, status: { phase: 'Running', reason: 'R', message: 'M' } },
    undefined,
  );
  const text = lines(given);
  expect(text.slice(5, 12)).toEqual([
    'Labels:                    <none>',
    'Annotations:               <none>',
    'Status:                    Terminating (lasts 10s)',
    'Termination Grace Period:  30s',
    'Reason:                    R',
    'Message:                   M',
    'IP:                        ',
  ]);
  expect(text.some((line) => line.startsWith('Events'))).toBe(false);
});

test('a kind without a description of its own', () => {
  const given = page();
  const object = {
    apiVersion: 'troupe.dev/v1',
    kind: 'Widget',
    metadata: {
      name: 'w',
      uid: 'u',
      annotations: { 'kubectl.kubernetes.io/last-applied-configuration': 'secret' },
    },
    spec: { podCIDR: '10.0.0.0/8', parts: [{ size: 1 }, 'two'], empty: null },
  };
  describeObject(given, object, []);
  expect(lines(given)).toEqual([
    'Name:         w',
    'Namespace:    ',
    'Labels:       <none>',
    'Annotations:  <none>',
    'API Version:  troupe.dev/v1',
    'Kind:         Widget',
    'Metadata:',
    '  Uid:  u',
    'Spec:',
    '  Parts:',
    '    Size:  1',
    '    two',
    '  Pod CIDR:  10.0.0.0/8',
    'Events:  <none>',
  ]);
});

test('a namespace', () => {
  const given = page();
  describeNamespace(given, {
    apiVersion: 'v1',
    kind: 'Namespace',
    metadata: { name: 'lab', labels: { a: 'b' } },
  });
  expect(given.toString()).toBe(
    'Name:         lab\nLabels:       a=b\nAnnotations:  <none>\nStatus:       Active\n\n' +
      'No resource quota.\n\nNo LimitRange resource.\n',
  );
});
