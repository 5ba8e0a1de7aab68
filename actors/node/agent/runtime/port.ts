// The port to a container runtime: what an agent asks of CRI v1, in our own shapes. The real side is `cri.ts`, its
// twin is `lab/sim/runtime.ts`; one conformance spec holds for both. No call is retried here: the agent decides.
// Times are milliseconds since the epoch, 0 when unknown. Ids are opaque strings.
//
// Every call fails with a TroupeError of code `RUNTIME` whose details are {@link RuntimeErrorDetails}. Source of the
// shapes: the CRI v1 API of Kubernetes.
import { hasCode, type TroupeError } from '../../../../schemas/errors.ts';
import type {
  AttachRequest,
  Container,
  ContainerConfig,
  ContainerFilter,
  ContainerResources,
  ContainerStats,
  ContainerStatus,
  ExecRequest,
  ExecResult,
  FilesystemUsage,
  Image,
  RegistryAuth,
  RuntimeStatus,
  RuntimeVersion,
  Sandbox,
  SandboxConfig,
  SandboxFilter,
  SandboxStatus,
} from './shapes.ts';

export type * from './shapes.ts';

/**
 * Why a call failed, so that the agent need not read texts.
 * `notFound`: no such sandbox or container. `alreadyExists`: the name and attempt are taken; `details.id` is the one
 * that has them, when the runtime tells: adopt it. `unavailable`: nobody answers. `startError`: the runtime could not
 * start the container's command. `timeout`: no answer in time, or the command of `execSync` ran too long.
 */
export type RuntimeErrorKind =
  | 'notFound'
  | 'alreadyExists'
  | 'unavailable'
  | 'imageNotFound'
  | 'invalidImageName'
  | 'startError'
  | 'timeout'
  | 'diskFull'
  | 'other';

export interface RuntimeErrorDetails {
  /** The gRPC status code, as a number. */
  readonly grpcCode: number;
  readonly kind: RuntimeErrorKind;
  /** The call that failed, such as `PullImage`. */
  readonly call: string;
  /** With `alreadyExists`: the id that owns the name. */
  readonly id?: string;
}

/** The kind of a runtime's error, or undefined when `error` is something else. */
export function runtimeErrorKind(error: unknown): RuntimeErrorKind | undefined {
  if (!hasCode(error, 'RUNTIME')) return undefined;
  return (error as TroupeError).details.kind as RuntimeErrorKind | undefined;
}

/**
 * What the runtime announces. `id` is a container's or a sandbox's. Events can be lost; `resync` comes after each
 * (re)connect, and whoever listens must then list again. After `resync` nothing is lost until the next one.
 */
export type RuntimeEvent =
  | { readonly type: 'resync' }
  | { readonly type: 'started'; readonly id: string; readonly at: number }
  | {
      readonly type: 'exited';
      readonly id: string;
      readonly at: number;
      readonly exitCode: number | undefined;
    }
  | { readonly type: 'oom'; readonly id: string; readonly at: number };

/**
 * A container runtime.
 *
 * @example
 * ```ts
 * const image = await runtime.pullImage('busybox');
 * const sandbox = await runtime.runPodSandbox(pod);
 * const id = await runtime.createContainer(sandbox, { name: 'main', attempt: 0, image, command: ['true'] }, pod);
 * await runtime.startContainer(id);
 * ```
 */
export interface Runtime {
  version(): Promise<RuntimeVersion>;
  status(): Promise<RuntimeStatus>;

  /** Makes the pod's sandbox with its network; returns its id. Fails with `alreadyExists` for a taken attempt. */
  runPodSandbox(config: SandboxConfig): Promise<string>;
  /** Kills what runs in it and gives its address back. Idempotent; unknown ids are no error. */
  stopPodSandbox(id: string): Promise<void>;
  /** Removes it with its containers. Idempotent; unknown ids are no error. */
  removePodSandbox(id: string): Promise<void>;
  podSandboxStatus(id: string): Promise<SandboxStatus>;
  listPodSandbox(filter?: SandboxFilter): Promise<Sandbox[]>;

  /** Returns the container's id. Fails with `imageNotFound` when the image was not pulled. */
  createContainer(sandboxId: string, config: ContainerConfig, sandbox: SandboxConfig): Promise<string>;
  /** Fails with `startError` when the command cannot run; the container is then exited with code 128 or 127. */
  startContainer(id: string): Promise<void>;
  /** The image's stop signal, then after `graceSeconds` SIGKILL; resolves when it has exited. Idempotent. */
  stopContainer(id: string, graceSeconds: number): Promise<void>;
  /** Idempotent; unknown ids are no error. Kills a running one. */
  removeContainer(id: string): Promise<void>;
  listContainers(filter?: ContainerFilter): Promise<Container[]>;
  containerStatus(id: string): Promise<ContainerStatus>;
  updateContainerResources(id: string, resources: ContainerResources): Promise<void>;
  /** After the log file was renamed: the runtime opens it anew. */
  reopenContainerLog(id: string): Promise<void>;

  /** Runs a command in a running container to its end; `timeout` when it takes longer than `timeoutSeconds`. */
  execSync(id: string, command: readonly string[], timeoutSeconds: number): Promise<ExecResult>;
  /** These three return a URL that can be used once, from within the runtime's network namespace. */
  exec(request: ExecRequest): Promise<string>;
  attach(request: AttachRequest): Promise<string>;
  portForward(sandboxId: string, ports: readonly number[]): Promise<string>;

  containerStats(id: string): Promise<ContainerStats>;
  listContainerStats(filter?: Omit<ContainerFilter, 'state'>): Promise<ContainerStats[]>;

  /** Undefined when the image is not here. */
  imageStatus(image: string): Promise<Image | undefined>;
  listImages(): Promise<Image[]>;
  /** Returns the reference to create containers from. */
  pullImage(image: string, auth?: RegistryAuth): Promise<string>;
  /** Idempotent. */
  removeImage(image: string): Promise<void>;
  imageFsInfo(): Promise<FilesystemUsage[]>;

  /** Reconnects by itself until `signal` is aborted or the runtime is closed, then ends. */
  events(signal: AbortSignal): AsyncIterable<RuntimeEvent>;
  close(): void;
}
