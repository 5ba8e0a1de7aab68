// The rules for the containers of a pod, of all three sorts.

import { isAddress, NOT_ADDRESS } from '../addresses.ts';
import type { Findings } from '../findings.ts';
import { labelErrors, portNameErrors, portNumberErrors } from '../names.ts';
import type { Container, ContainerPort } from './container.ts';
import { checkEnv } from './env-rules.ts';
import type { PodSpec } from './pod-spec.ts';
import { checkAction, checkProbe } from './probe-rules.ts';
import { checkResources } from './resource-rules.ts';
import { checkContainerSecurity } from './security-rules.ts';
import { checkMounts } from './volume-rules.ts';

const PROBES = ['livenessProbe', 'readinessProbe', 'startupProbe'] as const;

export function checkContainers(spec: PodSpec, findings: Findings): void {
  const volumes = new Set(spec.volumes?.map((volume) => volume.name));
  const names = new Set<string>();
  const hostPorts = new Set<string>();
  if (spec.containers.length === 0) findings.required('spec.containers');
  spec.containers.forEach((container, i) => {
    const path = `spec.containers[${i}]`;
    checkContainer(container, path, names, volumes, findings);
    checkHooks(container, path, findings);
    checkHostPorts(container, path, spec, hostPorts, findings);
    if (container.restartPolicy) {
      findings.forbidden(`${path}.restartPolicy`, 'may not be set for non-init containers');
    }
  });
  spec.initContainers?.forEach((container, i) => {
    const path = `spec.initContainers[${i}]`;
    checkContainer(container, path, names, volumes, findings);
    checkHostPorts(container, path, spec, new Set(), findings);
    checkInit(container, path, findings);
  });
  spec.ephemeralContainers?.forEach((container, i) => {
    const path = `spec.ephemeralContainers[${i}]`;
    checkContainer(container, path, names, volumes, findings);
    const target = container.targetContainerName;
    if (target && !spec.containers.some((other) => other.name === target)) {
      findings.notFound(`${path}.targetContainerName`, target);
    }
    for (const field of ['ports', 'lifecycle', ...PROBES] as const) {
      if (container[field] !== undefined) {
        findings.forbidden(`${path}.${field}`, 'not allowed for ephemeral containers');
      }
    }
  });
}

function checkContainer(
  container: Container,
  path: string,
  names: Set<string>,
  volumes: ReadonlySet<string>,
  findings: Findings,
): void {
  const { name, image } = container;
  if (name !== '') {
    findings.invalidEach(`${path}.name`, name, labelErrors(name));
    if (names.has(name)) findings.duplicate(`${path}.name`, name);
    names.add(name);
  }
  if (!image) findings.required(`${path}.image`);
  else if (image !== image.trim()) {
    findings.invalid(`${path}.image`, image, 'must not have leading or trailing whitespace');
  }
  if (container.ports !== undefined) checkPorts(container.ports, `${path}.ports`, findings);
  checkEnv(container, path, findings);
  checkMounts(container, path, volumes, findings);
  if (container.resources !== undefined) checkResources(container.resources, `${path}.resources`, findings);
  if (container.securityContext !== undefined) {
    checkContainerSecurity(container.securityContext, `${path}.securityContext`, findings);
  }
}

function checkHooks(container: Container, path: string, findings: Findings): void {
  const { lifecycle } = container;
  if (lifecycle?.postStart) checkAction(lifecycle.postStart, `${path}.lifecycle.postStart`, findings);
  if (lifecycle?.preStop) checkAction(lifecycle.preStop, `${path}.lifecycle.preStop`, findings);
  for (const field of PROBES) {
    const probe = container[field];
    if (probe !== undefined) checkProbe(probe, `${path}.${field}`, field !== 'readinessProbe', findings);
  }
}

function checkInit(container: Container, path: string, findings: Findings): void {
  const policy = container.restartPolicy;
  if (policy && policy !== 'Always') findings.unsupported(`${path}.restartPolicy`, policy, ['Always']);
  if (policy === 'Always') {
    checkHooks(container, path, findings);
    return;
  }
  for (const field of ['lifecycle', ...PROBES] as const) {
    if (container[field] !== undefined) {
      findings.forbidden(
        `${path}.${field}`,
        'may not be set for init containers without restartPolicy=Always',
      );
    }
  }
}

function checkPorts(ports: readonly ContainerPort[], path: string, findings: Findings): void {
  const names = new Set<string>();
  ports.forEach(({ name, containerPort, hostPort, hostIP }, i) => {
    const at = `${path}[${i}]`;
    if (name) {
      const errors = portNameErrors(name);
      findings.invalidEach(`${at}.name`, name, errors);
      if (errors.length === 0 && names.has(name)) findings.duplicate(`${at}.name`, name);
      names.add(name);
    }
    if (containerPort !== 0) {
      findings.invalidEach(`${at}.containerPort`, containerPort, portNumberErrors(containerPort));
    } else findings.required(`${at}.containerPort`);
    if (hostPort) findings.invalidEach(`${at}.hostPort`, hostPort, portNumberErrors(hostPort));
    if (hostIP && !isAddress(hostIP)) findings.invalid(`${at}.hostIP`, hostIP, NOT_ADDRESS);
  });
}

function checkHostPorts(
  container: Container,
  path: string,
  spec: PodSpec,
  taken: Set<string>,
  findings: Findings,
): void {
  container.ports?.forEach((port, i) => {
    const at = `${path}.ports[${i}]`;
    if (spec.hostNetwork && port.hostPort !== port.containerPort) {
      findings.invalid(
        `${at}.containerPort`,
        port.containerPort,
        'must match `hostPort` when `hostNetwork` is true',
      );
    }
    if (!port.hostPort) return;
    const claim = `${port.protocol}/${port.hostIP ?? ''}/${port.hostPort}`;
    if (taken.has(claim)) findings.duplicate(`${at}.hostPort`, claim);
    taken.add(claim);
  });
}
