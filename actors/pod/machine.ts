// The Pod actor's decisions: find a node, have it run the pod, take in what the node reports, and end the pod when
// it is deleted. It never touches the world; what a state wants is asked for on entry and again after a named delay.
import { and, assign, enqueueActions, setup } from 'xstate';
import type { KubeObject } from '../../schemas/object.ts';
import type { PodEvent } from './events.ts';
import { factOf, isEnded, type ReportedStatus } from './status.ts';

export interface PodContext {
  readonly object: KubeObject;
  /** Failed attempts in a row, of whatever the state tries. */
  readonly attempts: number;
  /** The last status the node reported, and its counter. */
  readonly reported?: ReportedStatus;
  readonly counter: number;
  /** The node whose counter that is: another one counts anew. */
  readonly counted?: string;
  /** True when the user has named the node: no other will do. */
  readonly pinned?: boolean;
  /** Why no node took it, in words. */
  readonly unplaced?: string;
  /** Epoch milliseconds of the binding, and of the last failed placement. */
  readonly scheduledAt?: number;
  readonly unplacedAt?: number;
}

type Reported = Extract<PodEvent, { type: 'node.reported' }>;

const effect = () => () => {};
const grow = (firstMs: number, mostMs: number) => (arg: { context: PodContext }) =>
  Math.min(firstMs * 2 ** Math.min(arg.context.attempts, 20), mostMs);

/** Names one order to run, among all that this pod has given. */
function orderOf({ scheduledAt = 0, attempts }: PodContext): string {
  return `${scheduledAt}/${attempts}`;
}

function nodeOf(object: KubeObject): string {
  return (object.spec as { nodeName?: string } | undefined)?.nodeName ?? '';
}

export const podMachine = setup({
  types: { context: {} as PodContext, events: {} as PodEvent, tags: {} as 'settled' },
  actions: {
    place: effect(),
    run: effect() as (arg: unknown, params: { node: string; order: string }) => void,
    stop: effect() as (arg: unknown, params: { node: string }) => void,
    announce: effect() as (arg: unknown, params: { fact: string; [more: string]: unknown }) => void,
    bind: assign(({ context, event }) => {
      const { node, at } = event as Extract<PodEvent, { type: 'pod.granted' }>;
      const object = { ...context.object, spec: { ...context.object.spec, nodeName: node } };
      const counter = context.counted === node ? context.counter : 0;
      const pinned = nodeOf(context.object) !== '';
      const placed = { attempts: 0, scheduledAt: at, unplaced: undefined, unplacedAt: undefined };
      return { ...placed, object, counter, counted: node, pinned };
    }),
    unbind: assign(({ context, event }) => {
      const { nodeName: _node, ...spec } = context.object.spec as Record<string, unknown>;
      const { message, at } = event as Extract<PodEvent, { type: 'pod.refused' }>;
      const object = context.pinned ? context.object : { ...context.object, spec };
      return {
        object,
        reported: undefined,
        unplaced: message,
        unplacedAt: at,
        scheduledAt: undefined,
        attempts: context.attempts + 1,
      };
    }),
    keepWhy: assign(({ context, event }) => {
      const { message, at } = event as Extract<PodEvent, { type: 'pod.unplaced' }>;
      const since = context.unplaced === message ? context.unplacedAt : at;
      return { unplaced: message, unplacedAt: since, attempts: context.attempts + 1 };
    }),
    keepReport: assign(({ event }) => {
      const { status, counter } = event as Reported;
      return { reported: status as ReportedStatus, counter, attempts: 0 };
    }),
    keepCounter: assign({ counter: ({ event }) => (event as Reported).counter }),
    announceBinding: enqueueActions(({ context, enqueue }) => {
      enqueue({ type: 'announce', params: { fact: 'scheduled', node: nodeOf(context.object) } } as never);
    }),
    announceReport: enqueueActions(({ context, event, enqueue }) => {
      const fact = factOf(context.reported, (event as Reported).status as ReportedStatus);
      if (fact) enqueue({ type: 'announce', params: { fact, node: nodeOf(context.object) } } as never);
    }),
    tryAgain: assign({ attempts: ({ context }) => context.attempts + 1 }),
  },
  guards: {
    /** From the pod's own node, about this very pod, and newer than what is known. */
    isNews: ({ context, event }) => {
      const { uid, node, counter } = event as Reported;
      const { object } = context;
      return uid === object.metadata.uid && node === nodeOf(object) && counter > context.counter;
    },
    isForced: ({ context }) => context.object.metadata.deletionGracePeriodSeconds === 0,
    /** A refusal that comes late must not unbind what was ordered anew since and may run already. */
    isOfNewestOrder: ({ context, event }) =>
      (event as Extract<PodEvent, { type: 'pod.refused' }>).order === orderOf(context),
    isGone: ({ event }) => (event as Reported).gone,
    isEnded: ({ event }) => isEnded((event as Reported).status as ReportedStatus),
  },
  delays: {
    replace: grow(1_000, 5_000),
    reorder: grow(1_000, 15_000),
    restop: grow(1_000, 15_000),
  },
}).createMachine({
  id: 'pod',
  context: { object: {} as KubeObject, attempts: 0, counter: 0 },
  initial: 'placing',
  states: {
    placing: {
      entry: 'place',
      // Longer than all its offers may take: a second round beside the first would leave promises behind.
      after: { 20000: { target: 'placing', reenter: true, actions: 'tryAgain' } },
      on: {
        'pod.granted': { target: 'bound', actions: ['bind', 'announceBinding'] },
        'pod.unplaced': { target: 'unschedulable', actions: 'keepWhy' },
        'object.deleted': 'gone',
      },
    },
    unschedulable: {
      entry: {
        type: 'announce',
        params: ({ context }) => ({ fact: 'unschedulable', message: context.unplaced }),
      },
      after: { replace: 'placing' },
      on: { 'object.changed': 'placing', 'object.deleted': 'gone' },
    },
    // The order goes out on entry and again until the node's first report shows that it has arrived.
    bound: {
      entry: {
        type: 'run',
        params: ({ context }) => ({ node: nodeOf(context.object), order: orderOf(context) }),
      },
      after: { reorder: { target: 'bound', reenter: true, actions: 'tryAgain' } },
      on: {
        'node.reported': [
          { guard: and(['isNews', 'isGone']), actions: 'keepCounter' },
          { guard: and(['isNews', 'isEnded']), target: 'ended', actions: ['announceReport', 'keepReport'] },
          { guard: 'isNews', target: 'running', actions: ['announceReport', 'keepReport'] },
        ],
        'pod.refused': { guard: 'isOfNewestOrder', target: 'unschedulable', actions: 'unbind' },
        'object.deleted': [{ guard: 'isForced', target: 'forced' }, { target: 'stopping' }],
      },
    },
    running: {
      tags: 'settled',
      on: {
        'node.reported': [
          { guard: and(['isNews', 'isGone']), target: 'bound', actions: 'keepCounter' },
          { guard: and(['isNews', 'isEnded']), target: 'ended', actions: ['announceReport', 'keepReport'] },
          { guard: 'isNews', actions: ['announceReport', 'keepReport'] },
        ],
        'object.deleted': [{ guard: 'isForced', target: 'forced' }, { target: 'stopping' }],
      },
    },
    ended: {
      tags: 'settled',
      on: {
        // What has ended stays so: a later word of the node, or that it has cleaned up, is not taken for a status.
        'node.reported': [
          { guard: and(['isNews', 'isEnded']), actions: 'keepReport' },
          { guard: 'isNews', actions: 'keepCounter' },
        ],
        'object.deleted': [{ guard: 'isForced', target: 'forced' }, { target: 'stopping' }],
      },
    },
    stopping: {
      entry: { type: 'stop', params: ({ context }) => ({ node: nodeOf(context.object) }) },
      after: { restop: { target: 'stopping', reenter: true, actions: 'tryAgain' } },
      on: {
        'node.reported': [
          { guard: and(['isNews', 'isGone']), target: 'gone', actions: 'keepCounter' },
          { guard: 'isNews', actions: 'keepReport' },
        ],
        'pod.gone': 'gone',
        // A shorter grace period: tell the node.
        'object.deleted': [
          { guard: 'isForced', target: 'forced' },
          { target: 'stopping', reenter: true },
        ],
      },
    },
    // No grace at all: the object goes at once. The node is told; if it cannot hear, its next report is answered
    // with `unknown`, and it removes what it has.
    forced: {
      entry: { type: 'stop', params: ({ context }) => ({ node: nodeOf(context.object) }) },
      always: 'gone',
    },
    gone: { type: 'final' },
  },
});
