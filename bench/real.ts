// A real pod beside the bare runtime: the same container, once through Troupe and once by three CRI calls to the same
// containerd, in turn.

import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { KERNEL_LIMITS } from '../actors/kernel/limits.ts';
import { startRealNode } from '../actors/node/agent/real.ts';
import { realNodePaths, removeRealNode } from '../actors/node/agent/real-removal.ts';
import { removeCgroup } from '../actors/node/agent/runtime/cgroups.ts';
import { connectCri } from '../actors/node/agent/runtime/cri.ts';
import type { Runtime } from '../actors/node/agent/runtime/port.ts';
import { namesOf } from '../cli/up/place.ts';
import { pushImage } from '../lab/registry/image.ts';
import { buildBusybox, buildPause } from '../lab/registry/images.ts';
import { startRegistry } from '../lab/registry/registry.ts';
import { clientOf } from '../messaging/client/index.ts';
import { type Figure, quantile } from './figures.ts';
import { CLUSTER, openStage } from './worlds.ts';

const PODS = 20;
const COMMAND = ['sleep', '1000000'];
const IMAGE = 'docker.io/library/busybox:latest';

/** `real-pod-overhead-p50`: what Troupe adds to containerd's own sandbox + create + start; baseline: those alone. */
export async function realPodOverhead(): Promise<Figure[]> {
  await using stage = await openStage();
  const registry = await startRegistry({ directory: join(stage.directory, 'registry') });
  await pushImage(
    registry.url,
    'library/busybox',
    'latest',
    await buildBusybox(join(stage.directory, 'busybox')),
  );
  await pushImage(registry.url, 'pause', '3.6', await buildPause(join(stage.directory, 'pause')));
  await stage.spawn('host', 'h1');
  const world = await stage.connect('node');
  const directory = join(stage.directory, 'node');
  const place = { directory, cluster: CLUSTER, node: 'real', ...namesOf(stage.directory) };
  const registryMirrors = { 'docker.io': registry.url, 'registry.k8s.io': registry.url };
  const node = await startRealNode({
    ...place,
    world,
    shards: KERNEL_LIMITS.shards,
    version: 'bench',
    registryMirrors,
  });
  const socket = join(realNodePaths(directory).containerd, 'containerd.sock');
  const runtime = connectCri({ socket, clock: world.clock });
  try {
    await node.agent.ready;
    await runtime.pullImage(IMAGE);
    const client = clientOf({ ...world, cluster: CLUSTER });
    const ours: number[] = [];
    const bare: number[] = [];
    for (let index = -2; index < PODS; index += 1) {
      const raw = await bareStart(runtime, index + 2, place.cgroupRoot);
      const through = await throughTroupe(client, `p${index + 2}`);
      // The first two warm both sides.
      if (index < 0) continue;
      bare.push(raw);
      ours.push(through);
    }
    await client.close();
    const baseline = quantile(bare, 0.5);
    const pod = quantile(ours, 0.5);
    return [
      { name: 'real-pod-p50', value: pod, unit: 'ms', baseline },
      { name: 'real-pod-overhead-p50', value: pod - baseline, unit: 'ms', baseline },
    ];
  } finally {
    runtime.close();
    await node.stop({ drain: false });
    await removeRealNode({ ...place, clock: world.clock });
    await registry.stop();
  }
}

async function throughTroupe(client: ReturnType<typeof clientOf>, name: string): Promise<number> {
  const facts = client.facts(`pods.default.${name}`);
  const since = performance.now();
  await client.create({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name },
    spec: {
      terminationGracePeriodSeconds: 1,
      containers: [{ name: 'main', image: IMAGE, imagePullPolicy: 'IfNotPresent', command: COMMAND }],
    },
  });
  let tookMs = Number.NaN;
  for await (const { type } of facts) {
    if (type === 'dev.troupe.pod.ready') {
      tookMs = performance.now() - since;
      await client.delete('pods', `default/${name}`);
    }
    if (type === 'dev.troupe.pod.deleted') break;
  }
  return tookMs;
}

async function bareStart(runtime: Runtime, index: number, cgroupRoot: string): Promise<number> {
  const cgroupParent = `${cgroupRoot}/bare${index}`;
  const name = `bare${index}`;
  const sandbox = {
    name,
    namespace: 'default',
    uid: name,
    attempt: 0,
    hostname: name,
    logDirectory: `/tmp/troupe-bench-${process.pid}`,
    cgroupParent,
  };
  const since = performance.now();
  const sandboxId = await runtime.runPodSandbox(sandbox);
  const container = { name: 'main', attempt: 0, image: IMAGE, command: COMMAND, logPath: '' };
  const id = await runtime.createContainer(sandboxId, container, sandbox);
  await runtime.startContainer(id);
  const tookMs = performance.now() - since;
  await runtime.stopContainer(id, 0);
  await runtime.stopPodSandbox(sandboxId);
  await runtime.removePodSandbox(sandboxId);
  await removeCgroup(cgroupParent);
  return tookMs;
}
