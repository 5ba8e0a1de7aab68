// The record of the cluster itself: its identity and the number of shards, fixed at the first start. A bucket that has
// lost it is not an empty cluster but a damaged one, and is refused.

import { keyOf } from '../../messaging/identity.ts';
import type { Bucket, World } from '../../messaging/ports.ts';
import { hasCode, TroupeError } from '../../schemas/errors.ts';
import { timestamp } from '../../schemas/time.ts';
import { decodeRecord, encodeRecord } from './record.ts';

/** Writes the cluster's record when there is none; resolves to the number of shards that holds. */
export async function ensureCluster(
  bucket: Bucket,
  world: World,
  cluster: string,
  shards: number,
): Promise<number> {
  const key = keyOf({ plural: 'clusters', namespace: '', name: cluster });
  for (let attempt = 0; attempt < 3; attempt += 1) {
    const entry = await bucket.get(key);
    if (entry?.operation === 'put') {
      const { object } = decodeRecord(entry.value, key);
      return Number((object.spec as { shards?: number }).shards ?? shards);
    }
    if ((await bucket.lastRevision()) > 0 && entry === undefined) await refuseDamaged(bucket, key);
    try {
      await bucket.update(key, encodeRecord(clusterRecord(world, cluster, shards)), 0);
      return shards;
    } catch (error) {
      if (!hasCode(error, 'STALE_REVISION', 'UNSURE')) throw error;
    }
  }
  throw new TroupeError('UNAVAILABLE', `the record of cluster "${cluster}" could not be written`);
}

async function refuseDamaged(bucket: Bucket, key: string): Promise<void> {
  if ((await bucket.get(key)) !== undefined) return;
  const message = `bucket "${bucket.name}" holds objects but not "${key}": it is damaged or not Troupe's. `;
  throw new TroupeError(
    'CONFLICT',
    `${message}Restore it from a copy, or remove it to begin an empty cluster`,
  );
}

function clusterRecord(world: World, cluster: string, shards: number) {
  const metadata = {
    name: cluster,
    uid: world.random.uuid(),
    creationTimestamp: timestamp(world.clock.now()),
    generation: 1,
  };
  const actor = { value: 'up', context: {}, deadlines: {}, settled: true, createdBy: '', applied: '' };
  return { object: { apiVersion: 'troupe.dev/v1', kind: 'Cluster', metadata, spec: { shards } }, actor };
}
