// The activations of one host: found or made by identity, and dropped when their actor is settled and has been idle.
// A settled actor outside memory costs nothing but its record.
import { type ActorId, keyOf, shardOf } from '../../messaging/identity.ts';
import type { Clock, Timer } from '../../messaging/ports.ts';
import { TroupeError } from '../../schemas/errors.ts';
import { Activation, type ActivationHost } from './activation.ts';
import { type ActorDefinition, type ActorLimits, DEFAULT_LIMITS } from './definition.ts';
import { Stepper } from './step.ts';

interface Entry {
  readonly definition: ActorDefinition;
  readonly stepper: Stepper;
  readonly limits: ActorLimits;
}

/** Idle activations are looked for this often. */
const SWEEP_MS = 15_000;

export class Catalog {
  private readonly host: ActivationHost;
  private readonly clock: Clock;
  private readonly kinds = new Map<string, Entry>();
  private readonly activations = new Map<string, Activation>();
  /** The same by shard, so that giving up all shards looks at each activation once. */
  private readonly byShard = new Map<number, Set<Activation>>();
  private sweeper: Timer | undefined;

  constructor(host: ActivationHost, clock: Clock, definitions: readonly ActorDefinition[]) {
    this.host = host;
    this.clock = clock;
    for (const definition of definitions) {
      const limits = { ...DEFAULT_LIMITS, ...definition.limits };
      this.kinds.set(definition.kind.plural, {
        definition,
        stepper: new Stepper(definition.machine),
        limits,
      });
    }
  }

  get size(): number {
    return this.activations.size;
  }

  definition(plural: string): ActorDefinition | undefined {
    return this.kinds.get(plural)?.definition;
  }

  find(key: string): Activation | undefined {
    return this.activations.get(key);
  }

  /** The actor's activation on this host; made, not yet loaded, when there is none. */
  activate(id: ActorId): Activation {
    const key = keyOf(id);
    const known = this.activations.get(key);
    if (known) return known;
    const kind = this.kinds.get(id.plural);
    if (!kind) {
      const message = `the server doesn't have a resource type "${id.plural}"`;
      throw new TroupeError('UNSUPPORTED', message);
    }
    const activation = new Activation(id, kind.definition, kind.stepper, kind.limits, this.host);
    this.activations.set(key, activation);
    this.shardmates(activation).add(activation);
    this.sweeper ??= this.clock.after(SWEEP_MS, () => this.sweep());
    return activation;
  }

  /** Ends every activation of a shard, at once. */
  dropShard(shard: number): void {
    for (const activation of this.byShard.get(shard) ?? []) this.end(activation);
  }

  private end(activation: Activation): void {
    this.activations.delete(activation.key);
    this.shardmates(activation).delete(activation);
    activation.close();
  }

  private shardmates({ id }: Activation): Set<Activation> {
    const shard = shardOf(id, this.host.limits.shards);
    let mates = this.byShard.get(shard);
    if (!mates) {
      mates = new Set();
      this.byShard.set(shard, mates);
    }
    return mates;
  }

  stop(): void {
    this.sweeper?.cancel();
    for (const activation of this.activations.values()) activation.close();
    this.activations.clear();
    this.byShard.clear();
  }

  private sweep(): void {
    this.sweeper = undefined;
    const now = this.clock.monotonic();
    for (const activation of this.activations.values()) {
      const { idleMs } = this.kinds.get(activation.id.plural)!.limits;
      if (!activation.idle || !activation.settled || now - activation.usedAt < idleMs) continue;
      this.end(activation);
    }
    if (this.activations.size > 0) this.sweeper = this.clock.after(SWEEP_MS, () => this.sweep());
  }
}
