// Takes a real node off its machine: its pods and containerd, or its pods in somebody else's containerd, then
// the pod network and the control groups. Works from any state and any number of times.
import { join } from 'node:path';
import type { Clock } from '../../../messaging/ports.ts';
import { removeCni } from './network/cni.ts';
import { removeMasquerade } from './network/masquerade.ts';
import { removeCgroup } from './runtime/cgroups.ts';
import { containerdPaths } from './runtime/containerd-config.ts';
import { removeContainerd } from './runtime/containerd-removal.ts';
import { connectCri } from './runtime/cri.ts';
import { LABEL } from './scope.ts';

/** What a container gets to end by itself when its whole node goes. */
const GRACE_SECONDS = 5;

export interface RealNodePlace {
  /** The agent's directory, with containerd's and the pod network's below it. */
  readonly directory: string;
  readonly cluster: string;
  readonly node: string;
  readonly bridge: string;
  readonly cgroupRoot: string;
  /** An existing containerd's socket; absent: a private one below `directory`. */
  readonly criSocket?: string;
}

export interface RemovalOptions extends RealNodePlace {
  readonly clock: Clock;
  readonly log?: (line: string) => void;
}

/** The parts of a node's directory. */
export function realNodePaths(directory: string) {
  return {
    containerd: join(directory, 'containerd'),
    cni: join(directory, 'cni'),
    files: join(directory, 'agent'),
  };
}

/** Idempotent. What the agent keeps stays; containers, images and addresses go. */
export async function removeRealNode(options: RemovalOptions): Promise<void> {
  const { directory, bridge, cgroupRoot, criSocket, clock, log } = options;
  const paths = realNodePaths(directory);
  await endContainers(options);
  if (criSocket === undefined) {
    await removeContainerd(paths.containerd, { clock, cgroupRoot, log });
    await removeCni({ directory: paths.cni, bridge });
    await removeMasquerade(bridge);
    return;
  }
  await removeForeignPods(criSocket, options);
  await removeCgroup(cgroupRoot);
}

/** Lets what runs end in good order, for a short while. Where no runtime answers, what comes after does it by force. */
async function endContainers(options: RemovalOptions): Promise<void> {
  const { directory, cluster, node, criSocket, clock } = options;
  const runtime = connectCri({
    socket: criSocket ?? containerdPaths(realNodePaths(directory).containerd).socket,
    clock,
  });
  try {
    const labels = { [LABEL.cluster]: cluster, [LABEL.node]: node };
    const containers = await runtime.listContainers({ state: 'running', labels });
    await Promise.allSettled(containers.map(({ id }) => runtime.stopContainer(id, GRACE_SECONDS)));
  } catch {
    // Nobody answers.
  } finally {
    runtime.close();
  }
}

/** Only pods that bear this cluster's and this node's labels. */
async function removeForeignPods(
  socket: string,
  { cluster, node, clock, log }: RemovalOptions,
): Promise<void> {
  const runtime = connectCri({ socket, clock });
  try {
    const labels = { [LABEL.cluster]: cluster, [LABEL.node]: node };
    for (const { id } of await runtime.listPodSandbox({ labels })) {
      await runtime.stopPodSandbox(id);
      await runtime.removePodSandbox(id);
    }
  } catch (error) {
    log?.(`the containerd at ${socket} does not remove the pods: ${(error as Error).message}`);
  } finally {
    runtime.close();
  }
}
