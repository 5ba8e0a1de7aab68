// One container's decisions: pull, create, start, and what to do when it ends. Never touches the world: what a state
// wants is asked for on entry, and comes back as an event. Times come in events, so that back-off is exact and pure.
// The state is volatile: after a crash of the agent it is worked out anew from what the runtime remembers.
import { assign, setup } from 'xstate';
import { backOff } from '../../../kernel/limits.ts';
import {
  CONFIG_RETRY_MS,
  type ContainerContext,
  type ContainerEvent,
  type ContainerSettings,
  crashWaiting,
  MOST_BACK_OFF_MS,
  type Of,
  PULL_BACK_OFF_MS,
  type Seen,
  taken,
  wantsRestart,
} from './run.ts';

/** An exit announced but not yet seen is looked for so often before it counts as a false alarm. */
const MOST_LOOKS = 5;

export const containerMachine = setup({
  types: { context: {} as ContainerContext, events: {} as ContainerEvent, tags: {} as 'settled' },
  actions: {
    ensureImage: (_, _params: { attempt: number }) => {},
    createContainer: (_, _params: { attempt: number; imageRef: string; strikes: number }) => {},
    startContainer: (_, _params: { id: string }) => {},
    inspect: (_, _params: { id: string }) => {},
    stopContainer: (_, _params: { id: string; graceSeconds: number }) => {},
    note: (_, _params: { reason: string; message: string }) => {},
    tellPod: (_, _params: { ok: boolean }) => {},
    see: assign(({ context, event }) => taken(context, event as Seen)),
    adopt: assign(({ event }) => {
      const { observation, last, strikes } = event as Of<'container.adopted'>;
      return { restarts: observation.attempt, strikes, last, imageRef: observation.imageRef };
    }),
    keepImage: assign(({ event }) => ({ imageRef: (event as Of<'image.ready'>).imageRef, pulls: 0 })),
    keepCreated: assign(({ event }) => ({ current: (event as Of<'container.created'>).observation })),
    keepRefusal: assign(({ event }) => {
      const { reason, message } = event as Of<'container.refused'>;
      return { waiting: { reason, message } };
    }),
    keepPullFailure: assign(({ context, event }) => {
      const { reason, message } = event as Of<'image.failed'>;
      return { waiting: { reason, message }, pulls: context.pulls + 1 };
    }),
    showPullBackOff: assign(({ context }) => {
      const { image } = context.settings;
      const why = `${context.waiting?.reason}: ${context.waiting?.message}`;
      return {
        waiting: { reason: 'ImagePullBackOff', message: `Back-off pulling image "${image}": ${why}` },
      };
    }),
    showStartFailure: assign(({ event }) => ({
      waiting: { reason: 'RunContainerError', message: (event as Of<'container.startFailed'>).message },
    })),
    /** What could not even start says so for a moment first. */
    showCrashUnlessNew: assign(({ context }) =>
      context.waiting?.reason === 'RunContainerError' ? {} : { waiting: crashWaiting(context) },
    ),
    showCrashBackOff: assign(({ context }) => ({ waiting: crashWaiting(context) })),
    runs: assign({ waiting: undefined, looks: 0, exitHeard: false }),
    again: assign(({ context }) => ({
      restarts: context.restarts + 1,
      strikes: context.strikes + 1,
      last: context.current,
      current: undefined,
      exitHeard: false,
      looks: 0,
    })),
    countLook: assign({ looks: ({ context }) => context.looks + 1 }),
    hearExit: assign({ exitHeard: true }),
    keepStop: assign(({ event }) => ({ graceSeconds: (event as Of<'container.stop'>).graceSeconds })),
  },
  guards: {
    isStopAsked: ({ context }) => context.graceSeconds !== undefined,
    isSooner: ({ context, event }) =>
      (event as Of<'container.stop'>).graceSeconds < (context.graceSeconds ?? Number.POSITIVE_INFINITY),
    hasEnded: ({ event }) => (event as Seen).observation.state === 'exited',
    isCreated: ({ event }) => (event as Seen).observation.state === 'created',
    /** Its start went unanswered, and it did start. */
    isStarted: ({ context, event }) =>
      context.graceSeconds === undefined &&
      context.current?.state === 'created' &&
      (event as Seen).observation.state === 'running',
    isRunning: ({ event }) => (event as Seen).observation.state === 'running',
    isFalseAlarm: ({ context }) => context.looks >= MOST_LOOKS && context.graceSeconds === undefined,
    isStillThere: ({ context }) => context.looks >= MOST_LOOKS && context.graceSeconds !== undefined,
    isExitHeard: ({ context }) => context.exitHeard,
    isPermanent: ({ event }) => (event as Of<'container.refused'>).permanent,
    isPullFailure: ({ context }) => context.waiting?.reason === 'ErrImagePull',
    isStartFailure: ({ context }) => context.waiting?.reason === 'RunContainerError',
    wantsRestart: ({ context }) => wantsRestart(context),
    mayRestartNow: ({ context }) => wantsRestart(context) && context.restartDelayMs === 0,
  },
  delays: {
    notice: ({ context }) => context.settings.noticeMs,
    pullRetry: ({ context }) => backOff(context.pulls - 1, PULL_BACK_OFF_MS, MOST_BACK_OFF_MS),
    crashRetry: ({ context }) => context.restartDelayMs,
    configRetry: CONFIG_RETRY_MS,
    lookAgain: ({ context }) => backOff(context.looks, 100, 10_000),
    stopAgain: ({ context }) => (context.graceSeconds ?? 0) * 1_000 + 30_000,
  },
}).createMachine({
  id: 'container',
  context: {
    settings: {} as ContainerSettings,
    restarts: 0,
    strikes: 0,
    pulls: 0,
    looks: 0,
    imageRef: '',
    exitHeard: false,
    restartDelayMs: 0,
  },
  initial: 'idle',
  states: {
    idle: {
      on: {
        'container.start': 'pulling',
        'container.adopted': [
          { guard: 'hasEnded', target: 'deciding', actions: ['adopt', 'see'] },
          { guard: 'isRunning', target: 'running', actions: ['adopt', 'see'] },
          { target: 'starting', actions: ['adopt', 'see'] },
        ],
        'container.stop': { target: 'terminated', actions: 'keepStop' },
      },
    },
    pulling: {
      entry: { type: 'ensureImage', params: ({ context }) => ({ attempt: context.restarts }) },
      on: {
        'image.ready': [
          { guard: 'isStopAsked', target: 'terminated' },
          { target: 'creating', actions: 'keepImage' },
        ],
        'image.failed': [
          { guard: 'isStopAsked', target: 'terminated' },
          { target: 'pullBackOff', actions: 'keepPullFailure' },
        ],
        'container.refused': [
          { guard: 'isStopAsked', target: 'terminated' },
          { guard: 'isPermanent', target: 'refused', actions: 'keepRefusal' },
          { target: 'configBackOff', actions: 'keepRefusal' },
        ],
        'container.stop': { actions: 'keepStop' },
      },
    },
    pullBackOff: {
      after: {
        notice: {
          guard: 'isPullFailure',
          actions: [
            'showPullBackOff',
            {
              type: 'note',
              params: ({ context }) => ({
                reason: 'BackOff',
                message: `Back-off pulling image "${context.settings.image}"`,
              }),
            },
          ],
        },
        pullRetry: 'pulling',
      },
      on: { 'container.stop': { target: 'terminated', actions: 'keepStop' } },
    },
    // Nothing will change unless the pod does.
    refused: {
      tags: 'settled',
      on: { 'container.stop': { target: 'terminated', actions: 'keepStop' } },
    },
    creating: {
      entry: {
        type: 'createContainer',
        params: ({ context }) => ({
          attempt: context.restarts,
          imageRef: context.imageRef,
          strikes: context.strikes,
        }),
      },
      on: {
        'container.created': [
          { guard: 'isStopAsked', target: 'terminated', actions: 'keepCreated' },
          { target: 'starting', actions: 'keepCreated' },
        ],
        'container.refused': [
          { guard: 'isStopAsked', target: 'terminated' },
          { guard: 'isPermanent', target: 'refused', actions: 'keepRefusal' },
          { target: 'configBackOff', actions: 'keepRefusal' },
        ],
        'container.stop': { actions: 'keepStop' },
      },
    },
    configBackOff: {
      after: { configRetry: 'pulling' },
      on: { 'container.stop': { target: 'terminated', actions: 'keepStop' } },
    },
    starting: {
      entry: { type: 'startContainer', params: ({ context }) => ({ id: context.current!.id }) },
      on: {
        'container.started': [
          { guard: 'hasEnded', target: 'deciding', actions: ['runs', 'see'] },
          { guard: 'isStopAsked', target: 'stopping', actions: ['runs', 'see'] },
          { guard: 'isExitHeard', target: 'inspecting', actions: ['runs', 'see'] },
          { target: 'running', actions: ['runs', 'see'] },
        ],
        'container.startFailed': { target: 'deciding', actions: ['see', 'showStartFailure'] },
        'container.exited': { actions: 'hearExit' },
        'container.stop': { actions: 'keepStop' },
        // Nobody knows whether it was started.
        'effect.failed': 'inspecting',
      },
    },
    running: {
      tags: 'settled',
      on: {
        'container.exited': 'inspecting',
        'container.stop': { target: 'stopping', actions: 'keepStop' },
      },
    },
    // An exit was announced: how did it end? The runtime's own record may come a little after its announcement.
    inspecting: {
      entry: { type: 'inspect', params: ({ context }) => ({ id: context.current!.id }) },
      after: { lookAgain: { target: 'inspecting', reenter: true, actions: 'countLook' } },
      on: {
        'container.observed': [
          { guard: 'hasEnded', target: 'deciding', actions: 'see' },
          { guard: 'isCreated', target: 'starting' },
          { guard: 'isStarted', target: 'running', actions: ['runs', 'see'] },
          { guard: 'isFalseAlarm', target: 'running', actions: 'runs' },
          { guard: 'isStillThere', target: 'stopping', actions: 'runs' },
        ],
        'container.stop': { target: 'stopping', actions: 'keepStop' },
      },
    },
    deciding: {
      always: [
        { guard: 'isStopAsked', target: 'terminated' },
        { guard: 'mayRestartNow', target: 'pulling', actions: 'again' },
        { guard: 'wantsRestart', target: 'crashBackOff' },
        { target: 'terminated' },
      ],
    },
    crashBackOff: {
      entry: [
        'showCrashUnlessNew',
        {
          type: 'note',
          params: ({ context: { settings } }) => ({
            reason: 'BackOff',
            message: `Back-off restarting failed container ${settings.name} in pod ${settings.podLabel}`,
          }),
        },
      ],
      after: {
        notice: { guard: 'isStartFailure', actions: 'showCrashBackOff' },
        crashRetry: { target: 'pulling', actions: 'again' },
      },
      on: { 'container.stop': { target: 'terminated', actions: 'keepStop' } },
    },
    stopping: {
      entry: {
        type: 'stopContainer',
        params: ({ context }) => ({ id: context.current!.id, graceSeconds: context.graceSeconds ?? 30 }),
      },
      after: { stopAgain: { target: 'stopping', reenter: true } },
      on: {
        'container.exited': 'inspecting',
        'container.stop': { guard: 'isSooner', target: 'stopping', reenter: true, actions: 'keepStop' },
      },
    },
    terminated: {
      type: 'final',
      entry: {
        type: 'tellPod',
        params: ({ context }) => ({
          ok: context.current?.state === 'exited' && context.current.exitCode === 0,
        }),
      },
    },
  },
});
