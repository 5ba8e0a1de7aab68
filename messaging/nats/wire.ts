// Between the client's shapes and ours: headers both ways, and its errors as operating errors.
import { errors, type Msg, type MsgHdrs } from '@nats-io/transport-node';
import { TroupeError } from '../../schemas/errors.ts';
import type { Headers } from '../ports.ts';

const NO_HEADERS: Headers = Object.freeze({});

/**
 * Headers ready for the wire. The client only ever calls `encode` on what it publishes; writing the text ourselves
 * spares it a map and a check per header, which is a third of the cost of a write.
 */
export function toWire(headers: Headers): MsgHdrs {
  let text = 'NATS/1.0\r\n';
  for (const name in headers) text += `${name}: ${headers[name]}\r\n`;
  const bytes = Buffer.from(`${text}\r\n`);
  return { encode: () => bytes } as unknown as MsgHdrs;
}

export function fromWire(message: Msg): Headers {
  const { headers } = message;
  if (!headers) return NO_HEADERS;
  const copy: Record<string, string> = {};
  for (const [name, values] of headers) copy[name] = values[0] ?? '';
  return copy;
}

/** The status line of a message by the server itself: 503 nobody listens, 100 a heartbeat, 404, 408, 409. */
export function statusOf(message: Msg): number {
  return message.data.length === 0 ? (message.headers?.code ?? 0) : 0;
}

/** What a failed connection attempt means to the user. */
export function connectFailure(error: unknown, servers: readonly string[]): TroupeError {
  const where = servers.map(withoutSecrets).join(', ');
  if (error instanceof errors.AuthorizationError || error instanceof errors.UserAuthenticationExpiredError) {
    const text = `NATS at ${where} refuses the credentials: ${error.message}`;
    return new TroupeError('UNAUTHORIZED', text);
  }
  const reason = error instanceof Error ? error.message : String(error);
  return new TroupeError('UNAVAILABLE', `cannot reach NATS at ${where}: ${withoutSecrets(reason)}`, {
    cause: error,
  });
}

function withoutSecrets(text: string): string {
  return text.replace(/\/\/[^/@\s]*@/g, '//');
}
