// What users see of a node: what its agent said of the machine, and whether its heartbeat is heard. Pure.
import { timestamp } from '../../schemas/time.ts';
import type { State } from '../kernel/step.ts';
import type { NodeContext } from './machine.ts';

interface Condition {
  readonly type: string;
  readonly status: string;
}

export function nodeStatus(state: State): Record<string, unknown> {
  const { described = {}, changedAt } = state.context as NodeContext;
  const conditions = (described.conditions ?? []) as Condition[];
  if (state.value === 'ready') return { ...described, conditions };
  const lastTransitionTime = timestamp(changedAt);
  const silent = state.value === 'silent';
  const reason = silent ? 'NodeStatusUnknown' : 'NodeNotReady';
  const message = silent
    ? 'the agent stopped posting its heartbeat'
    : 'the node has no range of pod addresses yet';
  const status = silent ? 'Unknown' : 'False';
  const ready = { type: 'Ready', status, reason, message, lastTransitionTime };
  return { ...described, conditions: [...conditions.filter(({ type }) => type !== 'Ready'), ready] };
}
