// What users see of a pod: the node's report, joined with what only the Pod actor knows (its placement). Also what of a
// report is news. Pure.
import { timestamp } from '../../schemas/time.ts';
import type { State } from '../kernel/step.ts';
import type { PodContext } from './machine.ts';

export interface Condition {
  readonly type: string;
  readonly status: string;
  readonly reason?: string;
  readonly message?: string;
  readonly lastTransitionTime?: string;
}

export interface ReportedStatus {
  readonly phase?: string;
  readonly conditions?: readonly Condition[];
  readonly containerStatuses?: readonly { state?: { waiting?: { reason?: string } } }[];
  readonly [more: string]: unknown;
}

const BACKING_OFF = new Set(['CrashLoopBackOff', 'ImagePullBackOff', 'ErrImagePull']);

/** The pod's status as the API shows it. */
export function podStatus(state: State): Record<string, unknown> {
  const context = state.context as PodContext;
  const reported = context.reported ?? { phase: 'Pending' };
  const scheduled = scheduledCondition(context);
  const others = (reported.conditions ?? []).filter(({ type }) => type !== 'PodScheduled');
  const conditions = scheduled ? [...others, scheduled] : others;
  return { ...reported, phase: reported.phase ?? 'Pending', ...(conditions.length > 0 && { conditions }) };
}

function scheduledCondition({ scheduledAt, unplaced, unplacedAt }: PodContext): Condition | undefined {
  if (scheduledAt !== undefined) {
    return { type: 'PodScheduled', status: 'True', lastTransitionTime: timestamp(scheduledAt) };
  }
  if (unplaced === undefined) return undefined;
  return {
    type: 'PodScheduled',
    status: 'False',
    reason: 'Unschedulable',
    message: unplaced,
    lastTransitionTime: timestamp(unplacedAt ?? 0),
  };
}

export function isEnded(status: ReportedStatus): boolean {
  return status.phase === 'Succeeded' || status.phase === 'Failed';
}

/** The news in a report, in one past participle; undefined when it is none. */
export function factOf(before: ReportedStatus | undefined, after: ReportedStatus): string | undefined {
  if (after.phase !== before?.phase) {
    if (after.phase === 'Succeeded') return 'completed';
    if (after.phase === 'Failed') return 'failed';
  }
  if (isReady(after) && !(before && isReady(before))) return 'ready';
  if (after.phase === 'Running' && before?.phase !== 'Running') return 'started';
  if (isBackingOff(after) && !(before && isBackingOff(before))) return 'backedoff';
  if (before && isReady(before) && !isReady(after)) return 'unready';
  return undefined;
}

function isReady({ conditions = [] }: ReportedStatus): boolean {
  return conditions.some(({ type, status }) => type === 'Ready' && status === 'True');
}

function isBackingOff({ containerStatuses = [] }: ReportedStatus): boolean {
  return containerStatuses.some(({ state }) => BACKING_OFF.has(state?.waiting?.reason ?? ''));
}
