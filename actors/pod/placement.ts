// Where a pod should go: a pure function of the pod and the nodes as this host sees them. It only ranks; the node
// itself grants or refuses, since it alone knows what it has promised. Words for refusals are Kubernetes' own.

import { hashOf } from '../../messaging/identity.ts';
import type { PodRequests } from '../node/protocol.ts';

export interface Taint {
  readonly key: string;
  readonly value?: string;
  readonly effect: string;
}

export interface Toleration {
  readonly key?: string;
  readonly operator?: string;
  readonly value?: string;
  readonly effect?: string;
}

/** A node as placement sees it. */
export interface Candidate {
  readonly name: string;
  /** Hash of the name: with the pod's it decides between equals, so that they take turns. */
  readonly lot: number;
  readonly ready: boolean;
  readonly unschedulable: boolean;
  readonly labels: Readonly<Record<string, string>>;
  readonly taints: readonly Taint[];
  readonly allocatable: { readonly cpuMillis: number; readonly memoryBytes: number; readonly pods: number };
  readonly used: { readonly cpuMillis: number; readonly memoryBytes: number; readonly pods: number };
}

/** What of a pod decides where it may go. */
export interface Wanted {
  readonly uid: string;
  readonly nodeName?: string;
  readonly nodeSelector: Readonly<Record<string, string>>;
  readonly tolerations: readonly Toleration[];
  readonly requests: PodRequests;
}

export interface Choice {
  /** Nodes that may take it, best first. */
  readonly ranked: readonly string[];
  /** Why each other node may not. */
  readonly refused: ReadonlyMap<string, string>;
}

export function choose(pod: Wanted, nodes: Iterable<Candidate>): Choice {
  const fitting: { name: string; score: number; tie: number }[] = [];
  const refused = new Map<string, string>();
  const lot = hashOf(pod.uid);
  for (const node of nodes) {
    const reason = obstacle(pod, node);
    if (reason !== undefined) refused.set(node.name, reason);
    else
      fitting.push({
        name: node.name,
        score: freeShare(pod, node),
        tie: Math.imul(lot ^ node.lot, 0x9e3779b1) >>> 0,
      });
  }
  fitting.sort((left, right) => right.score - left.score || left.tie - right.tie);
  return { ranked: fitting.map(({ name }) => name), refused };
}

/** The first reason why this node cannot take the pod. */
export function obstacle(pod: Wanted, node: Candidate): string | undefined {
  if (pod.nodeName !== undefined) {
    return pod.nodeName === node.name ? undefined : "node(s) didn't match the requested node name";
  }
  if (node.unschedulable) return 'node(s) were unschedulable';
  if (!node.ready) return 'node(s) were not ready';
  for (const [key, value] of Object.entries(pod.nodeSelector)) {
    if (node.labels[key] !== value) return "node(s) didn't match Pod's node affinity/selector";
  }
  const taint = node.taints.find(
    (found) => repels(found) && !pod.tolerations.some((t) => tolerates(t, found)),
  );
  if (taint) return `node(s) had untolerated taint {${taint.key}: ${taint.value ?? ''}}`;
  const { allocatable, used } = node;
  if (used.pods + 1 > allocatable.pods) return 'Too many pods';
  if (used.cpuMillis + pod.requests.cpuMillis > allocatable.cpuMillis) return 'Insufficient cpu';
  if (used.memoryBytes + pod.requests.memoryBytes > allocatable.memoryBytes) return 'Insufficient memory';
  return undefined;
}

function repels({ effect }: Taint): boolean {
  return effect === 'NoSchedule' || effect === 'NoExecute';
}

export function tolerates(toleration: Toleration, taint: Taint): boolean {
  if (toleration.effect && toleration.effect !== taint.effect) return false;
  if (!toleration.key) return toleration.operator === 'Exists';
  if (toleration.key !== taint.key) return false;
  return toleration.operator === 'Exists' || (toleration.value ?? '') === (taint.value ?? '');
}

/** The share of the node that would stay free: what is asked for spreads over the nodes. */
function freeShare({ requests }: Wanted, { allocatable, used }: Candidate): number {
  const cpu = share(used.cpuMillis + requests.cpuMillis, allocatable.cpuMillis);
  const memory = share(used.memoryBytes + requests.memoryBytes, allocatable.memoryBytes);
  const pods = share(used.pods + 1, allocatable.pods);
  return 3 - cpu - memory - pods;
}

function share(used: number, total: number): number {
  return total > 0 ? used / total : 1;
}

/** `0/3 nodes are available: 1 Insufficient cpu, 2 node(s) were unschedulable.` */
export function explain(refused: ReadonlyMap<string, string>): string {
  if (refused.size === 0) return 'no nodes available to schedule pods';
  const counts = new Map<string, number>();
  for (const reason of refused.values()) counts.set(reason, (counts.get(reason) ?? 0) + 1);
  const parts = [...counts].map(([reason, count]) => `${count} ${reason}`).sort();
  return `0/${refused.size} nodes are available: ${parts.join(', ')}.`;
}
