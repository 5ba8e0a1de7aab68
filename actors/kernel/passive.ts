// The machine of kinds that only exist: there until they are deleted. Namespaces and the cluster itself are such.
import { setup } from 'xstate';

export const passiveMachine = setup({ types: { tags: {} as 'settled' } }).createMachine({
  id: 'passive',
  initial: 'present',
  states: {
    present: { tags: 'settled', on: { 'object.deleted': 'gone' } },
    gone: { type: 'final' },
  },
});
