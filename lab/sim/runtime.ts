// The runtime port's twin: a container runtime in memory, on a Clock and a Random. Containers do what their image's
// script says; calls take as long and fail as the test wants; the runtime can be killed and comes back with its
// containers, which went on meanwhile. The same conformance spec holds for it and for containerd.
import type {
  Container,
  ContainerFilter,
  ContainerStats,
  Labels,
  Runtime,
  RuntimeEvent,
  Sandbox,
  SandboxConfig,
  SandboxStatus,
} from '../../actors/node/agent/runtime/port.ts';
import type { Clock, Random } from '../../messaging/ports.ts';
import type { TroupeError } from '../../schemas/errors.ts';
import { preciseTimestamp } from '../../schemas/time.ts';
import { PodAddresses } from './runtime-addresses.ts';
import { SIGKILL_EXIT_CODE, SimulatedContainer } from './runtime-container.ts';
import { simulatedError } from './runtime-errors.ts';
import { SimulatedEvents } from './runtime-events.ts';
import { imageReference, type SimulatedImage, SimulatedImages } from './runtime-images.ts';

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

interface SimulatedSandbox {
  readonly id: string;
  /** What no other sandbox may be called. */
  readonly reserved: string;
  readonly config: SandboxConfig;
  readonly createdAt: number;
  readonly containers: Set<SimulatedContainer>;
  ip: string | undefined;
  pid: number | undefined;
}

const MEBIBYTE = 1024 * 1024;
const FIRST_PID = 1_000;

export class SimulatedRuntime implements Runtime {
  readonly #clock: Clock;
  readonly #random: Random;
  readonly #options: SimulatedRuntimeOptions;
  readonly #addresses: PodAddresses;
  readonly #images: SimulatedImages;
  readonly #events = new SimulatedEvents();
  readonly #sandboxes = new Map<string, SimulatedSandbox>();
  readonly #containers = new Map<string, SimulatedContainer>();
  /** Who owns a name with its attempt. */
  readonly #names = new Map<string, string>();
  #lastPid = FIRST_PID;
  #isAway = false;

  constructor(options: SimulatedRuntimeOptions) {
    this.#options = options;
    this.#clock = options.clock;
    this.#random = options.random;
    this.#addresses = new PodAddresses(options.podCIDR);
    this.#images = new SimulatedImages(options.images ?? {});
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
    for (const container of this.#containers.values()) container.lose();
    for (const sandbox of this.#sandboxes.values()) this.#endSandbox(sandbox);
    this.revive();
  }

  /** Ends a running container from outside. */
  exitContainer(id: string, exitCode: number): void {
    this.#container(id, 'exitContainer').end(exitCode);
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
    return this.#call('runPodSandbox', `${config.namespace}/${config.name}`, () => {
      const call = 'RunPodSandbox';
      const reserved = `${config.name}_${config.namespace}_${config.uid}_${config.attempt}`;
      this.#mustBeFree(call, reserved);
      const ip = config.namespaces?.network === 'node' ? undefined : this.#addresses.take();
      if (ip === undefined && config.namespaces?.network !== 'node') {
        const text = `failed to setup network for sandbox: no IP addresses available in range ${this.#options.podCIDR}`;
        throw simulatedError('other', call, text);
      }
      const id = this.#newId();
      const pid = this.#newPid();
      const createdAt = this.#clock.now();
      this.#sandboxes.set(id, { id, reserved, config, createdAt, containers: new Set(), ip, pid });
      this.#names.set(reserved, id);
      this.#tell({ type: 'started', id, at: createdAt });
      return id;
    });
  }

  stopPodSandbox(id: string): Promise<void> {
    return this.#call('stopPodSandbox', id, () => {
      const sandbox = this.#sandboxes.get(id);
      if (sandbox !== undefined) this.#stopSandbox(sandbox);
    });
  }

  removePodSandbox(id: string): Promise<void> {
    return this.#call('removePodSandbox', id, () => {
      const sandbox = this.#sandboxes.get(id);
      if (sandbox === undefined) return;
      this.#stopSandbox(sandbox);
      for (const container of sandbox.containers) this.#forget(container);
      this.#sandboxes.delete(id);
      this.#names.delete(sandbox.reserved);
    });
  }

  podSandboxStatus(id: string): Promise<SandboxStatus> {
    return this.#call('podSandboxStatus', id, () => {
      const sandbox = this.#sandbox(id, 'PodSandboxStatus');
      const { config, ip, pid } = sandbox;
      const isOnNode = config.namespaces?.network === 'node';
      return {
        ...described(sandbox),
        ip,
        additionalIPs: [],
        netns: isOnNode || pid === undefined ? undefined : `/proc/${pid}/ns/net`,
        pid,
        cgroupParent: config.cgroupParent,
      };
    });
  }

  listPodSandbox(filter: Parameters<Runtime['listPodSandbox']>[0] = {}): Promise<Sandbox[]> {
    return this.#call('listPodSandbox', filter.id ?? '', () =>
      narrowed(this.#sandboxes, filter.id)
        .map(described)
        .filter((sandbox) => filter.state === undefined || sandbox.state === filter.state)
        .filter((sandbox) => hasLabels(sandbox.labels, filter.labels)),
    );
  }

  createContainer(...[sandboxId, config]: Parameters<Runtime['createContainer']>): Promise<string> {
    return this.#call('createContainer', sandboxId, () => {
      const call = 'CreateContainer';
      const sandbox = this.#sandbox(sandboxId, call);
      if (sandbox.pid === undefined) {
        throw simulatedError('notFound', call, 'failed to get sandbox container task: no running task found');
      }
      const pod = sandbox.config;
      const reserved = [config.name, pod.name, pod.namespace, pod.uid, config.attempt].join('_');
      this.#mustBeFree(call, reserved);
      const image = this.#images.find(config.image);
      if (image === undefined) {
        throw simulatedError('imageNotFound', call, `failed to resolve image "${config.image}": not found`);
      }
      const reference = image.tags[0] ?? image.digests[0]!;
      const { run = {} } = this.#images.described(reference);
      const birth = {
        id: this.#newId(),
        reserved,
        sandboxId,
        config,
        image: reference,
        imageRef: image.digests[0]!,
        logPath: config.logPath ? `${pod.logDirectory}/${config.logPath}` : '',
        run: typeof run === 'function' ? run(config) : run,
      };
      const container = new SimulatedContainer(birth, this.#clock, this.#exited);
      this.#containers.set(birth.id, container);
      sandbox.containers.add(container);
      this.#names.set(reserved, birth.id);
      return birth.id;
    });
  }

  startContainer(id: string): Promise<void> {
    return this.#call('startContainer', id, () => {
      const call = 'StartContainer';
      const container = this.#container(id, call);
      if (container.state !== 'created') {
        const state = `CONTAINER_${container.state.toUpperCase()}`;
        throw simulatedError('other', call, `container is in ${state} state`);
      }
      const { startError, log } = container.birth.run;
      if (startError !== undefined) {
        container.failToStart(startError);
        throw simulatedError('startError', call, startError);
      }
      container.start(this.#newPid());
      for (const line of log ?? []) this.#writeLog(container, line);
      this.#tell({ type: 'started', id, at: container.startedAt });
    });
  }

  stopContainer(id: string, graceSeconds: number): Promise<void> {
    return this.#call('stopContainer', id, () => this.#containers.get(id)?.stop(graceSeconds));
  }

  removeContainer(id: string): Promise<void> {
    return this.#call('removeContainer', id, () => {
      const container = this.#containers.get(id);
      if (container !== undefined) this.#forget(container);
    });
  }

  listContainers(filter: ContainerFilter = {}): Promise<Container[]> {
    return this.#call('listContainers', filter.sandboxId ?? filter.id ?? '', () =>
      this.#matching(filter).map((container) => {
        const { id, name, attempt, image, imageRef, state, createdAt, labels, annotations } =
          container.status();
        const { sandboxId } = container.birth;
        return { id, sandboxId, name, attempt, image, imageRef, state, createdAt, labels, annotations };
      }),
    );
  }

  containerStatus(id: string): ReturnType<Runtime['containerStatus']> {
    return this.#call('containerStatus', id, () => this.#container(id, 'ContainerStatus').status());
  }

  updateContainerResources(
    ...[id, resources]: Parameters<Runtime['updateContainerResources']>
  ): Promise<void> {
    return this.#call('updateContainerResources', id, () => {
      const container = this.#container(id, 'UpdateContainerResources');
      container.resources = { ...container.resources, ...resources };
    });
  }

  reopenContainerLog(id: string): Promise<void> {
    return this.#call('reopenContainerLog', id, () => {
      this.#running(id, 'ReopenContainerLog');
    });
  }

  execSync(
    ...[id, command, timeoutSeconds]: Parameters<Runtime['execSync']>
  ): ReturnType<Runtime['execSync']> {
    return this.#call('execSync', id, async () => {
      const { exec } = this.#running(id, 'ExecSync').birth.run;
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
      this.#running(containerId, 'Exec');
      return `http://127.0.0.1:0/exec/${this.#random.token(8)}`;
    });
  }

  attach({ containerId }: Parameters<Runtime['attach']>[0]): Promise<string> {
    return this.#call('attach', containerId, () => {
      this.#running(containerId, 'Attach');
      return `http://127.0.0.1:0/attach/${this.#random.token(8)}`;
    });
  }

  portForward(sandboxId: string): Promise<string> {
    return this.#call('portForward', sandboxId, () => {
      this.#sandbox(sandboxId, 'PortForward');
      return `http://127.0.0.1:0/portforward/${this.#random.token(8)}`;
    });
  }

  containerStats(id: string): Promise<ContainerStats> {
    return this.#call('containerStats', id, () => this.#stats(this.#running(id, 'ContainerStats')));
  }

  listContainerStats(filter: Omit<ContainerFilter, 'state'> = {}): Promise<ContainerStats[]> {
    return this.#call('listContainerStats', filter.sandboxId ?? '', () =>
      this.#matching({ ...filter, state: 'running' }).map((container) => this.#stats(container)),
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

  readonly #exited = (container: SimulatedContainer, reason: string): void => {
    const { id } = container.birth;
    const at = this.#clock.now();
    if (reason === 'OOMKilled') this.#tell({ type: 'oom', id, at });
    this.#tell({ type: 'exited', id, at, exitCode: container.exitCode });
  };

  #stopSandbox(sandbox: SimulatedSandbox): void {
    for (const container of sandbox.containers) container.end(SIGKILL_EXIT_CODE);
    this.#endSandbox(sandbox);
  }

  #endSandbox(sandbox: SimulatedSandbox): void {
    if (sandbox.pid === undefined) return;
    if (sandbox.ip !== undefined) this.#addresses.give(sandbox.ip);
    sandbox.ip = undefined;
    sandbox.pid = undefined;
    this.#tell({ type: 'exited', id: sandbox.id, at: this.#clock.now(), exitCode: SIGKILL_EXIT_CODE });
  }

  #forget(container: SimulatedContainer): void {
    container.end(SIGKILL_EXIT_CODE);
    const { id, sandboxId, reserved } = container.birth;
    this.#containers.delete(id);
    this.#sandboxes.get(sandboxId)?.containers.delete(container);
    this.#names.delete(reserved);
  }

  #mustBeFree(call: string, name: string): void {
    const owner = this.#names.get(name);
    if (owner === undefined) return;
    const text = `failed to reserve name "${name}": name "${name}" is reserved for "${owner}"`;
    throw simulatedError('alreadyExists', call, text, owner);
  }

  #sandbox(id: string, call: string): SimulatedSandbox {
    const found = this.#sandboxes.get(id);
    if (found === undefined)
      throw simulatedError('notFound', call, `an error occurred when try to find sandbox: not found`);
    return found;
  }

  #container(id: string, call: string): SimulatedContainer {
    const found = this.#containers.get(id);
    if (found === undefined) throw simulatedError('notFound', call, `container "${id}": not found`);
    return found;
  }

  #running(id: string, call: string): SimulatedContainer {
    const container = this.#container(id, call);
    if (container.state === 'running') return container;
    throw simulatedError('other', call, `container is in CONTAINER_${container.state.toUpperCase()} state`);
  }

  #matching(filter: ContainerFilter): SimulatedContainer[] {
    const among =
      filter.sandboxId === undefined
        ? narrowed(this.#containers, filter.id)
        : [...(this.#sandboxes.get(filter.sandboxId)?.containers ?? [])];
    return among.filter(
      ({ birth, state }) =>
        (filter.id === undefined || birth.id === filter.id) &&
        (filter.state === undefined || state === filter.state) &&
        hasLabels(birth.config.labels ?? {}, filter.labels),
    );
  }

  #stats(container: SimulatedContainer): ContainerStats {
    const { id, name, attempt, labels } = container.status();
    const at = this.#clock.now();
    const ranMs = at - container.startedAt;
    return {
      id,
      name,
      attempt,
      labels,
      at,
      // A thousandth of a core, so that figures move.
      cpuNanos: ranMs * 1_000,
      cpuNanoCores: 1_000_000,
      memoryWorkingSetBytes: MEBIBYTE,
      memoryUsageBytes: MEBIBYTE,
      memoryRssBytes: MEBIBYTE,
      writableBytes: 0,
    };
  }

  #writeLog(container: SimulatedContainer, text: string): void {
    const { logPath } = container.birth;
    if (logPath !== '')
      this.#options.writeLog?.(logPath, `${preciseTimestamp(this.#clock.now())} stdout F ${text}\n`);
  }

  #newId(): string {
    return (this.#random.uuid() + this.#random.uuid()).replaceAll('-', '');
  }

  #newPid(): number {
    this.#lastPid += 1;
    return this.#lastPid;
  }
}

function described(sandbox: SimulatedSandbox): Sandbox {
  const { id, config, createdAt, pid } = sandbox;
  const { name, namespace, uid, attempt, labels = {}, annotations = {} } = config;
  const state = pid === undefined ? 'notReady' : 'ready';
  return { id, name, namespace, uid, attempt, state, createdAt, labels, annotations };
}

function narrowed<T>(all: ReadonlyMap<string, T>, id: string | undefined): T[] {
  if (id === undefined) return [...all.values()];
  const found = all.get(id);
  return found === undefined ? [] : [found];
}

function hasLabels(labels: Labels, wanted: Labels | undefined): boolean {
  return Object.entries(wanted ?? {}).every(([key, value]) => labels[key] === value);
}
