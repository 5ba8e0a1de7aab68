// The manifests behind `-f`, and doing something with each: sound ones are carried out, bad ones are told
// with file and line, and the exit code tells that there were any.

import { hasCode, TroupeError } from '../schemas/errors.ts';
import { locate, type Manifest, parseManifests } from '../schemas/manifest.ts';
import type { KubeObject } from '../schemas/object.ts';
import { orThrow } from '../schemas/or-throw.ts';
import { errorText, serverErrorText, UsageError } from './errors.ts';
import type { Session } from './session.ts';

export interface FileOptions {
  readonly filename?: string[];
  readonly recursive?: boolean;
}

/**
 * Runs `perform` for every object of the files, in order. Resolves to the number of those that failed, each
 * told already. A cluster that cannot be reached ends it at once.
 */
export async function forEachManifest(
  session: Session,
  options: FileOptions,
  what: { readonly verb: string; readonly doing: string },
  perform: (object: KubeObject, manifest: Manifest) => Promise<void>,
): Promise<number> {
  let seen = 0;
  let failed = 0;
  for (const path of options.filename ?? []) {
    for (const source of await session.io.sources(path, options.recursive === true)) {
      let manifests: Manifest[];
      try {
        manifests = orThrow(parseManifests(source.text, source.name));
      } catch (error) {
        seen += 1;
        failed += 1;
        session.warn(`error: ${error instanceof Error ? error.message : String(error)}`);
        continue;
      }
      for (const manifest of manifests) {
        seen += 1;
        try {
          await perform(manifest.value as KubeObject, manifest);
        } catch (error) {
          if (
            session.io.signal.aborted ||
            hasCode(error, 'UNAVAILABLE', 'TIMEOUT', 'SETUP', 'UNAUTHORIZED')
          ) {
            throw error;
          }
          failed += 1;
          session.warn(manifestErrorText(error, manifest, what.doing));
        }
      }
    }
  }
  if (seen === 0) throw new UsageError(`no objects passed to ${what.verb}`);
  return failed;
}

/** `The Pod "web" is invalid: web.yaml:7: spec.containers[0].image: Required value`. */
export function manifestErrorText(error: unknown, manifest: Manifest, doing: string): string {
  if (!(error instanceof TroupeError)) return errorText(error);
  const place = `${manifest.file}:${manifest.line}`;
  const causes = error.details.causes ?? [];
  if (causes.length === 0) {
    if (error.code === 'UNSUPPORTED') return unknownKindText(error, manifest);
    return serverErrorText(error, `error when ${doing} "${place}"`);
  }
  const lines = locate(error, manifest).message.split('\n');
  const shown = lines.length === 1 ? lines[0]! : ['', ...lines.map((line) => `* ${line}`)].join('\n');
  if (error.code === 'INVALID') {
    return `The ${error.details.kind} "${error.details.name ?? ''}" is invalid: ${shown}`;
  }
  return serverErrorText(new TroupeError(error.code, shown), `error when ${doing} "${place}"`);
}

function unknownKindText(error: TroupeError, { value, file, line }: Manifest): string {
  const { name = '', namespace = '' } = (value as Partial<KubeObject>).metadata ?? {};
  const subject = `name: "${name}" namespace: "${namespace}" from "${file}:${line}"`;
  return `error: resource mapping not found for ${subject}: ${error.message}`;
}

/** Refuses an object of another namespace than the one the user named. */
export function checkNamespace(session: Session, object: KubeObject): void {
  const wanted = session.globals.namespace;
  const given = object.metadata?.namespace;
  if (!wanted || !given || wanted === given) return;
  throw new UsageError(
    `the namespace from the provided object "${given}" does not match the namespace "${wanted}". ` +
      `You must pass '--namespace=${given}' to perform this operation.`,
  );
}
