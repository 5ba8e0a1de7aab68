// Checks of NATS: the program on this machine, and the server the context file names: reachable, and what it
// promises.

import { decode, encode } from '../../messaging/envelope.ts';
import { featuresOf } from '../../messaging/nats/index.ts';
import type { Clock, World } from '../../messaging/ports.ts';
import { findServer, versionOf } from '../../messaging/server/index.ts';
import { bucketsOf } from '../../messaging/subjects.ts';
import { silentTrace } from '../../messaging/system/index.ts';
import { contextPath, loadContext } from '../context.ts';
import { withoutSecrets } from '../errors.ts';
import { connectFrom } from '../up/connect.ts';
import { placeOf, readPlan } from '../up/place.ts';
import { type Check, missing, ok, type Probe, warning } from './check.ts';

const CONNECT_MS = 2_000;
const LOOK_AGAIN_MS = 500;

export interface NatsInput {
  readonly cluster: string;
  /** Where `up` keeps the cluster, and the context file. */
  readonly directory: string;
  readonly contextFile?: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly clock: Clock;
  readonly signal: AbortSignal;
}

export async function natsChecks(probe: Probe, input: NatsInput): Promise<Check[]> {
  const checks = [await programCheck(input.env)];
  const contextFile = input.contextFile ?? contextPath(input.cluster, input.env);
  const mode = await probe.mode(contextFile);
  if (mode === undefined) return [...checks, ok('context', `none: no cluster "${input.cluster}" is up here`)];
  if ((mode & 0o077) !== 0) {
    const cure = `chmod 600 ${contextFile}, and change the password if others use this machine`;
    return [...checks, missing('context', `${contextFile} can be read by others`, cure)];
  }
  checks.push(ok('context', contextFile));
  return [...checks, ...(await serverChecks(contextFile, input))];
}

async function programCheck(env: NodeJS.ProcessEnv): Promise<Check> {
  try {
    const program = findServer(env);
    const version = await versionOf(program);
    const { syncAlways, ttl } = featuresOf(version);
    const lacks = [syncAlways ? '' : 'sync_interval: always', ttl ? '' : 'replicas'].filter(Boolean);
    const found = `${version} at ${program}`;
    if (lacks.length === 0) return ok('nats-server', found);
    return warning(
      'nats-server',
      `${found}, too old for: ${lacks.join(', ')}`,
      'install nats-server 2.11 or newer',
    );
  } catch (error) {
    return missing('nats-server', (error as Error).message, 'apt-get install nats-server');
  }
}

async function serverChecks(contextFile: string, input: NatsInput): Promise<Check[]> {
  const { clock, signal, directory } = input;
  const context = await loadContext(contextFile);
  const address = withoutSecrets(context?.server ?? '');
  const plan = readPlan(placeOf(directory));
  const syncAlways = plan?.privateServer ? plan.syncAlways : undefined;
  try {
    const options = { contextFile, name: 'troupe doctor', clock, trace: silentTrace, signal, syncAlways };
    const { world, nats } = await connectFrom({ ...options, withinMs: CONNECT_MS });
    try {
      await world.store.bucket(bucketsOf(input.cluster).objects);
      const { serverVersion, replicas, warnings } = await world.store.durability();
      const lines = warnings.map((text) => warning('durability', text, durabilityCure(text)));
      const server = ok('server', `${serverVersion} at ${address}, ${replicas} replica(s)`);
      return [server, ...lines, await consumerCheck(world, input.cluster)];
    } finally {
      await nats.close();
    }
  } catch (error) {
    return [missing('server', `${address}: ${(error as Error).message}`, 'troupe up')];
  }
}

/** Watches that were never closed: their consumers ask for nothing any more, at two looks. */
async function consumerCheck({ bus, clock }: World, cluster: string): Promise<Check> {
  const subject = `$JS.API.CONSUMER.LIST.KV_${bucketsOf(cluster).objects}`;
  const idle = async () => {
    const answer = await bus.request(subject, encode({}), { timeoutMs: CONNECT_MS });
    const { consumers = [] } = decode(answer.data) as { consumers?: Consumer[] };
    return new Set(consumers.filter(({ num_waiting: waiting }) => !waiting).map(({ name }) => name));
  };
  const before = await idle();
  if (before.size > 0) await clock.sleep(LOOK_AGAIN_MS);
  const lasting = before.size > 0 ? [...(await idle())].filter((name) => before.has(name)) : [];
  if (lasting.length === 0) return ok('consumers', 'each has its reader');
  const cure = 'none needed: they vanish within minutes';
  return warning('consumers', `${lasting.length} of watches that ended without a word`, cure);
}

interface Consumer {
  readonly name: string;
  readonly num_waiting?: number;
}

function durabilityCure(text: string): string {
  if (text.includes('one server only')) return 'use a NATS cluster of three servers, 2.11 or newer';
  if (text.includes('disk') || text.includes('sync')) {
    return 'nats-server 2.10 or newer and troupe up --sync-always, or sync_interval: always in your server';
  }
  return 'install a newer nats-server';
}
