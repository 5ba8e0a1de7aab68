// The rules for a Pod as a whole. Those for its parts are in the files beside this one.
import { isAddress, NOT_ADDRESS } from '../addresses.ts';
import type { Findings } from '../findings.ts';
import { NOT_NEGATIVE } from '../metadata-rules.ts';
import { labelErrors, qualifiedNameErrors, subdomainErrors } from '../names.ts';
import { checkContainers } from './container-rules.ts';
import type { Pod } from './kind.ts';
import { checkPlacement } from './placement-rules.ts';
import type { PodSpec } from './pod-spec.ts';
import { checkPodSecurity } from './security-rules.ts';
import { checkVolumes } from './volume-rules.ts';

const MAX_DEADLINE_SECONDS = 2 ** 31 - 1;
const MAX_NAMESERVERS = 3;
const MAX_SEARCHES = 32;

/** Reports everything Kubernetes refuses in a Pod. */
export function checkPod(pod: Pod, findings: Findings): void {
  const spec = pod.spec!;
  checkVolumes(spec, findings);
  checkContainers(spec, findings);
  checkTimes(spec, findings);
  checkNames(spec, findings);
  checkDns(spec, findings);
  checkPlacement(spec, findings);
  if (spec.securityContext !== undefined) checkPodSecurity(spec.securityContext, findings);
  if (spec.shareProcessNamespace && spec.hostPID) {
    const detail = 'ShareProcessNamespace and HostPID cannot both be enabled';
    findings.invalid('spec.shareProcessNamespace', true, detail);
  }
  spec.readinessGates?.forEach(({ conditionType }, i) => {
    const path = `spec.readinessGates[${i}].conditionType`;
    if (conditionType !== '') findings.invalidEach(path, conditionType, qualifiedNameErrors(conditionType));
  });
}

function checkTimes(spec: PodSpec, findings: Findings): void {
  const { activeDeadlineSeconds: deadline, terminationGracePeriodSeconds: grace } = spec;
  if (deadline !== undefined && (deadline < 1 || deadline > MAX_DEADLINE_SECONDS)) {
    const detail = `must be between 1 and ${MAX_DEADLINE_SECONDS}, inclusive`;
    findings.invalid('spec.activeDeadlineSeconds', deadline, detail);
  }
  if (grace !== undefined && grace < 0) {
    findings.invalid('spec.terminationGracePeriodSeconds', grace, NOT_NEGATIVE);
  }
}

function checkNames(spec: PodSpec, findings: Findings): void {
  for (const field of ['hostname', 'subdomain'] as const) {
    const name = spec[field];
    if (name) findings.invalidEach(`spec.${field}`, name, labelErrors(name));
  }
  for (const field of ['nodeName', 'serviceAccountName', 'runtimeClassName', 'priorityClassName'] as const) {
    const name = spec[field];
    if (name) findings.invalidEach(`spec.${field}`, name, subdomainErrors(name));
  }
}

function checkDns(spec: PodSpec, findings: Findings): void {
  spec.hostAliases?.forEach(({ ip, hostnames }, i) => {
    const path = `spec.hostAliases[${i}]`;
    if (ip !== '' && !isAddress(ip)) findings.invalid(`${path}.ip`, ip, NOT_ADDRESS);
    hostnames?.forEach((name, j) => {
      findings.invalidEach(`${path}.hostnames[${j}]`, name, subdomainErrors(name));
    });
  });
  const { nameservers = [], searches = [] } = spec.dnsConfig ?? {};
  const path = 'spec.dnsConfig';
  if (spec.dnsPolicy === 'None') {
    if (spec.dnsConfig === undefined) {
      findings.required(path, 'must provide `dnsConfig` when `dnsPolicy` is None');
    } else if (nameservers.length === 0) {
      const detail = 'must provide at least one DNS nameserver when `dnsPolicy` is None';
      findings.required(`${path}.nameservers`, detail);
    }
  }
  if (nameservers.length > MAX_NAMESERVERS) {
    const detail = `must not have more than ${MAX_NAMESERVERS} nameservers`;
    findings.invalid(`${path}.nameservers`, nameservers, detail);
  }
  if (searches.length > MAX_SEARCHES) {
    const detail = `must not have more than ${MAX_SEARCHES} search paths`;
    findings.invalid(`${path}.searches`, searches, detail);
  }
  nameservers.forEach((server, i) => {
    if (!isAddress(server)) findings.invalid(`${path}.nameservers[${i}]`, server, NOT_ADDRESS);
  });
}
