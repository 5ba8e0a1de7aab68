// What the runtime remembers of a pod, in the shape in which a restarted agent takes it over.
import type { Observation } from '../container/run.ts';
import type { SandboxFound } from './machine.ts';

/** What the runtime remembers of a container: its runs, oldest first. */
export interface FoundContainer {
  readonly runs: readonly Observation[];
  readonly strikes: number;
}

export interface FoundPod {
  readonly sandbox: SandboxFound;
  readonly ready: boolean;
  /** All its sandboxes, that one included. */
  readonly sandboxes: readonly string[];
  readonly containers: ReadonlyMap<string, FoundContainer>;
  /** The last run of each container in sandboxes before this one. */
  readonly earlier: ReadonlyMap<string, Observation>;
}
