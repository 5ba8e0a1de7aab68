// A pod in words, laid out as kubectl does.
import type { Event } from '../../schemas/event.ts';
import type { Pod } from '../../schemas/pod/kind.ts';
import { ageOf } from '../print/time.ts';
import { type Container, describeContainers, describeResources } from './container.ts';
import { describeEvents } from './events.ts';
import type { Page } from './page.ts';
import { describeVolumes } from './volumes.ts';

type Toleration = NonNullable<NonNullable<Pod['spec']>['tolerations']>[number];

export function describePod(page: Page, pod: Pod, events: readonly Event[] | undefined): void {
  const { metadata, spec = { containers: [] }, status = {} } = pod;
  describeHead(page, pod);
  describeAddresses(page, pod);
  const owner = metadata.ownerReferences?.find(({ controller }) => controller);
  if (owner) page.field(0, 'Controlled By', `${owner.kind}/${owner.name}`);
  if (status.nominatedNodeName) page.field(0, 'NominatedNodeName', status.nominatedNodeName);
  if (spec.resources) {
    page.line(0, 'Resources:');
    describeResources(page, 1, spec.resources);
  }
  const { initContainers = [], containers, ephemeralContainers = [] } = spec;
  if (initContainers.length > 0) {
    describeContainers(page, 'Init Containers', initContainers, status.initContainerStatuses, pod);
  }
  describeContainers(page, 'Containers', containers, status.containerStatuses, pod);
  if (ephemeralContainers.length > 0) {
    const own = ephemeralContainers as unknown as Container[];
    describeContainers(page, 'Ephemeral Containers', own, status.ephemeralContainerStatuses, pod);
  }
  describeConditions(page, pod);
  describeVolumes(page, spec.volumes ?? []);
  page.field(0, 'QoS Class', status.qosClass ?? 'BestEffort');
  page.map('Node-Selectors', spec.nodeSelector);
  page.list('Tolerations', (spec.tolerations ?? []).map(tolerationText).sort());
  describeEvents(page, events);
}

function describeHead(page: Page, { metadata, spec, status = {} }: Pod): void {
  page.field(0, 'Name', metadata.name);
  page.field(0, 'Namespace', metadata.namespace ?? '');
  if (spec?.priority !== undefined) page.field(0, 'Priority', spec.priority);
  if (spec?.priorityClassName) page.field(0, 'Priority Class Name', spec.priorityClassName);
  if (spec?.runtimeClassName) page.field(0, 'Runtime Class Name', spec.runtimeClassName);
  if (spec?.serviceAccountName) page.field(0, 'Service Account', spec.serviceAccountName);
  page.field(0, 'Node', spec?.nodeName ? `${spec.nodeName}/${status.hostIP ?? ''}` : '<none>');
  if (status.startTime) page.field(0, 'Start Time', page.time(status.startTime));
  page.map('Labels', metadata.labels);
  page.annotations(metadata.annotations);
  const ended = status.phase === 'Failed' || status.phase === 'Succeeded';
  if (metadata.deletionTimestamp && !ended) {
    page.field(0, 'Status', `Terminating (lasts ${ageOf(metadata.deletionTimestamp, page.setting.nowMs)})`);
    page.field(0, 'Termination Grace Period', `${metadata.deletionGracePeriodSeconds ?? 0}s`);
  } else page.field(0, 'Status', status.phase ?? '');
  if (status.reason) page.field(0, 'Reason', status.reason);
  if (status.message) page.field(0, 'Message', status.message);
  const profile = spec?.securityContext?.seccompProfile;
  if (profile) page.field(0, 'SeccompProfile', profile.type);
}

function describeAddresses(page: Page, { status = {} }: Pod): void {
  page.field(0, 'IP', status.podIP ?? '');
  const addresses = status.podIPs ?? [];
  page.line(0, addresses.length === 0 ? 'IPs:\t<none>' : 'IPs:');
  for (const { ip } of addresses) page.field(1, 'IP', ip ?? '');
}

function describeConditions(page: Page, { spec, status = {} }: Pod): void {
  const conditions = status.conditions ?? [];
  const gates = spec?.readinessGates ?? [];
  if (gates.length > 0) page.line(0, 'Readiness Gates:\n  Type\tStatus');
  for (const { conditionType } of gates) {
    const found = conditions.find(({ type }) => type === conditionType);
    page.line(1, `${conditionType} \t${found?.status ?? '<none>'} `);
  }
  if (conditions.length > 0) page.line(0, 'Conditions:\n  Type\tStatus');
  for (const { type, status: value } of conditions) page.line(1, `${type} \t${value} `);
}

/** `key=value:effect op=Exists for 30s`. */
function tolerationText({ key = '', value = '', effect, operator, tolerationSeconds }: Toleration): string {
  let text = key;
  if (value) text += `=${value}`;
  if (effect) text += `:${effect}`;
  if (operator === 'Exists' && !value) {
    text += key || effect ? ' op=Exists' : 'op=Exists';
  }
  if (tolerationSeconds !== undefined) text += ` for ${tolerationSeconds}s`;
  return text;
}
