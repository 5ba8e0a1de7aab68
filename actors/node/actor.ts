// The Node actor: its machine, events, effects and status tied together for the kernel.
import { nodeKind } from '../../schemas/node.ts';
import { decodeOrThrow } from '../../schemas/or-throw.ts';
import { defineActor } from '../kernel/definition.ts';
import { nodeEffects } from './effects.ts';
import { NodeEvent } from './events.ts';
import { nodeMachine } from './machine.ts';
import { nodeStatus } from './status.ts';

export const Node = defineActor({
  kind: nodeKind,
  machine: nodeMachine,
  decodeEvent: (value) => decodeOrThrow(NodeEvent, value, 'an event for a Node'),
  effects: nodeEffects,
  status: nodeStatus,
});
