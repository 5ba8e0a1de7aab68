// Makes the node known: applies its object, waits for the range of pod addresses, tells the Node actor what the
// machine has and how it is. Works with NATS away for any time: everything is repeated with growing delay.
import { asTroupeError } from '../../../messaging/envelope.ts';
import type { Clock, Trace } from '../../../messaging/ports.ts';
import { hasCode } from '../../../schemas/errors.ts';
import type { Node, NodeCondition, NodeStatus } from '../../../schemas/node.ts';
import { formatBytes } from '../../../schemas/quantity.ts';
import { timestamp } from '../../../schemas/time.ts';
import { backOff } from '../../kernel/limits.ts';
import { Delivery } from './delivery.ts';
import type { AgentLimits } from './limits.ts';
import type { NodeCapacity } from './promises.ts';
import type { Wire } from './wire.ts';

export interface NodeAddress {
  readonly type: 'InternalIP' | 'ExternalIP' | 'Hostname';
  readonly address: string;
}

export type NodeInfo = NonNullable<NodeStatus['nodeInfo']>;

export interface RegistrationOptions {
  readonly node: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly capacity: NodeCapacity;
  readonly addresses: readonly NodeAddress[];
  readonly avoidCidrs: readonly string[];
  readonly info: NodeInfo;
  readonly clock: Clock;
  readonly trace: Trace;
  readonly limits: AgentLimits;
  readonly signal: AbortSignal;
  readonly wire: Wire;
}

const FIRST_LOOK_MS = 10;
const MOST_LOOK_MS = 5_000;

export class Registration {
  private readonly options: RegistrationOptions;
  private readonly delivery: Delivery;
  private info: NodeInfo;
  /** Why the node is not ready; the first one is shown. */
  private readonly troubles = new Map<string, string>();
  private conditions: NodeCondition[] = [];
  private isAnnounced = false;

  constructor(options: RegistrationOptions) {
    this.options = options;
    this.info = options.info;
    const { clock, limits } = options;
    this.delivery = new Delivery({ clock, limits, send: () => this.tell() });
  }

  /** Applies the node's object; resolves when it is stored. */
  async register(): Promise<Node> {
    return this.repeat('the node was not registered', () => this.apply());
  }

  /** Resolves to the range that the cluster gives this node. */
  async podCIDR(registered: Node): Promise<string> {
    const { clock, signal, wire, node } = this.options;
    let object = registered;
    for (let attempt = 0; !object.spec?.podCIDR; attempt += 1) {
      await clock.sleep(backOff(attempt, FIRST_LOOK_MS, MOST_LOOK_MS), signal);
      object = await this.repeat('the node was not read', async () => {
        const answer = await wire.ask('get', { plural: 'nodes', namespace: '', name: node });
        return answer as Node;
      });
    }
    return object.spec.podCIDR;
  }

  /** From now on the Node actor is told of every change. */
  announce(): void {
    this.isAnnounced = true;
    this.delivery.changed(0);
  }

  /** Learns more of the machine. */
  describe(info: Partial<NodeInfo>): void {
    this.info = { ...this.info, ...info };
    if (this.isAnnounced) this.delivery.changed(0);
  }

  /** Sets or clears one reason for not being ready. */
  trouble(reason: string, message: string | undefined): void {
    if (this.troubles.get(reason) === message) return;
    if (message === undefined) this.troubles.delete(reason);
    else this.troubles.set(reason, message);
    if (this.isAnnounced) this.delivery.changed(0);
  }

  hurry(): void {
    this.delivery.hurry();
  }

  stop(): void {
    this.delivery.stop();
  }

  private async apply(): Promise<Node> {
    const { node, labels, wire } = this.options;
    const { operatingSystem, architecture } = this.options.info;
    const known = {
      'kubernetes.io/hostname': node,
      'kubernetes.io/os': operatingSystem,
      'kubernetes.io/arch': architecture,
    };
    const object = {
      apiVersion: 'v1',
      kind: 'Node',
      metadata: { name: node, labels: { ...known, ...labels } },
      spec: {},
    };
    return (await wire.ask('apply', { plural: 'nodes', namespace: '', name: node }, object)) as Node;
  }

  private async tell(): Promise<void> {
    const { node, wire, trace, avoidCidrs } = this.options;
    try {
      const id = { plural: 'nodes', namespace: '', name: node };
      await wire.tell(id, { type: 'node.described', status: this.status(), avoidCidrs });
    } catch (error) {
      // Somebody deleted the object of a node that lives: it is made again.
      if (hasCode(error, 'NOT_FOUND')) await this.apply();
      trace.log('debug', 'description not acknowledged', { node, error: String(error) });
      throw error;
    }
  }

  private status(): NodeStatus {
    const { capacity, addresses } = this.options;
    const amounts = {
      cpu: capacity.cpuMillis % 1_000 === 0 ? String(capacity.cpuMillis / 1_000) : `${capacity.cpuMillis}m`,
      memory: formatBytes(capacity.memoryBytes),
      pods: String(capacity.pods),
    };
    this.conditions = this.conditionsNow();
    return {
      capacity: amounts,
      allocatable: amounts,
      addresses: addresses.map((address) => ({ ...address })),
      nodeInfo: this.info,
      conditions: this.conditions,
    };
  }

  private conditionsNow(): NodeCondition[] {
    const now = timestamp(this.options.clock.now());
    const [trouble] = this.troubles;
    const fine = (type: string, word: string, words: string): NodeCondition => ({
      type,
      status: 'False',
      reason: `KubeletHas${word}`,
      message: `kubelet has ${words}`,
    });
    const ready: NodeCondition = trouble
      ? { type: 'Ready', status: 'False', reason: trouble[0], message: trouble[1] }
      : { type: 'Ready', status: 'True', reason: 'KubeletReady', message: 'kubelet is posting ready status' };
    const all = [
      fine('MemoryPressure', 'SufficientMemory', 'sufficient memory available'),
      fine('DiskPressure', 'NoDiskPressure', 'no disk pressure'),
      fine('PIDPressure', 'SufficientPID', 'sufficient PID available'),
      ready,
    ];
    return all.map((condition) => {
      const before = this.conditions.find(({ type }) => type === condition.type);
      const since = before?.status === condition.status ? before.lastTransitionTime : now;
      return { ...condition, lastHeartbeatTime: now, lastTransitionTime: since };
    });
  }

  private async repeat<T>(what: string, ask: () => Promise<T>): Promise<T> {
    const { clock, limits, signal, trace, node } = this.options;
    for (let attempt = 0; ; attempt += 1) {
      try {
        return await ask();
      } catch (error) {
        if (signal.aborted) throw error;
        const level = attempt === 0 || asTroupeError(error).retry ? 'debug' : 'warn';
        trace.log(level, what, { node, error: String(error) });
        await clock.sleep(backOff(attempt, limits.repeatFirstMs, limits.repeatMostMs), signal);
        if (signal.aborted) throw error;
      }
    }
  }
}
