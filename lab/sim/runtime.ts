// The runtime port's twin: a container runtime in memory, on a Clock and a Random. Containers do what their image's
// script says; calls take as long and fail as the test wants; the runtime can be killed and comes back with its
// containers, which went on meanwhile. The same conformance spec holds for it and for containerd.
import type {
  Container,
  ContainerFilter,
  ContainerStats,
  Runtime,
  RuntimeEvent,
  Sandbox,
  SandboxConfig,
  SandboxFilter,
  SandboxStatus,
} from '../../actors/node/agent/runtime/port.ts';
import type { Clock, Random } from '../../messaging/ports.ts';
import type { TroupeError } from '../../schemas/errors.ts';
import { preciseTimestamp } from '../../schemas/time.ts';
import type { SimulatedContainer } from './runtime-container.ts';
import { simulatedError } from './runtime-errors.ts';
import { SimulatedEvents } from './runtime-events.ts';
import { imageReference, type SimulatedImage, SimulatedImages } from './runtime-images.ts';
import { SimulatedState, statusOf } from './runtime-state.ts';
import { statsOf } from './runtime-stats.ts';

/** What a fault hook may ask for. `lostAnswer`: the work is done, and the caller hears `unavailable`. */
export type SimulatedFault = TroupeError | { readonly delayMs?: number; readonly lostAnswer?: boolean };

export type RuntimeCall = Exclude<keyof Runtime, 'events' | 'close'>;

export interface SimulatedRuntimeOptions {
  readonly clock: Clock;
  readonly random: Random;
  /** Such as `10.244.1.0/24`. */
  readonly podCIDR: string;
  readonly images?: Readonly<Record<string, SimulatedImage>>;
  /** How long calls take. Default 0. */
  readonly latencyMs?: Partial<Record<RuntimeCall, number>>;
  /** Asked at each call; `subject` is an id, an image, or `namespace/name`. */
  readonly fault?: (call: RuntimeCall, subject: string) => SimulatedFault | undefined;
  /** Takes what containers write, as lines of the CRI log format, for the file at `path`. */
  readonly writeLog?: (path: string, line: string) => void;
}

export class SimulatedRuntime implements Runtime {
  readonly #clock: Clock;
  readonly #random: Random;
  readonly #options: SimulatedRuntimeOptions;
  readonly #images: SimulatedImages;
  readonly #events = new SimulatedEvents();
  readonly #state: SimulatedState;
  #isAway = false;

  constructor(options: SimulatedRuntimeOptions) {
    const { clock, random, podCIDR } = options;
    const images = new SimulatedImages(options.images ?? {});
    this.#options = options;
    this.#clock = clock;
    this.#random = random;
    this.#images = images;
    this.#state = new SimulatedState({
      clock,
      random,
      podCIDR,
      images,
      tell: (event) => this.#tell(event),
    });
  }

  /** The node has been given this range for its pods. */
  usePodCIDR(cidr: string): void {
    this.#state.usePodCIDR(cidr);
  }

  /** From now on every call is `unavailable`. Containers go on. */
  kill(): void {
    this.#isAway = true;
  }

  /** Answers again, and tells listeners to list anew. */
  revive(): void {
    if (!this.#isAway) return;
    this.#isAway = false;
    this.#tell({ type: 'resync' });
  }

  /** The machine loses power and boots: sandboxes are not ready, containers have exited with 255. */
  losePower(): void {
    this.#isAway = true;
    this.#state.losePower();
    this.revive();
  }

  /** Ends a running container from outside. */
  exitContainer(id: string, exitCode: number): void {
    this.#state.container(id, 'exitContainer').end(exitCode);
  }

  /** Changes what an image's name stands for. */
  setImage(name: string, image: SimulatedImage): void {
    this.#images.set(name, image);
  }

  version(): ReturnType<Runtime['version']> {
    return this.#call('version', '', () => ({
      runtimeName: 'simulated',
      runtimeVersion: '1.0.0',
      apiVersion: 'v1',
    }));
  }

  status(): ReturnType<Runtime['status']> {
    return this.#call('status', '', () => ({ ready: true, networkReady: true, message: '' }));
  }

  runPodSandbox(config: SandboxConfig): Promise<string> {
    const subject = `${config.namespace}/${config.name}`;
    return this.#call('runPodSandbox', subject, () => this.#state.addSandbox(config));
  }

  stopPodSandbox(id: string): Promise<void> {
    return this.#call('stopPodSandbox', id, () => this.#state.stopSandbox(id));
  }

  removePodSandbox(id: string): Promise<void> {
    return this.#call('removePodSandbox', id, () => this.#state.removeSandbox(id));
  }

  podSandboxStatus(id: string): Promise<SandboxStatus> {
    return this.#call('podSandboxStatus', id, () => statusOf(this.#state.sandbox(id, 'PodSandboxStatus')));
  }

  listPodSandbox(filter: SandboxFilter = {}): Promise<Sandbox[]> {
    return this.#call('listPodSandbox', filter.id ?? '', () => this.#state.sandboxes(filter));
  }

  createContainer(...[sandboxId, config]: Parameters<Runtime['createContainer']>): Promise<string> {
    return this.#call('createContainer', sandboxId, () => this.#state.addContainer(sandboxId, config));
  }

  startContainer(id: string): Promise<void> {
    return this.#call('startContainer', id, () => {
      const call = 'StartContainer';
      const container = this.#state.container(id, call);
      if (container.state !== 'created') {
        const state = `CONTAINER_${container.state.toUpperCase()}`;
        throw simulatedError('other', call, `container is in ${state} state`);
      }
      const { startError, log } = container.birth.run;
      if (startError !== undefined) {
        container.failToStart(startError);
        throw simulatedError('startError', call, startError);
      }
      container.start(this.#state.newPid());
      for (const line of log ?? []) this.#writeLog(container, line);
      this.#tell({ type: 'started', id, at: container.startedAt });
    });
  }

  stopContainer(id: string, graceSeconds: number): Promise<void> {
    return this.#call('stopContainer', id, () => this.#state.find(id)?.stop(graceSeconds));
  }

  removeContainer(id: string): Promise<void> {
    return this.#call('removeContainer', id, () => this.#state.removeContainer(id));
  }

  listContainers(filter: ContainerFilter = {}): Promise<Container[]> {
    return this.#call('listContainers', filter.sandboxId ?? filter.id ?? '', () =>
      this.#state.containers(filter).map((container) => {
        const { id, name, attempt, image, imageRef, state, createdAt, labels, annotations } =
          container.status();
        const { sandboxId } = container.birth;
        return { id, sandboxId, name, attempt, image, imageRef, state, createdAt, labels, annotations };
      }),
    );
  }

  containerStatus(id: string): ReturnType<Runtime['containerStatus']> {
    return this.#call('containerStatus', id, () => this.#state.container(id, 'ContainerStatus').status());
  }

  updateContainerResources(
    ...[id, resources]: Parameters<Runtime['updateContainerResources']>
  ): Promise<void> {
    return this.#call('updateContainerResources', id, () => {
      const container = this.#state.container(id, 'UpdateContainerResources');
      container.resources = { ...container.resources, ...resources };
    });
  }

  reopenContainerLog(id: string): Promise<void> {
    return this.#call('reopenContainerLog', id, () => {
      this.#state.running(id, 'ReopenContainerLog');
    });
  }

  execSync(
    ...[id, command, timeoutSeconds]: Parameters<Runtime['execSync']>
  ): ReturnType<Runtime['execSync']> {
    return this.#call('execSync', id, async () => {
      const { exec } = this.#state.running(id, 'ExecSync').birth.run;
      const result = exec?.(command) ?? { exitCode: 0 };
      const boundMs = timeoutSeconds > 0 ? timeoutSeconds * 1_000 : Number.POSITIVE_INFINITY;
      const takesMs = result.takesMs ?? 0;
      if (takesMs > 0) await this.#clock.sleep(Math.min(takesMs, boundMs));
      if (takesMs > boundMs) {
        throw simulatedError(
          'timeout',
          'ExecSync',
          `timeout ${timeoutSeconds}s exceeded: context deadline exceeded`,
        );
      }
      const encoder = new TextEncoder();
      return {
        exitCode: result.exitCode,
        stdout: encoder.encode(result.stdout ?? ''),
        stderr: encoder.encode(result.stderr ?? ''),
      };
    });
  }

  exec({ containerId }: Parameters<Runtime['exec']>[0]): Promise<string> {
    return this.#call('exec', containerId, () => {
      this.#state.running(containerId, 'Exec');
      return `http://127.0.0.1:0/exec/${this.#random.token(8)}`;
    });
  }

  attach({ containerId }: Parameters<Runtime['attach']>[0]): Promise<string> {
    return this.#call('attach', containerId, () => {
      this.#state.running(containerId, 'Attach');
      return `http://127.0.0.1:0/attach/${this.#random.token(8)}`;
    });
  }

  portForward(sandboxId: string): Promise<string> {
    return this.#call('portForward', sandboxId, () => {
      this.#state.sandbox(sandboxId, 'PortForward');
      return `http://127.0.0.1:0/portforward/${this.#random.token(8)}`;
    });
  }

  containerStats(id: string): Promise<ContainerStats> {
    return this.#call('containerStats', id, () =>
      statsOf(this.#state.running(id, 'ContainerStats'), this.#clock.now()),
    );
  }

  listContainerStats(filter: Omit<ContainerFilter, 'state'> = {}): Promise<ContainerStats[]> {
    return this.#call('listContainerStats', filter.sandboxId ?? '', () =>
      this.#state
        .containers({ ...filter, state: 'running' })
        .map((container) => statsOf(container, this.#clock.now())),
    );
  }

  imageStatus(image: string): ReturnType<Runtime['imageStatus']> {
    return this.#call('imageStatus', image, () => this.#images.find(image));
  }

  listImages(): ReturnType<Runtime['listImages']> {
    return this.#call('listImages', '', () => this.#images.all());
  }

  pullImage(image: string): Promise<string> {
    return this.#call('pullImage', image, async () => {
      const call = 'PullImage';
      const reference = imageReference(image);
      if (reference === undefined) {
        const text = `failed to parse image reference "${image}": invalid reference format`;
        throw simulatedError('invalidImageName', call, text);
      }
      const { exists = true, pullMs = 0, pullError } = this.#images.described(reference);
      if (pullMs > 0) await this.#clock.sleep(pullMs);
      if (this.#isAway) throw this.#unavailable(call);
      const text = `failed to pull and unpack image "${reference}"`;
      if (pullError !== undefined) throw simulatedError(pullError, call, `${text}: ${pullError}`);
      if (!exists) {
        const resolving = `failed to resolve reference "${reference}": ${reference}: not found`;
        throw simulatedError('imageNotFound', call, `${text}: ${resolving}`);
      }
      return this.#images.add(reference).id;
    });
  }

  removeImage(image: string): Promise<void> {
    return this.#call('removeImage', image, () => this.#images.remove(image));
  }

  imageFsInfo(): ReturnType<Runtime['imageFsInfo']> {
    return this.#call('imageFsInfo', '', () => {
      const images = this.#images.all();
      const usedBytes = images.reduce((sum, image) => sum + image.sizeBytes, 0);
      return [{ mountpoint: '/simulated', at: this.#clock.now(), usedBytes, inodesUsed: images.length }];
    });
  }

  events(signal: AbortSignal): AsyncIterable<RuntimeEvent> {
    return this.#events.listen(signal, this.#isAway);
  }

  /** Ends the streams of events. What runs stays, for the agent that comes next. */
  close(): void {
    this.#events.closeAll();
  }

  /** The frame of every call: away, fault, latency, then the work. */
  async #call<T>(call: RuntimeCall, subject: string, work: () => T | Promise<T>): Promise<T> {
    const name = call[0]!.toUpperCase() + call.slice(1);
    if (this.#isAway) throw this.#unavailable(name);
    const fault = this.#options.fault?.(call, subject);
    const isError = fault instanceof Error;
    const delayMs = (this.#options.latencyMs?.[call] ?? 0) + (isError ? 0 : (fault?.delayMs ?? 0));
    if (delayMs > 0) await this.#clock.sleep(delayMs);
    if (this.#isAway) throw this.#unavailable(name);
    if (isError) throw fault;
    const result = await work();
    if (fault?.lostAnswer) throw this.#unavailable(name);
    return result;
  }

  #unavailable(call: string): TroupeError {
    return simulatedError('unavailable', call, 'connection error: the runtime does not answer');
  }

  #tell(event: RuntimeEvent): void {
    if (!this.#isAway) this.#events.tell(event);
  }

  #writeLog(container: SimulatedContainer, text: string): void {
    const { logPath } = container.birth;
    const line = `${preciseTimestamp(this.#clock.now())} stdout F ${text}\n`;
    if (logPath !== '') this.#options.writeLog?.(logPath, line);
  }
}
