// The part of a pod's description about its containers.

import type { Pod } from '../../schemas/pod/kind.ts';
import type { ContainerState, ContainerStatus } from '../../schemas/pod/pod-status.ts';
import type { Page } from './page.ts';

export type Container = NonNullable<Pod['spec']>['containers'][number];
type Probe = NonNullable<Container['livenessProbe']>;
type EnvVar = NonNullable<Container['env']>[number];

export function describeContainers(
  page: Page,
  label: string,
  containers: readonly Container[],
  statuses: readonly ContainerStatus[] | undefined,
  pod: Pod,
): void {
  page.line(0, containers.length === 0 ? `${label}: <none>` : `${label}:`);
  for (const container of containers) {
    const status = statuses?.find(({ name }) => name === container.name);
    describeBasics(page, container, status);
    describeText(page, 'Command', container.command);
    describeText(page, 'Args', container.args);
    if (status) describeStatus(page, status);
    describeResources(page, 2, container.resources);
    for (const [name, probe] of probesOf(container)) if (probe) page.field(2, name, probeText(probe));
    describeEnvironment(page, container, pod);
    describeMounts(page, container);
  }
}

function describeBasics(page: Page, container: Container, status: ContainerStatus | undefined): void {
  page.line(1, `${container.name}:`);
  if (status) page.field(2, 'Container ID', status.containerID ?? '');
  page.field(2, 'Image', container.image ?? '');
  if (status) page.field(2, 'Image ID', status.imageID);
  const ports = container.ports ?? [];
  const plural = ports.length > 1 ? 's' : '';
  const text = (number: (port: (typeof ports)[number]) => number) =>
    ports
      .map((port) => `${number(port)}/${port.protocol ?? 'TCP'}${port.name ? ` (${port.name})` : ''}`)
      .join(', ') || '<none>';
  page.field(
    2,
    `Port${plural}`,
    text(({ containerPort }) => containerPort),
  );
  page.field(
    2,
    `Host Port${plural}`,
    text(({ hostPort }) => hostPort ?? 0),
  );
  const profile = container.securityContext?.seccompProfile;
  if (profile) page.field(2, 'SeccompProfile', profile.type);
}

function describeText(page: Page, label: string, words: readonly string[] | undefined): void {
  if (!words?.length) return;
  page.line(2, `${label}:`);
  for (const line of words.flatMap((word) => word.split('\n'))) page.line(3, line);
}

function describeStatus(page: Page, status: ContainerStatus): void {
  describeState(page, 'State', status.state ?? {});
  if (status.lastState?.terminated) describeState(page, 'Last State', status.lastState);
  page.field(2, 'Ready', status.ready ? 'True' : 'False');
  page.field(2, 'Restart Count', status.restartCount);
}

function describeState(page: Page, label: string, { running, terminated, waiting }: ContainerState): void {
  if (running) {
    page.field(2, label, 'Running');
    page.field(3, 'Started', page.time(running.startedAt));
  } else if (terminated) {
    page.field(2, label, 'Terminated');
    if (terminated.reason) page.field(3, 'Reason', terminated.reason);
    if (terminated.message) page.field(3, 'Message', terminated.message);
    page.field(3, 'Exit Code', terminated.exitCode);
    if (terminated.signal) page.field(3, 'Signal', terminated.signal);
    page.field(3, 'Started', page.time(terminated.startedAt));
    page.field(3, 'Finished', page.time(terminated.finishedAt));
  } else {
    page.field(2, label, 'Waiting');
    if (waiting?.reason) page.field(3, 'Reason', waiting.reason);
  }
}

export function describeResources(page: Page, level: number, resources: Container['resources']): void {
  for (const [label, map] of [
    ['Limits', resources?.limits],
    ['Requests', resources?.requests],
  ] as const) {
    const entries = Object.entries(map ?? {}).sort(([left], [right]) => (left < right ? -1 : 1));
    if (entries.length > 0) page.line(level, `${label}:`);
    for (const [name, quantity] of entries) page.field(level + 1, name, quantity);
  }
}

function probesOf(container: Container): [string, Probe | undefined][] {
  return [
    ['Liveness', container.livenessProbe],
    ['Readiness', container.readinessProbe],
    ['Startup', container.startupProbe as Probe | undefined],
  ];
}

function probeText(probe: Probe): string {
  const { initialDelaySeconds = 0, timeoutSeconds = 1, periodSeconds = 10 } = probe;
  const { successThreshold = 1, failureThreshold = 3 } = probe;
  const when =
    `delay=${initialDelaySeconds}s timeout=${timeoutSeconds}s period=${periodSeconds}s ` +
    `#success=${successThreshold} #failure=${failureThreshold}`;
  if (probe.exec) return `exec [${(probe.exec.command ?? []).join(' ')}] ${when}`;
  if (probe.httpGet) {
    const { scheme = 'HTTP', host = '', port, path = '' } = probe.httpGet;
    return `http-get ${scheme.toLowerCase()}://${host}:${port}${path} ${when}`;
  }
  if (probe.tcpSocket) return `tcp-socket ${probe.tcpSocket.host ?? ''}:${probe.tcpSocket.port} ${when}`;
  if (probe.grpc) return `grpc <pod>:${probe.grpc.port} ${probe.grpc.service ?? ''} ${when}`;
  return `unknown ${when}`;
}

function describeEnvironment(page: Page, container: Container, pod: Pod): void {
  const { env = [], envFrom = [] } = container;
  if (envFrom.length > 0) page.line(2, 'Environment Variables from:');
  for (const { configMapRef, secretRef, prefix } of envFrom) {
    const source = configMapRef ?? secretRef;
    const kind = configMapRef ? 'ConfigMap' : 'Secret';
    const how = prefix ? `${kind} with prefix '${prefix}'` : kind;
    page.line(3, `${source?.name ?? ''}\t${how}\tOptional: ${source?.optional ?? false}`);
  }
  page.line(2, env.length === 0 ? 'Environment:\t<none>' : 'Environment:');
  for (const variable of env) describeVariable(page, variable, pod);
}

function describeVariable(page: Page, { name, value = '', valueFrom }: EnvVar, pod: Pod): void {
  if (!valueFrom) {
    const [first, ...more] = value.split('\n');
    page.field(3, name, first);
    for (const line of more) page.line(3, `\t${line}`);
    return;
  }
  const { fieldRef, resourceFieldRef, secretKeyRef, configMapKeyRef } = valueFrom;
  if (fieldRef) {
    const { apiVersion = 'v1', fieldPath } = fieldRef;
    page.field(3, name, `${fieldText(pod, fieldPath)} (${apiVersion}:${fieldPath})`);
  } else if (resourceFieldRef) page.field(3, name, ` (${resourceFieldRef.resource})`);
  else if (secretKeyRef) {
    const { key, name: secret, optional = false } = secretKeyRef;
    page.field(3, name, `<set to the key '${key}' in secret '${secret}'>\tOptional: ${optional}`);
  } else if (configMapKeyRef) {
    const { key, name: map, optional = false } = configMapKeyRef;
    page.field(3, name, `<set to the key '${key}' of config map '${map}'>\tOptional: ${optional}`);
  }
}

/** The value of a field a variable is set to, as far as the pod tells. */
function fieldText(pod: Pod, path: string): string {
  const key = /^metadata\.(labels|annotations)\['(.*)'\]$/.exec(path);
  if (key) return pod.metadata[key[1] as 'labels' | 'annotations']?.[key[2]!] ?? '';
  let value: unknown = pod;
  for (const part of path.split('.')) value = (value as Record<string, unknown> | undefined)?.[part];
  return value === undefined || typeof value === 'object' ? '' : String(value);
}

function describeMounts(page: Page, { volumeMounts = [], volumeDevices = [] }: Container): void {
  page.line(2, volumeMounts.length === 0 ? 'Mounts:\t<none>' : 'Mounts:');
  const sorted = [...volumeMounts].sort((left, right) => (left.mountPath < right.mountPath ? -1 : 1));
  for (const { mountPath, name, readOnly, subPath } of sorted) {
    const flags = [readOnly ? 'ro' : 'rw', ...(subPath ? [`path=${JSON.stringify(subPath)}`] : [])];
    page.line(3, `${mountPath} from ${name} (${flags.join(',')})`);
  }
  if (volumeDevices.length > 0) page.line(2, 'Devices:');
  for (const { devicePath, name } of volumeDevices) page.line(3, `${devicePath} from ${name}`);
}
