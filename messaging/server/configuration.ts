// The files of a private nats-server: one directory only its owner may enter, holding the configuration with its
// random password, the store, the log, and what a later start needs to find the same server again.
import { randomBytes } from 'node:crypto';
import { chmodSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { TroupeError } from '../../schemas/errors.ts';
import { MAX_PAYLOAD_BYTES } from '../checks.ts';

export interface Credentials {
  readonly user: string;
  readonly pass: string;
}

/** What is remembered between starts. */
export interface Remembered {
  readonly port: number;
  readonly credentials: Credentials;
}

export interface ConfigurationInput extends Remembered {
  readonly name: string;
  readonly host: string;
  readonly syncAlways: boolean;
}

export function pathsOf(directory: string) {
  return {
    directory,
    configuration: join(directory, 'nats-server.conf'),
    remembered: join(directory, 'access.json'),
    store: join(directory, 'jetstream'),
    log: join(directory, 'nats-server.log'),
    pid: join(directory, 'nats-server.pid'),
  };
}

export type Paths = ReturnType<typeof pathsOf>;

export function prepareDirectory(paths: Paths): void {
  for (const path of [paths.directory, paths.store]) {
    mkdirSync(path, { recursive: true, mode: 0o700 });
    chmodSync(path, 0o700);
  }
}

export function newCredentials(): Credentials {
  return { user: 'troupe', pass: randomBytes(24).toString('base64url') };
}

export function recall(paths: Paths): Remembered | undefined {
  let text: string;
  try {
    text = readFileSync(paths.remembered, 'utf8');
  } catch {
    return undefined;
  }
  try {
    const { port, credentials } = JSON.parse(text) as Remembered;
    if (Number.isInteger(port) && credentials.user && credentials.pass) return { port, credentials };
  } catch {
    // Falls through to the error.
  }
  throw new TroupeError(
    'SETUP',
    `${paths.remembered} cannot be read: remove it to start with new credentials`,
  );
}

export function writeConfiguration(paths: Paths, input: ConfigurationInput): void {
  const { port, credentials } = input;
  writePrivate(paths.remembered, `${JSON.stringify({ port, credentials }, null, 2)}\n`);
  writePrivate(paths.configuration, configurationText(paths, input));
}

function configurationText(paths: Paths, input: ConfigurationInput): string {
  const sync = input.syncAlways ? '\n  sync_interval: always' : '';
  return `# Written at each start; changes are lost.
server_name: ${quote(input.name)}
listen: ${quote(`${input.host}:${input.port}`)}
max_payload: ${MAX_PAYLOAD_BYTES}
pid_file: ${quote(paths.pid)}
log_file: ${quote(paths.log)}
logfile_size_limit: 16MB
authorization { user: ${quote(input.credentials.user)}, password: ${quote(input.credentials.pass)} }
jetstream {
  store_dir: ${quote(paths.store)}${sync}
}
`;
}

function quote(text: string): string {
  if (/[\r\n"\\]/.test(text))
    throw new TroupeError('BAD_REQUEST', `${JSON.stringify(text)} cannot be configured`);
  return `"${text}"`;
}

/** Whole or not at all, and never readable by others, not even for a moment. */
function writePrivate(path: string, text: string): void {
  const draft = `${path}.${process.pid}.new`;
  writeFileSync(draft, text, { mode: 0o600 });
  renameSync(draft, path);
}
