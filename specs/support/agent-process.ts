// An agent with the cluster's side of the conversation in a process of its own, so that a spec can kill it. Orders come
// and reports go as messages of the parent process.
import { startAgent } from '../../actors/node/agent/agent.ts';
import { openFiles } from '../../actors/node/agent/files/real.ts';
import { removeCgroup } from '../../actors/node/agent/runtime/cgroups.ts';
import { connectCri } from '../../actors/node/agent/runtime/cri.ts';
import { memoryNetwork } from '../../messaging/memory/network.ts';
import { systemClock } from '../../messaging/system/clock.ts';
import { systemRandom } from '../../messaging/system/random.ts';
import { silentTrace } from '../../messaging/system/trace.ts';
import { CLUSTER, FakeHost, NODE } from './fake-host.ts';

export interface ProcessOptions {
  readonly socket: string;
  readonly directory: string;
  readonly cgroupRoot: string;
}

export interface Order {
  readonly id: number;
  readonly verb: 'run' | 'stop' | 'logs';
  readonly body: object;
}

async function main({ socket, directory, cgroupRoot }: ProcessOptions): Promise<void> {
  const clock = systemClock();
  const random = systemRandom();
  const network = memoryNetwork({ clock, random });
  const host = new FakeHost(network.bus('host'), () => clock.now());
  const tell = (message: object) => process.send?.(message);
  host.acknowledge = (report) => {
    tell({ report });
    return { accepted: true, unknown: false };
  };
  const agent = await startAgent({
    world: { clock, random, bus: network.bus('agent'), store: network.store('agent'), trace: silentTrace },
    cluster: CLUSTER,
    node: NODE,
    runtime: connectCri({ socket, clock }),
    files: await openFiles(directory),
    capacity: { cpuMillis: 4_000, memoryBytes: 8 * 1024 ** 3, pods: 110 },
    addresses: [{ type: 'InternalIP', address: '127.0.0.1' }],
    shards: 64,
    cgroupRoot,
    removeCgroup,
    note: (_pod, { reason, message }) => tell({ note: { reason, message } }),
  });
  process.on('message', async ({ id, verb, body }: Order) => {
    try {
      const answer = verb === 'logs' ? await host.logs(body) : await host.order(verb, body);
      tell({ id, answer });
    } catch (error) {
      tell({ id, error: String(error) });
    }
  });
  await agent.ready;
  tell({ ready: true });
}

main(JSON.parse(process.argv[3]!) as ProcessOptions).catch((error: unknown) => {
  process.send?.({ failed: String(error) });
  process.exit(1);
});
