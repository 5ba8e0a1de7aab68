// A pod's sandbox as the runtime is to make it: names, labels, network, namespaces, control group. Pure.
import type { Pod } from '../../../../schemas/pod/kind.ts';
import type { NamespaceModes, PortMapping, SandboxConfig, SeccompProfile } from '../runtime/port.ts';
import { ANNOTATION, LABEL, type NodeScope } from '../scope.ts';

const HOSTNAME_LENGTH = 63;

/** Folder of a pod's logs, relative to the agent's files. */
export function logFolderOf({ metadata }: Pod): string {
  return `logs/${metadata.namespace ?? 'default'}_${metadata.name}_${metadata.uid}`;
}

export function cgroupOf(scope: NodeScope, uid: string): string {
  return `${scope.cgroupRoot}/pod${uid}`;
}

/** The labels by which an agent finds its pods again. */
export function podLabels(
  scope: { cluster: string; node: string },
  { metadata }: Pod,
): Record<string, string> {
  return {
    [LABEL.podName]: metadata.name,
    [LABEL.podNamespace]: metadata.namespace ?? 'default',
    [LABEL.podUid]: metadata.uid!,
    [LABEL.cluster]: scope.cluster,
    [LABEL.node]: scope.node,
  };
}

export function namespacesOf(pod: Pod): NamespaceModes {
  const { hostNetwork, hostPID, hostIPC, shareProcessNamespace } = pod.spec!;
  return {
    network: hostNetwork ? 'node' : 'pod',
    pid: hostPID ? 'node' : shareProcessNamespace ? 'pod' : 'container',
    ipc: hostIPC ? 'node' : 'pod',
  };
}

export function sandboxConfig(scope: NodeScope, pod: Pod, attempt: number, fence: number): SandboxConfig {
  const { metadata } = pod;
  const spec = pod.spec!;
  const namespace = metadata.namespace ?? 'default';
  const security = spec.securityContext;
  const containers = [...(spec.initContainers ?? []), ...spec.containers];
  return {
    name: metadata.name,
    namespace,
    uid: metadata.uid!,
    attempt,
    hostname: spec.hostNetwork ? '' : (spec.hostname ?? metadata.name).slice(0, HOSTNAME_LENGTH),
    logDirectory: scope.files.absolute(logFolderOf(pod)),
    dns: dnsOf(scope, pod),
    portMappings: spec.hostNetwork ? [] : portMappings(pod),
    labels: { ...metadata.labels, ...podLabels(scope, pod) },
    annotations: { ...metadata.annotations, [ANNOTATION.fence]: String(fence) },
    cgroupParent: cgroupOf(scope, metadata.uid!),
    namespaces: namespacesOf(pod),
    sysctls: Object.fromEntries((security?.sysctls ?? []).map(({ name, value }) => [name, value])),
    privileged: containers.some((container) => container.securityContext?.privileged === true),
    runAsUser: security?.runAsUser,
    runAsGroup: security?.runAsGroup,
    supplementalGroups: groupsOf(pod),
    seccomp: seccompOf(security?.seccompProfile),
    runtimeHandler: spec.runtimeClassName,
  };
}

export function groupsOf(pod: Pod): readonly number[] | undefined {
  const security = pod.spec?.securityContext;
  if (security?.fsGroup === undefined) return security?.supplementalGroups;
  return [...(security.supplementalGroups ?? []), security.fsGroup];
}

export function seccompOf(
  profile: { type: string; localhostProfile?: string } | undefined,
): SeccompProfile | undefined {
  if (!profile) return undefined;
  return { type: profile.type as SeccompProfile['type'], path: profile.localhostProfile };
}

function portMappings(pod: Pod): PortMapping[] {
  const mappings: PortMapping[] = [];
  for (const { ports } of pod.spec!.containers) {
    for (const { hostPort, containerPort, protocol, hostIP } of ports ?? []) {
      if (hostPort) mappings.push({ hostPort, containerPort, protocol: protocol ?? 'TCP', hostIP });
    }
  }
  return mappings;
}

/** The cluster's resolver unless the pod wants the machine's, with what the pod adds. */
function dnsOf(scope: NodeScope, pod: Pod): SandboxConfig['dns'] {
  const { dnsPolicy = 'ClusterFirst', dnsConfig, hostNetwork } = pod.spec!;
  const policy = dnsPolicy === 'ClusterFirst' && hostNetwork ? 'Default' : dnsPolicy;
  const namespace = pod.metadata.namespace ?? 'default';
  const base = policy === 'None' ? undefined : scope.dns({ dnsPolicy: policy, namespace });
  if (!base && !dnsConfig) return undefined;
  const options = (dnsConfig?.options ?? []).map(({ name, value }) =>
    value ? `${name}:${value}` : (name ?? ''),
  );
  return {
    servers: [...(base?.servers ?? []), ...(dnsConfig?.nameservers ?? [])],
    searches: [...(base?.searches ?? []), ...(dnsConfig?.searches ?? [])],
    options: [...(base?.options ?? []), ...options],
  };
}
