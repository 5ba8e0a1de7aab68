// A world for kernel specs: the memory network and a clock that stands still until the spec moves it.
import { type RunningHost, type StartHostOptions, startHost } from '../../actors/host.ts';
import { clientOf } from '../../messaging/client/index.ts';
import {
  ManualClock,
  type MemoryNetwork,
  memoryNetwork,
  seededRandom,
} from '../../messaging/memory/index.ts';
import type { Trace, World } from '../../messaging/ports.ts';
import type { KubeObject } from '../../schemas/object.ts';
import { FakeAgent } from './fake-agent.ts';

export interface Line {
  readonly level: string;
  readonly message: string;
  readonly fields?: Record<string, unknown>;
}

export class KernelWorld {
  readonly cluster = 'spec';
  readonly clock = new ManualClock();
  readonly random = seededRandom(1);
  readonly network: MemoryNetwork;
  /** Everything traced, by all. */
  readonly lines: Line[] = [];
  readonly trace: Trace = {
    log: (level, message, fields) => void this.lines.push({ level, message, fields }),
    with: () => this.trace,
  };

  constructor() {
    this.network = memoryNetwork({ clock: this.clock, random: this.random.fork('network') });
  }

  /** The world as the process `name` has it. */
  of(name: string): World {
    const { clock, random, network, trace } = this;
    return { clock, random: random.fork(name), bus: network.bus(name), store: network.store(name), trace };
  }

  host(name: string, options: Partial<StartHostOptions> = {}): Promise<RunningHost> {
    return this.clock.until(startHost({ world: this.of(name), cluster: this.cluster, name, ...options }));
  }

  client(name = 'client') {
    const { clock, cluster } = this;
    return clientOf({ bus: this.network.bus(name), clock, random: this.random.fork(name), cluster });
  }

  async agent(node: string, eager = true): Promise<FakeAgent> {
    const { clock, cluster } = this;
    const agent = new FakeAgent({ bus: this.network.bus(node), clock, cluster, node, eager });
    await this.clock.until(agent.register());
    await this.clock.advance(10);
    return agent;
  }

  /** The facts announced from now on, as `<subject tail>` texts such as `pods.default.web.ready`. */
  facts(): string[] {
    const heard: string[] = [];
    const root = `troupe.${this.cluster}.fact.`;
    this.network
      .bus('listener')
      .subscribe(`${root}>`, ({ subject }) => heard.push(subject.slice(root.length)));
    return heard;
  }
}

export function podNamed(name: string, more: object = {}): KubeObject {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name },
    spec: { containers: [{ name: 'main', image: 'nginx' }], ...more },
  };
}
