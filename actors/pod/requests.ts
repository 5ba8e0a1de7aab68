// What a pod asks of a node, in numbers: the sum over its containers, or the largest init container where that is more.

import type { KubeObject } from '../../schemas/object.ts';
import { bytesOf, cpuMillis } from '../../schemas/quantity.ts';
import type { PodRequests } from '../node/protocol.ts';

interface Container {
  readonly resources?: {
    readonly requests?: Record<string, string>;
    readonly limits?: Record<string, string>;
  };
  readonly ports?: readonly { hostPort?: number; protocol?: string; hostIP?: string }[];
  readonly restartPolicy?: string;
}

interface Spec {
  readonly containers?: readonly Container[];
  readonly initContainers?: readonly Container[];
}

export function requestsOf(pod: KubeObject): PodRequests {
  const { containers = [], initContainers = [] } = (pod.spec ?? {}) as Spec;
  const sidecars = initContainers.filter(({ restartPolicy }) => restartPolicy === 'Always');
  const long = [...containers, ...sidecars];
  const need = (resource: 'cpu' | 'memory', read: (text: string) => number) => {
    const sum = long.reduce((total, container) => total + requested(container, resource, read), 0);
    const largest = Math.max(0, ...initContainers.map((container) => requested(container, resource, read)));
    return Math.max(sum, largest);
  };
  return {
    cpuMillis: need('cpu', cpuMillis),
    memoryBytes: need('memory', bytesOf),
    hostPorts: hostPorts(long),
  };
}

/** A limit without a request is the request, as in Kubernetes. */
function requested({ resources }: Container, resource: string, read: (text: string) => number): number {
  const text = resources?.requests?.[resource] ?? resources?.limits?.[resource];
  return text === undefined ? 0 : read(String(text));
}

function hostPorts(containers: readonly Container[]): PodRequests['hostPorts'] {
  return containers.flatMap(({ ports = [] }) =>
    ports
      .filter(({ hostPort }) => hostPort !== undefined && hostPort > 0)
      .map(({ hostPort, protocol, hostIP }) => ({
        port: hostPort!,
        protocol: protocol ?? 'TCP',
        hostIP: hostIP ?? '',
      })),
  );
}
