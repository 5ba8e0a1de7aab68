// A node agent reduced to its words: it grants every offer and reports what it is told. For specs of the actors'
// side of the conversation; the real agent has its own.
import { answerOf, decode, encode } from '../../messaging/envelope.ts';
import { type ActorId, shardOf } from '../../messaging/identity.ts';
import type { Bus, Clock } from '../../messaging/ports.ts';
import { parseNodeVerb, subjectsOf } from '../../messaging/subjects.ts';
import type { KubeObject } from '../../schemas/object.ts';

const SHARDS = 64;

export interface FakeAgentOptions {
  readonly bus: Bus;
  readonly clock: Clock;
  readonly cluster: string;
  readonly node: string;
  /** Report Running as soon as it is told to run. Default true. */
  readonly eager?: boolean;
}

export class FakeAgent {
  readonly orders: { verb: string; body: any }[] = [];
  readonly running = new Map<string, KubeObject>();
  /** Answers offers with this reason instead of granting. */
  refuse: string | undefined;
  private counter = 0;
  private readonly options: FakeAgentOptions;

  constructor(options: FakeAgentOptions) {
    this.options = options;
    const subjects = subjectsOf(options.cluster);
    options.bus.subscribe(subjects.nodeAll(options.node), (message) => {
      const verb = parseNodeVerb(message.subject);
      const body = decode(message.data) as any;
      this.orders.push({ verb, body });
      message.respond(encode(this.answer(verb, body)));
    });
  }

  async register(): Promise<void> {
    const { bus, cluster, node } = this.options;
    const subjects = subjectsOf(cluster);
    const id: ActorId = { plural: 'nodes', namespace: '', name: node };
    const body = { apiVersion: 'v1', kind: 'Node', metadata: { name: node } };
    answerOf(await bus.request(subjects.api('apply', id), encode(body), { timeoutMs: 5_000 }));
    const status = {
      capacity: { cpu: '4', memory: '8Gi', pods: '110' },
      allocatable: { cpu: '4', memory: '8Gi', pods: '110' },
      conditions: [{ type: 'Ready', status: 'True' }],
    };
    await this.tell(id, { type: 'node.described', status });
  }

  async report(pod: KubeObject, status: object, gone = false): Promise<any> {
    this.counter += 1;
    const { namespace = '', name, uid } = pod.metadata;
    const { node } = this.options;
    const event = { type: 'node.reported', node, uid, counter: this.counter, status, gone };
    return this.tell({ plural: 'pods', namespace, name }, event);
  }

  private async tell(id: ActorId, event: object): Promise<unknown> {
    const { bus, cluster } = this.options;
    const subject = subjectsOf(cluster).mail(shardOf(id, SHARDS), id);
    return answerOf(await bus.request(subject, encode(event), { timeoutMs: 5_000 }));
  }

  private answer(verb: string, body: any): object {
    if (verb === 'offer') {
      return this.refuse === undefined ? { granted: true } : { granted: false, reason: this.refuse };
    }
    if (verb === 'run') {
      this.running.set(body.pod.metadata.uid, body.pod);
      if (this.options.eager !== false) void this.report(body.pod, RUNNING);
      return { accepted: true, gone: false };
    }
    const pod = this.running.get(body.uid);
    this.running.delete(body.uid);
    if (pod) void this.report(pod, { phase: 'Succeeded' }, true);
    return { accepted: true, gone: pod === undefined };
  }
}

export const RUNNING = {
  phase: 'Running',
  podIP: '10.244.0.7',
  conditions: [{ type: 'Ready', status: 'True' }],
};
