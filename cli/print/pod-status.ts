// What kubectl shows of a pod in READY, STATUS and RESTARTS: one word that tells why a pod is not simply
// running. Pure.
import type { Pod } from '../../schemas/pod/kind.ts';
import type { ContainerStatus } from '../../schemas/pod/pod-status.ts';
import { parseTimestamp } from '../../schemas/time.ts';
import { humanDuration } from './time.ts';

export interface PodSummary {
  /** `1/2`. */
  readonly ready: string;
  /** `Running`, `Init:0/1`, `CrashLoopBackOff`, `Terminating`… */
  readonly status: string;
  /** `0`, or `3 (10s ago)`. */
  readonly restarts: string;
}

interface Tally {
  reason: string;
  ready: number;
  restarts: number;
  lastRestartMs: number;
}

export function summarise(pod: Pod, nowMs: number): PodSummary {
  const status = pod.status ?? {};
  const phase = status.phase ?? 'Unknown';
  const inits = pod.spec?.initContainers ?? [];
  const sidecars = new Set(inits.filter((c) => c.restartPolicy === 'Always').map(({ name }) => name));
  const total = (pod.spec?.containers ?? []).length + sidecars.size;
  const tally: Tally = { reason: status.reason || phase, ready: 0, restarts: 0, lastRestartMs: 0 };
  const scheduled = conditionOf(pod, 'PodScheduled');
  if (scheduled?.reason === 'SchedulingGated') tally.reason = 'SchedulingGated';

  const sidecarTally: Tally = { ...tally };
  const initializing = countInits(
    status.initContainerStatuses ?? [],
    inits.length,
    sidecars,
    tally,
    sidecarTally,
  );
  if (!initializing || conditionOf(pod, 'Initialized')?.status === 'True') {
    // Restarts of finished init containers do not matter any more; those of sidecars do.
    tally.restarts = sidecarTally.restarts;
    tally.lastRestartMs = sidecarTally.lastRestartMs;
    countContainers(pod, status.containerStatuses ?? [], tally);
  }
  if (pod.metadata.deletionTimestamp) {
    if (status.reason === 'NodeLost') tally.reason = 'Unknown';
    else if (phase !== 'Succeeded' && phase !== 'Failed') tally.reason = 'Terminating';
  }
  const ago = tally.lastRestartMs > 0 ? ` (${humanDuration(nowMs - tally.lastRestartMs)} ago)` : '';
  return {
    ready: `${tally.ready}/${total}`,
    status: tally.reason,
    restarts: tally.restarts === 0 ? '0' : `${tally.restarts}${ago}`,
  };
}

/** True while an init container has not done its part; then it decides the word. */
function countInits(
  statuses: readonly ContainerStatus[],
  total: number,
  sidecars: ReadonlySet<string>,
  tally: Tally,
  sidecarTally: Tally,
): boolean {
  for (const [index, container] of statuses.entries()) {
    const isSidecar = sidecars.has(container.name);
    countRestarts(container, tally);
    if (isSidecar) countRestarts(container, sidecarTally);
    const { terminated, waiting } = container.state ?? {};
    if (terminated?.exitCode === 0) continue;
    if (isSidecar && container.started) {
      if (container.ready) tally.ready += 1;
      continue;
    }
    if (terminated) tally.reason = `Init:${terminated.reason || exitWord(terminated)}`;
    else if (waiting?.reason && waiting.reason !== 'PodInitializing') tally.reason = `Init:${waiting.reason}`;
    else tally.reason = `Init:${index}/${total}`;
    return true;
  }
  return false;
}

/** The first container with something to tell wins, hence from the last to the first. */
function countContainers(pod: Pod, statuses: readonly ContainerStatus[], tally: Tally): void {
  let running = false;
  for (const container of [...statuses].reverse()) {
    countRestarts(container, tally);
    const { terminated, waiting, running: runs } = container.state ?? {};
    if (waiting?.reason) tally.reason = waiting.reason;
    else if (terminated) tally.reason = terminated.reason || exitWord(terminated);
    else if (container.ready && runs) {
      running = true;
      tally.ready += 1;
    }
  }
  if (tally.reason !== 'Completed' || !running) return;
  tally.reason = conditionOf(pod, 'Ready')?.status === 'True' ? 'Running' : 'NotReady';
}

function countRestarts(container: ContainerStatus, tally: Tally): void {
  tally.restarts += container.restartCount;
  const finishedAt = container.lastState?.terminated?.finishedAt;
  const ms = finishedAt === undefined ? undefined : parseTimestamp(finishedAt);
  if (ms !== undefined) tally.lastRestartMs = Math.max(tally.lastRestartMs, ms);
}

function exitWord({ signal, exitCode }: { signal?: number; exitCode: number }): string {
  return signal ? `Signal:${signal}` : `ExitCode:${exitCode}`;
}

function conditionOf(pod: Pod, type: string) {
  return pod.status?.conditions?.find((condition) => condition.type === type);
}
