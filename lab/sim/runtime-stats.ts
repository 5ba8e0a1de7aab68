// What a simulated container uses: little, and a bit more with time, so that figures move.
import type { ContainerStats } from '../../actors/node/agent/runtime/port.ts';
import type { SimulatedContainer } from './runtime-container.ts';

const MEBIBYTE = 1024 * 1024;

export function statsOf(container: SimulatedContainer, at: number): ContainerStats {
  const { id, name, attempt, labels } = container.status();
  return {
    id,
    name,
    attempt,
    labels,
    at,
    // A thousandth of a core.
    cpuNanos: (at - container.startedAt) * 1_000,
    cpuNanoCores: 1_000_000,
    memoryWorkingSetBytes: MEBIBYTE,
    memoryUsageBytes: MEBIBYTE,
    memoryRssBytes: MEBIBYTE,
    writableBytes: 0,
  };
}
