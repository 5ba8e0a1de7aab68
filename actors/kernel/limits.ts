// Every bound of the kernel, in one place: name, unit, default and why. Specs and embedders may hand in others.

export interface KernelLimits {
  /** Shards of all identities. Written into the cluster record once; never changes in a cluster's life. */
  readonly shards: number;
  /** How often a host says that it lives. */
  readonly heartbeatMs: number;
  /** A host not heard of for so long has lost its shards to the others. */
  readonly leaseMs: number;
  /** A host that could not renew for so long stops its own activations: well before others take over. */
  readonly selfFenceMs: number;
  /** Bound on one question to another actor, retries included. */
  readonly askMs: number;
  /** Bound on one try of it: short, so that a moved shard is found soon. */
  readonly tryMs: number;
  /** Times a message is decided anew after losing the compare-and-set, before its sender is told CONFLICT. */
  readonly commitAttempts: number;
  /** Changes kept in memory for watchers that resume. */
  readonly watchBacklog: number;
  /** Kubernetes Events under way to the store; more are dropped and counted. */
  readonly notesInFlight: number;
  /** How long a Kubernetes Event is kept. */
  readonly eventTtlMs: number;
}

export const KERNEL_LIMITS: KernelLimits = {
  shards: 64,
  heartbeatMs: 1_000,
  leaseMs: 5_000,
  selfFenceMs: 3_000,
  askMs: 15_000,
  tryMs: 5_000,
  commitAttempts: 5,
  watchBacklog: 10_000,
  notesInFlight: 1_000,
  eventTtlMs: 3_600_000,
};

/** A growing delay: `firstMs` doubled per attempt, never over `mostMs`. */
export function backOff(attempt: number, firstMs: number, mostMs: number): number {
  return Math.min(firstMs * 2 ** Math.min(attempt, 30), mostMs);
}
