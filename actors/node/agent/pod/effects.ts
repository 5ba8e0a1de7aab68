// Performs what a pod's machine asks for: sandboxes in the runtime, its files, its containers' cells. Decides
// nothing; each is safe to repeat.
import type { AnyEventObject } from 'xstate';
import { asTroupeError } from '../../../../messaging/envelope.ts';
import { hasCode, TroupeError } from '../../../../schemas/errors.ts';
import { backOff } from '../../../kernel/limits.ts';
import type { Effect } from '../../../kernel/step.ts';
import { runtimeErrorKind, type SandboxConfig } from '../runtime/port.ts';
import type { NodeScope } from '../scope.ts';
import { removeKept } from './kept.ts';
import type { PodEvent, SandboxFound } from './machine.ts';
import { cgroupOf, logFolderOf } from './sandbox.ts';
import type { PodWorker } from './worker.ts';

export async function performPod(effect: Effect, worker: PodWorker): Promise<AnyEventObject | undefined> {
  const params = effect.params as any;
  switch (effect.type) {
    case 'createSandbox':
      return createSandbox(worker, params.attempt);
    case 'startContainers':
      for (const name of params.names) worker.startContainer(name);
      return undefined;
    case 'stopContainers':
      worker.stopContainers(params.graceSeconds);
      return undefined;
    case 'watchDeadline':
      return deadline(worker);
    case 'release':
      return release(worker, params.sandboxId);
    case 'remove':
      return remove(worker);
    default:
      throw new TroupeError('INTERNAL', `a pod has no effect "${effect.type}"`);
  }
}

async function createSandbox(worker: PodWorker, attempt: number): Promise<PodEvent> {
  const { node, pod } = worker;
  try {
    if (attempt > 0) await leaveSandboxes(worker);
    await node.files.makeDirectory(logFolderOf(pod));
    const config = worker.sandboxConfig(attempt);
    const id = await node.runtime.call((runtime) =>
      runtime.runPodSandbox(config).catch((error) => taken(node, config, error)),
    );
    worker.madeSandbox(id);
    return { type: 'sandbox.ready', sandbox: await sandboxFound(node, id) };
  } catch (error) {
    const { message } = asTroupeError(error);
    worker.note('Warning', 'FailedCreatePodSandBox', `Failed to create pod sandbox: ${message}`);
    return { type: 'sandbox.failed', message };
  }
}

/**
 * A sandbox that died is replaced. The one before is kept, stopped, until the next time: its containers tell an agent
 * that crashes in between how often they were started.
 */
async function leaveSandboxes(worker: PodWorker): Promise<void> {
  await worker.forgetContainers();
  worker.note('Normal', 'SandboxChanged', 'Pod sandbox changed, it will be killed and re-created.');
  const newest = [...worker.sandboxes].at(-1);
  for (const id of worker.sandboxes) {
    await worker.node.runtime.call((runtime) => runtime.stopPodSandbox(id));
    if (id === newest) continue;
    await worker.node.runtime.call((runtime) => runtime.removePodSandbox(id));
    worker.lostSandbox(id);
  }
}

/** The attempt is taken: by ourselves, in a call whose answer was lost. One that is not whole is removed. */
async function taken(node: NodeScope, config: SandboxConfig, error: unknown): Promise<string> {
  if (runtimeErrorKind(error) !== 'alreadyExists' || !hasCode(error, 'RUNTIME')) throw error;
  const all = await node.runtime.call((runtime) => runtime.listPodSandbox());
  const same = all.find(({ uid, attempt }) => uid === config.uid && attempt === config.attempt);
  if (!same) throw error;
  if (same.state === 'ready') return same.id;
  await node.runtime.call((runtime) => runtime.removePodSandbox(same.id));
  throw error;
}

export async function sandboxFound(node: NodeScope, id: string): Promise<SandboxFound> {
  const status = await node.runtime.call((runtime) => runtime.podSandboxStatus(id));
  const ips = status.ip ? [status.ip, ...status.additionalIPs] : [];
  return { id, attempt: status.attempt, ips, createdAt: status.createdAt };
}

async function deadline(worker: PodWorker): Promise<PodEvent | undefined> {
  const seconds = worker.pod.spec?.activeDeadlineSeconds;
  if (seconds === undefined) return undefined;
  const leftMs = worker.kept.startedAt + seconds * 1_000 - worker.node.clock.now();
  await worker.node.clock.sleep(Math.max(0, leftMs), worker.signal);
  if (worker.signal.aborted) return undefined;
  const message = 'Pod was active on the node longer than the specified deadline';
  worker.note('Normal', 'DeadlineExceeded', message);
  return { type: 'pod.expired', failure: { reason: 'DeadlineExceeded', message } };
}

/** The pod has ended: its room and its address are free again, its containers stay for their logs. */
async function release(worker: PodWorker, sandboxId: string | undefined): Promise<undefined> {
  const { clock, limits, runtime, trace } = worker.node;
  worker.released();
  for (let attempt = 0; !worker.hasLeft; attempt += 1) {
    try {
      await worker.keepEnd();
      if (sandboxId) await runtime.call((one) => one.stopPodSandbox(sandboxId));
      return undefined;
    } catch (error) {
      trace.log('warn', 'an ended pod was not released', { pod: worker.uid, error: String(error) });
      await clock.sleep(backOff(attempt, limits.repeatFirstMs, limits.repeatMostMs), worker.signal);
    }
  }
  return undefined;
}

async function remove(worker: PodWorker): Promise<PodEvent> {
  const { node, pod } = worker;
  const uid = pod.metadata.uid!;
  for (const id of worker.sandboxes) {
    await node.runtime.call((runtime) => runtime.stopPodSandbox(id));
    await node.runtime.call((runtime) => runtime.removePodSandbox(id));
  }
  await node.removeCgroup(cgroupOf(node, uid));
  await node.files.remove(logFolderOf(pod));
  // Last: until then a restarted agent must know that there is something to remove.
  await removeKept(node.files, uid);
  return { type: 'pod.removed' };
}
