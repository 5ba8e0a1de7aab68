// What a connection needs to know, and its credentials in the client's words.
import { readFileSync } from 'node:fs';
import { type ConnectionOptions, credsAuthenticator, type TlsOptions } from '@nats-io/transport-node';
import { TroupeError } from '../../schemas/errors.ts';
import type { Clock, Random, Trace } from '../ports.ts';

export interface NatsOptions {
  /** `nats://host:port`, one or more. */
  readonly servers: string | readonly string[];
  /** Shown by the server in its list of connections. */
  readonly name: string;
  readonly user?: string;
  readonly pass?: string;
  readonly token?: string;
  /** Path of a `.creds` file. */
  readonly creds?: string;
  readonly tls?: TlsOptions;
  readonly clock: Clock;
  readonly random: Random;
  readonly trace: Trace;
  readonly connectTimeoutMs?: number;
  /** A write whose acknowledgement does not come is UNSURE after so long; a read fails. Default 2000. */
  readonly writeTimeoutMs?: number;
  /** Whether the server syncs each write to disk; known only to who wrote its configuration. */
  readonly syncAlways?: boolean;
}

export function authenticate(options: NatsOptions): ConnectionOptions {
  if (options.creds !== undefined) return { authenticator: credsAuthenticator(readCreds(options.creds)) };
  if (options.token !== undefined) return { token: options.token };
  if (options.user !== undefined) return { user: options.user, pass: options.pass };
  return {};
}

function readCreds(path: string): Uint8Array {
  try {
    return readFileSync(path);
  } catch (cause) {
    throw new TroupeError('SETUP', `cannot read the NATS credentials in ${path}`, { cause });
  }
}
