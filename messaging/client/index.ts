// The client of a cluster, for every process that holds a bus.
export { Client, clientOf, containerNamesOf } from './client.ts';
export { CLIENT_LIMITS } from './limits.ts';
export { describePod, PodRef } from './pod.ts';
export { DEFAULT_NAMESPACE, kindNamed, targetOf } from './target.ts';
export type * from './types.ts';
