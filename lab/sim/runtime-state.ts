// What the simulated runtime holds: sandboxes, containers, their names and addresses. Changes happen at once and are
// told as events; the frame of a call (latency, faults, being away) is in `runtime.ts`.
import type {
  ContainerConfig,
  ContainerFilter,
  Labels,
  RuntimeEvent,
  Sandbox,
  SandboxConfig,
  SandboxFilter,
  SandboxStatus,
} from '../../actors/node/agent/runtime/port.ts';
import type { Clock, Random } from '../../messaging/ports.ts';
import { PodAddresses } from './runtime-addresses.ts';
import { SIGKILL_EXIT_CODE, SimulatedContainer } from './runtime-container.ts';
import { simulatedError } from './runtime-errors.ts';
import type { SimulatedImages } from './runtime-images.ts';

export interface SimulatedSandbox {
  readonly id: string;
  /** What no other sandbox may be called. */
  readonly reserved: string;
  readonly config: SandboxConfig;
  readonly createdAt: number;
  readonly containers: Set<SimulatedContainer>;
  ip: string | undefined;
  /** Undefined once it is stopped. */
  pid: number | undefined;
}

export interface StateOptions {
  readonly clock: Clock;
  readonly random: Random;
  readonly podCIDR: string;
  readonly images: SimulatedImages;
  readonly tell: (event: RuntimeEvent) => void;
}

const FIRST_PID = 1_000;
/** Ids are as long as containerd's: a part of the runtime, a part that counts. */
const ID_DIGITS = 64;

export class SimulatedState {
  readonly #options: StateOptions;
  #podCIDR: string;
  #addresses: PodAddresses;
  readonly #sandboxes = new Map<string, SimulatedSandbox>();
  readonly #containers = new Map<string, SimulatedContainer>();
  /** Who owns a name with its attempt. */
  readonly #names = new Map<string, string>();
  readonly #idPrefix: string;
  #ids = 0;
  #lastPid = FIRST_PID;

  constructor(options: StateOptions) {
    this.#options = options;
    this.#podCIDR = options.podCIDR;
    this.#addresses = new PodAddresses(options.podCIDR);
    this.#idPrefix = options.random.uuid().replaceAll('-', '');
  }

  /** New pods take their addresses from this range, as after a change of the CNI configuration. */
  usePodCIDR(cidr: string): void {
    if (cidr === this.#podCIDR) return;
    this.#podCIDR = cidr;
    this.#addresses = new PodAddresses(cidr);
  }

  addSandbox(config: SandboxConfig): string {
    const call = 'RunPodSandbox';
    const reserved = `${config.name}_${config.namespace}_${config.uid}_${config.attempt}`;
    this.#mustBeFree(call, reserved);
    const isOnNode = config.namespaces?.network === 'node';
    const ip = isOnNode ? undefined : this.#addresses.take();
    if (ip === undefined && !isOnNode) {
      const text = `no IP addresses available in range set: ${this.#podCIDR}`;
      throw simulatedError('other', call, `failed to setup network for sandbox: ${text}`);
    }
    const id = this.#newId();
    const createdAt = this.#options.clock.now();
    const pid = this.newPid();
    this.#sandboxes.set(id, { id, reserved, config, createdAt, containers: new Set(), ip, pid });
    this.#names.set(reserved, id);
    this.#options.tell({ type: 'started', id, at: createdAt });
    return id;
  }

  stopSandbox(id: string): void {
    const sandbox = this.#sandboxes.get(id);
    if (sandbox === undefined) return;
    for (const container of sandbox.containers) container.end(SIGKILL_EXIT_CODE);
    this.#endSandbox(sandbox);
  }

  removeSandbox(id: string): void {
    const sandbox = this.#sandboxes.get(id);
    if (sandbox === undefined) return;
    this.stopSandbox(id);
    for (const container of sandbox.containers) this.removeContainer(container.birth.id);
    this.#sandboxes.delete(id);
    this.#names.delete(sandbox.reserved);
  }

  addContainer(sandboxId: string, config: ContainerConfig): string {
    const call = 'CreateContainer';
    const sandbox = this.sandbox(sandboxId, call);
    if (sandbox.pid === undefined) {
      throw simulatedError('notFound', call, 'failed to get sandbox container task: no running task found');
    }
    const { name, namespace, uid, logDirectory } = sandbox.config;
    const reserved = `${config.name}_${name}_${namespace}_${uid}_${config.attempt}`;
    this.#mustBeFree(call, reserved);
    const { images, clock } = this.#options;
    const image = images.find(config.image);
    if (image === undefined) {
      throw simulatedError('imageNotFound', call, `failed to resolve image "${config.image}": not found`);
    }
    const reference = image.tags[0] ?? image.digests[0]!;
    const { run = {} } = images.described(reference);
    const birth = {
      id: this.#newId(),
      reserved,
      sandboxId,
      config,
      image: reference,
      imageRef: image.digests[0]!,
      logPath: config.logPath ? `${logDirectory}/${config.logPath}` : '',
      run: typeof run === 'function' ? run(config) : run,
    };
    const container = new SimulatedContainer(birth, clock, this.#exited);
    this.#containers.set(birth.id, container);
    sandbox.containers.add(container);
    this.#names.set(reserved, birth.id);
    return birth.id;
  }

  removeContainer(id: string): void {
    const container = this.#containers.get(id);
    if (container === undefined) return;
    container.end(SIGKILL_EXIT_CODE);
    const { sandboxId, reserved } = container.birth;
    this.#containers.delete(id);
    this.#sandboxes.get(sandboxId)?.containers.delete(container);
    this.#names.delete(reserved);
  }

  /** Nobody saw how anything ended. */
  losePower(): void {
    for (const container of this.#containers.values()) container.lose();
    for (const sandbox of this.#sandboxes.values()) this.#endSandbox(sandbox);
  }

  find(id: string): SimulatedContainer | undefined {
    return this.#containers.get(id);
  }

  /** Fails with `notFound`. */
  container(id: string, call: string): SimulatedContainer {
    const found = this.#containers.get(id);
    if (found === undefined) throw simulatedError('notFound', call, `container "${id}": not found`);
    return found;
  }

  /** Fails with `notFound`, and with `other` when it does not run. */
  running(id: string, call: string): SimulatedContainer {
    const container = this.container(id, call);
    if (container.state === 'running') return container;
    throw simulatedError('other', call, `container is in CONTAINER_${container.state.toUpperCase()} state`);
  }

  /** Fails with `notFound`. */
  sandbox(id: string, call: string): SimulatedSandbox {
    const found = this.#sandboxes.get(id);
    if (found === undefined) throw simulatedError('notFound', call, `sandbox "${id}": not found`);
    return found;
  }

  sandboxes(filter: SandboxFilter): Sandbox[] {
    return narrowed(this.#sandboxes, filter.id)
      .map(described)
      .filter((sandbox) => filter.state === undefined || sandbox.state === filter.state)
      .filter((sandbox) => hasLabels(sandbox.labels, filter.labels));
  }

  containers(filter: ContainerFilter): SimulatedContainer[] {
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

  newPid(): number {
    this.#lastPid += 1;
    return this.#lastPid;
  }

  readonly #exited = (container: SimulatedContainer, reason: string): void => {
    const { id } = container.birth;
    const at = this.#options.clock.now();
    if (reason === 'OOMKilled') this.#options.tell({ type: 'oom', id, at });
    this.#options.tell({ type: 'exited', id, at, exitCode: container.exitCode });
  };

  #endSandbox(sandbox: SimulatedSandbox): void {
    if (sandbox.pid === undefined) return;
    if (sandbox.ip !== undefined) this.#addresses.give(sandbox.ip);
    sandbox.ip = undefined;
    sandbox.pid = undefined;
    const at = this.#options.clock.now();
    this.#options.tell({ type: 'exited', id: sandbox.id, at, exitCode: SIGKILL_EXIT_CODE });
  }

  #mustBeFree(call: string, name: string): void {
    const owner = this.#names.get(name);
    if (owner === undefined) return;
    const text = `failed to reserve name "${name}": name "${name}" is reserved for "${owner}"`;
    throw simulatedError('alreadyExists', call, text, owner);
  }

  #newId(): string {
    this.#ids += 1;
    return this.#idPrefix + this.#ids.toString(16).padStart(ID_DIGITS - this.#idPrefix.length, '0');
  }
}

export function statusOf(sandbox: SimulatedSandbox): SandboxStatus {
  const { config, ip, pid } = sandbox;
  const hasOwnNetwork = config.namespaces?.network !== 'node' && pid !== undefined;
  return {
    ...described(sandbox),
    ip,
    additionalIPs: [],
    netns: hasOwnNetwork ? `/proc/${pid}/ns/net` : undefined,
    pid,
    cgroupParent: config.cgroupParent,
  };
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
  return wanted === undefined || Object.entries(wanted).every(([key, value]) => labels[key] === value);
}
