// A whole cluster out of one number: hosts, nodes and clients as processes on one simulated network, the faults and the
// nemesis, and the three phases — faults under load, healing, and then everything has to settle.

import { keyOf } from '../../messaging/identity.ts';
import { type MemoryNetwork, memoryNetwork, seededRandom } from '../../messaging/memory/index.ts';
import type { Bucket, Random, Trace } from '../../messaging/ports.ts';
import { bucketsOf } from '../../messaging/subjects.ts';
import { ProcessClock } from './clock.ts';
import { SimFaults } from './faults.ts';
import { History } from './history.ts';
import { type Broken, Invariants } from './invariants.ts';
import { labKinds } from './kinds.ts';
import { Nemesis } from './nemesis.ts';
import { ModelNode, RealNode, type SimNode } from './nodes.ts';
import { type ProcessOptions, SimProcess } from './process.ts';
import { SimHost } from './sim-host.ts';
import { drawSwarm, type Swarm } from './swarm.ts';
import { Timeline } from './timeline.ts';
import { SimClient } from './workload.ts';

export const CLUSTER = 'sim';
/** Clocks of hosts may jump by so much, beside the skew. */
const JUMPS_MS = 5_000;

export interface SimOptions {
  readonly seed: number | string;
  /** Puts something in front of every host's buckets: how a fault is planted. */
  readonly wrapBucket?: (bucket: Bucket) => Bucket;
  readonly swarm?: Partial<Swarm>;
}

export class SimCluster {
  readonly seed: number | string;
  readonly swarm: Swarm;
  readonly timeline: Timeline;
  readonly history: History;
  readonly faults: SimFaults;
  readonly network: MemoryNetwork;
  readonly invariants: Invariants;
  readonly hosts: SimHost[] = [];
  readonly agents: SimNode[] = [];
  readonly clients: SimClient[] = [];
  readonly clientProcesses: SimProcess[] = [];
  readonly nemesis: Nemesis;
  private readonly random: Random;
  private readonly options: SimOptions;
  private processes = 0;

  constructor(options: SimOptions, onBroken: (broken: Broken) => void) {
    this.options = options;
    this.seed = options.seed;
    this.random = seededRandom(options.seed);
    this.swarm = { ...drawSwarm(this.random.fork('swarm')), ...options.swarm };
    const { swarm, random } = this;
    this.timeline = new Timeline(swarm.drawnTies ? random.fork('ties') : undefined);
    this.history = new History(this.timeline);
    this.faults = new SimFaults(swarm, random.fork('faults'));
    const now = this.worldClock();
    this.network = memoryNetwork({
      clock: now.clock,
      random: random.fork('network'),
      faults: this.faults,
      trace: now.trace,
    });
    this.invariants = new Invariants({
      bucket: bucketsOf(CLUSTER).objects,
      history: this.history,
      nowMs: () => this.timeline.elapsedMs,
      clocksDifferMs: swarm.skewMs + (swarm.blows.jumpClock ? JUMPS_MS : 0),
      onBroken,
    });
    this.nemesis = new Nemesis(this, random.fork('nemesis'));
    this.populate();
  }

  newProcess(name: string, more: Partial<ProcessOptions> = {}): SimProcess {
    const { network, timeline, history, invariants, swarm } = this;
    this.processes += 1;
    const random = this.random.fork(`process ${this.processes} ${name}`);
    const wrapBucket = name.startsWith('h') ? this.options.wrapBucket : undefined;
    const onAcknowledged = invariants.acknowledged.bind(invariants);
    const given = { name, network, timeline, history, random, onAcknowledged, wrapBucket, ...more };
    const process = new SimProcess(given);
    process.clock.skewMs = (this.random.fork(`skew ${name}`).next() - 0.5) * swarm.skewMs;
    return process;
  }

  /** Opens the bucket of objects before anybody does, to see every write, and starts everybody. */
  async start(): Promise<void> {
    const { objects } = bucketsOf(CLUSTER);
    await this.network.store('lab').bucket(objects);
    const { invariants } = this;
    this.network.buckets.get(objects)!.observe('>', {
      onEntry: (entry) => invariants.committed(entry),
      onGone: () => invariants.check(false, 'the objects are never lost', 'a bucket', 'gone'),
    });
    for (const host of this.hosts) host.start();
    for (const agent of this.agents) agent.start();
    for (const client of this.clients) void client.run();
    this.nemesis.start();
  }

  private populate(): void {
    const { swarm, invariants } = this;
    const definitions = labKinds((scope, check) =>
      invariants.witnessed(keyOf(scope.self), scope.fence, check),
    );
    const newProcess = (name: string) => this.newProcess(name);
    for (let n = 0; n < swarm.hosts; n += 1) {
      const { shards } = swarm;
      this.hosts.push(new SimHost({ name: `h${n}`, cluster: CLUSTER, shards, definitions, newProcess }));
    }
    const sizes = this.random.fork('machines');
    for (let n = 0; n < swarm.nodes; n += 1) {
      const options = {
        name: `n${n}`,
        cluster: CLUSTER,
        shards: swarm.shards,
        promiseMs: swarm.promiseMs,
        cpuMillis: 1_500 + 500 * sizes.below(6),
        timeline: this.timeline,
        random: this.random.fork(`node ${n}`),
        witness: invariants,
        newProcess: this.newProcess.bind(this),
      };
      const node = swarm.realAgents ? new RealNode(options) : new ModelNode(options);
      invariants.nodes.push(node);
      this.agents.push(node);
    }
    for (let index = 0; index < swarm.clients; index += 1) {
      const process = this.newProcess(`client-${index}`);
      const random = this.random.fork(`client ${index}`);
      this.clientProcesses.push(process);
      this.clients.push(new SimClient({ process, cluster: CLUSTER, index, swarm, random, invariants }));
    }
  }

  /** The server's own clock, and its log. */
  private worldClock() {
    const { timeline, history } = this;
    const clock = new ProcessClock(timeline);
    const trace: Trace = {
      log: (level, message, fields) => {
        history.say(`network ${level}: ${message} ${String(fields?.error)}`);
        timeline.fail(fields?.error as Error);
      },
      with: () => trace,
    };
    return { clock, trace };
  }
}
