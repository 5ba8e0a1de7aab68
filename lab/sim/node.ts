// A simulated node: the real agent on a runtime and a disk in memory. Everything but the containers is as on a machine.
import { type Agent, startAgent } from '../../actors/node/agent/agent.ts';
import { MemoryFiles } from '../../actors/node/agent/files/memory.ts';
import type { NodeCapacity } from '../../actors/node/agent/promises.ts';
import type { Note } from '../../actors/node/agent/scope.ts';
import type { World } from '../../messaging/ports.ts';
import { type RuntimeCall, type SimulatedFault, SimulatedRuntime } from './runtime.ts';
import type { SimulatedImage } from './runtime-images.ts';

/** A middling machine. */
export const SIMULATED_CAPACITY: NodeCapacity = { cpuMillis: 8_000, memoryBytes: 32 * 2 ** 30, pods: 110 };

export interface SimulatedNodeOptions {
  readonly world: World;
  readonly cluster: string;
  readonly node: string;
  readonly shards: number;
  readonly address?: string;
  readonly capacity?: NodeCapacity;
  readonly labels?: Readonly<Record<string, string>>;
  /** What images do; an image that is not named runs for ever. */
  readonly images?: Readonly<Record<string, SimulatedImage>>;
  readonly latencyMs?: Partial<Record<RuntimeCall, number>>;
  readonly fault?: (call: RuntimeCall, subject: string) => SimulatedFault | undefined;
  readonly note?: Note;
  /** What a former agent of this node left behind: handed in, its containers are adopted. */
  readonly machine?: SimulatedMachine;
}

/** What outlives an agent: its containers and its disk. */
export interface SimulatedMachine {
  readonly runtime: SimulatedRuntime;
  readonly files: MemoryFiles;
}

export interface SimulatedNode {
  readonly agent: Agent;
  readonly machine: SimulatedMachine;
}

/** Starts a node without a machine. It is ready when {@link Agent.ready} resolves. */
export async function startSimulatedNode(options: SimulatedNodeOptions): Promise<SimulatedNode> {
  const { world, cluster, node, shards, note, labels } = options;
  const machine = options.machine ?? machineOf(options);
  const { runtime, files } = machine;
  const address = options.address ?? '127.0.0.1';
  const agent = await startAgent({
    world,
    cluster,
    node,
    runtime,
    files,
    shards,
    note,
    labels,
    capacity: options.capacity ?? SIMULATED_CAPACITY,
    addresses: [
      { type: 'InternalIP', address },
      { type: 'Hostname', address: node },
    ],
    onPodCIDR: (cidr) => runtime.usePodCIDR(cidr),
  });
  return { agent, machine };
}

function machineOf({ world, images, latencyMs, fault }: SimulatedNodeOptions): SimulatedMachine {
  const { clock, random } = world;
  const files = new MemoryFiles();
  const writeLog = (path: string, line: string) => files.append(path, line);
  const podCIDR = '10.244.0.0/24';
  const runtime = new SimulatedRuntime({ clock, random, podCIDR, images, latencyMs, fault, writeLog });
  return { runtime, files };
}
