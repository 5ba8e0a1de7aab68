// The rules for volumes and their mounts.
import { child, type Findings } from '../findings.ts';
import { labelErrors } from '../names.ts';
import { nanosOf } from '../quantity.ts';
import type { Container } from './container.ts';
import { isResource, RESOURCES } from './env-rules.ts';
import type { PodSpec } from './pod-spec.ts';
import { VOLUME_SOURCES, type Volume, type VolumeProjection } from './volume.ts';

const BAD_MODE = 'must be a number between 0 and 0777 (octal), both inclusive';
const MAX_MODE = 0o777;
const FILE_FIELDS = [
  'metadata.annotations',
  'metadata.labels',
  'metadata.name',
  'metadata.namespace',
  'metadata.uid',
];
const MIN_TOKEN_SECONDS = 600;
const MAX_TOKEN_SECONDS = 2 ** 32;

export function checkVolumes(spec: PodSpec, findings: Findings): void {
  const names = new Set<string>();
  spec.volumes?.forEach((volume, i) => {
    const path = `spec.volumes[${i}]`;
    if (volume.name !== '') {
      findings.invalidEach(`${path}.name`, volume.name, labelErrors(volume.name));
      if (names.has(volume.name)) findings.duplicate(`${path}.name`, volume.name);
      names.add(volume.name);
    }
    const sources = VOLUME_SOURCES.filter((source) => Object.hasOwn(volume, source));
    if (sources.length === 0) findings.required(path, 'must specify a volume type');
    for (const extra of sources.slice(1)) {
      findings.forbidden(child(path, extra), 'may not specify more than 1 volume type');
    }
    checkSource(volume, path, findings);
  });
}

function checkSource(volume: Volume, path: string, findings: Findings): void {
  const { configMap, secret, downwardAPI, emptyDir, hostPath, projected } = volume;
  if (configMap) checkKeyed(configMap, 'name', `${path}.configMap`, findings);
  if (secret) checkKeyed(secret, 'secretName', `${path}.secret`, findings);
  if (downwardAPI) {
    checkMode(downwardAPI.defaultMode, `${path}.downwardAPI.defaultMode`, findings);
    checkDownwardFiles(downwardAPI.items, `${path}.downwardAPI`, findings);
  }
  if (emptyDir?.sizeLimit !== undefined && nanosOf(emptyDir.sizeLimit) < 0n) {
    findings.forbidden(`${path}.emptyDir.sizeLimit`, 'SizeLimit field must be a valid resource quantity');
  }
  if (hostPath) checkNoParent(hostPath.path, `${path}.hostPath.path`, findings);
  if (volume.nfs?.path && !volume.nfs.path.startsWith('/')) {
    findings.invalid(`${path}.nfs.path`, volume.nfs.path, 'must be an absolute path');
  }
  if (volume.image && !volume.image.reference) findings.required(`${path}.image.reference`);
  if (volume.ephemeral && !volume.ephemeral.volumeClaimTemplate) {
    findings.required(`${path}.ephemeral.volumeClaimTemplate`);
  }
  if (!projected) return;
  checkMode(projected.defaultMode, `${path}.projected.defaultMode`, findings);
  projected.sources?.forEach((source, i) => {
    checkProjection(source, `${path}.projected.sources[${i}]`, findings);
  });
}

interface Keyed {
  readonly name?: string;
  readonly secretName?: string;
  readonly defaultMode?: number;
  readonly items?: readonly { key: string; path: string; mode?: number }[];
}

function checkKeyed(source: Keyed, nameField: 'name' | 'secretName', path: string, findings: Findings): void {
  if (!source[nameField]) findings.required(child(path, nameField));
  checkMode(source.defaultMode, `${path}.defaultMode`, findings);
  source.items?.forEach(({ path: file, mode }, i) => {
    const at = `${path}.items[${i}]`;
    if (file !== '') checkRelative(file, `${at}.path`, findings);
    checkMode(mode, `${at}.mode`, findings);
  });
}

type DownwardFiles = NonNullable<Volume['downwardAPI']>['items'];

function checkDownwardFiles(files: DownwardFiles, path: string, findings: Findings): void {
  files?.forEach(({ path: file, fieldRef, resourceFieldRef, mode }, i) => {
    const at = `${path}.items[${i}]`;
    if (file !== '') checkRelative(file, `${at}.path`, findings);
    checkMode(mode, `${at}.mode`, findings);
    if (fieldRef && resourceFieldRef) {
      findings.invalid(at, 'resource', 'fieldRef and resourceFieldRef can not be specified simultaneously');
    } else if (fieldRef) {
      const known = FILE_FIELDS.includes(fieldRef.fieldPath) || fieldRef.fieldPath.includes('[');
      if (fieldRef.fieldPath && !known) {
        findings.unsupported(`${at}.fieldRef.fieldPath`, fieldRef.fieldPath, FILE_FIELDS);
      }
    } else if (resourceFieldRef) {
      const { containerName, resource } = resourceFieldRef;
      if (!containerName) findings.required(`${at}.resourceFieldRef.containerName`);
      if (resource && !isResource(resource)) {
        findings.unsupported(`${at}.resourceFieldRef.resource`, resource, RESOURCES);
      }
    } else findings.required(at, 'one of fieldRef and resourceFieldRef is required');
  });
}

function checkProjection(source: VolumeProjection, path: string, findings: Findings): void {
  const given = Object.entries(source).filter(([, value]) => value !== undefined);
  if (given.length === 0) findings.required(path, 'must specify a volume source');
  for (const [field] of given.slice(1)) {
    findings.forbidden(child(path, field), 'may not specify more than 1 volume type per source');
  }
  if (source.configMap) checkKeyed(source.configMap, 'name', `${path}.configMap`, findings);
  if (source.secret) checkKeyed(source.secret, 'name', `${path}.secret`, findings);
  if (source.downwardAPI) checkDownwardFiles(source.downwardAPI.items, `${path}.downwardAPI`, findings);
  const seconds = source.serviceAccountToken?.expirationSeconds;
  if (seconds === undefined) return;
  const at = `${path}.serviceAccountToken.expirationSeconds`;
  if (seconds < MIN_TOKEN_SECONDS)
    findings.invalid(at, seconds, 'may not specify a duration less than 10 minutes');
  if (seconds > MAX_TOKEN_SECONDS)
    findings.invalid(at, seconds, 'may not specify a duration larger than 2^32 seconds');
}

export function checkMounts(
  container: Container,
  path: string,
  volumes: ReadonlySet<string>,
  findings: Findings,
): void {
  const places = new Set<string>();
  container.volumeMounts?.forEach((mount, i) => {
    const at = `${path}.volumeMounts[${i}]`;
    if (mount.name !== '' && !volumes.has(mount.name)) findings.notFound(`${at}.name`, mount.name);
    if (places.has(mount.mountPath)) findings.invalid(`${at}.mountPath`, mount.mountPath, 'must be unique');
    places.add(mount.mountPath);
    if (mount.subPath && mount.subPathExpr) {
      findings.invalid(
        `${at}.subPathExpr`,
        mount.subPathExpr,
        'subPathExpr and subPath are mutually exclusive',
      );
    }
    if (mount.subPath) checkRelative(mount.subPath, `${at}.subPath`, findings);
    if (mount.subPathExpr) checkRelative(mount.subPathExpr, `${at}.subPathExpr`, findings);
    if (mount.mountPropagation === 'Bidirectional' && container.securityContext?.privileged !== true) {
      const detail = 'Bidirectional mount propagation is available only to privileged containers';
      findings.forbidden(`${at}.mountPropagation`, detail);
    }
  });
  container.volumeDevices?.forEach((device, i) => {
    const at = `${path}.volumeDevices[${i}]`;
    if (device.name !== '' && !volumes.has(device.name)) findings.notFound(`${at}.name`, device.name);
  });
}

function checkMode(mode: number | undefined, path: string, findings: Findings): void {
  if (mode !== undefined && (mode < 0 || mode > MAX_MODE)) findings.invalid(path, mode, BAD_MODE);
}

function checkRelative(file: string, path: string, findings: Findings): void {
  if (file.startsWith('/')) findings.invalid(path, file, 'must be a relative path');
  else checkNoParent(file, path, findings);
}

function checkNoParent(file: string, path: string, findings: Findings): void {
  if (file.split('/').includes('..')) findings.invalid(path, file, "must not contain '..'");
}
