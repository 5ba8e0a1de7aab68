// Which file holds the log that is asked for, or in Kubernetes' words why there is none.
import { TroupeError } from '../../../schemas/errors.ts';
import type { LogsRequest } from '../protocol.ts';
import { logPathOf } from './container/config.ts';
import type { Observation } from './container/run.ts';
import { logFolderOf } from './pod/sandbox.ts';
import type { PodWorker } from './pod/worker.ts';

export interface LogSource {
  /** Relative to the agent's files. */
  readonly path: string;
  /** True while the container may write more. */
  isLive(): boolean;
}

/** Throws BAD_REQUEST. An empty container name means the only one. */
export function logSource(worker: PodWorker, request: LogsRequest): LogSource {
  const { pod } = worker;
  const spec = pod.spec!;
  const containers = [...(spec.initContainers ?? []), ...spec.containers];
  const container = request.container || (spec.containers.length === 1 ? spec.containers[0]!.name : '');
  const podName = pod.metadata.name;
  if (!container) {
    const names = spec.containers.map(({ name }) => name).join(' ');
    throw bad(`a container name must be specified for pod ${podName}, choose one of: [${names}]`);
  }
  if (!containers.some(({ name }) => name === container)) {
    throw bad(`container ${container} is not valid for pod ${podName}`);
  }
  const run = request.previous ? previousRun(worker, container) : currentRun(worker, container);
  const isLive = () => {
    const current = worker.unit(container)?.state.context.current;
    return current?.id === run.id && current.state === 'running' && !worker.isGone && !worker.hasLeft;
  };
  return { path: `${logFolderOf(pod)}/${logPathOf(container, run.attempt)}`, isLive };
}

function currentRun(worker: PodWorker, container: string): Observation {
  const context = worker.unit(container)?.state.context;
  const { current, last } = context ?? {};
  const run = current && current.state !== 'created' ? current : last;
  if (run) return run;
  const hasInit = (worker.pod.spec?.initContainers ?? []).length > 0;
  const reason = context?.waiting?.reason ?? (context || !hasInit ? 'ContainerCreating' : 'PodInitializing');
  const { name } = worker.pod.metadata;
  throw bad(`container "${container}" in pod "${name}" is waiting to start: ${reason}`);
}

/** While it waits for its next start, the run that has just ended is the previous one. */
function previousRun(worker: PodWorker, container: string): Observation {
  const state = worker.unit(container)?.state;
  const { current, last } = state?.context ?? {};
  const run = state?.value === 'crashBackOff' ? current : last;
  if (run) return run;
  const { name } = worker.pod.metadata;
  throw bad(`previous terminated container "${container}" in pod "${name}" not found`);
}

function bad(message: string): TroupeError {
  return new TroupeError('BAD_REQUEST', message);
}
