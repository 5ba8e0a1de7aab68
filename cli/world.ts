// The command line's own adapters: the process' streams, files and signals, and the connection over NATS. The
// only file of the commands that touches the process.
import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { clientOf } from '../messaging/client/index.ts';
import { connectNats } from '../messaging/nats/index.ts';
import type { Clock } from '../messaging/ports.ts';
import { silentTrace, systemClock, systemRandom } from '../messaging/system/index.ts';
import { hasCode, TroupeError } from '../schemas/errors.ts';
import { MAX_MANIFEST_BYTES } from '../schemas/manifest.ts';
import type { Context } from './context.ts';
import { UsageError, withoutSecrets } from './errors.ts';
import type { Io, Output, SourceText } from './io.ts';
import type { CliWorld, Connection, ConnectOptions } from './session.ts';

const MANIFEST = /\.(ya?ml|json)$/;
const CONNECT_TIMEOUT_MS = 5_000;

/** The world of this process. */
export function processWorld(version: string): CliWorld {
  const stop = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => stop.abort());
  const clock = systemClock();
  return {
    io: processIo(stop),
    clock,
    version,
    connect: (context, options) => connect(context, options, clock),
  };
}

function processIo(stop: AbortController): Io {
  return {
    stdout: outputOf(process.stdout, stop),
    stderr: outputOf(process.stderr, stop),
    env: process.env,
    sources,
    signal: stop.signal,
    zoneMinutes: (ms) => -new Date(ms).getTimezoneOffset(),
  };
}

/** A reader that has gone away (`| head`) ends the command quietly. */
function outputOf(stream: NodeJS.WriteStream, stop: AbortController): Output {
  let broken = false;
  stream.on('error', () => {
    broken = true;
    stop.abort();
  });
  return {
    isTty: stream.isTTY === true,
    write(text) {
      if (!broken) stream.write(text);
    },
  };
}

/** The texts behind one `-f`. */
export async function sources(path: string, recursive: boolean): Promise<SourceText[]> {
  if (path === '-') return [{ name: 'STDIN', text: await standardInput() }];
  const found = await stat(path).catch((cause: NodeJS.ErrnoException) => {
    if (cause.code === 'ENOENT') throw new UsageError(`the path "${path}" does not exist`);
    throw new UsageError(`the path "${path}" cannot be accessed: ${cause.code}`);
  });
  const files = found.isDirectory() ? await filesOf(path, recursive) : [path];
  if (files.length === 0) {
    const text = 'error reading';
    throw new UsageError(`${text} [${path}]: recognized file extensions are [.json .yaml .yml]`);
  }
  return Promise.all(files.map(async (name) => ({ name, text: await readText(name) })));
}

async function filesOf(directory: string, recursive: boolean): Promise<string[]> {
  const entries = await readdir(directory, { withFileTypes: true });
  const files: string[] = [];
  for (const entry of entries.sort((left, right) => (left.name < right.name ? -1 : 1))) {
    const path = join(directory, entry.name);
    if (entry.isDirectory()) {
      if (recursive) files.push(...(await filesOf(path, true)));
    } else if (MANIFEST.test(entry.name)) files.push(path);
  }
  return files;
}

async function readText(path: string): Promise<string> {
  const { size } = await stat(path);
  if (size > MAX_MANIFEST_BYTES) {
    const text = `the file has ${size} bytes; at most ${MAX_MANIFEST_BYTES} are read`;
    throw new TroupeError('TOO_LARGE', `error parsing ${path}: ${text}`);
  }
  try {
    return await readFile(path, 'utf8');
  } catch (cause) {
    throw new UsageError(`open ${path}: ${(cause as NodeJS.ErrnoException).code}`);
  }
}

async function standardInput(): Promise<string> {
  const parts: Buffer[] = [];
  let size = 0;
  for await (const part of process.stdin) {
    parts.push(part as Buffer);
    size += (part as Buffer).length;
    if (size > MAX_MANIFEST_BYTES) throw new TroupeError('TOO_LARGE', 'error parsing STDIN: it does not end');
  }
  return Buffer.concat(parts).toString('utf8');
}

async function connect(context: Context, options: ConnectOptions, clock: Clock): Promise<Connection> {
  const random = systemRandom();
  const { cluster, server, user, pass } = context;
  const { requestTimeoutMs, onWarning, onRepeat } = options;
  const nats = await connectNats({
    servers: server.split(','),
    user,
    pass,
    name: 'troupe-cli',
    clock,
    random,
    trace: silentTrace,
    connectTimeoutMs: Math.min(requestTimeoutMs ?? CONNECT_TIMEOUT_MS, CONNECT_TIMEOUT_MS),
  }).catch((error: unknown) => {
    if (!hasCode(error, 'UNAUTHORIZED')) throw error;
    const text = `the NATS server at ${withoutSecrets(server)} does not accept these credentials`;
    throw new TroupeError('UNAUTHORIZED', text, { cause: error });
  });
  const client = clientOf({ bus: nats.bus, clock, random, cluster, requestTimeoutMs, onWarning, onRepeat });
  const close = async () => {
    await client.close();
    await nats.close();
  };
  return { client, bus: nats.bus, close };
}
