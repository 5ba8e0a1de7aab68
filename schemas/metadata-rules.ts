// The rules for metadata that hold for every kind: names, labels, annotations, owners; and what of it may not
// change.
import { child, type Findings } from './findings.ts';
import type { Kind } from './kind.ts';
import { labelErrors, labelValueErrors, qualifiedNameErrors, subdomainErrors } from './names.ts';
import type { KubeObject, ObjectMeta } from './object.ts';

const ANNOTATIONS_MAX_BYTES = 256 * 1024;
export const NOT_NEGATIVE = 'must be greater than or equal to 0';

/** The reasons why `name` cannot name an object of this kind. */
export function nameErrors(kind: Kind, name: string): readonly string[] {
  return kind.nameErrors === undefined ? subdomainErrors(name) : kind.nameErrors(name);
}

export function checkMetadata(object: KubeObject, kind: Kind, findings: Findings): void {
  const meta = object.metadata;
  if (meta.generateName) {
    // What is made of it ends in random letters, so a hyphen at the end is fine.
    const prefix = meta.generateName.replace(/-$/, 'a');
    findings.invalidEach('metadata.generateName', meta.generateName, nameErrors(kind, prefix));
  }
  if (meta.name !== '') findings.invalidEach('metadata.name', meta.name, nameErrors(kind, meta.name));
  else if (!meta.generateName) findings.required('metadata.name', 'name or generateName is required');
  if (!kind.namespaced) {
    if (meta.namespace) findings.forbidden('metadata.namespace', 'not allowed on this type');
  } else if (meta.namespace) {
    findings.invalidEach('metadata.namespace', meta.namespace, labelErrors(meta.namespace));
  }
  if ((meta.generation ?? 0) < 0) findings.invalid('metadata.generation', meta.generation, NOT_NEGATIVE);
  checkLabels(meta.labels, 'metadata.labels', findings);
  checkAnnotations(meta.annotations, findings);
  meta.finalizers?.forEach((name, i) => {
    findings.invalidEach(`metadata.finalizers[${i}]`, name, qualifiedNameErrors(name));
  });
  if (meta.ownerReferences !== undefined) checkOwners(meta.ownerReferences, findings);
}

export function checkLabels(
  labels: Readonly<Record<string, string>> | undefined,
  path: string,
  findings: Findings,
): void {
  if (labels === undefined) return;
  for (const key of Object.keys(labels)) {
    findings.invalidEach(path, key, qualifiedNameErrors(key));
    findings.invalidEach(path, labels[key], labelValueErrors(labels[key]!));
  }
}

function checkAnnotations(annotations: ObjectMeta['annotations'], findings: Findings): void {
  if (annotations === undefined) return;
  let sizeBytes = 0;
  for (const key of Object.keys(annotations)) {
    findings.invalidEach('metadata.annotations', key, qualifiedNameErrors(key.toLowerCase()));
    sizeBytes += Buffer.byteLength(key) + Buffer.byteLength(annotations[key]!);
  }
  if (sizeBytes > ANNOTATIONS_MAX_BYTES) findings.tooLong('metadata.annotations', ANNOTATIONS_MAX_BYTES);
}

function checkOwners(owners: NonNullable<ObjectMeta['ownerReferences']>, findings: Findings): void {
  const controllers = owners.filter((owner) => owner.controller === true);
  if (controllers.length > 1) {
    const names = controllers.slice(0, 2).map((owner) => `${owner.kind}/${owner.name}`);
    const rule = 'Only one reference can have Controller set to true.';
    const detail = `${rule} Found "true" in references for ${names.join(' and ')}`;
    findings.invalid('metadata.ownerReferences', owners, detail);
  }
}

const IMMUTABLE = 'field is immutable';

export function checkMetadataUpdate(before: ObjectMeta, after: ObjectMeta, findings: Findings): void {
  for (const key of ['name', 'namespace', 'uid', 'creationTimestamp'] as const) {
    const given = after[key];
    if (given !== undefined && before[key] !== undefined && given !== before[key]) {
      findings.invalid(child('metadata', key), given, IMMUTABLE);
    }
  }
}
