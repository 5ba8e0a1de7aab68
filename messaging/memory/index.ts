// The simulated world's half of the ports: everything in memory, repeatable, and breakable on purpose.
export * from './faults.ts';
export { ManualClock } from './manual-clock.ts';
export {
  createMemoryBus,
  createMemoryStore,
  type MemoryNetwork,
  type MemoryNetworkOptions,
  memoryNetwork,
} from './network.ts';
export { seededRandom } from './seeded-random.ts';
