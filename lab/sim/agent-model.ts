// A node's agent reduced to its side of the conversation: it promises room, runs and stops containers, reports until it
// is heard, and finds its containers again after a crash. It stands where the real agent stands, for seeds that are
// about the kernel and the pods. What survives the agent — containers, fences, counters — is in the Machine.

import { KERNEL_LIMITS } from '../../actors/kernel/limits.ts';
import { Router } from '../../actors/kernel/router.ts';
import type { Offer, ReportAnswer, Run, Stop } from '../../actors/node/protocol.ts';
import { requestsOf } from '../../actors/pod/requests.ts';
import { decode, encode, respondError } from '../../messaging/envelope.ts';
import type { Message, Subscription, Timer } from '../../messaging/ports.ts';
import { parseNodeVerb, type Subjects, subjectsOf } from '../../messaging/subjects.ts';
import { TroupeError } from '../../schemas/errors.ts';
import type { KubeObject } from '../../schemas/object.ts';
import type { SimProcess } from './process.ts';

export interface Running {
  readonly uid: string;
  readonly namespace: string;
  readonly name: string;
  readonly cpuMillis: number;
  state: 'starting' | 'running' | 'stopping';
}

/** What a machine remembers whether an agent lives or not. */
export class Machine {
  readonly node: string;
  readonly cpuMillis: number;
  readonly pods = new Map<string, Running>();
  /** The highest fence seen, by uid. */
  readonly fences = new Map<string, number>();
  counter = 0;

  constructor(node: string, cpuMillis: number) {
    this.node = node;
    this.cpuMillis = cpuMillis;
  }

  get usedMillis(): number {
    let used = 0;
    for (const { cpuMillis } of this.pods.values()) used += cpuMillis;
    return used;
  }
}

/** What an agent tells those who watch the simulation. */
export interface AgentWitness {
  /** An order is about to be obeyed. */
  obeyed(
    node: string,
    verb: 'offer' | 'run' | 'stop',
    uid: string,
    key: string,
    fence: number,
    arrival?: number,
  ): void;
  started(machine: Machine, pod: Running): void;
}

export interface AgentOptions {
  readonly process: SimProcess;
  readonly cluster: string;
  readonly shards: number;
  readonly machine: Machine;
  readonly promiseMs: number;
  readonly witness: AgentWitness;
}

const REPORT_AGAIN_MS = 2_000;
const REGISTER_AGAIN_MS = 3_000;
const BEAT_MS = 1_000;
const START_MS = 300;
/** Every pod is confirmed this often, since an order to stop may have been lost with the host that gave it. */
const CONFIRM_EVERY_BEATS = 30;

export class AgentModel {
  protected readonly options: AgentOptions;
  private readonly router: Router;
  private readonly subjects: Subjects;
  private readonly promises = new Map<string, { cpuMillis: number; until: number }>();
  private readonly reporting = new Set<string>();
  private readonly dirty = new Set<string>();
  private mailbox: Subscription | undefined;
  private beating: Timer | undefined;
  private stopped = false;
  private beats = 0;

  constructor(options: AgentOptions) {
    const { process, cluster, shards } = options;
    const { bus, clock, random } = process.world;
    this.options = options;
    this.subjects = subjectsOf(cluster);
    const limits = { ...KERNEL_LIMITS, shards };
    this.router = new Router({ bus, clock, subjects: this.subjects, limits, newId: () => random.uuid() });
  }

  start(): void {
    const { process, machine } = this.options;
    this.mailbox = process.world.bus.subscribe(this.subjects.nodeAll(machine.node), (message) =>
      this.receive(message),
    );
    this.beat();
    void this.register();
    for (const pod of machine.pods.values()) {
      if (pod.state === 'starting') this.launch(pod);
      if (pod.state === 'stopping') this.end(pod, 0);
      this.report(pod);
    }
  }

  stop(): void {
    this.stopped = true;
    this.mailbox?.unsubscribe();
    this.beating?.cancel();
  }

  private beat(): void {
    const { process, machine } = this.options;
    const { bus, clock } = process.world;
    bus.publish(this.subjects.beat(machine.node), encode({ node: machine.node }));
    this.beating = clock.after(BEAT_MS, () => this.beat());
    this.beats += 1;
    if (this.beats % CONFIRM_EVERY_BEATS === 0)
      for (const pod of machine.pods.values()) this.report(pod, false);
  }

  private async register(): Promise<void> {
    const { process, machine } = this.options;
    const id = { plural: 'nodes', namespace: '', name: machine.node };
    const body = { apiVersion: 'v1', kind: 'Node', metadata: { name: machine.node } };
    const room = { cpu: `${machine.cpuMillis}m`, memory: '8Gi', pods: '110' };
    const conditions = [{ type: 'Ready', status: 'True' }];
    const status = { capacity: room, allocatable: room, conditions };
    const from = `node/${machine.node}`;
    while (!this.stopped) {
      try {
        await this.router.ask(id, { type: 'object.apply', body }, { from });
        await this.router.ask(id, { type: 'node.described', status }, { from });
        return;
      } catch {
        await process.clock.sleep(REGISTER_AGAIN_MS);
      }
    }
  }

  private receive(message: Message): void {
    try {
      message.respond(encode(this.answer(parseNodeVerb(message.subject), decode(message.data))));
    } catch (error) {
      respondError(message, error as TroupeError);
    }
  }

  private answer(verb: string, body: unknown): object {
    if (verb === 'offer') return this.offered(body as Offer);
    if (verb === 'run') return this.run(body as Run);
    return this.stopPod(body as Stop);
  }

  private offered({ uid, namespace, name, requests, fence }: Offer): object {
    this.options.witness.obeyed(this.options.machine.node, 'offer', uid, `pods.${namespace}.${name}`, fence);
    if (!this.options.machine.pods.has(uid)) {
      if (this.free(uid) < requests.cpuMillis) return { granted: false, reason: 'Insufficient cpu' };
      const until = this.options.process.clock.monotonic() + this.options.promiseMs;
      this.promises.set(uid, { cpuMillis: requests.cpuMillis, until });
    }
    return { granted: true };
  }

  private run({ pod, fence }: Run): object {
    const { machine, witness } = this.options;
    const object = pod as unknown as KubeObject;
    const { namespace = '', name, uid = '' } = object.metadata;
    this.checkFence(uid, fence);
    const known = machine.pods.get(uid);
    if (known) {
      this.report(known);
      return { accepted: true, gone: false };
    }
    witness.obeyed(machine.node, 'run', uid, `pods.${namespace}.${name}`, fence);
    const { cpuMillis } = requestsOf(object);
    if (this.free(uid) < cpuMillis) throw new TroupeError('REFUSED', 'Insufficient cpu');
    this.promises.delete(uid);
    const running: Running = { uid, namespace, name, cpuMillis, state: 'starting' };
    machine.pods.set(uid, running);
    this.launch(running);
    this.report(running);
    return { accepted: true, gone: false };
  }

  private stopPod({ uid, namespace, name, graceSeconds, fence }: Stop): object {
    const { machine, witness } = this.options;
    this.checkFence(uid, fence);
    witness.obeyed(machine.node, 'stop', uid, `pods.${namespace}.${name}`, fence);
    this.promises.delete(uid);
    const pod = machine.pods.get(uid);
    if (pod && pod.state !== 'stopping') this.end(pod, graceSeconds * 1_000);
    return { accepted: true, gone: pod === undefined };
  }

  /** What is promised and used, but not to this pod, is not free. */
  private free(uid: string): number {
    const { machine, process } = this.options;
    let free = machine.cpuMillis - machine.usedMillis;
    for (const [other, promise] of this.promises) {
      if (promise.until <= process.clock.monotonic()) this.promises.delete(other);
      else if (other !== uid) free -= promise.cpuMillis;
    }
    return free;
  }

  protected checkFence(uid: string, fence: number): void {
    const { fences } = this.options.machine;
    const seen = fences.get(uid) ?? 0;
    if (fence < seen) throw new TroupeError('STALE_FENCE', `order from revision ${fence}, after ${seen}`);
    fences.set(uid, fence);
  }

  private launch(pod: Running): void {
    const { process, machine, witness } = this.options;
    process.clock.after(START_MS, () => {
      if (this.stopped || pod.state !== 'starting' || machine.pods.get(pod.uid) !== pod) return;
      pod.state = 'running';
      witness.started(machine, pod);
      this.report(pod);
    });
  }

  private end(pod: Running, graceMs: number): void {
    const { process, machine } = this.options;
    pod.state = 'stopping';
    process.clock.after(process.world.random.next() * graceMs, () => {
      if (machine.pods.get(pod.uid) !== pod) return;
      machine.pods.delete(pod.uid);
      this.report(pod);
    });
  }

  /**
   * Tells the Pod how things are, until it has heard; what changes meanwhile is told after. What is not news is told
   * with the counter it had: it costs no write, and its answer tells whether the pod still belongs here.
   */
  private report(pod: Running, isNews = true): void {
    if (isNews) this.options.machine.counter += 1;
    this.dirty.add(pod.uid);
    if (!this.reporting.has(pod.uid)) void this.keepReporting(pod);
  }

  private async keepReporting(pod: Running): Promise<void> {
    const { process, machine } = this.options;
    const { uid, namespace, name } = pod;
    this.reporting.add(uid);
    while (this.dirty.delete(uid) && !this.stopped) {
      const gone = machine.pods.get(uid) !== pod;
      const status = { phase: !gone && pod.state !== 'starting' ? 'Running' : 'Pending' };
      const event = {
        type: 'node.reported',
        node: machine.node,
        uid,
        counter: machine.counter,
        status,
        gone,
      };
      try {
        const sender = { from: `node/${machine.node}` };
        const { value } = await this.router.ask({ plural: 'pods', namespace, name }, event, sender);
        if ((value as ReportAnswer).unknown && !gone && pod.state !== 'stopping') this.end(pod, 0);
      } catch (error) {
        process.world.trace.log('info', 'not reported', { uid, message: String(error) });
        this.dirty.add(uid);
        await process.clock.sleep(REPORT_AGAIN_MS);
      }
    }
    this.reporting.delete(uid);
  }
}
