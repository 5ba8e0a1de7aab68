// Runs a private nats-server.
export { findServer, versionOf } from './binary.ts';
export type { Credentials } from './configuration.ts';
export { type NatsServer, type NatsServerOptions, startNatsServer } from './nats-server.ts';
