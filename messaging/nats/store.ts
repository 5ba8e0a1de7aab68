// The Store port over JetStream: buckets with the settings that the KV specification asks for (ADR-8), so that any
// NATS tool can read them. A bucket kept on disk that has vanished is never made anew by running code: an empty
// bucket would look like an empty cluster.
import { hasCode, TroupeError } from '../../schemas/errors.ts';
import { checkOptions, checkSettings, settingsOf } from '../buckets.ts';
import { checkBucketName } from '../checks.ts';
import type { Bucket, BucketOptions, Durability, Store } from '../ports.ts';
import { NatsBucket } from './bucket.ts';
import { featuresOf, versionWarnings } from './features.ts';
import type { Link } from './link.ts';
import {
  isRefused,
  REFUSAL,
  refusalToError,
  StreamApi,
  type StreamConfig,
  type StreamInfo,
} from './stream-api.ts';

const NANOS_PER_MS = 1_000_000;
const DUPLICATE_WINDOW_MS = 120_000;

export interface NatsStoreOptions {
  readonly writeTimeoutMs: number;
  readonly syncAlways: boolean | undefined;
}

export class NatsStore implements Store {
  readonly #link: Link;
  readonly #options: NatsStoreOptions;
  readonly #api: StreamApi;
  readonly #closing = new AbortController();
  /** What was opened here, with its settings. */
  readonly #opened = new Map<string, StreamConfig>();

  constructor(link: Link, options: NatsStoreOptions) {
    this.#link = link;
    this.#options = options;
    this.#api = new StreamApi(link, options.writeTimeoutMs);
  }

  async bucket(name: string, options: BucketOptions = {}): Promise<Bucket> {
    checkBucketName(name);
    checkOptions(name, options);
    const info = this.#opened.has(name) ? await this.#revive(name) : await this.#openStream(name, options);
    checkSettings(name, settingsOfStream(info.config), options);
    this.#opened.set(name, info.config);
    return new NatsBucket({
      link: this.#link,
      api: this.#api,
      name,
      stream: streamOf(name),
      writeTimeoutMs: this.#options.writeTimeoutMs,
      closing: this.#closing.signal,
      revive: () => this.#revive(name),
    });
  }

  async destroy(name: string): Promise<void> {
    checkBucketName(name);
    try {
      await this.#api.remove(streamOf(name));
    } catch (error) {
      if (!isRefused(error, REFUSAL.streamNotFound)) throw refusalToError(error, `bucket "${name}"`);
    }
    this.#opened.delete(name);
  }

  async durability(): Promise<Durability> {
    const { serverVersion } = this.#link;
    const warnings = versionWarnings(serverVersion);
    let replicas: number | undefined;
    for (const name of this.#opened.keys()) {
      try {
        const { config } = await this.#revive(name);
        if (config.storage === 'file')
          replicas = Math.min(replicas ?? config.num_replicas, config.num_replicas);
      } catch (error) {
        if (!hasCode(error, 'NOT_FOUND')) throw error;
        warnings.push(`Bucket "${name}" no longer exists on the server.`);
      }
    }
    replicas ??= 1;
    const { syncAlways } = this.#options;
    if (replicas === 1) {
      warnings.push('Each write is kept by one server only: losing its disk loses the cluster.');
    }
    if (syncAlways === undefined) {
      warnings.push('The server does not tell whether it syncs each write: set sync_interval: always.');
    } else if (!syncAlways) {
      warnings.push('Writes reach the disk up to two minutes late: a power cut loses them.');
    }
    return { serverVersion, replicas, syncAlways, warnings };
  }

  /** Ends the watches; the connection belongs to who opened it. */
  async close(): Promise<void> {
    this.#closing.abort();
  }

  async #openStream(name: string, options: BucketOptions): Promise<StreamInfo> {
    const stream = streamOf(name);
    try {
      return await this.#api.info(stream);
    } catch (error) {
      if (!isRefused(error, REFUSAL.streamNotFound)) throw refusalToError(error, `bucket "${name}"`);
    }
    return this.#create(streamConfig(name, options, this.#link.serverVersion));
  }

  /** Creates the stream; when somebody else was quicker, theirs is looked at. */
  async #create(config: StreamConfig): Promise<StreamInfo> {
    try {
      return await this.#api.create(config);
    } catch (error) {
      if (isRefused(error, REFUSAL.streamNameInUse)) return this.#api.info(config.name);
      throw refusalToError(error, `stream ${config.name}`);
    }
  }

  async #revive(name: string): Promise<StreamInfo> {
    const stream = streamOf(name);
    try {
      return await this.#api.info(stream);
    } catch (error) {
      if (!isRefused(error, REFUSAL.streamNotFound)) throw refusalToError(error, `bucket "${name}"`);
    }
    const config = this.#opened.get(name);
    if (config?.storage !== 'memory') {
      throw new TroupeError('NOT_FOUND', `bucket "${name}" no longer exists on the server`);
    }
    this.#link.trace.log('warn', 'a bucket kept in memory was lost by the server and is made anew', {
      bucket: name,
    });
    return this.#create(config);
  }
}

function streamOf(bucket: string): string {
  return `KV_${bucket}`;
}

function streamConfig(bucket: string, options: BucketOptions, version: string): StreamConfig {
  const { history, storage, maxAgeMs, replicas } = settingsOf(options);
  const windowMs = maxAgeMs > 0 ? Math.min(maxAgeMs, DUPLICATE_WINDOW_MS) : DUPLICATE_WINDOW_MS;
  return {
    name: streamOf(bucket),
    subjects: [`$KV.${bucket}.>`],
    retention: 'limits',
    discard: 'new',
    storage,
    num_replicas: replicas,
    max_msgs_per_subject: history,
    max_age: maxAgeMs * NANOS_PER_MS,
    duplicate_window: windowMs * NANOS_PER_MS,
    max_consumers: -1,
    max_msgs: -1,
    max_bytes: -1,
    max_msg_size: -1,
    allow_rollup_hdrs: true,
    deny_delete: true,
    ...(featuresOf(version).directGet ? { allow_direct: true } : {}),
  };
}

function settingsOfStream(config: StreamConfig) {
  return {
    history: config.max_msgs_per_subject,
    storage: config.storage,
    maxAgeMs: Math.round(config.max_age / NANOS_PER_MS),
    replicas: config.num_replicas,
  };
}
