// The rules for users, privileges and profiles.
import type { Findings } from '../findings.ts';
import type { PodSecurityContext, SecurityContext } from './security.ts';

const MAX_ID = 2 ** 31 - 1;
const ID_RANGE = `must be between 0 and ${MAX_ID}, inclusive`;
const SYSCTL = '[a-z0-9]([-_a-z0-9]*[a-z0-9])?([\\./][a-z0-9]([-_a-z0-9]*[a-z0-9])?)*';
const IS_SYSCTL = new RegExp(`^${SYSCTL}$`);

export function checkContainerSecurity(context: SecurityContext, path: string, findings: Findings): void {
  checkIdentity(context, path, findings);
  if (context.allowPrivilegeEscalation !== false) return;
  const without = 'cannot set `allowPrivilegeEscalation` to false and';
  if (context.privileged) findings.invalid(path, context, `${without} \`privileged\` to true`);
  if (context.capabilities?.add?.includes('CAP_SYS_ADMIN')) {
    findings.invalid(path, context, `${without} \`capabilities.Add\` CAP_SYS_ADMIN`);
  }
}

export function checkPodSecurity(context: PodSecurityContext, findings: Findings): void {
  const path = 'spec.securityContext';
  checkIdentity(context, path, findings);
  checkId(context.fsGroup, `${path}.fsGroup`, findings);
  context.supplementalGroups?.forEach((group, i) => {
    checkId(group, `${path}.supplementalGroups[${i}]`, findings);
  });
  const names = new Set<string>();
  context.sysctls?.forEach(({ name }, i) => {
    const at = `${path}.sysctls[${i}].name`;
    if (name === '') return;
    if (!IS_SYSCTL.test(name)) {
      findings.invalid(at, name, `must have at most 253 characters and match regex ^${SYSCTL}$`);
    } else if (names.has(name)) findings.duplicate(at, name);
    names.add(name);
  });
}

function checkIdentity(
  context: SecurityContext & PodSecurityContext,
  path: string,
  findings: Findings,
): void {
  checkId(context.runAsUser, `${path}.runAsUser`, findings);
  checkId(context.runAsGroup, `${path}.runAsGroup`, findings);
  for (const field of ['seccompProfile', 'appArmorProfile'] as const) {
    const profile = context[field];
    if (profile === undefined) continue;
    const at = `${path}.${field}.localhostProfile`;
    if (profile.type === 'Localhost' && !profile.localhostProfile) {
      findings.required(at, 'must be set when type is Localhost');
    } else if (profile.type !== 'Localhost' && profile.localhostProfile) {
      findings.invalid(at, profile.localhostProfile, 'can only be set when type is Localhost');
    }
  }
}

function checkId(id: number | undefined, path: string, findings: Findings): void {
  if (id !== undefined && (id < 0 || id > MAX_ID)) findings.invalid(path, id, ID_RANGE);
}
