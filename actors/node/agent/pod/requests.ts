// What a pod takes of a node, worked out of its spec the way Kubernetes' scheduler does: containers run side by side,
// init containers one at a time before them.

import type { Container } from '../../../../schemas/pod/container.ts';
import type { PodSpec } from '../../../../schemas/pod/pod-spec.ts';
import { bytesOf, cpuMillis } from '../../../../schemas/quantity.ts';
import type { PodRequests } from '../../protocol.ts';

interface Amount {
  readonly cpuMillis: number;
  readonly memoryBytes: number;
}

export function requestsOf(spec: PodSpec): PodRequests {
  let cpu = 0;
  let memory = 0;
  for (const container of spec.containers) {
    const asked = amountOf(container);
    cpu += asked.cpuMillis;
    memory += asked.memoryBytes;
  }
  for (const container of spec.initContainers ?? []) {
    const asked = amountOf(container);
    cpu = Math.max(cpu, asked.cpuMillis);
    memory = Math.max(memory, asked.memoryBytes);
  }
  if (spec.overhead?.cpu) cpu += cpuMillis(spec.overhead.cpu);
  if (spec.overhead?.memory) memory += bytesOf(spec.overhead.memory);
  return { cpuMillis: cpu, memoryBytes: memory, hostPorts: hostPortsOf(spec) };
}

/** A container's requests; where it has none, its limits. */
export function amountOf({ resources }: Container): Amount {
  const cpu = resources?.requests?.cpu ?? resources?.limits?.cpu;
  const memory = resources?.requests?.memory ?? resources?.limits?.memory;
  return { cpuMillis: cpu ? cpuMillis(cpu) : 0, memoryBytes: memory ? bytesOf(memory) : 0 };
}

function hostPortsOf(spec: PodSpec): PodRequests['hostPorts'] {
  const taken: PodRequests['hostPorts'] = [];
  for (const { ports } of spec.containers) {
    for (const { hostPort, containerPort, protocol, hostIP } of ports ?? []) {
      const port = hostPort ?? (spec.hostNetwork ? containerPort : 0);
      if (port) taken.push({ port, protocol: protocol ?? 'TCP', hostIP: hostIP ?? '' });
    }
  }
  return taken;
}
