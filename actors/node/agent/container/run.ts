// What a container's machine knows of its runs, and the pure rules about them: when one is started anew, and how long
// that has to wait. Times come in with events, so that back-off is exact.
import { backOff } from '../../../kernel/limits.ts';

export const PULL_BACK_OFF_MS = 10_000;
export const CRASH_BACK_OFF_MS = 10_000;
export const MOST_BACK_OFF_MS = 300_000;
/** A container that ran for so long is forgiven its earlier crashes. */
export const FORGIVEN_AFTER_MS = 600_000;
/** How long Kubernetes waits before it tries again what the runtime or the configuration refused. */
export const CONFIG_RETRY_MS = 10_000;

/** One run of a container, as last seen in the runtime. Times are epoch milliseconds, 0 when unknown. */
export interface Observation {
  readonly id: string;
  readonly state: 'created' | 'running' | 'exited';
  readonly attempt: number;
  readonly image: string;
  readonly imageRef: string;
  readonly startedAt: number;
  readonly finishedAt: number;
  readonly exitCode: number;
  readonly reason: string;
  readonly message: string;
  readonly logPath: string;
}

export interface Waiting {
  readonly reason: string;
  readonly message?: string;
}

export interface ContainerSettings {
  readonly restartPolicy: 'Always' | 'OnFailure' | 'Never';
  /** An init container is started anew only when it failed. */
  readonly init: boolean;
  readonly backOffBaseMs: number;
  readonly backOffMostMs: number;
  readonly noticeMs: number;
  /** `nginx_default(uid)`-like texts for messages. */
  readonly podLabel: string;
  readonly name: string;
  readonly image: string;
}

export interface ContainerContext {
  readonly settings: ContainerSettings;
  /** Runs before this one: Kubernetes' restart count, and the attempt in the runtime. */
  readonly restarts: number;
  /** Restarts since it last ran long enough. */
  readonly strikes: number;
  /** Failed pulls in a row. */
  readonly pulls: number;
  readonly looks: number;
  readonly imageRef: string;
  readonly current?: Observation;
  /** The run before the current one. */
  readonly last?: Observation;
  readonly waiting?: Waiting;
  /** When an end has been asked for. */
  readonly graceSeconds?: number;
  readonly exitHeard: boolean;
  readonly restartDelayMs: number;
}

export type ContainerEvent =
  | { type: 'container.start' }
  | { type: 'container.adopted'; observation: Observation; last?: Observation; strikes: number; at: number }
  | { type: 'image.ready'; imageRef: string }
  | { type: 'image.failed'; reason: string; message: string }
  | { type: 'container.created'; observation: Observation }
  | { type: 'container.refused'; reason: string; message: string; permanent: boolean }
  | { type: 'container.started'; observation: Observation; at: number }
  | { type: 'container.startFailed'; observation: Observation; message: string; at: number }
  | { type: 'container.exited' }
  | { type: 'container.observed'; observation: Observation; at: number }
  | { type: 'container.stop'; graceSeconds: number }
  | { type: 'effect.failed'; message: string };

export type Of<Type extends ContainerEvent['type']> = Extract<ContainerEvent, { type: Type }>;
export type Seen = Of<
  'container.observed' | 'container.started' | 'container.startFailed' | 'container.adopted'
>;

/** Kubernetes' text of a duration: `10s`, `1m20s`, `5m0s`. */
export function durationText(ms: number): string {
  const seconds = Math.round(ms / 1_000);
  const minutes = Math.floor(seconds / 60);
  return minutes === 0 ? `${seconds}s` : `${minutes}m${seconds % 60}s`;
}

export function crashDelayMs({ strikes, settings }: ContainerContext): number {
  return strikes === 0 ? 0 : backOff(strikes - 1, settings.backOffBaseMs, settings.backOffMostMs);
}

export function wantsRestart({ settings, current }: ContainerContext): boolean {
  if (settings.restartPolicy === 'Never') return false;
  if (settings.restartPolicy === 'Always' && !settings.init) return true;
  return current?.exitCode !== 0;
}

export function crashWaiting(context: ContainerContext): Waiting {
  const { name, podLabel } = context.settings;
  const delay = durationText(crashDelayMs(context));
  const message = `back-off ${delay} restarting failed container=${name} pod=${podLabel}`;
  return { reason: 'CrashLoopBackOff', message };
}

/** Takes in what the runtime shows; an end also sets how long the next start has to wait. */
export function taken(context: ContainerContext, { observation, at }: Seen): Partial<ContainerContext> {
  if (observation.state !== 'exited') return { current: observation };
  const { startedAt, finishedAt } = observation;
  const ranMs = startedAt > 0 ? finishedAt - startedAt : 0;
  const strikes = ranMs >= FORGIVEN_AFTER_MS ? 0 : context.strikes;
  const waitMs = crashDelayMs({ ...context, strikes });
  const restartDelayMs = Math.max(0, (finishedAt || at) + waitMs - at);
  return { current: observation, strikes, restartDelayMs };
}
