// What a Node actor does in the world: it claims a range of pod addresses. Uniqueness without a coordinator is the
// creation of a key: whoever creates it owns the range.
import { keyOf } from '../../messaging/identity.ts';
import type { Bucket, Entry } from '../../messaging/ports.ts';
import { bucketsOf } from '../../messaging/subjects.ts';
import { hasCode, TroupeError } from '../../schemas/errors.ts';
import type { EffectScope, PerformEffect } from '../kernel/definition.ts';
import { decodeRecord, encodeRecord } from '../kernel/record.ts';
import { overlaps, rangesOf } from './ranges.ts';

/** All pod addresses of a cluster, and the size of a node's share. */
export const POD_NETWORK = '10.244.0.0/16';
const NODE_PREFIX = 24;

function keyOfRange(cidr: string): string {
  return `podcidrs._.${cidr.replace(/[./]/g, '-')}`;
}

const claimCidr: PerformEffect = async (params: { avoid: readonly string[] }, scope) => {
  const bucket = await scope.world.store.bucket(bucketsOf(scope.cluster).objects);
  for (const cidr of rangesOf(POD_NETWORK, NODE_PREFIX)) {
    if (params.avoid.some((other) => overlaps(other, cidr))) continue;
    if (await claim(bucket, cidr, scope)) return { type: 'node.cidrClaimed', cidr };
  }
  const message = `no range of ${POD_NETWORK} is left for node ${scope.self.name}`;
  scope.note({ type: 'Warning', reason: 'CIDRNotAvailable', message });
  throw new TroupeError('REFUSED', message);
};

/** Creates the key of the range, or takes it over from a node that no longer exists. */
async function claim(bucket: Bucket, cidr: string, scope: EffectScope): Promise<boolean> {
  const key = keyOfRange(cidr);
  const entry = scope.view.get(key) === undefined ? undefined : await bucket.get(key);
  const owner = ownerOf(entry);
  if (owner && isOurs(owner, scope)) return true;
  if (owner && (await nodeLives(bucket, owner))) return false;
  const object = {
    apiVersion: 'troupe.dev/v1',
    kind: 'PodCIDR',
    metadata: { name: cidr.replace(/[./]/g, '-') },
    spec: { cidr, node: scope.self.name, uid: scope.uid },
  };
  const actor = { value: 'claimed', context: {}, deadlines: {}, settled: true, createdBy: '', applied: '' };
  try {
    await bucket.update(
      key,
      encodeRecord({ object, actor }),
      entry?.operation === 'put' ? entry.revision : 0,
    );
    return true;
  } catch (error) {
    if (!hasCode(error, 'STALE_REVISION', 'UNSURE')) throw error;
    const now = ownerOf(await bucket.get(key));
    return now !== undefined && isOurs(now, scope);
  }
}

interface Owner {
  readonly node: string;
  readonly uid: string;
}

function ownerOf(entry: Entry | undefined): Owner | undefined {
  if (entry?.operation !== 'put') return undefined;
  return decodeRecord(entry.value, entry.key).object.spec as unknown as Owner;
}

function isOurs({ node, uid }: Owner, scope: EffectScope): boolean {
  return node === scope.self.name && uid === scope.uid;
}

/** The store is asked, since a view that lags does not show a node that has just come and claimed its range. */
async function nodeLives(bucket: Bucket, { node, uid }: Owner): Promise<boolean> {
  const entry = await bucket.get(keyOf({ plural: 'nodes', namespace: '', name: node }));
  if (entry?.operation !== 'put') return false;
  return decodeRecord(entry.value, entry.key).object.metadata.uid === uid;
}

const releaseCidr: PerformEffect = async (params: { cidr: string }, scope) => {
  if (params.cidr === '') return undefined;
  const bucket = await scope.world.store.bucket(bucketsOf(scope.cluster).objects);
  const entry = await bucket.get(keyOfRange(params.cidr));
  const owner = ownerOf(entry);
  if (entry && owner && isOurs(owner, scope)) await bucket.delete(entry.key, entry.revision);
  return undefined;
};

export const nodeEffects = { claimCidr, releaseCidr };
