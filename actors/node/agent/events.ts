// Reads what arrives in an agent's mailbox. The only file here that runs codecs; what does not fit is BAD_REQUEST.
import type * as t from 'io-ts';
import { TroupeError } from '../../../schemas/errors.ts';
import type { Pod } from '../../../schemas/pod/kind.ts';
import { LogsRequest, Offer, Run, Stop } from '../protocol.ts';
import { isUid } from './pod/kept.ts';

function read<A>(codec: t.Type<A, unknown, unknown>, value: unknown): A {
  const result = codec.decode(value);
  if (result._tag === 'Right') return result.right;
  const path = result.left[0]?.context
    .map(({ key }) => key)
    .filter(Boolean)
    .join('.');
  throw new TroupeError('BAD_REQUEST', `the message is not a ${codec.name}: look at "${path}"`);
}

function checkUid(uid: unknown): void {
  if (!isUid(uid)) throw new TroupeError('BAD_REQUEST', 'metadata.uid: must be a UUID');
}

export function readOffer(value: unknown): Offer {
  const offer = read(Offer, value);
  checkUid(offer.uid);
  return offer;
}

export function readStop(value: unknown): Stop {
  const stop = read(Stop, value);
  checkUid(stop.uid);
  return stop;
}

export const readLogs = (value: unknown): LogsRequest => read(LogsRequest, value);

/** The pod was checked where it entered the cluster; here only what the agent builds paths from. */
export function readRun(value: unknown): { pod: Pod; fence: number } {
  const run = read(Run, value);
  const pod = run.pod as unknown as Pod;
  checkUid(pod.metadata?.uid);
  for (const name of [pod.metadata.name, pod.metadata.namespace ?? 'default']) {
    if (typeof name !== 'string' || !/^[a-z0-9][a-z0-9.-]*$/.test(name)) {
      throw new TroupeError('BAD_REQUEST', 'metadata.name: must be a DNS name');
    }
  }
  const containers = [...(pod.spec?.initContainers ?? []), ...(pod.spec?.containers ?? [])];
  if (containers.length === 0 || !containers.every(({ name }) => /^[a-z0-9-]+$/.test(name))) {
    throw new TroupeError('BAD_REQUEST', 'spec.containers: must hold containers with DNS labels as names');
  }
  return { pod, fence: run.fence };
}
