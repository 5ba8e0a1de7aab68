// One container of a pod: image, command, environment, ports, resources, mounts.
import type * as t from 'io-ts';
import { meta } from '../meta.ts';
import { localObjectReference, optionalKey, quantities } from '../references.ts';
import { choice, flag, int32, quantity, text } from '../scalars.ts';
import { list, struct } from '../shape.ts';
import { lifecycle, probe } from './probe.ts';
import { securityContext } from './security.ts';

const atomic = { listType: 'atomic' } as const;

export const fieldSelector = struct(
  'ObjectFieldSelector',
  { fieldPath: meta(text, 'Path of a field of the pod, as metadata.name.') },
  { apiVersion: meta(text, { description: 'Version the path is written for.', default: 'v1' }) },
);

export const resourceFieldSelector = struct(
  'ResourceFieldSelector',
  { resource: meta(text, 'As limits.cpu.') },
  {
    containerName: meta(text, 'Whose resource; required in volumes.'),
    divisor: meta(quantity, { description: 'The unit it is given in.', default: '0' }),
  },
);

const keySelector = (name: string) =>
  struct(name, { key: meta(text, 'The key whose value is taken.') }, optionalKey);

export const envVarSource = struct(
  'EnvVarSource',
  {},
  {
    configMapKeyRef: meta(keySelector('ConfigMapKeySelector'), 'A key of a ConfigMap.'),
    secretKeyRef: meta(keySelector('SecretKeySelector'), 'A key of a Secret.'),
    fieldRef: meta(fieldSelector, 'A field of the pod.'),
    resourceFieldRef: meta(resourceFieldSelector, 'A resource of the container.'),
    fileKeyRef: struct('FileKeySelector', { key: text, path: text, volumeName: text }, { optional: flag }),
  },
);

export const envVar = struct(
  'EnvVar',
  { name: meta(text, 'Name of the variable.') },
  {
    value: meta(text, 'Its value; $(NAME) stands for variables defined before.'),
    valueFrom: meta(envVarSource, 'Where its value comes from, instead of value.'),
  },
);

export const envFromSource = struct(
  'EnvFromSource',
  {},
  {
    prefix: meta(text, 'Put before every name.'),
    configMapRef: meta(struct('ConfigMapEnvSource', {}, optionalKey), 'All keys of a ConfigMap.'),
    secretRef: meta(struct('SecretEnvSource', {}, optionalKey), 'All keys of a Secret.'),
  },
);

export const containerPort = struct(
  'ContainerPort',
  { containerPort: meta(int32, { description: 'Port in the container.', minimum: 1, maximum: 65535 }) },
  {
    hostIP: meta(text, 'Address of the node the port is bound to.'),
    hostPort: meta(int32, { description: 'Port on the node.', minimum: 1, maximum: 65535 }),
    name: meta(text, 'Name services can use for the port.'),
    protocol: meta(choice('SCTP', 'TCP', 'UDP'), { description: 'Protocol.', default: 'TCP' }),
  },
);

const resourceClaim = struct('ResourceClaim', { name: text }, { request: text });

export const resourceRequirements = struct(
  'ResourceRequirements',
  {},
  {
    limits: meta(quantities, 'The most the container may use.'),
    requests: meta(quantities, 'What is kept free for the container; the limits when absent.'),
    claims: meta(list(resourceClaim), { listType: 'map', mergeKey: 'name' }),
  },
);

export const volumeMount = struct(
  'VolumeMount',
  {
    name: meta(text, 'A volume of the pod.'),
    mountPath: meta(text, 'Where it is seen in the container.'),
  },
  {
    mountPropagation: choice('None', 'HostToContainer', 'Bidirectional'),
    readOnly: meta(flag, 'True refuses writing.'),
    recursiveReadOnly: choice('Disabled', 'IfPossible', 'Enabled'),
    subPath: meta(text, 'A path in the volume, instead of its root.'),
    subPathExpr: meta(text, 'The same, with variables expanded.'),
  },
);

const volumeDevice = struct('VolumeDevice', { devicePath: text, name: text }, {});

const resizePolicy = struct(
  'ContainerResizePolicy',
  { resourceName: choice('cpu', 'memory'), restartPolicy: choice('NotRequired', 'RestartContainer') },
  {},
);

const restartRule = struct(
  'ContainerRestartRule',
  { action: choice('Restart', 'RestartAllContainers') },
  {
    exitCodes: struct(
      'ContainerRestartRuleOnExitCodes',
      { operator: choice('In', 'NotIn') },
      { values: meta(list(int32), { listType: 'set' }) },
    ),
  },
);

const byName = { listType: 'map', mergeKey: 'name' } as const;

const containerFields = {
  image: meta(text, 'Image to run.'),
  imagePullPolicy: meta(choice('Always', 'IfNotPresent', 'Never'), {
    description: 'When the image is pulled. Always when its tag is latest or absent, else IfNotPresent.',
  }),
  command: meta(list(text), { description: "Program, instead of the image's entry point.", ...atomic }),
  args: meta(list(text), { description: "Arguments, instead of the image's.", ...atomic }),
  workingDir: meta(text, "Working directory, instead of the image's."),
  ports: meta(list(containerPort), {
    description: 'Ports the container listens on.',
    listType: 'map',
    mergeKey: 'containerPort',
    listMapKeys: ['containerPort', 'protocol'],
  }),
  env: meta(list(envVar), { description: 'Environment variables.', ...byName }),
  envFrom: meta(list(envFromSource), { description: 'Objects whose keys become variables.', ...atomic }),
  resources: meta(resourceRequirements, 'CPU, memory and other amounts.'),
  resizePolicy: meta(list(resizePolicy), atomic),
  restartPolicy: meta(text, 'On init containers, Always makes a sidecar.'),
  restartPolicyRules: meta(list(restartRule), atomic),
  volumeMounts: meta(list(volumeMount), {
    description: 'Volumes and where they are seen.',
    listType: 'map',
    mergeKey: 'mountPath',
  }),
  volumeDevices: meta(list(volumeDevice), { listType: 'map', mergeKey: 'devicePath' }),
  livenessProbe: meta(probe, 'When it fails, the container is started anew.'),
  readinessProbe: meta(probe, 'While it fails, services leave the pod out.'),
  startupProbe: meta(probe, 'Until it succeeds, the other probes wait.'),
  lifecycle: meta(lifecycle, 'Actions after the start and before the end.'),
  terminationMessagePath: meta(text, {
    description: 'File whose content becomes the message of the end.',
    default: '/dev/termination-log',
  }),
  terminationMessagePolicy: meta(choice('FallbackToLogsOnError', 'File'), { default: 'File' }),
  securityContext: meta(securityContext, "Instead of the pod's."),
  stdin: meta(flag, 'True keeps the standard input open.'),
  stdinOnce: meta(flag, 'True closes the standard input after the first client.'),
  tty: meta(flag, 'True gives the container a terminal.'),
};

const containerName = { name: meta(text, 'Name, a DNS label, unique in the pod.') };

export const container = meta(struct('Container', containerName, containerFields), 'One container of a pod.');

export const ephemeralContainer = meta(
  struct('EphemeralContainer', containerName, {
    ...containerFields,
    targetContainerName: meta(text, 'Container whose processes it sees.'),
  }),
  'A container added to a running pod to look at it.',
);

export const imagePullSecret = localObjectReference;

export type Container = t.TypeOf<typeof container>;
export type EphemeralContainer = t.TypeOf<typeof ephemeralContainer>;
export type ContainerPort = t.TypeOf<typeof containerPort>;
export type EnvVar = t.TypeOf<typeof envVar>;
export type EnvFromSource = t.TypeOf<typeof envFromSource>;
export type ResourceRequirements = t.TypeOf<typeof resourceRequirements>;
export type VolumeMount = t.TypeOf<typeof volumeMount>;
