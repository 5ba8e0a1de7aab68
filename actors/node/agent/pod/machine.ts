// One pod's decisions on its node: a sandbox, init containers one after another, then the others; and its end. What
// each container does is its own machine's business: this one hears only that it ended for good. Never touches the
// world. A pod found in the runtime after a crash walks the same way: "starting" a container that runs adopts it.
import { assign, setup } from 'xstate';
import { backOff } from '../../../kernel/limits.ts';

const SANDBOX_RETRY_MS = 1_000;
const MOST_SANDBOX_RETRY_MS = 60_000;

export interface SandboxFound {
  readonly id: string;
  readonly attempt: number;
  readonly ips: readonly string[];
  readonly createdAt: number;
}

export interface PodSettings {
  readonly init: readonly string[];
  readonly main: readonly string[];
  readonly restartPolicy: 'Always' | 'OnFailure' | 'Never';
}

/** Why a pod was failed as a whole. */
export interface PodFailure {
  readonly reason: string;
  readonly message: string;
}

export interface PodContext {
  readonly settings: PodSettings;
  /** Counts the sandboxes. */
  readonly attempt: number;
  readonly tries: number;
  readonly sandbox?: SandboxFound;
  /** Init containers that have ended well. */
  readonly initDone: number;
  /** Containers asked for that have not ended for good. */
  readonly live: readonly string[];
  /** An init container failed and is not started anew. */
  readonly initFailed: boolean;
  readonly failure?: PodFailure;
  /** When the end has been asked for. */
  readonly graceSeconds?: number;
}

export type PodEvent =
  | { type: 'pod.run' }
  | { type: 'pod.adopted'; sandbox: SandboxFound; ready: boolean; mustReplace: boolean }
  | { type: 'sandbox.ready'; sandbox: SandboxFound }
  | { type: 'sandbox.failed'; message: string }
  | { type: 'sandbox.lost' }
  | { type: 'container.ended'; name: string; ok: boolean }
  | { type: 'pod.expired'; failure: PodFailure }
  | { type: 'pod.stop'; graceSeconds: number }
  | { type: 'pod.removed' }
  | { type: 'effect.failed'; message: string };

type Of<Type extends PodEvent['type']> = Extract<PodEvent, { type: Type }>;

const without = (context: PodContext, event: PodEvent) =>
  context.live.filter((name) => name !== (event as Of<'container.ended'>).name);

export const podMachine = setup({
  types: { context: {} as PodContext, events: {} as PodEvent, tags: {} as 'settled' },
  actions: {
    createSandbox: (_, _params: { attempt: number }) => {},
    startContainers: (_, _params: { names: readonly string[] }) => {},
    watchDeadline: () => {},
    stopContainers: (_, _params: { graceSeconds: number | undefined }) => {},
    release: (_, _params: { sandboxId: string | undefined }) => {},
    remove: () => {},
    keepSandbox: assign(({ event }) => {
      const { sandbox } = event as Of<'sandbox.ready' | 'pod.adopted'>;
      return { sandbox, attempt: sandbox.attempt, tries: 0 };
    }),
    countTry: assign({ tries: ({ context }) => context.tries + 1 }),
    nextSandbox: assign({
      attempt: ({ context }) => context.attempt + 1,
      sandbox: undefined,
      initDone: 0,
      live: [],
    }),
    keepLive: assign(({ context }) => {
      const { init, main } = context.settings;
      const next = init[context.initDone];
      return { live: next === undefined ? main : [next] };
    }),
    keepEnded: assign({ live: ({ context, event }) => without(context, event) }),
    keepInitDone: assign(({ context, event }) => ({
      live: without(context, event),
      initDone: context.initDone + 1,
    })),
    keepInitFailure: assign(({ context, event }) => ({ live: without(context, event), initFailed: true })),
    keepStop: assign(({ event }) => ({ graceSeconds: (event as Of<'pod.stop'>).graceSeconds })),
    keepFailure: assign(({ event }) => ({ failure: (event as Of<'pod.expired'>).failure })),
  },
  guards: {
    isStopping: ({ context }) => context.graceSeconds !== undefined,
    isOver: ({ context }) => context.graceSeconds !== undefined || context.failure !== undefined,
    isStopped: ({ context }) => context.graceSeconds !== undefined && context.live.length === 0,
    isEmpty: ({ context }) => context.live.length === 0,
    isLast: ({ context, event }) => without(context, event).length === 0,
    isReady: ({ event }) => (event as Of<'pod.adopted'>).ready,
    hasInit: ({ context }) => context.initDone < context.settings.init.length,
    endedWell: ({ event }) => (event as Of<'container.ended'>).ok,
    isSooner: ({ context, event }) =>
      (event as Of<'pod.stop'>).graceSeconds < (context.graceSeconds ?? Number.POSITIVE_INFINITY),
    mustReplaceSandbox: ({ event }) => (event as Of<'pod.adopted'>).mustReplace,
    /** A pod that never restarts does not get a second sandbox for containers that died with the first. */
    mayReplaceSandbox: ({ context }) => context.settings.restartPolicy !== 'Never',
  },
  delays: {
    sandboxRetry: ({ context }) => backOff(context.tries - 1, SANDBOX_RETRY_MS, MOST_SANDBOX_RETRY_MS),
    removeRetry: ({ context }) => backOff(context.tries - 1, 200, 10_000),
  },
}).createMachine({
  id: 'pod',
  context: {
    settings: {} as PodSettings,
    attempt: 0,
    tries: 0,
    initDone: 0,
    live: [],
    initFailed: false,
  },
  initial: 'idle',
  states: {
    idle: {
      on: {
        'pod.run': { target: 'creatingSandbox', actions: 'watchDeadline' },
        'pod.adopted': [
          { guard: 'isReady', target: 'next', actions: ['keepSandbox', 'watchDeadline'] },
          {
            guard: 'mustReplaceSandbox',
            target: 'creatingSandbox',
            actions: ['keepSandbox', 'nextSandbox', 'watchDeadline'],
          },
          { target: 'next', actions: 'keepSandbox' },
        ],
        'pod.stop': { target: 'removing', actions: 'keepStop' },
      },
    },
    creatingSandbox: {
      entry: { type: 'createSandbox', params: ({ context }) => ({ attempt: context.attempt }) },
      on: {
        'sandbox.ready': [
          { guard: 'isStopping', target: 'removing', actions: 'keepSandbox' },
          { target: 'next', actions: 'keepSandbox' },
        ],
        'sandbox.failed': [
          { guard: 'isStopping', target: 'removing' },
          { target: 'sandboxBackOff', actions: 'countTry' },
        ],
        'pod.stop': { actions: 'keepStop' },
        'pod.expired': { actions: 'keepFailure' },
      },
    },
    sandboxBackOff: {
      after: { sandboxRetry: 'creatingSandbox' },
      on: {
        'pod.stop': { target: 'removing', actions: 'keepStop' },
        'pod.expired': { target: 'ended', actions: 'keepFailure' },
      },
    },
    next: {
      always: [
        { guard: 'isOver', target: 'stopping' },
        { guard: 'hasInit', target: 'initialising', actions: 'keepLive' },
        { target: 'running', actions: 'keepLive' },
      ],
    },
    initialising: {
      entry: { type: 'startContainers', params: ({ context }) => ({ names: context.live }) },
      on: {
        'container.ended': [
          { guard: 'endedWell', target: 'next', actions: 'keepInitDone' },
          { target: 'ended', actions: 'keepInitFailure' },
        ],
        'sandbox.lost': [
          { guard: 'mayReplaceSandbox', target: 'creatingSandbox', actions: 'nextSandbox' },
          { target: 'stopping' },
        ],
        'pod.expired': { target: 'stopping', actions: 'keepFailure' },
        'pod.stop': { target: 'stopping', actions: 'keepStop' },
      },
    },
    running: {
      tags: 'settled',
      entry: { type: 'startContainers', params: ({ context }) => ({ names: context.live }) },
      on: {
        'container.ended': [
          { guard: 'isLast', target: 'ended', actions: 'keepEnded' },
          { actions: 'keepEnded' },
        ],
        'sandbox.lost': [
          { guard: 'mayReplaceSandbox', target: 'creatingSandbox', actions: 'nextSandbox' },
          { target: 'stopping' },
        ],
        'pod.expired': { target: 'stopping', actions: 'keepFailure' },
        'pod.stop': { target: 'stopping', actions: 'keepStop' },
      },
    },
    stopping: {
      entry: {
        type: 'stopContainers',
        params: ({ context }) => ({ graceSeconds: context.graceSeconds }),
      },
      always: [
        { guard: 'isStopped', target: 'removing' },
        { guard: 'isEmpty', target: 'ended' },
      ],
      on: {
        'container.ended': { actions: 'keepEnded' },
        'pod.stop': { guard: 'isSooner', target: 'stopping', reenter: true, actions: 'keepStop' },
      },
    },
    // All its containers have ended for good; they are kept for their logs until the pod is deleted.
    ended: {
      tags: 'settled',
      entry: { type: 'release', params: ({ context }) => ({ sandboxId: context.sandbox?.id }) },
      on: { 'pod.stop': { target: 'removing', actions: 'keepStop' } },
    },
    removing: {
      entry: 'remove',
      on: {
        'pod.removed': 'gone',
        'effect.failed': { target: 'removeBackOff', actions: 'countTry' },
      },
    },
    removeBackOff: { after: { removeRetry: 'removing' } },
    gone: { type: 'final' },
  },
});
