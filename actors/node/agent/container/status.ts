// What users see of a container: its machine's state as a v1 ContainerStatus, the way kubelet shows it. Pure.
import type { Container } from '../../../../schemas/pod/container.ts';
import type { ContainerState, ContainerStatus } from '../../../../schemas/pod/pod-status.ts';
import { timestamp } from '../../../../schemas/time.ts';
import type { State } from '../../../kernel/step.ts';
import type { ContainerContext, Observation } from './run.ts';

const RUNTIME_NAME = 'containerd';

/** `placeholder`: why it waits while it has not been asked to start. */
export function containerStatusOf(
  container: Container,
  state: State<ContainerContext> | undefined,
  placeholder: string,
): ContainerStatus {
  if (!state) return notStarted(container, placeholder);
  const { current, last, restarts, waiting, imageRef } = state.context;
  const running = isRunning(state);
  const seen = current ?? last;
  const shown = stateOf(state, placeholder);
  const before = shown.waiting && current?.state === 'exited' ? current : last;
  return {
    name: container.name,
    image: seen?.image || (container.image ?? ''),
    imageID: seen?.imageRef || (waiting ? '' : imageRef),
    ready: running,
    started: running,
    restartCount: restarts,
    state: shown,
    lastState: before ? { terminated: terminated(before) } : {},
    ...(seen ? { containerID: containerId(seen.id) } : {}),
  };
}

/** One that was told to stop never counts as running again, also while its end is looked into. */
export function isRunning({ value, context }: State<ContainerContext>): boolean {
  const { current, graceSeconds } = context;
  if (current?.state !== 'running' || graceSeconds !== undefined) return false;
  return value === 'running' || value === 'inspecting';
}

function notStarted(container: Container, reason: string): ContainerStatus {
  return {
    name: container.name,
    image: container.image ?? '',
    imageID: '',
    ready: false,
    started: false,
    restartCount: 0,
    state: { waiting: { reason } },
    lastState: {},
  };
}

function stateOf({ value, context }: State<ContainerContext>, placeholder: string): ContainerState {
  const { current, waiting } = context;
  if (value === 'terminated') return ended(current);
  if (current?.state === 'running') return { running: { startedAt: timestamp(current.startedAt) } };
  if (waiting) return { waiting: { ...waiting } };
  if (current?.state === 'exited') return { terminated: terminated(current) };
  return { waiting: { reason: value === 'idle' ? placeholder : 'ContainerCreating' } };
}

/** One that was stopped before it ever ran is shown as Kubernetes shows what it cannot find. */
function ended(current: Observation | undefined): ContainerState {
  if (current?.state === 'exited') return { terminated: terminated(current) };
  const message = 'The container could not be located when the pod was terminated';
  return { terminated: { exitCode: 137, reason: 'ContainerStatusUnknown', message } };
}

function terminated(run: Observation): NonNullable<ContainerState['terminated']> {
  return {
    exitCode: run.exitCode,
    reason: run.reason || (run.exitCode === 0 ? 'Completed' : 'Error'),
    ...(run.message ? { message: run.message } : {}),
    ...(run.startedAt ? { startedAt: timestamp(run.startedAt) } : {}),
    ...(run.finishedAt ? { finishedAt: timestamp(run.finishedAt) } : {}),
    containerID: containerId(run.id),
  };
}

function containerId(id: string): string {
  return `${RUNTIME_NAME}://${id}`;
}
