// The Namespace actor: it exists, and is Active until it is deleted.
import { TroupeError } from '../../schemas/errors.ts';
import { namespaceKind } from '../../schemas/namespace.ts';
import { defineActor } from '../kernel/definition.ts';
import { passiveMachine } from '../kernel/passive.ts';

export const Namespace = defineActor({
  kind: namespaceKind,
  machine: passiveMachine,
  decodeEvent(value) {
    throw new TroupeError('BAD_REQUEST', `a Namespace does not understand ${JSON.stringify(value)}`);
  },
  effects: {},
  status: (state) => ({ phase: state.value === 'present' ? 'Active' : 'Terminating' }),
});

/** Namespaces that every cluster has. */
export const FIRST_NAMESPACES = ['default', 'kube-system', 'kube-public', 'kube-node-lease'];
