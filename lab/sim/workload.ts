// The users of a simulated cluster: each client creates, patches, applies and deletes pods, and adds to counters, one
// request at a time, and keeps account of what it was told. It asks again with the same id until it is answered or
// gives up; what it gave up on may or may not have happened.
import { KERNEL_LIMITS } from '../../actors/kernel/limits.ts';
import { Router } from '../../actors/kernel/router.ts';
import { answerOf, decode, encode, HEADER } from '../../messaging/envelope.ts';
import { type ActorId, keyOf } from '../../messaging/identity.ts';
import type { Random } from '../../messaging/ports.ts';
import { subjectsOf } from '../../messaging/subjects.ts';
import { hasCode, type TroupeError } from '../../schemas/errors.ts';
import type { KubeObject } from '../../schemas/object.ts';
import type { Invariants } from './invariants.ts';
import { alarmId, counterId, NAMESPACE } from './kinds.ts';
import type { SimProcess } from './process.ts';
import type { Swarm } from './swarm.ts';

export interface ClientOptions {
  readonly process: SimProcess;
  readonly cluster: string;
  readonly index: number;
  readonly swarm: Swarm;
  readonly random: Random;
  readonly invariants: Invariants;
}

/** A request is repeated this long. */
const PATIENCE_MS = 20_000;
const TRY_MS = 4_000;

export class SimClient {
  /** Additions that were acknowledged, by counter. */
  readonly added = new Map<string, string[]>();
  requests = 0;
  private readonly options: ClientOptions;
  private readonly router: Router;
  private stopped = false;
  private sequence = 0;

  constructor(options: ClientOptions) {
    const { process, cluster, swarm, random } = options;
    const { bus, clock } = process.world;
    this.options = options;
    const limits = { ...KERNEL_LIMITS, shards: swarm.shards };
    const ids = random.fork('ids');
    this.router = new Router({ bus, clock, subjects: subjectsOf(cluster), limits, newId: () => ids.uuid() });
  }

  stop(): void {
    this.stopped = true;
  }

  async run(): Promise<void> {
    const { process, random, swarm } = this.options;
    await this.furnish();
    while (!this.stopped) {
      await process.clock.sleep(random.next() * 2 * swarm.thinkMs);
      if (!this.stopped) await this.act();
    }
  }

  /** Makes the counters and alarms; client 0 alone does. */
  private async furnish(): Promise<void> {
    const { index, random, swarm } = this.options;
    if (index !== 0) return;
    for (let n = 0; n < swarm.counters; n += 1) await this.insist(counterId(`c${n}`), 'Counter', {});
    for (let n = 0; n < swarm.alarms; n += 1) {
      const spec = {
        everyMs: 1_000 + random.below(9_000),
        times: 2 + random.below(6),
        counter: `c${random.below(swarm.counters)}`,
      };
      await this.insist(alarmId(`a${n}`), 'Alarm', spec);
    }
  }

  private async insist(id: ActorId, kind: string, spec: object): Promise<void> {
    const body = {
      apiVersion: 'lab.troupe.dev/v1',
      kind,
      metadata: { name: id.name, namespace: NAMESPACE },
      spec,
    };
    while (!this.stopped) {
      const done = await this.attempt(() =>
        this.router.ask(id, { type: 'object.apply', body }, { from: 'lab' }),
      );
      if (done) return;
    }
  }

  private async act(): Promise<void> {
    const { random, swarm } = this.options;
    const name = `p${random.below(swarm.pods)}`;
    const draw = random.next();
    this.requests += 1;
    if (draw < 0.3) await this.add(`c${random.below(swarm.counters)}`);
    else if (draw < 0.6) await this.create(name);
    else if (draw < 0.8) await this.patch(name);
    else await this.remove(name);
  }

  private async add(counter: string): Promise<void> {
    this.sequence += 1;
    const op = `${this.options.index}.${this.sequence}`;
    const event = { type: 'counter.add', op };
    const answer = await this.attempt(() => this.router.ask(counterId(counter), event, { from: 'lab' }));
    if (!answer) return;
    const known = this.added.get(counter) ?? [];
    this.added.set(counter, [...known, op]);
  }

  private async create(name: string): Promise<void> {
    const { random } = this.options;
    const isJob = random.next() < 0.25;
    const restartPolicy = isJob ? ['Always', 'OnFailure', 'Never'][random.below(3)] : 'Always';
    const requests = { cpu: `${100 + 100 * random.below(15)}m` };
    const body = {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name, namespace: NAMESPACE },
      spec: {
        restartPolicy,
        terminationGracePeriodSeconds: 1 + random.below(5),
        containers: [{ name: 'main', image: isJob ? 'job' : 'nginx', resources: { requests } }],
      },
    };
    await this.request(random.next() < 0.5 ? 'create' : 'apply', name, body);
  }

  private async patch(name: string): Promise<void> {
    const { index, invariants } = this.options;
    this.sequence += 1;
    const label = `seq-${index}`;
    const value = this.sequence;
    const patched = await this.request('patch', name, { metadata: { labels: { [label]: String(value) } } });
    if (patched?.metadata.uid) invariants.patched(patched.metadata.uid, label, value);
  }

  private async remove(name: string): Promise<void> {
    const { random } = this.options;
    await this.request('delete', name, random.next() < 0.3 ? { gracePeriodSeconds: 0 } : {});
  }

  /** One request through the public door; resolves to the object when it was acknowledged. */
  private async request(verb: string, name: string, body: object): Promise<KubeObject | undefined> {
    const { process, cluster, invariants, random } = this.options;
    const { bus, clock } = process.world;
    const id = { plural: 'pods', namespace: NAMESPACE, name };
    const subject = subjectsOf(cluster).api(verb, id);
    const headers = { [HEADER.id]: random.uuid(), [HEADER.from]: 'client' };
    const until = clock.monotonic() + PATIENCE_MS;
    while (clock.monotonic() < until && !this.stopped) {
      const answer = await this.attempt(() =>
        bus.request(subject, encode(body), { timeoutMs: TRY_MS, headers }),
      );
      if (answer) {
        const said = await this.attempt(async () => answerOf(answer) as KubeObject);
        const { metadata } = said ?? {};
        if (said && verb !== 'delete') {
          invariants.answered(keyOf(id), metadata?.uid, Number(metadata?.resourceVersion));
        }
        if (said || !isWorthRepeating(decode(answer.data))) return said;
      }
      await clock.sleep(100 + random.below(400));
    }
    return undefined;
  }

  private async attempt<T>(ask: () => Promise<T>): Promise<T | undefined> {
    try {
      return await ask();
    } catch (error) {
      const { code } = error as TroupeError;
      if (code === 'INTERNAL' || !hasCode(error, code)) {
        const { invariants } = this.options;
        invariants.check(
          false,
          'no request meets a fault in Troupe itself',
          'an operating error',
          String(error),
        );
      }
      return undefined;
    }
  }
}

function isWorthRepeating(status: unknown): boolean {
  return [503, 504, 429].includes(Number((status as { code?: number }).code));
}
