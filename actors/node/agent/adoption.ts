// After a crash of the agent: what it kept on disk and what the runtime remembers, put together again. Nothing that
// runs is touched. What neither explains is only named here; whether it goes is decided when the API has answered.

import { observationOf } from './container/effects.ts';
import type { Observation } from './container/run.ts';
import { sandboxFound } from './pod/effects.ts';
import type { FoundContainer, FoundPod } from './pod/found.ts';
import { readAllKept } from './pod/kept.ts';
import type { Roster } from './roster.ts';
import { type Container, runtimeErrorKind, type Sandbox } from './runtime/port.ts';
import { ANNOTATION, LABEL, type NodeScope } from './scope.ts';

/** What the runtime has of this node, by uid of the pod. */
export interface Remembered {
  readonly sandboxes: Map<string, Sandbox[]>;
  readonly containers: Map<string, Container[]>;
}

export async function remembered(node: NodeScope): Promise<Remembered> {
  const labels = { [LABEL.cluster]: node.cluster, [LABEL.node]: node.node };
  const [sandboxes, containers] = await Promise.all([
    node.runtime.call((runtime) => runtime.listPodSandbox({ labels })),
    node.runtime.call((runtime) => runtime.listContainers({ labels })),
  ]);
  const byAttempt = (a: { attempt: number }, b: { attempt: number }) => a.attempt - b.attempt;
  return {
    sandboxes: grouped(sandboxes.sort(byAttempt), ({ uid }) => uid),
    containers: grouped(containers.sort(byAttempt), ({ labels: own }) => own[LABEL.podUid] ?? ''),
  };
}

/** Adopts every pod that the disk explains; returns how many. */
export async function adoptAll(node: NodeScope, roster: Roster): Promise<number> {
  const { kept, broken } = await readAllKept(node.files);
  for (const name of broken) node.trace.log('warn', 'a pod file cannot be read and is left alone', { name });
  const all = await remembered(node);
  await Promise.all(
    kept.map(async (one) => roster.adopt(one, await foundPod(node, all, one.pod.metadata.uid!))),
  );
  return kept.length;
}

/** What the runtime remembers of one pod, or undefined when it has no sandbox. */
export async function foundPod(node: NodeScope, all: Remembered, uid: string): Promise<FoundPod | undefined> {
  const sandboxes = all.sandboxes.get(uid) ?? [];
  const newest = sandboxes.at(-1);
  if (!newest) return undefined;
  const containers = new Map<string, FoundContainer>();
  const own = (all.containers.get(uid) ?? []).filter(({ sandboxId }) => sandboxId === newest.id);
  const byName = grouped(own, ({ name }) => name);
  await Promise.all(
    [...byName].map(async ([name, runs]) => {
      const seen = await Promise.all(runs.slice(-2).map((run) => observed(node, run)));
      const statuses = seen.filter((run) => run !== undefined);
      if (statuses.length === 0) return;
      const strikes = Number(runs.at(-1)!.annotations[ANNOTATION.strikes] ?? 0);
      containers.set(name, { runs: statuses, strikes: Number.isInteger(strikes) ? strikes : 0 });
    }),
  );
  return {
    earlier: await earlierRuns(node, all, uid, newest.id),
    sandbox: await sandboxFound(node, newest.id),
    ready: newest.state === 'ready',
    sandboxes: sandboxes.map(({ id }) => id),
    containers,
  };
}

/** The last run of each container in sandboxes before the newest. */
async function earlierRuns(node: NodeScope, all: Remembered, uid: string, newestId: string) {
  const runs = new Map<string, Observation>();
  for (const container of all.containers.get(uid) ?? []) {
    if (container.sandboxId === newestId) continue;
    const run = await observed(node, container);
    if (run) runs.set(container.name, run);
  }
  return runs;
}

/** Undefined when it was removed since it was listed. */
async function observed(node: NodeScope, { id }: Container): Promise<Observation | undefined> {
  try {
    return observationOf(await node.runtime.call((runtime) => runtime.containerStatus(id)));
  } catch (error) {
    if (runtimeErrorKind(error) === 'notFound') return undefined;
    throw error;
  }
}

function grouped<T>(items: readonly T[], keyOf: (item: T) => string): Map<string, T[]> {
  const groups = new Map<string, T[]>();
  for (const item of items) {
    const group = groups.get(keyOf(item));
    if (group) group.push(item);
    else groups.set(keyOf(item), [item]);
  }
  return groups;
}
