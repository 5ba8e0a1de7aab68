// The real world's half of bus and store: NATS with JetStream.
export { connectNats, type NatsWorld } from './connect.ts';
export { compareVersions, type Features, featuresOf } from './features.ts';
export type { NatsOptions } from './options.ts';
