// The cluster's side of the conversation with an agent, for specs of the agent alone: answers the API and the mailboxes
// of nodes and pods over the memory network, and records what it was told.

import { type AgentOptions, startAgent } from '../../actors/node/agent/agent.ts';
import { MemoryFiles } from '../../actors/node/agent/files/memory.ts';
import type { Runtime } from '../../actors/node/agent/runtime/port.ts';
import type { NodeReported } from '../../actors/node/protocol.ts';
import { SimulatedRuntime, type SimulatedRuntimeOptions } from '../../lab/sim/runtime.ts';
import { answerOf, decode, encode, respondError } from '../../messaging/envelope.ts';
import type { MessageFate } from '../../messaging/memory/faults.ts';
import { ManualClock } from '../../messaging/memory/manual-clock.ts';
import { memoryNetwork } from '../../messaging/memory/network.ts';
import { seededRandom } from '../../messaging/memory/seeded-random.ts';
import type { Bus, Message, World } from '../../messaging/ports.ts';
import { parseApi, parseMail, subjectsOf } from '../../messaging/subjects.ts';
import { silentTrace } from '../../messaging/system/trace.ts';
import { TroupeError } from '../../schemas/errors.ts';
import type { Pod } from '../../schemas/pod/kind.ts';
import type { PodStatus } from '../../schemas/pod/pod-status.ts';

export const CLUSTER = 'dev';
export const NODE = 'n1';

export interface Report extends Omit<NodeReported, 'status'> {
  readonly status: PodStatus;
  readonly at: number;
}

/** What a mailbox does with a report: acknowledge it, or say nothing. */
export type Acknowledge = (report: Report) => { accepted: boolean; unknown: boolean } | undefined;

export class FakeHost {
  readonly bus: Bus;
  readonly reports: Report[] = [];
  readonly nodes: any[] = [];
  readonly descriptions: any[] = [];
  readonly beats: any[] = [];
  /** Objects of pods that `list` shows. */
  podList: unknown[] = [];
  podCIDR: string | undefined = '10.244.1.0/24';
  acknowledge: Acknowledge = () => ({ accepted: true, unknown: false });
  private readonly subjects = subjectsOf(CLUSTER);
  private readonly now: () => number;
  private fence = 100;

  constructor(bus: Bus, now: () => number) {
    this.bus = bus;
    this.now = now;
    bus.subscribe(`${this.subjects.root}.api.>`, (message) => this.api(message));
    bus.subscribe(`${this.subjects.root}.mail.>`, (message) => this.mail(message));
    bus.subscribe(this.subjects.beats, ({ data }) => this.beats.push(decode(data)));
  }

  async order(verb: string, body: object, node = NODE): Promise<any> {
    return answerOf(
      await this.bus.request(this.subjects.node(node, verb), encode(body), { timeoutMs: 5_000 }),
    );
  }

  run(pod: Pod, fence = this.nextFence()): Promise<any> {
    return this.order('run', { pod, fence });
  }

  stop(pod: Pod, graceSeconds = 30, fence = this.nextFence()): Promise<any> {
    const { uid, name, namespace } = pod.metadata;
    return this.order('stop', { uid, name, namespace, graceSeconds, fence });
  }

  /** The whole of a log. */
  async logs(request: object, node = NODE): Promise<string> {
    const subject = this.subjects.node(node, 'logs');
    let text = '';
    for await (const { data } of this.bus.stream(subject, encode(request), { idleMs: 10_000 })) {
      text += new TextDecoder().decode(data);
    }
    return text;
  }

  nextFence(): number {
    this.fence += 1;
    return this.fence;
  }

  reportsOf(name: string): Report[] {
    return this.reports.filter((report) => report.uid === `uid-${name}`);
  }

  lastOf(name: string): Report {
    const report = this.reportsOf(name).at(-1);
    if (!report) throw new Error(`nothing was reported of ${name}`);
    return report;
  }

  private api(message: Message): void {
    try {
      message.respond(encode(this.apiAnswer(message)));
    } catch (error) {
      respondError(message, error as TroupeError);
    }
  }

  private apiAnswer(message: Message): object {
    const { verb, plural } = parseApi(message.subject);
    if (plural === 'nodes' && verb === 'apply') {
      const node: any = decode(message.data);
      this.nodes.push(node);
      return { ...node, spec: { ...node.spec, podCIDR: this.podCIDR } };
    }
    if (plural === 'nodes' && verb === 'get')
      return { ...this.nodes.at(-1), spec: { podCIDR: this.podCIDR } };
    if (plural === 'pods' && verb === 'list') {
      return { apiVersion: 'v1', kind: 'PodList', metadata: { resourceVersion: '1' }, items: this.podList };
    }
    throw new TroupeError('UNSUPPORTED', `no ${verb} of ${plural}`);
  }

  private mail(message: Message): void {
    const { plural } = parseMail(message.subject);
    const event: any = decode(message.data);
    if (plural === 'nodes') {
      this.descriptions.push(event);
      message.respond(encode({ accepted: true }));
      return;
    }
    const report = { ...event, at: this.now() } as Report;
    this.reports.push(report);
    const answer = this.acknowledge(report);
    if (answer) message.respond(encode(answer));
  }
}

export interface Stage {
  readonly clock: ManualClock;
  readonly network: ReturnType<typeof memoryNetwork>;
  readonly host: FakeHost;
  readonly runtime: SimulatedRuntime;
  readonly files: MemoryFiles;
  readonly notes: { reason: string; message: string; name: string }[];
  /** Takes away and gives back the connection of a client: `host`, `agent-1`, `agent-2`… */
  cut(client: string): void;
  mend(client: string): void;
  /** Starts an agent over what is there; each one is a process of its own. */
  start(options?: Partial<AgentOptions>): ReturnType<typeof startAgent>;
}

export interface StageOptions {
  readonly runtime?: Partial<SimulatedRuntimeOptions>;
  /** What becomes of each message; all arrive without it. */
  readonly onMessage?: () => MessageFate;
}

export function stage(options: StageOptions = {}): Stage {
  const clock = new ManualClock();
  const random = seededRandom('agent');
  const away = new Set<string>();
  const network = memoryNetwork({
    clock,
    random,
    faults: { connected: (client) => !away.has(client), onMessage: options.onMessage },
  });
  const host = new FakeHost(network.bus('host'), () => clock.now());
  const files = new MemoryFiles();
  const runtime = new SimulatedRuntime({
    clock,
    random: random.fork('runtime'),
    podCIDR: '10.244.1.0/24',
    writeLog: (path, line) => files.append(path, line),
    ...options.runtime,
  });
  const notes: Stage['notes'] = [];
  let starts = 0;
  return {
    clock,
    network,
    host,
    runtime,
    files,
    notes,
    cut(client) {
      away.add(client);
      network.refresh();
    },
    mend(client) {
      away.delete(client);
      network.refresh();
    },
    async start(more = {}) {
      starts += 1;
      const name = `agent-${starts}`;
      const world: World = {
        clock,
        random: random.fork(name),
        bus: network.bus(name),
        store: network.store(name),
        trace: silentTrace,
      };
      return startAgent({
        world,
        cluster: CLUSTER,
        node: NODE,
        runtime: runtime as Runtime,
        files,
        capacity: { cpuMillis: 4_000, memoryBytes: 8 * 1024 ** 3, pods: 110 },
        addresses: [{ type: 'InternalIP', address: '192.168.0.1' }],
        shards: 64,
        note: ({ name: pod }, { reason, message }) => notes.push({ reason, message, name: pod }),
        ...more,
      });
    },
  };
}

/** A pod of one container; `spec` and `container` add to it. */
export function aPod(name: string, container: object = {}, spec: object = {}): Pod {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, namespace: 'default', uid: `uid-${name}` },
    spec: { containers: [{ name: 'main', image: 'nginx', ...container }], ...spec },
  } as unknown as Pod;
}
