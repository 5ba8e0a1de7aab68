// One agent under faults, from seeds: messages lost, doubled and delayed, the agent killed and started again, the
// runtime away, containers that end by themselves. Whatever happens, a container never runs twice, counters and restart
// counts only grow, and when the faults end all that was told becomes what was asked.
import type { Agent } from '../../actors/node/agent/agent.ts';
import type { ContainerConfig } from '../../actors/node/agent/runtime/port.ts';
import type { MessageFate } from '../../messaging/memory/faults.ts';
import { seededRandom } from '../../messaging/memory/seeded-random.ts';
import type { Random } from '../../messaging/ports.ts';
import type { Pod } from '../../schemas/pod/kind.ts';
import { aPod, type Stage, stage } from '../support/fake-host.ts';

const SEEDS = 150;
const STEPS = 15;
const PODS = 6;

interface Wish {
  readonly pod: Pod;
  fence: number;
  isWanted: boolean;
}

function fateOf(random: Random, isStormy: () => boolean): () => MessageFate {
  return () => {
    if (!isStormy()) return 'deliver';
    const draw = random.below(20);
    if (draw < 3) return 'drop';
    if (draw < 5) return { delayMs: random.below(3_000) };
    if (draw < 6) return { copies: 2, delayMs: random.below(3_000) };
    return 'deliver';
  };
}

class Storm {
  readonly all: Stage;
  readonly wishes: Wish[] = [];
  private readonly random: Random;
  private isStormy = true;
  private isAway = false;
  private isLooking = false;
  private agent: Agent | undefined;
  private agents = 0;
  private startedAt = 0;
  private readonly cameBack: string[] = [];
  private fence = 0;

  constructor(seed: number) {
    this.random = seededRandom(`agent-${seed}`);
    const run = ({ labels = {} }: ContainerConfig) => {
      this.mustNotComeBack(labels['io.kubernetes.pod.name']!);
      const lives = this.random.below(3);
      if (lives === 0) return { exitAfterMs: this.random.below(60_000), exitCode: this.random.below(2) };
      return { ignoresTerm: lives === 1 };
    };
    const faults = this.random.fork('runtime');
    const fault = () =>
      this.isStormy && !this.isLooking && faults.below(25) === 0 ? { lostAnswer: true } : undefined;
    this.all = stage({
      runtime: { images: { nginx: { run } }, fault },
      onMessage: fateOf(this.random.fork('fate'), () => this.isStormy),
    });
  }

  async start(): Promise<void> {
    this.agents += 1;
    this.startedAt = this.all.clock.now();
    this.agent = await this.all.start();
  }

  async restart(): Promise<void> {
    this.all.network.crash(`agent-${this.agents}`);
    await this.agent!.stop({ leavePods: true });
    await this.all.clock.advance(this.random.below(5_000));
    await this.start();
  }

  async step(): Promise<void> {
    const { all, random } = this;
    const draw = random.below(20);
    if (draw < 6 && this.wishes.length < PODS) this.wish();
    else if (draw < 8 && this.wishes.length > 0)
      this.wishes[random.below(this.wishes.length)]!.isWanted = false;
    else if (draw < 10) await this.restart();
    else if (draw < 12) this.away(true);
    else if (draw < 14) this.away(false);
    else if (draw < 15) {
      all.runtime.losePower();
      this.isAway = false;
    }
    this.tell();
    await all.clock.advance(random.below(4_000));
    await this.check();
  }

  /** The end of all faults: what is asked for is asked for until it is so. */
  async calm(): Promise<void> {
    this.isStormy = false;
    this.away(false);
    for (let round = 0; round < 60; round += 1) {
      this.tell();
      await this.all.clock.advance(20_000);
    }
    await this.check();
  }

  async stop(): Promise<void> {
    await this.agent!.stop({ leavePods: true });
  }

  /** A late order must not bring back what the same agent said is gone. */
  private mustNotComeBack(name: string): void {
    const gone = this.all.host.reportsOf(name).some((report) => report.gone && report.at >= this.startedAt);
    if (gone) this.cameBack.push(name);
  }

  private away(isAway: boolean): void {
    this.isAway = isAway;
    if (isAway) this.all.runtime.kill();
    else this.all.runtime.revive();
  }

  private wish(): void {
    const restartPolicy = ['Always', 'OnFailure', 'Never'][this.random.below(3)];
    const pod = aPod(`p${this.wishes.length}`, {}, { restartPolicy, terminationGracePeriodSeconds: 2 });
    this.wishes.push({ pod, fence: 0, isWanted: true });
  }

  /** As a Pod actor does: says again what it wants while it does not know that it is so. */
  private tell(): void {
    for (const wish of this.wishes) {
      this.fence += 1;
      wish.fence = this.fence;
      const order = wish.isWanted
        ? this.all.host.run(wish.pod, wish.fence)
        : this.all.host.stop(wish.pod, 2, wish.fence);
      order.catch(() => {});
    }
  }

  private async check(): Promise<void> {
    const running = new Map<string, number>();
    this.isLooking = true;
    const containers = this.isAway ? [] : await this.all.runtime.listContainers();
    this.isLooking = false;
    for (const { labels, state } of containers) {
      const name = labels['io.kubernetes.pod.name']!;
      if (state === 'running') running.set(name, (running.get(name) ?? 0) + 1);
    }
    for (const [name, count] of running) expect([name, count]).toEqual([name, 1]);
    expect(this.cameBack).toEqual([]);
    for (const { pod } of this.wishes) {
      const reports = new Map(
        this.all.host.reportsOf(pod.metadata.name).map((report) => [report.counter, report]),
      );
      const inOrder = [...reports.values()].sort((a, b) => a.counter - b.counter);
      const counts = inOrder.map(({ status }) => status.containerStatuses![0]!.restartCount);
      expect(counts).toEqual([...counts].sort((a, b) => a - b));
    }
  }
}

test(`${SEEDS} storms end well`, async () => {
  for (let seed = 0; seed < SEEDS; seed += 1) {
    const storm = new Storm(seed);
    await storm.start();
    for (let step = 0; step < STEPS; step += 1) await storm.step();
    await storm.calm();
    const { host, runtime, files } = storm.all;
    for (const { pod, isWanted } of storm.wishes) {
      const { name } = pod.metadata;
      const mine = (await runtime.listContainers()).filter(
        ({ labels }) => labels['io.kubernetes.pod.name'] === name,
      );
      const newest = mine.sort((a, b) => a.attempt - b.attempt).at(-1);
      const last = [...host.reportsOf(name)].sort((a, b) => a.counter - b.counter).at(-1);
      if (!isWanted) {
        expect([seed, name, mine.length, (await files.read(`pods/uid-${name}.json`)) === undefined]).toEqual([
          seed,
          name,
          0,
          true,
        ]);
        continue;
      }
      const shown = last!.status.containerStatuses![0]!;
      expect([seed, name, shown.containerID, shown.restartCount]).toEqual([
        seed,
        name,
        `containerd://${newest!.id}`,
        newest!.attempt,
      ]);
      const isRunning = newest!.state === 'running';
      expect([seed, name, shown.state?.running !== undefined]).toEqual([seed, name, isRunning]);
    }
    await storm.stop();
  }
}, 120_000);
