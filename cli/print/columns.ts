// The columns of each kind: headers and cells as kubectl prints them. Kinds without columns of their own show
// NAME and AGE.
import type { Event } from '../../schemas/event.ts';
import type { Kind } from '../../schemas/kinds.ts';
import type { Node } from '../../schemas/node.ts';
import type { KubeObject } from '../../schemas/object.ts';
import type { Pod } from '../../schemas/pod/kind.ts';
import { summarise } from './pod-status.ts';
import { ageOf } from './time.ts';

export interface Column {
  readonly header: string;
  /** Shown with `-o wide` only. */
  readonly wide?: true;
  readonly cell: (object: any, nowMs: number) => string;
}

const NONE = '<none>';
const name: Column = { header: 'NAME', cell: (object: KubeObject) => object.metadata.name };
const age: Column = {
  header: 'AGE',
  cell: (object: KubeObject, nowMs) => ageOf(object.metadata.creationTimestamp, nowMs),
};

const POD: readonly Column[] = [
  name,
  { header: 'READY', cell: (pod: Pod, nowMs) => summarise(pod, nowMs).ready },
  { header: 'STATUS', cell: (pod: Pod, nowMs) => summarise(pod, nowMs).status },
  { header: 'RESTARTS', cell: (pod: Pod, nowMs) => summarise(pod, nowMs).restarts },
  age,
  { header: 'IP', wide: true, cell: (pod: Pod) => pod.status?.podIPs?.[0]?.ip || pod.status?.podIP || NONE },
  { header: 'NODE', wide: true, cell: (pod: Pod) => pod.spec?.nodeName || NONE },
  { header: 'NOMINATED NODE', wide: true, cell: (pod: Pod) => pod.status?.nominatedNodeName || NONE },
  { header: 'READINESS GATES', wide: true, cell: gates },
];

function gates(pod: Pod): string {
  const wanted = pod.spec?.readinessGates ?? [];
  if (wanted.length === 0) return NONE;
  const isTrue = (type: string) =>
    (pod.status?.conditions ?? []).some(
      (condition) => condition.type === type && condition.status === 'True',
    );
  return `${wanted.filter(({ conditionType }) => isTrue(conditionType)).length}/${wanted.length}`;
}

const NODE: readonly Column[] = [
  name,
  { header: 'STATUS', cell: nodeStatusWord },
  { header: 'ROLES', cell: (node: Node) => nodeRoles(node).join(',') || NONE },
  age,
  { header: 'VERSION', cell: (node: Node) => node.status?.nodeInfo?.kubeletVersion ?? '' },
  { header: 'INTERNAL-IP', wide: true, cell: (node: Node) => addressOf(node, 'InternalIP') },
  { header: 'EXTERNAL-IP', wide: true, cell: (node: Node) => addressOf(node, 'ExternalIP') },
  { header: 'OS-IMAGE', wide: true, cell: (node: Node) => node.status?.nodeInfo?.osImage || '<unknown>' },
  {
    header: 'KERNEL-VERSION',
    wide: true,
    cell: (node: Node) => node.status?.nodeInfo?.kernelVersion || '<unknown>',
  },
  {
    header: 'CONTAINER-RUNTIME',
    wide: true,
    cell: (node: Node) => node.status?.nodeInfo?.containerRuntimeVersion || '<unknown>',
  },
];

function nodeStatusWord(node: Node): string {
  const ready = node.status?.conditions?.find(({ type }) => type === 'Ready');
  const word = ready ? (ready.status === 'True' ? 'Ready' : 'NotReady') : 'Unknown';
  return node.spec?.unschedulable ? `${word},SchedulingDisabled` : word;
}

/** From the labels `node-role.kubernetes.io/<role>` and `kubernetes.io/role`. */
export function nodeRoles(node: KubeObject): string[] {
  const roles = new Set<string>();
  for (const [key, value] of Object.entries(node.metadata.labels ?? {})) {
    if (key.startsWith('node-role.kubernetes.io/')) roles.add(key.slice('node-role.kubernetes.io/'.length));
    else if (key === 'kubernetes.io/role') roles.add(value);
  }
  roles.delete('');
  return [...roles].sort();
}

function addressOf(node: Node, type: string): string {
  return node.status?.addresses?.find((address) => address.type === type)?.address ?? NONE;
}

const NAMESPACE: readonly Column[] = [
  name,
  { header: 'STATUS', cell: (object: KubeObject) => String(object.status?.phase ?? 'Active') },
  age,
];

const EVENT: readonly Column[] = [
  { header: 'LAST SEEN', cell: (event: Event, nowMs) => ageOf(lastSeen(event), nowMs) },
  { header: 'TYPE', cell: (event: Event) => event.type ?? '' },
  { header: 'REASON', cell: (event: Event) => event.reason ?? '' },
  { header: 'OBJECT', cell: involved },
  { header: 'SUBOBJECT', wide: true, cell: (event: Event) => event.involvedObject.fieldPath ?? '' },
  { header: 'SOURCE', wide: true, cell: eventSource },
  { header: 'MESSAGE', cell: (event: Event) => (event.message ?? '').trim() },
  { header: 'FIRST SEEN', wide: true, cell: (event: Event, nowMs) => ageOf(firstSeen(event), nowMs) },
  { header: 'COUNT', wide: true, cell: (event: Event) => String(event.series?.count ?? event.count ?? 1) },
  { header: 'NAME', wide: true, cell: (event: Event) => event.metadata.name },
];

export function lastSeen(event: Event): string | undefined {
  return event.series?.lastObservedTime ?? event.lastTimestamp ?? firstSeen(event);
}

/** Oldest first. Kubernetes writes whole seconds; within one the order in which they were stored decides. */
export function byLastSeen(left: KubeObject, right: KubeObject): number {
  const [one, other] = [lastSeen(left as Event) ?? '', lastSeen(right as Event) ?? ''];
  if (one !== other) return one < other ? -1 : 1;
  return Number(left.metadata.resourceVersion ?? 0) - Number(right.metadata.resourceVersion ?? 0);
}

export function firstSeen(event: Event): string | undefined {
  return event.firstTimestamp ?? event.eventTime ?? event.metadata.creationTimestamp;
}

function involved({ involvedObject: { kind = '', name: of = '' } }: Event): string {
  return of ? `${kind.toLowerCase()}/${of}` : kind.toLowerCase();
}

/** `component, host`. */
export function eventSource(event: Event): string {
  const component = event.source?.component || event.reportingComponent || '';
  const host = event.source?.host || '';
  return host ? `${component}, ${host}` : component;
}

const COLUMNS: Readonly<Record<string, readonly Column[]>> = {
  pods: POD,
  nodes: NODE,
  namespaces: NAMESPACE,
  events: EVENT,
};

/** The columns of a kind. */
export function columnsOf(kind: Pick<Kind, 'plural'>, wide: boolean): Column[] {
  const columns = COLUMNS[kind.plural] ?? [name, age];
  return columns.filter((column) => wide || !column.wide);
}
