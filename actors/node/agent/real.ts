// Puts a real node together: containerd of its own or somebody else's, CNI, masquerading, the agent. A
// containerd that dies is started again beside its living containers. It ends nothing that runs unless it is
// told to drain, so that the next agent adopts it all; what takes a node off the machine is real-removal.ts.
import type { Clock, World } from '../../../messaging/ports.ts';
import { TroupeError } from '../../../schemas/errors.ts';
import { backOff } from '../../kernel/limits.ts';
import { POD_NETWORK } from '../effects.ts';
import { type Agent, startAgent } from './agent.ts';
import { openFiles } from './files/real.ts';
import { makeBridge } from './network/bridge.ts';
import { cniConfDir, writeCni } from './network/cni.ts';
import { writeMasquerade } from './network/masquerade.ts';
import { ipv4Routes, machineFacts, routedCidrs } from './real-machine.ts';
import { type RealNodePlace, realNodePaths } from './real-removal.ts';
import { removeCgroup } from './runtime/cgroups.ts';
import { type Containerd, startContainerd } from './runtime/containerd.ts';
import { connectCri } from './runtime/cri.ts';
import type { Runtime } from './runtime/port.ts';
import type { Note } from './scope.ts';

const FIRST_RESTART_MS = 100;
const MOST_RESTART_MS = 10_000;
/** containerd reads a new network configuration within milliseconds. */
const NETWORK_MS = 10_000;
const LOOK_MS = 20;

export interface RealNodeOptions extends RealNodePlace {
  readonly world: World;
  /** The cluster's number of shards. */
  readonly shards: number;
  /** Shown as the kubelet's version. */
  readonly version: string;
  readonly registryMirrors?: Readonly<Record<string, string>>;
  readonly note?: Note;
}

export interface RealNode {
  readonly agent: Agent;
  /** Without `drain` containers and containerd go on. */
  stop(options: { drain: boolean }): Promise<void>;
}

/** Resolves when the runtime answers and the agent is at work; {@link Agent.ready} tells more. Errors: `SETUP`. */
export async function startRealNode(options: RealNodeOptions): Promise<RealNode> {
  const { world, directory, bridge, cluster, node, shards, note, cgroupRoot, criSocket } = options;
  const { clock } = world;
  const paths = realNodePaths(directory);
  const files = await openFiles(paths.files);
  const ending = new AbortController();
  const containerd = criSocket === undefined ? await keptContainerd(options, ending.signal) : undefined;
  const runtime = connectCri({ socket: containerd?.socket ?? criSocket!, clock });
  const facts = await machineFacts();
  const agent = await startAgent({
    world,
    cluster,
    node,
    runtime,
    files,
    shards,
    note,
    cgroupRoot,
    removeCgroup,
    capacity: facts.capacity,
    addresses: [
      { type: 'InternalIP', address: facts.address },
      { type: 'Hostname', address: facts.hostname },
    ],
    info: { ...facts.info, kubeletVersion: options.version },
    avoidCidrs: routedCidrs(await ipv4Routes(), [bridge]),
    onPodCIDR: async (podCIDR) => {
      // An existing containerd has a network of its own.
      if (criSocket === undefined) {
        await writeCni({ directory: paths.cni, podCIDR, bridge });
        await makeBridge({ bridge, podCIDR });
        await writeMasquerade({ bridge, podCIDR, podNetwork: POD_NETWORK });
      }
      await networkReady(runtime, clock, ending.signal);
    },
  });
  return {
    agent,
    async stop({ drain }) {
      await agent.stop({ leavePods: !drain });
      ending.abort();
      runtime.close();
      containerd?.release();
    },
  };
}

interface Kept {
  readonly socket: string;
  release(): void;
}

/** A containerd that is started again, with growing delay, whenever it ends before `signal` is aborted. */
async function keptContainerd(options: RealNodeOptions, signal: AbortSignal): Promise<Kept> {
  const { world, directory, registryMirrors } = options;
  const { clock, trace } = world;
  const paths = realNodePaths(directory);
  const log = (line: string) => trace.log('info', line);
  const start = () =>
    startContainerd({
      directory: paths.containerd,
      cniConfDir: cniConfDir(paths.cni),
      registryMirrors,
      clock,
      log,
    });
  let current: Containerd = await start();
  const keep = async () => {
    for (let failures = 0; !signal.aborted; failures += 1) {
      const since = clock.monotonic();
      await current.exited;
      if (signal.aborted) return;
      if (clock.monotonic() - since > MOST_RESTART_MS) failures = 0;
      trace.log('error', 'containerd has ended unasked', { process: current.pid });
      await clock.sleep(backOff(failures, FIRST_RESTART_MS, MOST_RESTART_MS), signal);
      if (signal.aborted) return;
      const started = await start().catch((error: Error) => {
        trace.log('error', 'containerd cannot be started', { error: error.message });
        return undefined;
      });
      if (started) current = started;
    }
  };
  void keep();
  return { socket: current.socket, release: () => current.release() };
}

async function networkReady(runtime: Runtime, clock: Clock, signal: AbortSignal): Promise<void> {
  const until = clock.monotonic() + NETWORK_MS;
  let message = '';
  while (!signal.aborted && clock.monotonic() < until) {
    const status = await runtime.status().catch((error: Error) => {
      message = error.message;
      return undefined;
    });
    if (status?.networkReady) return;
    message = status?.message ?? message;
    await clock.sleep(LOOK_MS, signal);
  }
  if (!signal.aborted) throw new TroupeError('SETUP', `the pod network is not ready: ${message}`);
}
