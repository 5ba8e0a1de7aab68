// What a Node actor hears, beside the kernel's own events. Wire codec and machine event in one.
import * as t from 'io-ts';
import { MachineStatus } from './protocol.ts';

/** The agent describes its machine: capacity, addresses, versions, conditions. */
export const NodeDescribed = t.intersection(
  [
    t.type({ type: t.literal('node.described'), status: MachineStatus }),
    t.partial({ avoidCidrs: t.array(t.string) }),
  ],
  'NodeDescribed',
);

/** Its heartbeat has not been heard for too long, or is heard again. */
export const NodeSilent = t.type({ type: t.literal('node.silent') }, 'NodeSilent');
export const NodeHeard = t.type({ type: t.literal('node.heard') }, 'NodeHeard');

/** A range of pod addresses is this node's; nobody else can have claimed it. */
export const CidrClaimed = t.type({ type: t.literal('node.cidrClaimed'), cidr: t.string }, 'CidrClaimed');

export const NodeEvent = t.union([NodeDescribed, NodeSilent, NodeHeard, CidrClaimed]);

export interface KernelEvent {
  readonly type: 'object.created' | 'object.changed' | 'object.deleted' | 'effect.failed';
}

/** Every event also carries `at`, epoch milliseconds, given by the kernel. */
export type NodeEvent = (t.TypeOf<typeof NodeEvent> | KernelEvent) & { readonly at: number };
