// What users see of a pod on its node: a v1 PodStatus worked out the way kubelet does, from the pod's and its
// containers' states. Pure: transition times come from the status before and the time given in.
import type { Container } from '../../../../schemas/pod/container.ts';
import type { Pod } from '../../../../schemas/pod/kind.ts';
import type { PodSpec } from '../../../../schemas/pod/pod-spec.ts';
import type { ContainerStatus, PodCondition, PodStatus } from '../../../../schemas/pod/pod-status.ts';
import { timestamp } from '../../../../schemas/time.ts';
import type { State } from '../../../kernel/step.ts';
import type { ContainerContext } from '../container/run.ts';
import { containerStatusOf } from '../container/status.ts';
import type { PodContext } from './machine.ts';

export interface PodView {
  readonly pod: Pod;
  readonly state: State<PodContext>;
  readonly containers: ReadonlyMap<string, State<ContainerContext>>;
  readonly startedAt: number;
  readonly hostIP: string;
  readonly now: number;
  /** The status worked out before this one. */
  readonly before: PodStatus | undefined;
}

type Phase = NonNullable<PodStatus['phase']>;

export function podStatusOf(view: PodView): PodStatus {
  const spec = view.pod.spec!;
  const { context } = view.state;
  const init = statusesOf(view, spec.initContainers ?? [], 'PodInitializing');
  const hasInit = init.length > 0;
  const main = statusesOf(view, spec.containers, hasInit ? 'PodInitializing' : 'ContainerCreating');
  const phase = context.failure ? 'Failed' : phaseOf(spec, init, main, isOver(view));
  const ips = context.sandbox?.ips ?? [];
  const podIPs = spec.hostNetwork && context.sandbox ? [view.hostIP] : ips;
  return {
    phase,
    conditions: conditionsOf(view, phase, init, main),
    hostIP: view.hostIP,
    hostIPs: [{ ip: view.hostIP }],
    ...(podIPs.length > 0 ? { podIP: podIPs[0], podIPs: podIPs.map((ip) => ({ ip })) } : {}),
    startTime: timestamp(view.startedAt),
    ...(hasInit ? { initContainerStatuses: init } : {}),
    containerStatuses: main,
    qosClass: qosClassOf(spec),
    ...(context.failure ?? {}),
  };
}

/** True when no container will be started any more. */
function isOver({ state }: PodView): boolean {
  return state.context.graceSeconds !== undefined || state.value === 'ended';
}

function statusesOf(view: PodView, containers: readonly Container[], placeholder: string): ContainerStatus[] {
  return containers.map((container) =>
    containerStatusOf(container, view.containers.get(container.name), placeholder),
  );
}

const endOf = ({ state, lastState }: ContainerStatus) => state?.terminated ?? lastState?.terminated;

/** Kubelet's rules, in kubelet's order. */
function phaseOf(
  spec: PodSpec,
  init: readonly ContainerStatus[],
  main: readonly ContainerStatus[],
  over: boolean,
): Phase {
  const policy = spec.restartPolicy ?? 'Always';
  const pendingInit = init.filter((status) => endOf(status)?.exitCode !== 0);
  const failedInit = pendingInit.some((status) => (endOf(status)?.exitCode ?? 0) !== 0);
  if (failedInit && (policy === 'Never' || over)) return 'Failed';
  if (pendingInit.length > 0 && !over) return 'Pending';
  const running = main.some(({ state }) => state?.running !== undefined);
  const waiting = main.some((status) => status.state?.waiting !== undefined && !endOf(status));
  if (waiting) return 'Pending';
  if (running) return 'Running';
  if (policy === 'Always' && !over) return 'Running';
  if (main.every((status) => endOf(status)?.exitCode === 0)) return 'Succeeded';
  return policy === 'Never' || over ? 'Failed' : 'Running';
}

interface Verdict {
  readonly status: 'True' | 'False';
  readonly reason?: string;
  readonly message?: string;
}

const YES: Verdict = { status: 'True' };

function conditionsOf(
  view: PodView,
  phase: Phase,
  init: readonly ContainerStatus[],
  main: readonly ContainerStatus[],
): PodCondition[] {
  const ready = readiness(phase, main);
  const gates = view.pod.spec!.readinessGates ?? [];
  return [
    condition(view, 'PodReadyToStartContainers', isOver(view) || !view.state.context.sandbox ? NO : YES),
    condition(view, 'Initialized', initialisation(phase, init)),
    condition(view, 'Ready', ready.status === 'True' && gates.length > 0 ? gatesNotMet(gates) : ready),
    condition(view, 'ContainersReady', ready),
  ];
}

const NO: Verdict = { status: 'False' };

function condition({ before, now }: PodView, type: string, verdict: Verdict): PodCondition {
  const known = before?.conditions?.find((one) => one.type === type);
  const since = known?.status === verdict.status ? known.lastTransitionTime : undefined;
  return { type, ...verdict, lastTransitionTime: since ?? timestamp(now) };
}

function initialisation(phase: Phase, init: readonly ContainerStatus[]): Verdict {
  if (phase === 'Succeeded') return { status: 'True', reason: 'PodCompleted' };
  const open = init.filter((status) => endOf(status)?.exitCode !== 0).map(({ name }) => name);
  if (open.length === 0) return YES;
  const message = `containers with incomplete status: [${open.join(' ')}]`;
  return { status: 'False', reason: 'ContainersNotInitialized', message };
}

function readiness(phase: Phase, main: readonly ContainerStatus[]): Verdict {
  if (phase === 'Succeeded') return { status: 'False', reason: 'PodCompleted' };
  if (phase === 'Failed') return { status: 'False', reason: 'PodFailed' };
  const unready = main.filter(({ ready }) => !ready).map(({ name }) => name);
  if (unready.length === 0) return YES;
  const message = `containers with unready status: [${unready.join(' ')}]`;
  return { status: 'False', reason: 'ContainersNotReady', message };
}

function gatesNotMet(gates: readonly { conditionType: string }[]): Verdict {
  const sentences = gates.map(
    ({ conditionType }) => `corresponding condition of pod readiness gate "${conditionType}" does not exist.`,
  );
  return { status: 'False', reason: 'ReadinessGatesNotReady', message: sentences.join(', ') };
}

/** Guaranteed: every container has limits for both and requests no less. BestEffort: nobody has anything. */
export function qosClassOf(spec: PodSpec): NonNullable<PodStatus['qosClass']> {
  const containers = [...(spec.initContainers ?? []), ...spec.containers];
  const amounts = containers.map(({ resources }) => resources);
  const asks = (one: (typeof amounts)[number], name: string) => one?.requests?.[name] ?? one?.limits?.[name];
  if (amounts.every((one) => !asks(one, 'cpu') && !asks(one, 'memory'))) return 'BestEffort';
  const exact = (one: (typeof amounts)[number], name: string) =>
    one?.limits?.[name] !== undefined && asks(one, name) === one.limits[name];
  const guaranteed = amounts.every((one) => exact(one, 'cpu') && exact(one, 'memory'));
  return guaranteed ? 'Guaranteed' : 'Burstable';
}
