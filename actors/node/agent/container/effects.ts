// Performs what a container's machine asks for, against the runtime. Decides nothing; each is safe to repeat, since
// name and attempt identify a run: what is there already is taken as made.
import type { AnyEventObject } from 'xstate';
import { asTroupeError } from '../../../../messaging/envelope.ts';
import { hasCode, TroupeError } from '../../../../schemas/errors.ts';
import type { Container as ContainerSpec } from '../../../../schemas/pod/container.ts';
import type { Pod } from '../../../../schemas/pod/kind.ts';
import type { Effect } from '../../../kernel/step.ts';
import { type ContainerStatus, runtimeErrorKind, type SandboxConfig } from '../runtime/port.ts';
import type { NodeScope } from '../scope.ts';
import { ConfigProblem, checkNotRoot, containerConfig, mustNotBeRoot } from './config.ts';
import { ensureImage, imageOf } from './images.ts';
import type { ContainerEvent, Observation } from './run.ts';
import { unsupportedField } from './unsupported.ts';

export interface ContainerScope {
  readonly node: NodeScope;
  readonly pod: Pod;
  readonly container: ContainerSpec;
  readonly fence: number;
  readonly sandboxId: string;
  readonly sandbox: SandboxConfig;
  note(type: 'Normal' | 'Warning', reason: string, message: string): void;
  /** Says that the runtime knows this container by `id`. */
  madeAs(id: string): void;
  /** Ids of earlier runs that are no longer needed. */
  outdated(): readonly string[];
  ended(ok: boolean): void;
  folder(): Promise<void>;
}

export async function performContainer(
  effect: Effect,
  scope: ContainerScope,
): Promise<AnyEventObject | undefined> {
  const params = effect.params as any;
  switch (effect.type) {
    case 'ensureImage':
      return unsupported(scope) ?? ensureImage(scope);
    case 'createContainer':
      return createContainer(scope, params);
    case 'startContainer':
      return startContainer(scope, params.id);
    case 'inspect':
      return { type: 'container.observed', ...(await seen(scope.node, params.id)) };
    case 'stopContainer':
      return stopContainer(scope, params);
    case 'note':
      scope.note('Warning', params.reason, params.message);
      return undefined;
    case 'tellPod':
      scope.ended(params.ok);
      return undefined;
    default:
      throw new TroupeError('INTERNAL', `a container has no effect "${effect.type}"`);
  }
}

function unsupported({ pod, container, note }: ContainerScope): ContainerEvent | undefined {
  const field = unsupportedField(pod, container);
  if (!field) return undefined;
  const message = `${field}: not supported`;
  note('Warning', 'Failed', `Error: ${message}`);
  return { type: 'container.refused', reason: 'CreateContainerConfigError', message, permanent: true };
}

interface Creation {
  readonly attempt: number;
  readonly strikes: number;
  readonly imageRef: string;
}

async function createContainer(scope: ContainerScope, run: Creation): Promise<ContainerEvent> {
  const { node, pod, container, note } = scope;
  try {
    if (mustNotBeRoot(pod, container)) checkNotRoot(pod, container, await imageOf(scope));
    const config = containerConfig(node, pod, container, { ...run, fence: scope.fence });
    await scope.folder();
    const id = await node.runtime.call((runtime) =>
      runtime
        .createContainer(scope.sandboxId, config, scope.sandbox)
        .catch((error) => taken(scope, run, error)),
    );
    scope.madeAs(id);
    note('Normal', 'Created', `Created container: ${container.name}`);
    for (const old of scope.outdated()) forget(node, old);
    return { type: 'container.created', observation: created(scope, id, run) };
  } catch (error) {
    const reason = error instanceof ConfigProblem ? 'CreateContainerConfigError' : 'CreateContainerError';
    const message = error instanceof Error ? error.message : String(error);
    note('Warning', 'Failed', `Error: ${message}`);
    return { type: 'container.refused', reason, message, permanent: false };
  }
}

/** The name and attempt are taken: by ourselves, in a call whose answer was lost. */
async function taken(scope: ContainerScope, run: Creation, error: unknown): Promise<string> {
  if (runtimeErrorKind(error) !== 'alreadyExists' || !hasCode(error, 'RUNTIME')) throw error;
  if (typeof error.details.id === 'string') return error.details.id;
  const { sandboxId, container } = scope;
  const all = await scope.node.runtime.call((runtime) => runtime.listContainers({ sandboxId }));
  const same = all.find(({ name, attempt }) => name === container.name && attempt === run.attempt);
  if (!same) throw error;
  return same.id;
}

function forget(node: NodeScope, id: string): void {
  node.runtime
    .call((runtime) => runtime.removeContainer(id))
    .catch((error: unknown) =>
      node.trace.log('debug', 'old container not removed', { id, error: String(error) }),
    );
}

function created(scope: ContainerScope, id: string, run: Creation): Observation {
  const image = scope.container.image ?? '';
  return { ...BLANK, id, state: 'created', attempt: run.attempt, image, imageRef: run.imageRef };
}

async function startContainer(scope: ContainerScope, id: string): Promise<ContainerEvent> {
  const { node, container, note } = scope;
  try {
    await node.runtime.call((runtime) => runtime.startContainer(id));
  } catch (error) {
    const { message } = asTroupeError(error);
    const { observation, at } = await seen(node, id);
    if (observation.state === 'running') return { type: 'container.started', observation, at };
    note('Warning', 'Failed', `Error: ${message}`);
    const end = observation.state === 'exited' ? observation : notStarted(observation, at, message);
    return { type: 'container.startFailed', observation: end, message, at };
  }
  note('Normal', 'Started', `Started container ${container.name}`);
  return { type: 'container.started', ...(await seen(scope.node, id)) };
}

function notStarted(observation: Observation, at: number, message: string): Observation {
  return { ...observation, state: 'exited', finishedAt: at, exitCode: 128, reason: 'StartError', message };
}

async function stopContainer(
  scope: ContainerScope,
  { id, graceSeconds }: { id: string; graceSeconds: number },
): Promise<ContainerEvent> {
  scope.note('Normal', 'Killing', `Stopping container ${scope.container.name}`);
  await scope.node.runtime.call((runtime) => runtime.stopContainer(id, graceSeconds));
  return { type: 'container.exited' };
}

/** The run as the runtime shows it now; one that is not there any more has ended, nobody knows how. */
export async function seen(node: NodeScope, id: string): Promise<{ observation: Observation; at: number }> {
  try {
    const status = await node.runtime.call((runtime) => runtime.containerStatus(id));
    return { observation: observationOf(status), at: node.clock.now() };
  } catch (error) {
    if (runtimeErrorKind(error) !== 'notFound') throw error;
    return { observation: { ...VANISHED, id, finishedAt: node.clock.now() }, at: node.clock.now() };
  }
}

const BLANK: Omit<Observation, 'id' | 'state'> = {
  attempt: 0,
  image: '',
  imageRef: '',
  startedAt: 0,
  finishedAt: 0,
  exitCode: 0,
  reason: '',
  message: '',
  logPath: '',
};

const VANISHED: Omit<Observation, 'id'> = {
  ...BLANK,
  state: 'exited',
  exitCode: 137,
  reason: 'ContainerStatusUnknown',
  message: 'The container could not be located when the pod was terminated',
};

export function observationOf(status: ContainerStatus): Observation {
  const { id, attempt, image, imageRef, startedAt, finishedAt, exitCode, reason, message, logPath } = status;
  const lost = status.state === 'unknown';
  return {
    id,
    state: status.state === 'unknown' ? 'exited' : status.state,
    attempt,
    image,
    imageRef,
    startedAt,
    finishedAt,
    exitCode: lost ? 137 : exitCode,
    reason: lost ? 'ContainerStatusUnknown' : reason,
    message,
    logPath,
  };
}
