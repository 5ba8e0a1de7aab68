// The one who breaks whole processes: crashes, pauses, cuts off, restarts and shifts clocks, as the swarm allows, one
// blow at a time with drawn gaps. When it is told to heal it sets everything right again.
import type { Random } from '../../messaging/ports.ts';
import type { SimCluster } from './cluster.ts';
import type { Blows } from './swarm.ts';

/** The longest a process stays paused, cut off or down: well beyond a lease. */
const LONGEST_MS = 15_000;

export class Nemesis {
  private readonly cluster: SimCluster;
  private readonly random: Random;
  private readonly blows: (keyof Blows)[];
  private readonly repairs = new Set<() => void>();
  private healed = false;

  constructor(cluster: SimCluster, random: Random) {
    this.cluster = cluster;
    this.random = random;
    const { blows } = cluster.swarm;
    this.blows = (Object.keys(blows) as (keyof Blows)[]).filter((blow) => blows[blow]);
  }

  start(): void {
    if (this.blows.length > 0) this.schedule();
  }

  heal(): void {
    this.healed = true;
    for (const repair of [...this.repairs]) repair();
  }

  private schedule(): void {
    const { timeline, swarm } = this.cluster;
    timeline.after(this.random.next() * 2 * swarm.blowEveryMs, () => {
      if (this.healed) return;
      this.strike(this.blows[this.random.below(this.blows.length)]!);
      this.schedule();
    });
  }

  private strike(blow: keyof Blows): void {
    const { hosts, agents, network, faults, history, invariants } = this.cluster;
    invariants.disturbed();
    const host = hosts[this.random.below(hosts.length)]!;
    const agent = agents[this.random.below(agents.length)]!;
    const forMs = LONGEST_MS * this.random.next() ** 2;
    const target = blow === 'crashAgent' ? agent.name : host.name;
    history.say(`${blow} ${target} for ${Math.round(forMs)} ms`);
    switch (blow) {
      case 'crashHost':
        host.crash();
        this.later(forMs, () => host.start());
        break;
      case 'rollHost':
        void host.leave().catch((error) => history.say(`${host.name} did not leave: ${error}`));
        this.later(forMs, () => host.start());
        break;
      case 'pauseHost': {
        const { process } = host;
        process?.pause();
        this.later(forMs, () => process?.resume());
        break;
      }
      case 'crashAgent':
        agent.crash();
        this.later(forMs, () => agent.start());
        break;
      case 'cutOff': {
        const name = this.random.next() < 0.5 ? host.name : agent.name;
        faults.cutOff(name, true);
        network.refresh();
        this.later(forMs, () => {
          faults.cutOff(name, false);
          network.refresh();
        });
        break;
      }
      case 'restartServer':
        network.restart();
        break;
      case 'jumpClock': {
        const { process } = host;
        if (process) process.clock.skewMs += (this.random.next() - 0.5) * 2_000;
      }
    }
  }

  /** Sets right after a while, or at the latest when all is healed. */
  private later(ms: number, repair: () => void): void {
    const once = () => {
      timer.cancel();
      if (this.repairs.delete(once)) repair();
    };
    const timer = this.cluster.timeline.after(ms, once);
    this.repairs.add(once);
  }
}
