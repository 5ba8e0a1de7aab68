// A node in words, laid out as kubectl does: what it is, what it has, and what its pods have been promised.
import type { Event } from '../../schemas/event.ts';
import type { Node } from '../../schemas/node.ts';
import type { Pod } from '../../schemas/pod/kind.ts';
import { nodeRoles } from '../print/columns.ts';
import { ageOf } from '../print/time.ts';
import { type Amounts, percentOf, podAmounts, totalsOf } from './amounts.ts';
import { describeEvents } from './events.ts';
import type { Page } from './page.ts';

export function describeNode(
  page: Page,
  node: Node,
  pods: readonly Pod[],
  events: readonly Event[] | undefined,
): void {
  const { metadata, spec = {}, status = {} } = node;
  page.field(0, 'Name', metadata.name);
  page.list('Roles', nodeRoles(node).length > 0 ? [nodeRoles(node).join(',')] : []);
  page.map('Labels', metadata.labels);
  page.annotations(metadata.annotations);
  page.field(0, 'CreationTimestamp', page.time(metadata.creationTimestamp));
  const taints = (spec.taints ?? []).map(
    ({ key, value, effect }) => `${key}${value ? `=${value}` : ''}:${effect}`,
  );
  page.list('Taints', taints.sort());
  page.field(0, 'Unschedulable', spec.unschedulable ?? false);
  describeConditions(page, status.conditions ?? []);
  page.line(0, 'Addresses:');
  for (const { type, address } of status.addresses ?? []) page.field(1, type, address);
  describeQuantities(page, 'Capacity', status.capacity);
  describeQuantities(page, 'Allocatable', status.allocatable);
  describeSystem(page, status.nodeInfo);
  if (spec.podCIDR) page.field(0, 'PodCIDR', spec.podCIDR);
  if (spec.podCIDRs?.length) page.field(0, 'PodCIDRs', spec.podCIDRs.join(','));
  if (spec.providerID) page.field(0, 'ProviderID', spec.providerID);
  describePods(page, pods, status.allocatable ?? status.capacity ?? {});
  describeEvents(page, events);
}

function describeConditions(
  page: Page,
  conditions: NonNullable<NonNullable<Node['status']>['conditions']>,
): void {
  if (conditions.length === 0) return;
  page.line(0, 'Conditions:\n  Type\tStatus\tLastHeartbeatTime\tLastTransitionTime\tReason\tMessage');
  page.line(1, '----\t------\t-----------------\t------------------\t------\t-------');
  for (const {
    type,
    status,
    lastHeartbeatTime,
    lastTransitionTime,
    reason = '',
    message = '',
  } of conditions) {
    const times = `${page.time(lastHeartbeatTime)} \t${page.time(lastTransitionTime)}`;
    page.line(1, `${type} \t${status} \t${times} \t${reason} \t${message}`);
  }
}

function describeQuantities(
  page: Page,
  label: string,
  map: Readonly<Record<string, string>> | undefined,
): void {
  const entries = Object.entries(map ?? {}).sort(([left], [right]) => (left < right ? -1 : 1));
  if (entries.length > 0) page.line(0, `${label}:`);
  for (const [name, quantity] of entries) page.field(1, name, quantity);
}

function describeSystem(page: Page, info: NonNullable<Node['status']>['nodeInfo']): void {
  page.line(0, 'System Info:');
  page.field(1, 'Machine ID', info?.machineID ?? '');
  page.field(1, 'System UUID', info?.systemUUID ?? '');
  page.field(1, 'Boot ID', info?.bootID ?? '');
  page.field(1, 'Kernel Version', info?.kernelVersion ?? '');
  page.field(1, 'OS Image', info?.osImage ?? '');
  page.field(1, 'Operating System', info?.operatingSystem ?? '');
  page.field(1, 'Architecture', info?.architecture ?? '');
  page.field(1, 'Container Runtime Version', info?.containerRuntimeVersion ?? '');
  page.field(1, 'Kubelet Version', info?.kubeletVersion ?? '');
  page.field(1, 'Kube-Proxy Version', info?.kubeProxyVersion ?? '');
}

function describePods(page: Page, pods: readonly Pod[], allocatable: Readonly<Record<string, string>>): void {
  page.line(0, `Non-terminated Pods:\t(${pods.length} in total)`);
  page.line(1, 'Namespace\tName\t\tCPU Requests\tCPU Limits\tMemory Requests\tMemory Limits\tAge');
  page.line(1, '---------\t----\t\t------------\t----------\t---------------\t-------------\t---');
  const of = (amounts: Amounts, resource: string) => {
    const amount = amounts[resource] ?? '0';
    return `${amount} (${percentOf(amount, allocatable[resource])}%)`;
  };
  for (const pod of pods) {
    const { requests, limits } = podAmounts(pod);
    const { namespace = '', name, creationTimestamp } = pod.metadata;
    const cpu = `${of(requests, 'cpu')}\t${of(limits, 'cpu')}`;
    const memory = `${of(requests, 'memory')}\t${of(limits, 'memory')}`;
    page.line(
      1,
      `${namespace}\t${name}\t\t${cpu}\t${memory}\t${ageOf(creationTimestamp, page.setting.nowMs)}`,
    );
  }
  page.line(0, 'Allocated resources:\n  (Total limits may be over 100 percent, i.e., overcommitted.)');
  page.line(1, 'Resource\tRequests\tLimits');
  page.line(1, '--------\t--------\t------');
  const { requests, limits } = totalsOf(pods);
  for (const resource of ['cpu', 'memory', 'ephemeral-storage', ...extendedOf(allocatable)]) {
    page.line(1, `${resource}\t${of(requests, resource)}\t${of(limits, resource)}`);
  }
}

/** Resources beside the usual ones, such as huge pages and devices. */
function extendedOf(allocatable: Readonly<Record<string, string>>): string[] {
  const usual = ['cpu', 'memory', 'ephemeral-storage', 'pods', 'storage'];
  return Object.keys(allocatable)
    .filter((resource) => !usual.includes(resource))
    .sort();
}
