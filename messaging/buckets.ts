// The settings of a bucket and the refusal of a write, the same in both worlds.
import { TroupeError } from '../schemas/errors.ts';
import type { BucketOptions } from './ports.ts';

/** Values a bucket keeps per key unless told otherwise; also the most that the KV specification allows. */
export const MAX_HISTORY = 64;

export interface BucketSettings {
  readonly history: number;
  readonly storage: 'file' | 'memory';
  readonly maxAgeMs: number;
  readonly replicas: number;
}

/** The given settings with what is left out filled in. */
export function settingsOf(options: BucketOptions): BucketSettings {
  return {
    history: options.history ?? MAX_HISTORY,
    storage: options.storage ?? 'file',
    maxAgeMs: options.maxAgeMs ?? 0,
    replicas: options.replicas ?? 1,
  };
}

/** Throws CONFLICT when a given option differs from what the bucket has. */
export function checkSettings(name: string, has: BucketSettings, options: BucketOptions): void {
  for (const option of ['history', 'storage', 'maxAgeMs', 'replicas'] as const) {
    const wanted = options[option];
    if (wanted === undefined || wanted === has[option]) continue;
    const text = `bucket "${name}" has ${option} ${has[option]}, not ${wanted}`;
    throw new TroupeError('CONFLICT', text);
  }
}

/** Throws BAD_REQUEST for settings that no bucket can have. */
export function checkOptions(name: string, options: BucketOptions): void {
  const { history } = settingsOf(options);
  if (Number.isInteger(history) && history >= 1 && history <= MAX_HISTORY) return;
  throw new TroupeError('BAD_REQUEST', `bucket "${name}": history must be from 1 to ${MAX_HISTORY}`);
}

export function staleRevision(bucket: string, key: string, expected: number, revision?: number): TroupeError {
  const has = revision === undefined ? 'another revision' : `revision ${revision}`;
  const details = { bucket, key, expected, ...(revision === undefined ? {} : { revision }) };
  return new TroupeError('STALE_REVISION', `${key}: expected revision ${expected}, has ${has}`, { details });
}
