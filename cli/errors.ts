// How errors are told to the user: in kubectl's words, on stderr, with exit code 1.
import { ERRORS, hasCode, TroupeError } from '../schemas/errors.ts';

/** The command line itself is wrong; `usage` adds where to read on. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
  readonly command: string | undefined;

  constructor(message: string, command?: string) {
    super(message);
    this.command = command;
  }
}

/** Something has been told to the user already; only the exit code is left to set. */
export class Told extends Error {
  override readonly name = 'Told';
}

/** `Error from server (NotFound): pods "x" not found`; `what` is what was being done, as in kubectl. */
export function serverErrorText(error: TroupeError, what?: string): string {
  if (error.code === 'UNSUPPORTED') return `error: ${prefixed(what, error.message)}`;
  if (error.code === 'UNAVAILABLE' && error.details.cluster) return error.message;
  if (error.code === 'SETUP') return `error: ${error.message}`;
  if (error.code === 'INVALID' && !what) {
    const causes = error.details.causes ?? [];
    const { kind, name } = error.details;
    if (causes.length > 0 && kind) {
      const lines = causes.map(({ field, message }) => (field ? `${field}: ${message}` : message));
      const shown = lines.length === 1 ? lines[0] : ['', ...lines.map((line) => `* ${line}`)].join('\n');
      return `The ${kind} "${name ?? ''}" is invalid: ${shown}`;
    }
  }
  return `Error from server (${ERRORS[error.code].reason}): ${prefixed(what, error.message)}`;
}

function prefixed(what: string | undefined, message: string): string {
  return what ? `${what}: ${message}` : message;
}

/** Everything a command can fail with, in one text. */
export function errorText(error: unknown): string {
  if (error instanceof UsageError) {
    const more = error.command ? `\nSee 'troupe ${error.command} --help' for usage.` : '';
    return `error: ${error.message}${more}`;
  }
  if (error instanceof TroupeError) return serverErrorText(error);
  return `error: ${error instanceof Error ? error.message : String(error)}`;
}

/** Said instead of a bare UNAVAILABLE: who was asked, and what to do. */
export function unreachableText(cluster: string, server: string, error: unknown): string | undefined {
  if (!hasCode(error, 'UNAVAILABLE')) return undefined;
  return (
    `The connection to the cluster "${cluster}" at ${withoutSecrets(server)} failed - is it up? ` +
    `(troupe up)`
  );
}

/** A server's address as it may be shown. */
export function withoutSecrets(server: string): string {
  return server.replace(/\/\/[^/@]*@/g, '//');
}
