// The rules for environment variables and where their values come from.
import type { Findings } from '../findings.ts';
import { configKeyErrors, envNameErrors, subdomainErrors } from '../names.ts';
import type { Container, EnvFromSource, EnvVar } from './container.ts';

const ENV_FIELDS = [
  'metadata.name',
  'metadata.namespace',
  'metadata.uid',
  'spec.nodeName',
  'spec.serviceAccountName',
  'status.hostIP',
  'status.hostIPs',
  'status.podIP',
  'status.podIPs',
];
const SUBSCRIPT = /^metadata\.(annotations|labels)\['[^']+'\]$/;
export const RESOURCES = [
  'limits.cpu',
  'limits.ephemeral-storage',
  'limits.memory',
  'requests.cpu',
  'requests.ephemeral-storage',
  'requests.memory',
];
const ONE_ONLY = 'may not have more than one field specified at a time';

export function checkEnv(container: Container, path: string, findings: Findings): void {
  container.env?.forEach((variable, i) => {
    checkVariable(variable, `${path}.env[${i}]`, findings);
  });
  container.envFrom?.forEach((source, i) => {
    checkEnvFrom(source, `${path}.envFrom[${i}]`, findings);
  });
}

function checkVariable(variable: EnvVar, path: string, findings: Findings): void {
  if (variable.name !== '') findings.invalidEach(`${path}.name`, variable.name, envNameErrors(variable.name));
  const source = variable.valueFrom;
  if (source === undefined) return;
  const at = `${path}.valueFrom`;
  const { fieldRef, resourceFieldRef, configMapKeyRef, secretKeyRef } = source;
  const given = [fieldRef, resourceFieldRef, configMapKeyRef, secretKeyRef, source.fileKeyRef].filter(
    (ref) => ref !== undefined,
  );
  if (given.length === 0) {
    const ways = '`fieldRef`, `resourceFieldRef`, `configMapKeyRef`, `secretKeyRef` or `fileKeyRef`';
    findings.invalid(at, '', `must specify one of: ${ways}`);
  } else if (variable.value) {
    findings.invalid(at, '', 'may not be specified when `value` is not empty');
  } else if (given.length > 1) findings.invalid(at, '', ONE_ONLY);
  const fieldPath = fieldRef?.fieldPath;
  if (fieldPath && !ENV_FIELDS.includes(fieldPath) && !SUBSCRIPT.test(fieldPath)) {
    findings.unsupported(`${at}.fieldRef.fieldPath`, fieldPath, ENV_FIELDS);
  }
  const resource = resourceFieldRef?.resource;
  if (resource && !isResource(resource)) {
    findings.unsupported(`${at}.resourceFieldRef.resource`, resource, RESOURCES);
  }
  checkKey(configMapKeyRef, `${at}.configMapKeyRef`, findings);
  checkKey(secretKeyRef, `${at}.secretKeyRef`, findings);
}

export function isResource(name: string): boolean {
  return RESOURCES.includes(name) || /^(limits|requests)\.hugepages-/.test(name);
}

function checkKey(ref: { name?: string; key: string } | undefined, path: string, findings: Findings): void {
  if (ref === undefined) return;
  if (ref.name) findings.invalidEach(`${path}.name`, ref.name, subdomainErrors(ref.name));
  if (ref.key !== '') findings.invalidEach(`${path}.key`, ref.key, configKeyErrors(ref.key));
}

function checkEnvFrom(source: EnvFromSource, path: string, findings: Findings): void {
  const { prefix, configMapRef, secretRef } = source;
  if (prefix) findings.invalidEach(`${path}.prefix`, prefix, envNameErrors(prefix));
  if (configMapRef === undefined && secretRef === undefined) {
    findings.invalid(path, '', 'must specify one of: `configMapRef` or `secretRef`');
  } else if (configMapRef !== undefined && secretRef !== undefined) findings.invalid(path, '', ONE_ONLY);
  for (const [field, ref] of Object.entries({ configMapRef, secretRef })) {
    if (ref?.name) findings.invalidEach(`${path}.${field}.name`, ref.name, subdomainErrors(ref.name));
  }
}
