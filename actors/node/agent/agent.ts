// The machine side of a node: adopts what runs, registers the node, takes orders for pods, says that it lives. It is
// autonomous: with NATS or the runtime away its pods go on, and it comes back by itself. It places nothing and stores
// nothing in the cluster; what it must not forget is in its own private files.
import type { Message, Timer, World } from '../../../messaging/ports.ts';
import { backOff } from '../../kernel/limits.ts';
import { adoptAll } from './adoption.ts';
import { answer } from './inbox.ts';
import { AGENT_LIMITS, type AgentLimits } from './limits.ts';
import { LogStreams } from './logs.ts';
import { Orphans } from './orphans.ts';
import type { Files } from './ports.ts';
import { type NodeCapacity, Promises } from './promises.ts';
import { type NodeAddress, type NodeInfo, Registration } from './registration.ts';
import { Roster } from './roster.ts';
import type { Runtime } from './runtime/port.ts';
import { listen } from './runtime-events.ts';
import { RuntimeLink } from './runtime-link.ts';
import type { NodeScope, Note, PodDns } from './scope.ts';
import { Wire } from './wire.ts';

export interface AgentOptions {
  readonly world: World;
  readonly cluster: string;
  readonly node: string;
  readonly runtime: Runtime;
  readonly files: Files;
  readonly capacity: NodeCapacity;
  /** The InternalIP is the pods' host address. */
  readonly addresses: readonly NodeAddress[];
  /** The cluster's number of shards. */
  readonly shards: number;
  readonly labels?: Readonly<Record<string, string>>;
  readonly info?: Partial<NodeInfo>;
  readonly limits?: Partial<AgentLimits>;
  /** Ranges that this machine has routes for, of no use to pods. */
  readonly avoidCidrs?: readonly string[];
  /** Prepares the pod network; awaited before pods are accepted, called again at each start. */
  readonly onPodCIDR?: (cidr: string) => Promise<void> | void;
  /** Takes Kubernetes Events about pods. */
  readonly note?: Note;
  /** Parent of the pods' control groups. Default `/troupe`. */
  readonly cgroupRoot?: string;
  /** Removes a control group that the runtime leaves behind. */
  readonly removeCgroup?: (group: string) => Promise<void>;
  /** Resolver settings for a pod; undefined: the machine's own. */
  readonly dns?: (pod: { dnsPolicy: string; namespace: string }) => PodDns | undefined;
}

export interface AgentPod {
  readonly uid: string;
  readonly namespace: string;
  readonly name: string;
  readonly phase: string;
}

export interface Agent {
  readonly node: string;
  /** Resolves when the node is registered and takes pods; rejects when the agent is stopped before. */
  readonly ready: Promise<void>;
  pods(): AgentPod[];
  /** With `leavePods` containers go on, for the agent that comes next; otherwise all are ended with their grace. */
  stop(options: { leavePods: boolean }): Promise<void>;
}

const NODE_FILE = 'node.json';
const VERSION_WITHIN_MS = 200;

const UNKNOWN_MACHINE: NodeInfo = {
  architecture: 'amd64',
  bootID: '',
  containerRuntimeVersion: '',
  kernelVersion: '',
  kubeProxyVersion: '',
  kubeletVersion: '',
  machineID: '',
  operatingSystem: 'linux',
  osImage: '',
  systemUUID: '',
};

/**
 * Starts the agent of one node. It adopts what runs and registers the node in its own time, however long NATS or the
 * runtime are away: wait for {@link Agent.ready}.
 *
 * @example
 * ```ts
 * const shared = { world, cluster: 'dev', shards: 64 };
 * const agent = await startAgent({ ...shared, node: 'n1', runtime, files, capacity, addresses });
 * await agent.ready;
 * ```
 */
export async function startAgent(options: AgentOptions): Promise<Agent> {
  const agent = new RunningAgent(options);
  agent.start();
  return agent;
}

class RunningAgent implements Agent {
  readonly node: string;
  readonly ready: Promise<void>;
  private readonly options: AgentOptions;
  private readonly limits: AgentLimits;
  private readonly ending = new AbortController();
  private readonly wire: Wire;
  private readonly scope: NodeScope;
  private readonly roster: Roster;
  private readonly registration: Registration;
  private readonly incarnation: string;
  private readonly closers: (() => void)[] = [];
  private isOpen = false;
  private adopting: Promise<void> = Promise.resolve();
  private beatTimer: Timer | undefined;
  private isReady!: () => void;
  private isNotReady!: (error: unknown) => void;

  constructor(options: AgentOptions) {
    const { world, cluster, node, runtime, files, capacity, shards, addresses } = options;
    const { clock, trace } = world;
    this.options = options;
    this.node = node;
    this.limits = { ...AGENT_LIMITS, ...options.limits };
    const { limits } = this;
    const { signal } = this.ending;
    this.incarnation = world.random.uuid();
    this.wire = new Wire({ world, cluster, node, shards, limits });
    const onTrouble = (trouble: string | undefined) =>
      this.registration.trouble(
        'ContainerRuntimeNotReady',
        trouble && `container runtime is down: ${trouble}`,
      );
    this.scope = {
      cluster,
      node,
      hostIP: addresses.find(({ type }) => type === 'InternalIP')?.address ?? '',
      clock,
      trace: trace.with({ node }),
      runtime: new RuntimeLink({ runtime, clock, limits, signal, onTrouble }),
      files,
      note: options.note ?? (() => {}),
      limits,
      cgroupRoot: options.cgroupRoot ?? '/troupe',
      removeCgroup: options.removeCgroup ?? (async () => {}),
      dns: options.dns ?? (() => undefined),
      signal,
    };
    this.roster = new Roster(this.scope, this.wire, new Promises(capacity, clock));
    this.registration = new Registration({
      node,
      labels: options.labels ?? {},
      capacity,
      addresses,
      avoidCidrs: options.avoidCidrs ?? [],
      info: { ...UNKNOWN_MACHINE, ...options.info },
      clock,
      trace,
      limits,
      signal,
      wire: this.wire,
    });
    this.ready = new Promise((resolve, reject) => {
      this.isReady = resolve;
      this.isNotReady = reject;
    });
    // Whoever does not wait for it must not be killed by it.
    this.ready.catch(() => {});
  }

  start(): void {
    const { world } = this.options;
    const offStatus = world.bus.onStatus((status) => {
      if (status === 'connected') this.hurry();
    });
    this.closers.push(offStatus, () => this.beatTimer?.cancel());
    this.beat();
    this.adopting = this.adopt();
    Promise.all([this.adopting, this.register()]).then(
      () => this.isReady(),
      (error: unknown) => {
        this.isNotReady(error);
        if (!this.ending.signal.aborted)
          this.scope.trace.log('error', 'the agent did not start', { error: String(error) });
      },
    );
  }

  /** Orders are taken only when it is known what is here already. */
  private async adopt(): Promise<void> {
    const { world, runtime } = this.options;
    const { scope, roster } = this;
    await adoptAll(scope, roster);
    const orphans = new Orphans(scope, this.wire, roster);
    void listen({ node: scope, runtime, roster, onListed: (all) => orphans.look(all) });
    const streams = new LogStreams(scope, roster, world.bus);
    const inbox = {
      node: this.node,
      roster,
      isOpen: () => this.isOpen,
      logs: (message: Message) => streams.answer(message),
    };
    const mine = this.wire.subjects.nodeAll(this.node);
    const subscription = world.bus.subscribe(mine, (message) => answer(inbox, message));
    this.closers.push(() => subscription.unsubscribe());
  }

  pods(): AgentPod[] {
    return [...this.roster.workers()].map((worker) => ({
      uid: worker.uid,
      namespace: worker.pod.metadata.namespace ?? 'default',
      name: worker.pod.metadata.name,
      phase: worker.status().phase ?? 'Unknown',
    }));
  }

  async stop({ leavePods }: { leavePods: boolean }): Promise<void> {
    if (this.ending.signal.aborted) return;
    if (!leavePods) await this.adopting;
    for (const close of this.closers) close();
    this.registration.stop();
    if (!leavePods) await this.roster.removeAll();
    this.ending.abort();
    this.roster.leave();
  }

  /** A known range is used at once, so that pods can be restarted while NATS is away. */
  private async register(): Promise<void> {
    const { registration } = this;
    const before = await this.rememberedCIDR();
    if (before === undefined)
      registration.trouble('KubeletNotReady', 'the node has no range of pod addresses yet');
    const opening = before === undefined ? Promise.resolve() : this.open(before);
    opening.catch(() => {});
    const described = this.describeRuntime();
    const object = await registration.register();
    // A runtime that is away must not keep the node from saying so.
    await Promise.race([described, this.options.world.clock.sleep(VERSION_WITHIN_MS, this.ending.signal)]);
    registration.announce();
    const cidr = await registration.podCIDR(object);
    await opening;
    if (cidr !== before) await this.open(cidr);
  }

  private async describeRuntime(): Promise<void> {
    try {
      const version = await this.scope.runtime.call((runtime) => runtime.version());
      const containerRuntimeVersion = `${version.runtimeName}://${version.runtimeVersion}`;
      this.registration.describe({ containerRuntimeVersion });
    } catch (error) {
      this.scope.trace.log('debug', 'the runtime does not say its version', { error: String(error) });
    }
  }

  private async open(cidr: string): Promise<void> {
    await this.options.onPodCIDR?.(cidr);
    await this.options.files.write(NODE_FILE, new TextEncoder().encode(JSON.stringify({ podCIDR: cidr })));
    await this.networkReady();
    this.isOpen = true;
    this.registration.trouble('KubeletNotReady', undefined);
  }

  /** The runtime notices a new network configuration by itself, a moment later. */
  private async networkReady(): Promise<void> {
    const { clock } = this.options.world;
    const { runtimeFirstMs, runtimeMostMs } = this.limits;
    const { signal } = this.ending;
    for (let attempt = 0; !signal.aborted; attempt += 1) {
      const status = await this.scope.runtime.call((runtime) => runtime.status());
      if (status.ready && status.networkReady) return;
      const why = status.message || 'NetworkReady=false';
      this.registration.trouble('KubeletNotReady', `container runtime network not ready: ${why}`);
      await clock.sleep(backOff(attempt, runtimeFirstMs, runtimeMostMs), signal);
    }
  }

  private async rememberedCIDR(): Promise<string | undefined> {
    const content = await this.options.files.read(NODE_FILE);
    try {
      const { podCIDR } = JSON.parse(new TextDecoder().decode(content)) as { podCIDR?: unknown };
      return typeof podCIDR === 'string' ? podCIDR : undefined;
    } catch {
      return undefined;
    }
  }

  private beat(): void {
    const { clock } = this.options.world;
    const { subjects } = this.wire;
    const at = clock.now();
    this.wire.publish(subjects.beat(this.node), {
      node: this.node,
      at,
      pods: this.roster.size,
      incarnation: this.incarnation,
    });
    this.beatTimer = clock.after(this.limits.heartbeatMs, () => this.beat());
  }

  private hurry(): void {
    this.roster.hurry();
    this.registration.hurry();
  }
}
