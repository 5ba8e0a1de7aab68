// The Node actor's decisions: a node is described by its agent, gets a range of pod addresses, and is ready for as long
// as its heartbeat is heard. It never touches the world.
import { assign, setup } from 'xstate';
import type { KubeObject } from '../../schemas/object.ts';
import type { NodeEvent } from './events.ts';

export interface NodeContext {
  readonly object: KubeObject;
  readonly described?: Readonly<Record<string, unknown>>;
  /** Ranges that the machine already has routes for, of no use to pods. */
  readonly avoidCidrs: readonly string[];
  /** Epoch milliseconds of the last change between heard and silent. */
  readonly changedAt: number;
}

const effect = () => () => {};

export const nodeMachine = setup({
  types: { context: {} as NodeContext, events: {} as NodeEvent, tags: {} as 'settled' },
  actions: {
    claimCidr: effect() as (arg: unknown, params: { avoid: readonly string[] }) => void,
    releaseCidr: effect() as (arg: unknown, params: { cidr: string }) => void,
    announce: effect() as (arg: unknown, params: { fact: string }) => void,
    describe: assign(({ event }) => {
      const { status, avoidCidrs } = event as Extract<NodeEvent, { type: 'node.described' }>;
      return avoidCidrs ? { described: status, avoidCidrs } : { described: status };
    }),
    keepCidr: assign(({ context, event }) => {
      const { cidr } = event as Extract<NodeEvent, { type: 'node.cidrClaimed' }>;
      const spec = { ...context.object.spec, podCIDR: cidr, podCIDRs: [cidr] };
      return { object: { ...context.object, spec } };
    }),
    stamp: assign({ changedAt: ({ event }) => event.at }),
  },
  guards: { hasCidr: ({ context }) => cidrOf(context.object) !== '' },
}).createMachine({
  id: 'node',
  context: { object: {} as KubeObject, avoidCidrs: [], changedAt: 0 },
  initial: 'undescribed',
  states: {
    // The agent says what it is before anything is decided for it.
    undescribed: {
      on: {
        'node.described': [
          { guard: 'hasCidr', target: 'ready', actions: ['describe', 'stamp'] },
          { target: 'claiming', actions: ['describe', 'stamp'] },
        ],
        'object.deleted': 'gone',
      },
    },
    claiming: {
      entry: { type: 'claimCidr', params: ({ context }) => ({ avoid: context.avoidCidrs }) },
      after: { 5000: { target: 'claiming', reenter: true } },
      on: {
        'node.cidrClaimed': { target: 'ready', actions: ['keepCidr', 'stamp'] },
        'node.described': { actions: 'describe' },
        'object.deleted': 'leaving',
      },
    },
    ready: {
      tags: 'settled',
      entry: { type: 'announce', params: { fact: 'ready' } },
      on: {
        'node.described': { actions: 'describe' },
        'node.silent': { target: 'silent', actions: 'stamp' },
        'object.deleted': 'leaving',
      },
    },
    silent: {
      tags: 'settled',
      entry: { type: 'announce', params: { fact: 'silent' } },
      on: {
        'node.heard': { target: 'ready', actions: 'stamp' },
        'node.described': { target: 'ready', actions: ['describe', 'stamp'] },
        'object.deleted': 'leaving',
      },
    },
    leaving: {
      entry: { type: 'releaseCidr', params: ({ context }) => ({ cidr: cidrOf(context.object) }) },
      always: 'gone',
    },
    gone: { type: 'final' },
  },
});

export function cidrOf(node: KubeObject): string {
  return (node.spec as { podCIDR?: string } | undefined)?.podCIDR ?? '';
}
