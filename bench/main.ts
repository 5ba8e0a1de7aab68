// `npm run bench [-- NAME…]`: runs the named benches, or all, and prints one tab-separated line a figure.
import { type Figure, lineOf } from './figures.ts';
import { embeddedReady, hostMemory } from './memory.ts';
import { createAcked, podRunningLatency, podsRunningRate } from './pods.ts';
import { realPodOverhead } from './real.ts';

const BENCHES: Readonly<Record<string, () => Promise<Figure[]>>> = {
  'embedded-ready': embeddedReady,
  'create-acked': createAcked,
  'pod-running': podRunningLatency,
  'pods-running-rate': podsRunningRate,
  'real-pod-overhead': realPodOverhead,
  'host-memory-10k': hostMemory,
};

const asked = process.argv.slice(2);
if (asked.includes('--help') || asked.includes('-h')) {
  console.log(`usage: npm run bench [-- NAME...]\nnames: ${Object.keys(BENCHES).join(', ')}`);
  process.exit(0);
}
const unknown = asked.filter((name) => !(name in BENCHES));
if (unknown.length > 0) {
  console.error(
    `error: no bench is called ${unknown.join(', ')}; there are: ${Object.keys(BENCHES).join(', ')}`,
  );
  process.exit(1);
}
console.log(['name', 'value', 'unit', 'baseline', 'ratio'].join('\t'));
for (const name of asked.length > 0 ? asked : Object.keys(BENCHES)) {
  const figures = await BENCHES[name]!();
  for (const figure of figures) console.log(lineOf(figure));
}
process.exit(0);
