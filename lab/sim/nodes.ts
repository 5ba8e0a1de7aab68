// The nodes of a simulated cluster, in two makes: the model of an agent, which is quick and shows what the protocol
// allows, and the real agent over the simulated container runtime. Both can be killed and started again over what
// their machine still has.
import { type Agent, startAgent } from '../../actors/node/agent/agent.ts';
import { MemoryFiles } from '../../actors/node/agent/files/memory.ts';
import { decode, HEADER } from '../../messaging/envelope.ts';
import { keyOf } from '../../messaging/identity.ts';
import type { Headers, Random } from '../../messaging/ports.ts';
import { parseNodeVerb } from '../../messaging/subjects.ts';
import type { KubeObject } from '../../schemas/object.ts';
import { AgentModel, type AgentWitness, Machine } from './agent-model.ts';
import { ProcessClock } from './clock.ts';
import type { ProcessOptions, SimProcess } from './process.ts';
import { SimulatedRuntime } from './runtime.ts';
import type { Timeline } from './timeline.ts';

/** A pod of which a machine has something. */
export interface PodHere {
  readonly uid: string;
  readonly name: string;
  readonly isRunning: boolean;
}

export interface SimNode {
  readonly name: string;
  readonly cpuMillis: number;
  start(): void;
  crash(): void;
  pods(): Promise<PodHere[]>;
}

export interface SimNodeOptions {
  readonly name: string;
  readonly cluster: string;
  readonly shards: number;
  readonly cpuMillis: number;
  readonly promiseMs: number;
  readonly timeline: Timeline;
  readonly random: Random;
  readonly witness: NodeWitness;
  readonly newProcess: (name: string, more?: Partial<ProcessOptions>) => SimProcess;
}

export interface NodeWitness extends Pick<AgentWitness, 'obeyed'> {
  /** The node's agent has died, and with it what it had not written down. */
  forgot(node: string): void;
  /** A container of this pod has started. */
  started(node: SimNode, uid: string, container: string): void;
}

export class ModelNode implements SimNode {
  readonly name: string;
  readonly cpuMillis: number;
  private readonly options: SimNodeOptions;
  private readonly machine: Machine;
  private process: SimProcess | undefined;
  private model: AgentModel | undefined;

  constructor(options: SimNodeOptions) {
    this.options = options;
    this.name = options.name;
    this.cpuMillis = options.cpuMillis;
    this.machine = new Machine(options.name, options.cpuMillis);
  }

  start(): void {
    if (this.process) return;
    const { cluster, shards, promiseMs, witness, newProcess } = this.options;
    this.process = newProcess(this.name);
    this.model = new AgentModel({
      process: this.process,
      cluster,
      shards,
      machine: this.machine,
      promiseMs,
      witness: {
        obeyed: witness.obeyed.bind(witness),
        started: (_machine, { uid }) => witness.started(this, uid, 'main'),
      },
    });
    this.model.start();
  }

  crash(): void {
    this.process?.crash();
    this.process = undefined;
    this.model?.stop();
    this.model = undefined;
  }

  async pods(): Promise<PodHere[]> {
    const pods = [...this.machine.pods.values()];
    return pods.map(({ uid, name, state }) => ({ uid, name, isRunning: state !== 'starting' }));
  }
}

const POD_UID = 'io.kubernetes.pod.uid';
const CONTAINER = 'io.kubernetes.container.name';

export class RealNode implements SimNode {
  readonly name: string;
  readonly cpuMillis: number;
  private readonly options: SimNodeOptions;
  private readonly files = new MemoryFiles();
  private readonly runtime: SimulatedRuntime;
  private process: SimProcess | undefined;
  private agent: Agent | undefined;

  constructor(options: SimNodeOptions) {
    const { name, cpuMillis, timeline, random } = options;
    this.options = options;
    this.name = name;
    this.cpuMillis = cpuMillis;
    const lives = random.fork('lives');
    this.runtime = new SimulatedRuntime({
      clock: new ProcessClock(timeline),
      random: random.fork('runtime'),
      podCIDR: '10.244.0.0/24',
      images: { job: { run: () => ({ exitAfterMs: 500 + lives.below(20_000), exitCode: lives.below(2) }) } },
      latencyMs: { runPodSandbox: 200, createContainer: 20, startContainer: 50, removePodSandbox: 20 },
    });
    void this.watch();
  }

  start(): void {
    if (this.process) return;
    const { cluster, shards, newProcess, cpuMillis } = this.options;
    const process = newProcess(this.name, { onAnswer: (...answer) => this.overhear(...answer) });
    this.process = process;
    void startAgent({
      world: process.world,
      cluster,
      node: this.name,
      runtime: process.outside(this.runtime),
      files: process.outside(this.files),
      capacity: { cpuMillis, memoryBytes: 8 * 1024 ** 3, pods: 110 },
      addresses: [{ type: 'InternalIP', address: '192.0.2.1' }],
      shards,
      limits: { confirmMs: 40_000 },
      onPodCIDR: (cidr) => this.runtime.usePodCIDR(cidr),
    }).then((agent) => {
      if (this.process === process) this.agent = agent;
    });
  }

  crash(): void {
    this.options.witness.forgot(this.name);
    this.process?.crash();
    this.process = undefined;
    // Its timers are gone with the process; this ends its loops.
    void this.agent?.stop({ leavePods: true });
    this.agent = undefined;
  }

  async pods(): Promise<PodHere[]> {
    const [sandboxes, containers] = await Promise.all([
      this.runtime.listPodSandbox(),
      this.runtime.listContainers({ state: 'running' }),
    ]);
    const running = new Set(containers.map(({ labels }) => labels[POD_UID]));
    return sandboxes.map(({ uid, name }) => ({ uid, name, isRunning: running.has(uid) }));
  }

  /** An order was answered without an error: it is obeyed. */
  private overhear(subject: string, request: Uint8Array, headers: Headers, arrival: number): void {
    const verb = parseNodeVerb(subject);
    if (headers[HEADER.serviceErrorCode] !== undefined || !/\.node\.[^.]+\.(offer|run|stop)$/.test(subject))
      return;
    const body = decode(request) as { uid: string; namespace: string; name: string; fence: number };
    const { pod } = body as unknown as { pod?: KubeObject };
    const { uid, namespace, name } = pod ? { ...body, ...(pod.metadata as typeof body) } : body;
    const key = keyOf({ plural: 'pods', namespace, name });
    this.options.witness.obeyed(this.name, verb as 'offer', uid, key, body.fence, arrival);
  }

  private async watch(): Promise<void> {
    const forever = new AbortController().signal;
    for await (const event of this.runtime.events(forever)) {
      if (event.type !== 'started') continue;
      const [container] = await this.runtime.listContainers({ id: event.id });
      const { [POD_UID]: uid = '', [CONTAINER]: name = '' } = container?.labels ?? {};
      if (uid !== '' && name !== '') this.options.witness.started(this, uid, name);
    }
  }
}
