// What a server can do, by its version. Old servers accept options they do not know and ignore them; new ones
// refuse them. So nothing is ever sent that is not listed here.
import { TroupeError } from '../../schemas/errors.ts';

export interface Features {
  readonly version: string;
  /** Streams may be read from followers; part of the standard for KV buckets. */
  readonly directGet: boolean;
  /** Metadata, compression, several filters for one consumer. */
  readonly metadata: boolean;
  /** `Nats-TTL`, once a stream allows it. */
  readonly ttl: boolean;
  /** Several writes stored all or none. */
  readonly atomicBatch: boolean;
  /** `sync_interval: always` can be configured. */
  readonly syncAlways: boolean;
}

export const OLDEST_SERVER = '2.9.0';

/** Throws SETUP for a server that is too old. */
export function featuresOf(version: string): Features {
  const from = (wanted: string) => compareVersions(version, wanted) >= 0;
  if (!from(OLDEST_SERVER)) {
    throw new TroupeError('SETUP', `nats-server ${version} is too old: ${OLDEST_SERVER} or later is needed`);
  }
  return {
    version,
    directGet: true,
    metadata: from('2.10.0'),
    ttl: from('2.11.0'),
    atomicBatch: from('2.12.0'),
    syncAlways: from('2.10.0'),
  };
}

/** Negative when `a` is older than `b`; what follows a dash is left aside. */
export function compareVersions(a: string, b: string): number {
  const [left, right] = [a, b].map((text) => text.replace(/^v/, '').split('-')[0]!.split('.').map(Number));
  for (let index = 0; index < 3; index += 1) {
    const difference = (left![index] ?? 0) - (right![index] ?? 0);
    if (difference !== 0 && !Number.isNaN(difference)) return difference;
  }
  return 0;
}

/** Versions that are known to lose data, with the reason. */
export function versionWarnings(version: string): string[] {
  const within = (low: string, high: string) =>
    compareVersions(version, low) >= 0 && compareVersions(version, high) <= 0;
  const warnings: string[] = [];
  if (within('2.10.20', '2.10.22')) {
    warnings.push(`nats-server ${version} can lose a stream when it is killed: use 2.10.23 or later.`);
  }
  if (compareVersions(version, '2.11.0') < 0) {
    warnings.push(`nats-server ${version} should run alone: replicas can diverge before 2.11.`);
  }
  return warnings;
}
