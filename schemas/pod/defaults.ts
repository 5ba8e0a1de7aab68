// What Kubernetes fills in when a Pod leaves it out. Works on the object given, which is the caller's own
// copy.
import type { Container } from './container.ts';
import type { Pod } from './kind.ts';
import type { HttpGetAction, Probe } from './probe.ts';
import type { Volume } from './volume.ts';
import { VOLUME_SOURCES } from './volume.ts';

const FILE_MODE = 0o644;
const TOKEN_SECONDS = 3600;

/** Fills in a Pod. */
export function podDefaults(pod: Pod): Pod {
  const spec = pod.spec!;
  spec.restartPolicy ||= 'Always';
  spec.dnsPolicy ||= 'ClusterFirst';
  spec.schedulerName ||= 'default-scheduler';
  spec.terminationGracePeriodSeconds ??= 30;
  spec.enableServiceLinks ??= true;
  spec.securityContext ??= {};
  if (spec.serviceAccountName) spec.serviceAccount ||= spec.serviceAccountName;
  else if (spec.serviceAccount) spec.serviceAccountName = spec.serviceAccount;
  for (const container of spec.containers) fillContainer(container, spec.hostNetwork === true);
  for (const container of spec.initContainers ?? []) fillContainer(container, spec.hostNetwork === true);
  for (const container of spec.ephemeralContainers ?? []) fillContainer(container, false);
  for (const volume of spec.volumes ?? []) fillVolume(volume);
  return pod;
}

/** `Always` for an image whose tag is `latest` or absent and that has no digest. */
export function defaultPullPolicy(image: string): 'Always' | 'IfNotPresent' {
  if (image.includes('@')) return 'IfNotPresent';
  const last = image.slice(image.lastIndexOf('/') + 1);
  const tag = last.includes(':') ? last.slice(last.indexOf(':') + 1) : 'latest';
  return tag === 'latest' ? 'Always' : 'IfNotPresent';
}

function fillContainer(container: Container, hostNetwork: boolean): void {
  container.imagePullPolicy ||= defaultPullPolicy(container.image ?? '');
  container.terminationMessagePath ||= '/dev/termination-log';
  container.terminationMessagePolicy ||= 'File';
  container.resources ??= {};
  const { limits, requests } = container.resources;
  if (limits !== undefined) container.resources.requests = { ...limits, ...requests };
  for (const port of container.ports ?? []) {
    port.protocol ||= 'TCP';
    if (hostNetwork && !port.hostPort) port.hostPort = port.containerPort;
  }
  for (const { valueFrom } of container.env ?? []) {
    if (valueFrom?.fieldRef !== undefined) valueFrom.fieldRef.apiVersion ||= 'v1';
    if (valueFrom?.resourceFieldRef !== undefined) valueFrom.resourceFieldRef.divisor ||= '0';
  }
  for (const probe of [container.livenessProbe, container.readinessProbe, container.startupProbe]) {
    if (probe !== undefined) fillProbe(probe);
  }
  for (const action of [container.lifecycle?.postStart, container.lifecycle?.preStop]) {
    if (action?.httpGet !== undefined) fillHttpGet(action.httpGet);
  }
}

function fillProbe(probe: Probe): void {
  probe.timeoutSeconds ||= 1;
  probe.periodSeconds ||= 10;
  probe.successThreshold ||= 1;
  probe.failureThreshold ||= 3;
  if (probe.httpGet !== undefined) fillHttpGet(probe.httpGet);
  if (probe.grpc !== undefined) probe.grpc.service ??= '';
}

function fillHttpGet(action: HttpGetAction): void {
  action.path ||= '/';
  action.scheme ||= 'HTTP';
}

/** A volume without any source is an emptyDir. */
function fillVolume(volume: Volume): void {
  if (!VOLUME_SOURCES.some((source) => Object.hasOwn(volume, source))) volume.emptyDir = {};
  if (volume.configMap !== undefined) volume.configMap.defaultMode ??= FILE_MODE;
  if (volume.secret !== undefined) volume.secret.defaultMode ??= FILE_MODE;
  if (volume.downwardAPI !== undefined) volume.downwardAPI.defaultMode ??= FILE_MODE;
  if (volume.hostPath !== undefined) volume.hostPath.type ??= '';
  if (volume.projected === undefined) return;
  volume.projected.defaultMode ??= FILE_MODE;
  for (const { serviceAccountToken } of volume.projected.sources ?? []) {
    if (serviceAccountToken !== undefined) serviceAccountToken.expirationSeconds ??= TOKEN_SECONDS;
  }
}
