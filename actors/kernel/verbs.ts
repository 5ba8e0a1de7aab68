// What the API's verbs do to an object: create, apply, replace, patch, delete. Pure: the record before and the request
// give the object after and the event the actor's machine hears. Kubernetes' rules for metadata live here, once, for
// every kind: uid, generation, timestamps, finalizers, resourceVersion.
import type { ActorId } from '../../messaging/identity.ts';
import { TroupeError } from '../../schemas/errors.ts';
import type { Kind } from '../../schemas/kinds.ts';
import type { KubeObject, ObjectMeta } from '../../schemas/object.ts';
import { orThrow } from '../../schemas/or-throw.ts';
import { timestamp } from '../../schemas/time.ts';
import { isTooDeep, MAX_DEPTH, validate } from '../../schemas/validate.ts';
import type { ActorDefinition } from './definition.ts';
import { applyDocument, mergePatch, sameJson, withLastApplied } from './merge.ts';

/** Events that every actor understands; the kernel turns them into `object.created`, `.changed`, `.deleted`. */
export const VERBS = ['create', 'apply', 'replace', 'patch', 'delete'] as const;
export type Verb = (typeof VERBS)[number];

export interface VerbRequest {
  readonly verb: Verb;
  readonly body: unknown;
  readonly options: {
    readonly fieldValidation?: 'Strict' | 'Warn' | 'Ignore';
    readonly dryRun?: boolean;
    readonly resourceVersion?: string;
  };
}

export interface VerbContext {
  readonly id: ActorId;
  readonly definition: ActorDefinition;
  /** The stored object and its revision; undefined when there is none. */
  readonly current: { readonly object: KubeObject; readonly revision: number } | undefined;
  /** RFC 3339 with seconds, as Kubernetes writes times. */
  readonly now: string;
  /** Epoch milliseconds of `now`. */
  readonly nowMs: number;
  readonly uid: string;
}

export interface VerbOutcome {
  readonly object: KubeObject;
  /** What the machine hears; undefined when nothing changed. */
  readonly event: 'object.created' | 'object.changed' | 'object.deleted' | undefined;
  readonly result: 'created' | 'configured' | 'unchanged';
  readonly warnings: readonly string[];
}

/** Seconds of grace that still give a date: 68 years. */
const MAX_GRACE = 2 ** 31 - 1;

/** Fields of metadata that only Troupe writes. */
const OWN_METADATA = ['uid', 'creationTimestamp', 'generation', 'deletionTimestamp'] as const;

export function performVerb(request: VerbRequest, context: VerbContext): VerbOutcome {
  const { verb, body } = request;
  checkDepth(body);
  if (verb === 'delete') return remove(body, context);
  if (verb === 'patch') {
    const current = existing(context);
    if (typeof body !== 'object' || body === null || Array.isArray(body)) {
      throw new TroupeError('BAD_REQUEST', 'a patch must be an object (JSON merge patch, RFC 7386)');
    }
    checkUid((body as Partial<KubeObject>).metadata?.uid, current.object);
    checkRevision(request.options.resourceVersion, context);
    return change(mergePatch(current.object, body) as KubeObject, request, context);
  }
  const document = documentOf(body, context);
  if (verb === 'create' || (verb === 'apply' && !context.current))
    return create(verb, document, request, context);
  if (verb === 'replace') {
    const current = existing(context);
    checkUid(document.metadata.uid, current.object);
    checkRevision(document.metadata.resourceVersion, context);
    return change({ ...document, status: current.object.status }, request, context);
  }
  const current = existing(context);
  checkUid(document.metadata.uid, current.object);
  checkRevision(document.metadata.resourceVersion, context);
  return change(applyDocument(current.object, stripOwn(document)), request, context);
}

function create(verb: Verb, document: KubeObject, request: VerbRequest, context: VerbContext): VerbOutcome {
  if (context.current) {
    const { plural, name } = context.id;
    throw new TroupeError('ALREADY_EXISTS', `${plural} "${name}" already exists`, {
      details: { name, kind: plural },
    });
  }
  if (document.metadata.resourceVersion) {
    throw new TroupeError('BAD_REQUEST', 'resourceVersion should not be set on objects to be created');
  }
  const { object, warnings } = check(stripOwn(document), request, context.definition.kind);
  if ((object.metadata.namespace ?? '') !== context.id.namespace) {
    throw new TroupeError('BAD_REQUEST', 'an empty namespace may not be set during creation');
  }
  const metadata: ObjectMeta = {
    ...object.metadata,
    uid: context.uid,
    creationTimestamp: context.now,
    generation: 1,
  };
  const fresh = { ...object, metadata, status: undefined };
  const stored = verb === 'apply' ? withLastApplied(fresh, stripOwn(document)) : fresh;
  return { object: stored, event: 'object.created', result: 'created', warnings };
}

function change(wanted: KubeObject, request: VerbRequest, context: VerbContext): VerbOutcome {
  const before = existing(context).object;
  const keep = keepOwn(wanted, before);
  if (keep.kind !== before.kind || keep.apiVersion !== before.apiVersion) {
    throw new TroupeError('BAD_REQUEST', 'the kind and apiVersion of an object cannot be changed');
  }
  const checked = check(keep, request, context.definition.kind);
  const object = {
    ...checked.object,
    metadata: keepOwn(checked.object, before).metadata,
    status: before.status,
  };
  for (const field of ['name', 'namespace'] as const) {
    const value = object.metadata[field];
    if (value === before.metadata[field]) continue;
    throw new TroupeError('INVALID', `metadata.${field}: Invalid value: "${value}": field is immutable`);
  }
  const { warnings } = checked;
  if (sameMeaning(object, before)) return { object: before, event: undefined, result: 'unchanged', warnings };
  context.definition.checkUpdate?.(before, object);
  const specChanged = !sameJson(withoutMeta(object), withoutMeta(before));
  const generation = (before.metadata.generation ?? 1) + (specChanged ? 1 : 0);
  const stored = { ...object, metadata: { ...object.metadata, generation } };
  return { object: stored, event: 'object.changed', result: 'configured', warnings };
}

function remove(body: unknown, context: VerbContext): VerbOutcome {
  const { object } = existing(context);
  const options = (body ?? {}) as {
    gracePeriodSeconds?: number;
    preconditions?: { uid?: string; resourceVersion?: string };
  };
  const { uid, resourceVersion } = options.preconditions ?? {};
  checkUid(uid, object);
  checkRevision(resourceVersion, context);
  const asked = options.gracePeriodSeconds ?? undefined;
  if (asked !== undefined && !(Number.isInteger(asked) && asked >= 0 && asked <= MAX_GRACE)) {
    throw new TroupeError(
      'INVALID',
      `gracePeriodSeconds: Invalid value: ${asked}: must be from 0 to ${MAX_GRACE}`,
    );
  }
  const usual = (object.spec as { terminationGracePeriodSeconds?: number } | undefined)
    ?.terminationGracePeriodSeconds;
  const grace = asked ?? Math.min(usual ?? 0, MAX_GRACE);
  const former = object.metadata.deletionGracePeriodSeconds;
  if (object.metadata.deletionTimestamp !== undefined && grace >= (former ?? 0)) {
    return { object, event: undefined, result: 'unchanged', warnings: [] };
  }
  const deletionTimestamp = timestamp(context.nowMs + grace * 1_000);
  const metadata = { ...object.metadata, deletionTimestamp, deletionGracePeriodSeconds: grace };
  return { object: { ...object, metadata }, event: 'object.deleted', result: 'configured', warnings: [] };
}

function existing(context: VerbContext): { object: KubeObject; revision: number } {
  if (context.current) return context.current;
  throw notFound(context.id);
}

/** Kubernetes' words for an object that is not there. */
export function notFound(id: ActorId): TroupeError {
  const details = { name: id.name, kind: id.plural };
  return new TroupeError('NOT_FOUND', `${id.plural} "${id.name}" not found`, { details });
}

/** A request for an object that was here before under this name is not for this one. */
function checkUid(expected: string | undefined, { metadata }: KubeObject): void {
  if (!expected || expected === metadata.uid) return;
  const message = `Precondition failed: UID in precondition: ${expected}, UID in object meta: ${metadata.uid}`;
  throw new TroupeError('CONFLICT', message);
}

/** Bounds what recursion over a document may meet. */
export function checkDepth(body: unknown): void {
  if (!isTooDeep(body)) return;
  throw new TroupeError('BAD_REQUEST', `the object is nested more than ${MAX_DEPTH} levels deep`);
}

function checkRevision(expected: string | undefined, context: VerbContext): void {
  const current = context.current;
  if (!expected || !current || expected === String(current.revision)) return;
  const { plural, name } = context.id;
  const message =
    `Operation cannot be fulfilled on ${plural} "${name}": the object has been modified; ` +
    'please apply your changes to the latest version and try again';
  throw new TroupeError('CONFLICT', message, { details: { name, kind: plural } });
}

function documentOf(body: unknown, context: VerbContext): KubeObject {
  if (typeof body !== 'object' || body === null || Array.isArray(body)) {
    throw new TroupeError('BAD_REQUEST', 'the body of the request must be an object');
  }
  const { id, definition } = context;
  const given = body as Partial<KubeObject>;
  if (given.kind !== undefined && given.kind !== definition.kind.kind) {
    const text = `the kind of the object (${given.kind}) does not match the subject (${definition.kind.kind})`;
    throw new TroupeError('BAD_REQUEST', text);
  }
  const metadata = { ...(given.metadata ?? {}), name: given.metadata?.name ?? id.name } as ObjectMeta;
  if (definition.kind.namespaced) metadata.namespace ??= id.namespace;
  if (metadata.name !== id.name) {
    const message = `the name of the object (${metadata.name}) does not match the name on the subject (${id.name})`;
    throw new TroupeError('BAD_REQUEST', message);
  }
  if ((metadata.namespace ?? '') !== id.namespace) {
    const own = metadata.namespace ?? '';
    const text = `the namespace of the object (${own}) does not match the namespace on the subject`;
    throw new TroupeError('BAD_REQUEST', `${text} (${id.namespace})`);
  }
  return { ...given, metadata } as KubeObject;
}

function check(
  object: KubeObject,
  request: VerbRequest,
  kind: Kind,
): { object: KubeObject; warnings: string[] } {
  const checked = orThrow(validate(object, { strict: request.options.fieldValidation === 'Strict', kind }));
  const warnings = request.options.fieldValidation === 'Ignore' ? [] : checked.warnings;
  return { object: checked.object, warnings };
}

function stripOwn(object: KubeObject): KubeObject {
  const metadata = { ...object.metadata };
  for (const field of OWN_METADATA) delete metadata[field];
  delete metadata.resourceVersion;
  delete metadata.deletionGracePeriodSeconds;
  return { ...object, metadata };
}

function keepOwn(object: KubeObject, before: KubeObject): KubeObject {
  const metadata = { ...stripOwn(object).metadata };
  for (const field of [...OWN_METADATA, 'deletionGracePeriodSeconds'] as const) {
    if (before.metadata[field] !== undefined)
      (metadata as Record<string, unknown>)[field] = before.metadata[field];
  }
  return { ...object, metadata };
}

/** A status is not part of what a user wrote. */
function sameMeaning(left: KubeObject, right: KubeObject): boolean {
  return sameJson({ ...left, status: undefined }, { ...right, status: undefined });
}

function withoutMeta(object: KubeObject): unknown {
  return { ...object, metadata: undefined, status: undefined };
}
