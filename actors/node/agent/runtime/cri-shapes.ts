// Maps between the port's shapes and CRI's messages as the loader gives them (camelCase, enums as names, 64-bit whole
// numbers as numbers). Knows nothing of calls and errors.
import type {
  Container,
  ContainerConfig,
  ContainerFilter,
  ContainerResources,
  ContainerSecurity,
  ContainerState,
  ContainerStats,
  ContainerStatus,
  FilesystemUsage,
  Image,
  Labels,
  NamespaceModes,
  RuntimeStatus,
  Sandbox,
  SandboxConfig,
  SandboxFilter,
  SandboxStatus,
  SeccompProfile,
} from './port.ts';

/** A decoded message. The loader fills in defaults, so fields are there unless they are messages. */
export type Wire = Record<string, any>;

const NANOS_PER_MS = 1_000_000;

const NETWORK_MODE = { pod: 'POD', node: 'NODE' } as const;
const PID_MODE = { pod: 'POD', container: 'CONTAINER', node: 'NODE' } as const;
const PROPAGATION = {
  private: 'PROPAGATION_PRIVATE',
  hostToContainer: 'PROPAGATION_HOST_TO_CONTAINER',
  bidirectional: 'PROPAGATION_BIDIRECTIONAL',
} as const;
const CONTAINER_STATE = {
  created: 'CONTAINER_CREATED',
  running: 'CONTAINER_RUNNING',
  exited: 'CONTAINER_EXITED',
  unknown: 'CONTAINER_UNKNOWN',
} as const;
const SANDBOX_STATE = { ready: 'SANDBOX_READY', notReady: 'SANDBOX_NOTREADY' } as const;

export function sandboxToWire(config: SandboxConfig): Wire {
  const { name, uid, namespace, attempt } = config;
  return {
    metadata: { name, uid, namespace, attempt },
    hostname: config.hostname,
    logDirectory: config.logDirectory,
    dnsConfig: config.dns,
    portMappings: (config.portMappings ?? []).map((port) => ({ ...port, hostIp: port.hostIP ?? '' })),
    labels: config.labels ?? {},
    annotations: config.annotations ?? {},
    linux: {
      cgroupParent: config.cgroupParent ?? '',
      sysctls: config.sysctls ?? {},
      securityContext: {
        namespaceOptions: namespacesToWire(config.namespaces),
        privileged: config.privileged ?? false,
        runAsUser: numberToWire(config.runAsUser),
        runAsGroup: numberToWire(config.runAsGroup),
        supplementalGroups: config.supplementalGroups ?? [],
        seccomp: seccompToWire(config.seccomp, config.privileged),
      },
    },
  };
}

export function containerToWire(config: ContainerConfig): Wire {
  return {
    metadata: { name: config.name, attempt: config.attempt },
    image: { image: config.image },
    command: config.command ?? [],
    args: config.args ?? [],
    workingDir: config.workingDir ?? '',
    envs: (config.env ?? []).map(({ name, value }) => ({ key: name, value })),
    mounts: (config.mounts ?? []).map((mount) => ({
      containerPath: mount.containerPath,
      hostPath: mount.hostPath,
      readonly: mount.readonly ?? false,
      propagation: PROPAGATION[mount.propagation ?? 'private'],
    })),
    devices: config.devices ?? [],
    labels: config.labels ?? {},
    annotations: config.annotations ?? {},
    logPath: config.logPath ?? '',
    stdin: config.stdin ?? false,
    stdinOnce: config.stdinOnce ?? false,
    tty: config.tty ?? false,
    linux: {
      resources: resourcesToWire(config.resources ?? {}),
      securityContext: securityToWire(config.security ?? {}, config.namespaces),
    },
  };
}

export function resourcesToWire(resources: ContainerResources): Wire {
  return {
    cpuPeriod: resources.cpuPeriodMicros ?? 0,
    cpuQuota: resources.cpuQuotaMicros ?? 0,
    cpuShares: resources.cpuShares ?? 0,
    memoryLimitInBytes: resources.memoryLimitBytes ?? 0,
    oomScoreAdj: resources.oomScoreAdj ?? 0,
    cpusetCpus: resources.cpusetCpus ?? '',
  };
}

function securityToWire(security: ContainerSecurity, namespaces: NamespaceModes | undefined): Wire {
  return {
    privileged: security.privileged ?? false,
    capabilities: {
      addCapabilities: security.addCapabilities ?? [],
      dropCapabilities: security.dropCapabilities ?? [],
    },
    namespaceOptions: namespacesToWire(namespaces),
    runAsUser: numberToWire(security.runAsUser),
    runAsGroup: numberToWire(security.runAsGroup),
    runAsUsername: security.runAsUserName ?? '',
    supplementalGroups: security.supplementalGroups ?? [],
    readonlyRootfs: security.readonlyRootFilesystem ?? false,
    noNewPrivs: security.noNewPrivileges ?? false,
    maskedPaths: security.maskedPaths ?? [],
    readonlyPaths: security.readonlyPaths ?? [],
    seccomp: seccompToWire(security.seccomp, security.privileged),
  };
}

/** CRI's own default would share the process namespace, so all three are always sent. */
function namespacesToWire(modes: NamespaceModes = {}): Wire {
  return {
    network: NETWORK_MODE[modes.network ?? 'pod'],
    pid: PID_MODE[modes.pid ?? 'container'],
    ipc: NETWORK_MODE[modes.ipc ?? 'pod'],
  };
}

function seccompToWire(profile: SeccompProfile | undefined, privileged: boolean | undefined): Wire {
  const type = profile?.type ?? (privileged ? 'Unconfined' : 'RuntimeDefault');
  return { profileType: type, localhostRef: profile?.path ?? '' };
}

function numberToWire(value: number | undefined): Wire | undefined {
  return value === undefined ? undefined : { value };
}

export function sandboxFilterToWire(filter: SandboxFilter): Wire {
  const state = filter.state === undefined ? undefined : { state: SANDBOX_STATE[filter.state] };
  return { id: filter.id ?? '', state, labelSelector: filter.labels ?? {} };
}

export function containerFilterToWire(filter: ContainerFilter): Wire {
  const state = filter.state === undefined ? undefined : { state: CONTAINER_STATE[filter.state] };
  return {
    id: filter.id ?? '',
    podSandboxId: filter.sandboxId ?? '',
    state,
    labelSelector: filter.labels ?? {},
  };
}

export function statusFromWire(status: Wire | null): RuntimeStatus {
  const conditions: Wire[] = status?.conditions ?? [];
  const isTrue = (type: string) => conditions.some((each) => each.type === type && each.status === true);
  const message = conditions
    .filter((each) => !each.status && each.message)
    .map((each) => each.message as string)
    .join('; ');
  return { ready: isTrue('RuntimeReady'), networkReady: isTrue('NetworkReady'), message };
}

export function sandboxFromWire(wire: Wire): Sandbox {
  return {
    id: wire.id,
    name: wire.metadata?.name ?? '',
    namespace: wire.metadata?.namespace ?? '',
    uid: wire.metadata?.uid ?? '',
    attempt: wire.metadata?.attempt ?? 0,
    state: wire.state === SANDBOX_STATE.ready ? 'ready' : 'notReady',
    createdAt: msOfNanos(wire.createdAt),
    labels: (wire.labels ?? {}) as Labels,
    annotations: (wire.annotations ?? {}) as Labels,
  };
}

/** `info` is the verbose part: JSON whose shape each runtime chooses, so nothing of it is relied on to be there. */
export function sandboxStatusFromWire(wire: Wire, info: Wire): SandboxStatus {
  const verbose = parsed(info.info);
  const namespaces: Wire[] = verbose.runtimeSpec?.linux?.namespaces ?? [];
  const path = namespaces.find((each) => each.type === 'network')?.path;
  return {
    ...sandboxFromWire(wire),
    ip: wire.network?.ip || undefined,
    additionalIPs: (wire.network?.additionalIps ?? []).map((each: Wire) => each.ip as string),
    netns: typeof path === 'string' && path !== '' ? path : undefined,
    pid: pidOf(verbose),
    cgroupParent: parentOf(verbose.runtimeSpec?.linux?.cgroupsPath),
  };
}

/** `/parent/id` in the OCI specification of what runs; systemd's form has colons and is left alone. */
function parentOf(cgroupsPath: unknown): string | undefined {
  if (typeof cgroupsPath !== 'string' || cgroupsPath.includes(':')) return undefined;
  const parent = cgroupsPath.slice(0, cgroupsPath.lastIndexOf('/'));
  return parent === '' ? undefined : parent;
}

export function containerFromWire(wire: Wire): Container {
  return { ...containerBase(wire), sandboxId: wire.podSandboxId };
}

export function containerStatusFromWire(wire: Wire, info: Wire): ContainerStatus {
  const base = containerBase(wire);
  return {
    ...base,
    startedAt: msOfNanos(wire.startedAt),
    finishedAt: msOfNanos(wire.finishedAt),
    exitCode: wire.exitCode ?? 0,
    reason: wire.reason ?? '',
    message: wire.message ?? '',
    logPath: wire.logPath ?? '',
    pid: base.state === 'running' ? pidOf(parsed(info.info)) : undefined,
  };
}

function containerBase(wire: Wire): Omit<Container, 'sandboxId'> {
  return {
    id: wire.id,
    name: wire.metadata?.name ?? '',
    attempt: wire.metadata?.attempt ?? 0,
    image: wire.image?.image ?? '',
    imageRef: wire.imageRef ?? '',
    state: containerStateFromWire(wire.state),
    createdAt: msOfNanos(wire.createdAt),
    labels: (wire.labels ?? {}) as Labels,
    annotations: (wire.annotations ?? {}) as Labels,
  };
}

function containerStateFromWire(state: unknown): ContainerState {
  const found = Object.entries(CONTAINER_STATE).find(([, name]) => name === state);
  return found ? (found[0] as ContainerState) : 'unknown';
}

export function statsFromWire(wire: Wire): ContainerStats {
  const { attributes, cpu, memory, writableLayer } = wire;
  return {
    id: attributes?.id ?? '',
    name: attributes?.metadata?.name ?? '',
    attempt: attributes?.metadata?.attempt ?? 0,
    labels: (attributes?.labels ?? {}) as Labels,
    at: msOfNanos(cpu?.timestamp ?? memory?.timestamp),
    cpuNanos: cpu?.usageCoreNanoSeconds?.value ?? 0,
    cpuNanoCores: cpu?.usageNanoCores?.value ?? 0,
    memoryWorkingSetBytes: memory?.workingSetBytes?.value ?? 0,
    memoryUsageBytes: memory?.usageBytes?.value ?? 0,
    memoryRssBytes: memory?.rssBytes?.value ?? 0,
    writableBytes: writableLayer?.usedBytes?.value ?? 0,
  };
}

export function imageFromWire(wire: Wire): Image {
  return {
    id: wire.id,
    tags: wire.repoTags ?? [],
    digests: wire.repoDigests ?? [],
    sizeBytes: wire.size ?? 0,
    uid: wire.uid?.value,
    userName: wire.username ?? '',
  };
}

export function filesystemFromWire(wire: Wire): FilesystemUsage {
  return {
    mountpoint: wire.fsId?.mountpoint ?? '',
    at: msOfNanos(wire.timestamp),
    usedBytes: wire.usedBytes?.value ?? 0,
    inodesUsed: wire.inodesUsed?.value ?? 0,
  };
}

export function msOfNanos(nanos: number | undefined): number {
  return nanos === undefined || nanos <= 0 ? 0 : Math.floor(nanos / NANOS_PER_MS);
}

function pidOf(verbose: Wire): number | undefined {
  return typeof verbose.pid === 'number' && verbose.pid > 0 ? verbose.pid : undefined;
}

function parsed(json: unknown): Wire {
  if (typeof json !== 'string' || json === '') return {};
  try {
    return JSON.parse(json) as Wire;
  } catch {
    return {};
  }
}
