// What may change in the spec of a Pod that exists: little, since its containers already run.
import type { Findings } from '../findings.ts';
import { quote } from '../findings.ts';
import { isPlainObject } from '../shape.ts';
import type { Toleration } from './affinity.ts';
import type { Container } from './container.ts';
import type { Pod } from './kind.ts';
import type { PodSpec } from './pod-spec.ts';

const MAY_CHANGE =
  'pod updates may not change fields other than `spec.containers[*].image`,`spec.initContainers[*].image`,' +
  '`spec.activeDeadlineSeconds`,`spec.tolerations` (only additions to existing tolerations),' +
  '`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)';
const MAX_SHOWN = 10;

/** Reports changes Kubernetes refuses. */
export function checkPodUpdate(before: Pod, after: Pod, findings: Findings): void {
  const [was, is] = [before.spec!, after.spec!];
  for (const field of ['containers', 'initContainers'] as const) {
    if ((was[field] ?? []).length !== (is[field] ?? []).length) {
      findings.forbidden(`spec.${field}`, 'pod updates may not add or remove containers');
      return;
    }
  }
  checkDeadline(was.activeDeadlineSeconds, is.activeDeadlineSeconds, findings);
  checkTolerations(was.tolerations ?? [], is.tolerations ?? [], findings);
  for (const { name } of is.schedulingGates ?? []) {
    if (!was.schedulingGates?.some((gate) => gate.name === name)) {
      const detail = `only deletion is allowed, but found new scheduling gate '${name}'`;
      findings.forbidden('spec.schedulingGates', detail);
    }
  }
  const changes = changesOf(was, withoutAllowed(was, is), 'spec');
  if (changes.length === 0) return;
  const shown = changes.slice(0, MAX_SHOWN);
  if (changes.length > MAX_SHOWN) shown.push(`and ${changes.length - MAX_SHOWN} more`);
  findings.forbidden('spec', [MAY_CHANGE, ...shown].join('\n  '));
}

function checkDeadline(was: number | undefined, is: number | undefined, findings: Findings): void {
  const path = 'spec.activeDeadlineSeconds';
  if (was === undefined || was === is) return;
  if (is === undefined) findings.invalid(path, is, 'must not update from a positive integer to nil value');
  else if (is > was) findings.invalid(path, is, 'must be less than or equal to previous value');
}

function checkTolerations(was: readonly Toleration[], is: readonly Toleration[], findings: Findings): void {
  const kept = was.every((old) =>
    is.some(
      (next) =>
        changesOf({ ...old, tolerationSeconds: 0 }, { ...next, tolerationSeconds: 0 }, '').length === 0,
    ),
  );
  if (!kept) {
    findings.forbidden(
      'spec.tolerations',
      'existing toleration can not be modified except its tolerationSeconds',
    );
  }
}

/** The new spec with everything that may change set back to what it was. */
function withoutAllowed(was: PodSpec, is: PodSpec): PodSpec {
  const images = (next: Container[] | undefined, old: Container[] | undefined) =>
    next?.map((container, i) => ({ ...container, image: old?.[i]?.image }));
  const graceAllowed = (was.terminationGracePeriodSeconds ?? 0) < 0 && is.terminationGracePeriodSeconds === 1;
  const gated = (was.schedulingGates ?? []).length > 0;
  return {
    ...is,
    containers: images(is.containers, was.containers)!,
    initContainers: images(is.initContainers, was.initContainers),
    // Debug containers come through a door of their own.
    ephemeralContainers: is.ephemeralContainers,
    activeDeadlineSeconds: was.activeDeadlineSeconds,
    tolerations: was.tolerations,
    schedulingGates: was.schedulingGates,
    terminationGracePeriodSeconds: graceAllowed
      ? was.terminationGracePeriodSeconds
      : is.terminationGracePeriodSeconds,
    // While a pod is gated, where it may go can still be narrowed.
    ...(gated ? { nodeSelector: was.nodeSelector, affinity: was.affinity } : {}),
  };
}

/** `path: old -> new` for every value that differs. Absent, null and empty are the same. */
function changesOf(was: unknown, is: unknown, path: string): string[] {
  if (was === is || (isEmpty(was) && isEmpty(is))) return [];
  if (Array.isArray(was) && Array.isArray(is)) {
    return Array.from({ length: Math.max(was.length, is.length) }, (_, i) =>
      changesOf(was[i], is[i], `${path}[${i}]`),
    ).flat();
  }
  if (isPlainObject(was) && isPlainObject(is)) {
    const keys = new Set([...Object.keys(was), ...Object.keys(is)]);
    return [...keys].flatMap((key) => changesOf(was[key], is[key], `${path}.${key}`));
  }
  return [`${path}: ${quote(was)} -> ${quote(is)}`];
}

function isEmpty(value: unknown): boolean {
  if (value === undefined || value === null) return true;
  return typeof value === 'object' && Object.keys(value).length === 0;
}
