// The shapes a container runtime takes and gives: sandboxes, containers, images, usage. Data only; what can be done
// with them says `port.ts`. Source: the CRI v1 API of Kubernetes, in our own words.

export type Labels = Readonly<Record<string, string>>;

export interface RuntimeVersion {
  readonly runtimeName: string;
  readonly runtimeVersion: string;
  readonly apiVersion: string;
}

export interface RuntimeStatus {
  /** True when containers can be made. */
  readonly ready: boolean;
  /** True when sandboxes get addresses. */
  readonly networkReady: boolean;
  /** Why not, in the runtime's words; empty when all is well. */
  readonly message: string;
}

export interface PortMapping {
  readonly protocol: 'TCP' | 'UDP' | 'SCTP';
  readonly containerPort: number;
  readonly hostPort: number;
  /** Empty: all addresses. */
  readonly hostIP?: string;
}

/** Which namespaces are shared. Defaults: network `pod`, pid `container`, ipc `pod`. */
export interface NamespaceModes {
  /** `node`: hostNetwork; the sandbox then must have an empty hostname and reports no address. */
  readonly network?: 'pod' | 'node';
  /** `pod`: shareProcessNamespace. `node`: hostPID. */
  readonly pid?: 'container' | 'pod' | 'node';
  readonly ipc?: 'pod' | 'node';
}

export interface SeccompProfile {
  readonly type: 'RuntimeDefault' | 'Unconfined' | 'Localhost';
  /** Absolute path of the profile, with `Localhost`. */
  readonly path?: string;
}

export interface SandboxConfig {
  readonly name: string;
  readonly namespace: string;
  readonly uid: string;
  /** Counts the sandboxes of one pod; name, namespace, uid and attempt together are unique. */
  readonly attempt: number;
  /** Must be empty with hostNetwork. */
  readonly hostname: string;
  /** Containers' `logPath`s are relative to it. */
  readonly logDirectory: string;
  readonly dns?: {
    readonly servers: readonly string[];
    readonly searches: readonly string[];
    readonly options: readonly string[];
  };
  readonly portMappings?: readonly PortMapping[];
  readonly labels?: Labels;
  readonly annotations?: Labels;
  /** Path in the cgroup tree. Give each pod its own; the runtime makes it and never removes it. */
  readonly cgroupParent?: string;
  readonly namespaces?: NamespaceModes;
  readonly sysctls?: Readonly<Record<string, string>>;
  /** Must be true when one of the containers is privileged. */
  readonly privileged?: boolean;
  readonly runAsUser?: number;
  readonly runAsGroup?: number;
  readonly supplementalGroups?: readonly number[];
  /** Default: RuntimeDefault, or Unconfined when privileged. */
  readonly seccomp?: SeccompProfile;
  /** The runtime class, such as `runc`; empty or absent: the runtime's default. */
  readonly runtimeHandler?: string;
}

export type SandboxState = 'ready' | 'notReady';

export interface Sandbox {
  readonly id: string;
  readonly name: string;
  readonly namespace: string;
  readonly uid: string;
  readonly attempt: number;
  readonly state: SandboxState;
  readonly createdAt: number;
  readonly labels: Labels;
  readonly annotations: Labels;
}

export interface SandboxStatus extends Sandbox {
  /** The pod's address; undefined with hostNetwork and when the sandbox is stopped. */
  readonly ip: string | undefined;
  readonly additionalIPs: readonly string[];
  /** Path of the network namespace, as the runtime sees it; undefined with hostNetwork or when it does not tell. */
  readonly netns: string | undefined;
  /** Process id of the sandbox's pause process; undefined when it does not run. */
  readonly pid: number | undefined;
  /** The control group the sandbox was put below; undefined when the runtime does not tell. */
  readonly cgroupParent: string | undefined;
}

export interface Mount {
  readonly containerPath: string;
  readonly hostPath: string;
  readonly readonly?: boolean;
  /** Default: `private`. */
  readonly propagation?: 'private' | 'hostToContainer' | 'bidirectional';
}

export interface Device {
  readonly containerPath: string;
  readonly hostPath: string;
  /** Letters of `rwm`. */
  readonly permissions: string;
}

/** Absent or 0: no limit, or the runtime's default. */
export interface ContainerResources {
  readonly cpuPeriodMicros?: number;
  readonly cpuQuotaMicros?: number;
  readonly cpuShares?: number;
  readonly memoryLimitBytes?: number;
  readonly oomScoreAdj?: number;
  readonly cpusetCpus?: string;
}

export interface ContainerSecurity {
  readonly privileged?: boolean;
  readonly runAsUser?: number;
  readonly runAsGroup?: number;
  readonly runAsUserName?: string;
  readonly supplementalGroups?: readonly number[];
  readonly readonlyRootFilesystem?: boolean;
  readonly noNewPrivileges?: boolean;
  readonly addCapabilities?: readonly string[];
  readonly dropCapabilities?: readonly string[];
  readonly maskedPaths?: readonly string[];
  readonly readonlyPaths?: readonly string[];
  /** Default: RuntimeDefault, or Unconfined when privileged. */
  readonly seccomp?: SeccompProfile;
}

export interface ContainerConfig {
  readonly name: string;
  /** Counts the runs of one container in its sandbox; name and attempt are unique there. */
  readonly attempt: number;
  /** A name or the reference that `pullImage` returned. */
  readonly image: string;
  /** Replaces the image's entrypoint when not empty. */
  readonly command?: readonly string[];
  /** Replaces the image's arguments when not empty. */
  readonly args?: readonly string[];
  readonly workingDir?: string;
  readonly env?: readonly { readonly name: string; readonly value: string }[];
  readonly mounts?: readonly Mount[];
  readonly devices?: readonly Device[];
  readonly labels?: Labels;
  readonly annotations?: Labels;
  /** Relative to the sandbox's log directory; absent: what the container writes is lost. */
  readonly logPath?: string;
  readonly stdin?: boolean;
  readonly stdinOnce?: boolean;
  readonly tty?: boolean;
  /** Must agree with the sandbox's. */
  readonly namespaces?: NamespaceModes;
  readonly resources?: ContainerResources;
  readonly security?: ContainerSecurity;
}

export type ContainerState = 'created' | 'running' | 'exited' | 'unknown';

export interface Container {
  readonly id: string;
  readonly sandboxId: string;
  readonly name: string;
  readonly attempt: number;
  readonly image: string;
  readonly imageRef: string;
  readonly state: ContainerState;
  readonly createdAt: number;
  readonly labels: Labels;
  readonly annotations: Labels;
}

export interface ContainerStatus extends Omit<Container, 'sandboxId'> {
  readonly startedAt: number;
  readonly finishedAt: number;
  /** Meaningful when the state is `exited`. */
  readonly exitCode: number;
  /** `Completed`, `Error`, `OOMKilled`, `StartError`, `Unknown`, or empty while it runs. */
  readonly reason: string;
  readonly message: string;
  /** Absolute; empty when nothing is kept. */
  readonly logPath: string;
  /** Process id of the container's first process; undefined when it does not run or the runtime does not tell. */
  readonly pid: number | undefined;
}

export interface ContainerFilter {
  readonly id?: string;
  readonly sandboxId?: string;
  readonly state?: ContainerState;
  /** All of them must match. */
  readonly labels?: Labels;
}

export interface SandboxFilter {
  readonly id?: string;
  readonly state?: SandboxState;
  /** All of them must match. */
  readonly labels?: Labels;
}

export interface ExecResult {
  readonly stdout: Uint8Array;
  readonly stderr: Uint8Array;
  readonly exitCode: number;
}

export interface ExecRequest {
  readonly containerId: string;
  readonly command: readonly string[];
  readonly tty: boolean;
  readonly stdin: boolean;
  readonly stdout: boolean;
  /** Must be false with a tty. */
  readonly stderr: boolean;
}

export type AttachRequest = Omit<ExecRequest, 'command'>;

export interface ContainerStats {
  readonly id: string;
  readonly name: string;
  readonly attempt: number;
  readonly labels: Labels;
  readonly at: number;
  /** CPU time used since the start, in nanoseconds. */
  readonly cpuNanos: number;
  /** CPU in use now, in billionths of a core; 0 until the runtime has two samples. */
  readonly cpuNanoCores: number;
  readonly memoryWorkingSetBytes: number;
  readonly memoryUsageBytes: number;
  readonly memoryRssBytes: number;
  /** What the container wrote into its own layer. */
  readonly writableBytes: number;
}

export interface Image {
  readonly id: string;
  readonly tags: readonly string[];
  readonly digests: readonly string[];
  readonly sizeBytes: number;
  /** The user the image asks for; undefined when it asks by name or not at all. */
  readonly uid: number | undefined;
  readonly userName: string;
}

/** Credentials for one registry; never logged, never part of an error. */
export interface RegistryAuth {
  readonly username?: string;
  readonly password?: string;
  /** base64 of `user:password`, as in a docker config file. */
  readonly auth?: string;
  readonly serverAddress?: string;
  readonly identityToken?: string;
  readonly registryToken?: string;
}

export interface FilesystemUsage {
  readonly mountpoint: string;
  readonly at: number;
  readonly usedBytes: number;
  readonly inodesUsed: number;
}
