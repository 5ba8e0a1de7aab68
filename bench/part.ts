// One process of a bench's cluster: `host NAME` or `nodes COUNT`. Told to end by SIGTERM.
import { startHost } from '../actors/host.ts';
import { KERNEL_LIMITS } from '../actors/kernel/limits.ts';
import { startSimulatedNode } from '../lab/sim/node.ts';
import { CLUSTER, connectTo, type Target } from './worlds.ts';

const [part = '', word = ''] = process.argv.slice(2);
const target = JSON.parse(process.env.BENCH_TARGET ?? '{}') as Target;
process.once('SIGTERM', () => process.exit(0));

if (part === 'host') {
  const world = await connectTo(target, word);
  await startHost({ world, cluster: CLUSTER, name: word });
} else if (part === 'nodes') {
  const world = await connectTo(target, 'nodes');
  const nodes = [];
  for (let index = 0; index < Number(word); index += 1) {
    const node = `n${index}`;
    nodes.push(await startSimulatedNode({ world, cluster: CLUSTER, node, shards: KERNEL_LIMITS.shards }));
  }
  await Promise.all(nodes.map(({ agent }) => agent.ready));
} else {
  throw new Error(`a bench has no part "${part}"`);
}
process.send?.('ready');
