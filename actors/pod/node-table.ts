// What a host knows of the nodes, for placement: kept up to date by the view, never listed. It may be a little behind;
// the node's own answer to an offer corrects it.

import { hashOf, keyOf } from '../../messaging/identity.ts';
import type { KubeObject } from '../../schemas/object.ts';
import { bytesOf, cpuMillis, parseQuantity } from '../../schemas/quantity.ts';
import type { Change, View } from '../kernel/view.ts';
import type { PodRequests } from '../node/protocol.ts';
import type { Candidate, Taint } from './placement.ts';
import { requestsOf } from './requests.ts';

interface Use {
  readonly node: string;
  readonly cpuMillis: number;
  readonly memoryBytes: number;
}

interface Total {
  cpuMillis: number;
  memoryBytes: number;
  pods: number;
}

const tables = new WeakMap<View, NodeTable>();

/** The table of this process; made with the first question. */
export function nodeTableOf(view: View): NodeTable {
  let table = tables.get(view);
  if (!table) {
    table = new NodeTable(view);
    tables.set(view, table);
  }
  return table;
}

export class NodeTable {
  private readonly view: View;
  private readonly nodes = new Map<string, Candidate>();
  private readonly uses = new Map<string, Use>();
  private readonly totals = new Map<string, Total>();

  constructor(view: View) {
    this.view = view;
    for (const plural of ['nodes', 'pods']) {
      for (const now of view.all(plural))
        this.take({ key: now.key, revision: now.revision, now, before: undefined });
    }
    view.onChange((change) => this.take(change));
  }

  candidates(): Iterable<Candidate> {
    return this.nodes.values();
  }

  /**
   * Counts a pod as placed before the view shows it, so that the next one sees the node fuller. Not one that the view
   * does not show: it is gone, or soon to be seen, and nothing would ever take the count of the former back.
   */
  expect(pod: { namespace: string; name: string }, uid: string, node: string, requests: PodRequests): void {
    const key = keyOf({ plural: 'pods', ...pod });
    if (this.view.get(key)?.record.object.metadata.uid === uid) this.use(key, { node, ...requests });
  }

  private take({ key, now }: Change): void {
    if (key.startsWith('nodes.')) this.takeNode(key, now?.record.object);
    else if (key.startsWith('pods.')) this.use(key, now ? useOf(now.record.object) : undefined);
  }

  private takeNode(key: string, node: KubeObject | undefined): void {
    if (!node) this.nodes.delete(key);
    else this.nodes.set(key, { ...candidateOf(node), used: this.totalOf(node.metadata.name) });
  }

  private use(key: string, next: Use | undefined): void {
    const before = this.uses.get(key);
    if (before) this.add(before, -1);
    if (next) {
      this.uses.set(key, next);
      this.add(next, 1);
    } else {
      this.uses.delete(key);
    }
  }

  private add(use: Use, sign: 1 | -1): void {
    const total = this.totalOf(use.node);
    total.cpuMillis += sign * use.cpuMillis;
    total.memoryBytes += sign * use.memoryBytes;
    total.pods += sign;
  }

  /** The one counter of a node; its candidate holds the same, so that a ranking copies nothing. */
  private totalOf(node: string): Total {
    let total = this.totals.get(node);
    if (!total) {
      total = { cpuMillis: 0, memoryBytes: 0, pods: 0 };
      this.totals.set(node, total);
    }
    return total;
  }
}

/** An ended or unbound pod uses nothing. */
function useOf(pod: KubeObject): Use | undefined {
  const node = (pod.spec as { nodeName?: string } | undefined)?.nodeName;
  const phase = (pod.status as { phase?: string } | undefined)?.phase;
  if (!node || phase === 'Succeeded' || phase === 'Failed') return undefined;
  return { node, ...requestsOf(pod) };
}

/** What cannot be read is not there to be promised. */
function amount(text: string, read: (text: string) => number): number {
  return parseQuantity(text).ok ? read(text) : 0;
}

function candidateOf(node: KubeObject): Omit<Candidate, 'used'> {
  const spec = (node.spec ?? {}) as { unschedulable?: boolean; taints?: Taint[] };
  const status = (node.status ?? {}) as {
    allocatable?: Record<string, string>;
    conditions?: { type: string; status: string }[];
  };
  const { cpu = '0', memory = '0', pods = '0' } = status.allocatable ?? {};
  return {
    name: node.metadata.name,
    lot: hashOf(node.metadata.name),
    ready: (status.conditions ?? []).some(({ type, status: value }) => type === 'Ready' && value === 'True'),
    unschedulable: spec.unschedulable === true,
    labels: node.metadata.labels ?? {},
    taints: spec.taints ?? [],
    allocatable: {
      cpuMillis: amount(cpu, cpuMillis),
      memoryBytes: amount(memory, bytesOf),
      pods: Number(pods),
    },
  };
}
