// What a Pod actor hears, beside the kernel's own events. Wire codec and machine event in one.
import * as t from 'io-ts';
import { NodeReported } from '../node/protocol.ts';

/** A node has promised to take the pod. */
export const PodGranted = t.type({ type: t.literal('pod.granted'), node: t.string }, 'PodGranted');

/** No node takes it now; `message` is what Kubernetes' scheduler would say. */
export const PodUnplaced = t.type({ type: t.literal('pod.unplaced'), message: t.string }, 'PodUnplaced');

/** The node refuses the order: its promise has lapsed and its room is gone, or it was told to leave. */
export const PodRefused = t.type(
  { type: t.literal('pod.refused'), message: t.string, order: t.string },
  'PodRefused',
);

/** The node has nothing of the pod. */
export const PodGone = t.type({ type: t.literal('pod.gone') }, 'PodGone');

export const PodEvent = t.union([PodGranted, PodUnplaced, PodRefused, PodGone, NodeReported]);

export interface KernelEvent {
  readonly type: 'object.created' | 'object.changed' | 'object.deleted' | 'effect.failed';
}

/** Every event also carries `at`, epoch milliseconds, given by the kernel. */
export type PodEvent = (t.TypeOf<typeof PodEvent> | KernelEvent) & { readonly at: number };
