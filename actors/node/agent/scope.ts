// What every pod of a node shares: the ports, the node's name and addresses, the compiled machines, the limits.
import type { Clock, Trace } from '../../../messaging/ports.ts';
import type { Occurrence } from '../../kernel/definition.ts';
import type { Involved } from '../../kernel/notes.ts';
import { Stepper } from '../../kernel/step.ts';
import { containerMachine } from './container/machine.ts';
import type { ContainerContext } from './container/run.ts';
import type { AgentLimits } from './limits.ts';
import { type PodContext, podMachine } from './pod/machine.ts';
import type { Files } from './ports.ts';
import type { RuntimeLink } from './runtime-link.ts';

/** Resolver settings for pods; absent: the machine's own. */
export interface PodDns {
  readonly servers: readonly string[];
  readonly searches: readonly string[];
  readonly options: readonly string[];
}

export type Note = (involved: Involved, occurrence: Occurrence) => void;

export interface NodeScope {
  readonly cluster: string;
  readonly node: string;
  readonly hostIP: string;
  readonly clock: Clock;
  readonly trace: Trace;
  readonly runtime: RuntimeLink;
  readonly files: Files;
  readonly note: Note;
  readonly limits: AgentLimits;
  /** Parent of the pods' control groups. */
  readonly cgroupRoot: string;
  readonly removeCgroup: (group: string) => Promise<void>;
  readonly dns: (pod: { dnsPolicy: string; namespace: string }) => PodDns | undefined;
  /** Aborted when the agent stops. */
  readonly signal: AbortSignal;
}

/** One for all agents of a process: a stepper holds no state of any actor. */
export const podStepper = new Stepper<PodContext>(podMachine);
export const containerStepper = new Stepper<ContainerContext>(containerMachine);

export const LABEL = {
  podName: 'io.kubernetes.pod.name',
  podNamespace: 'io.kubernetes.pod.namespace',
  podUid: 'io.kubernetes.pod.uid',
  container: 'io.kubernetes.container.name',
  cluster: 'troupe.dev/cluster',
  node: 'troupe.dev/node',
} as const;

export const ANNOTATION = {
  fence: 'troupe.dev/fence',
  restartCount: 'io.kubernetes.container.restartCount',
  strikes: 'troupe.dev/restart-strikes',
  backOffBase: 'troupe.dev/restart-backoff-base-seconds',
  backOffMost: 'troupe.dev/restart-backoff-max-seconds',
} as const;
