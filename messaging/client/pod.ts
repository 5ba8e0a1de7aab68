// One pod as a user of the library holds it: wait until something is true of it, read it, delete it, read its
// logs. Waiting is done by a watch, never by asking again and again.
import { hasCode, TroupeError } from '../../schemas/errors.ts';
import type { KubeObject } from '../../schemas/object.ts';
import type { Pod } from '../../schemas/pod/kind.ts';
import type { ContainerStatus } from '../../schemas/pod/pod-status.ts';
import type { ActorId } from '../identity.ts';
import type { Client } from './client.ts';
import { CLIENT_LIMITS } from './limits.ts';
import type { DeleteOptions, LogOptions, UntilOptions } from './types.ts';

/** A pod by its name. It need not exist (yet). */
export class PodRef {
  readonly #client: Client;
  readonly #id: ActorId;

  constructor(client: Client, id: ActorId) {
    this.#client = client;
    this.#id = id;
  }

  /** Errors: `NOT_FOUND`. */
  async get(): Promise<Pod> {
    return (await this.#client.get('pods', this.#name)) as Pod;
  }

  /**
   * The pod as soon as `predicate` is true of it; at once when it is already. Survives lost hosts and
   * restarted servers. Errors: `TIMEOUT`, which says the phase, what was expected and what was last seen.
   *
   * @example
   * const pod = await client.pod('default/web').until((pod) => pod.status?.phase === 'Running', { withinMs:
   * 30_000 });
   */
  async until(predicate: (pod: Pod) => boolean, options: UntilOptions = {}): Promise<Pod> {
    const expected = options.expected ?? sourceOf(predicate);
    const found = await this.#wait((pod) => pod !== undefined && predicate(pod), expected, options);
    return found!;
  }

  /** Resolves when the pod is gone, or another of the same name has taken its place. `uid`: the one meant. */
  async untilGone(options: UntilOptions & { readonly uid?: string } = {}): Promise<void> {
    const { uid, expected = 'deleted' } = options;
    await this.#wait(
      (pod) => pod === undefined || (uid ?? pod.metadata.uid) !== pod.metadata.uid,
      expected,
      options,
    );
  }

  /** The pod as it is now; it ends in good order first. Errors: `NOT_FOUND`, `CONFLICT`. */
  delete(options?: DeleteOptions): Promise<KubeObject> {
    return this.#client.delete('pods', this.#name, options);
  }

  /** What a container has written, as bytes. Errors: `NOT_FOUND`, `BAD_REQUEST` while it has not started. */
  logs(options?: LogOptions): AsyncIterable<Uint8Array> {
    return this.#client.logs(this.#name, options);
  }

  get #name(): string {
    return `${this.#id.namespace}/${this.#id.name}`;
  }

  async #wait(
    isTrue: (pod: Pod | undefined) => boolean,
    expected: string,
    options: UntilOptions,
  ): Promise<Pod | undefined> {
    const { withinMs = CLIENT_LIMITS.untilMs, signal } = options;
    const { namespace, name } = this.#id;
    const ended = new AbortController();
    const end = () => ended.abort();
    if (signal?.aborted) end();
    signal?.addEventListener('abort', end);
    const timer = this.#client.clock.after(withinMs, end);
    let pod: Pod | undefined;
    let synced = false;
    try {
      const criteria = { namespace, fieldSelector: `metadata.name=${name}`, signal: ended.signal };
      for await (const { type, object } of this.#client.watch('pods', criteria)) {
        if (type === 'BOOKMARK') synced = true;
        else if (object.metadata.name !== name) continue;
        else pod = type === 'DELETED' ? undefined : (object as Pod);
        if ((pod !== undefined || synced) && isTrue(pod)) return pod;
      }
    } catch (error) {
      if (!hasCode(error, 'UNAVAILABLE', 'TIMEOUT')) throw error;
      throw new TroupeError(error.code, `${this.#waited(pod, synced, expected)}: ${error.message}`, {
        cause: error,
      });
    } finally {
      timer.cancel();
      signal?.removeEventListener('abort', end);
    }
    const why = signal?.aborted ? 'the wait was ended' : `not within ${withinMs} ms`;
    throw new TroupeError('TIMEOUT', `${why}: ${this.#waited(pod, synced, expected)}`);
  }

  #waited(pod: Pod | undefined, synced: boolean, expected: string): string {
    const actual = pod
      ? describePod(pod)
      : synced
        ? 'there is no such pod'
        : 'nothing was heard of the cluster';
    const phase = pod?.status?.phase ?? 'none';
    return `pod ${this.#name}: phase ${phase}; expected ${expected}; actual: ${actual}`;
  }
}

/** Phase and the reasons for which a pod waits, in one line. */
export function describePod(pod: Pod): string {
  const status = pod.status ?? {};
  const parts: string[] = [`phase ${status.phase ?? 'Pending'}`];
  if (pod.metadata.deletionTimestamp) parts.push('is being deleted');
  for (const container of [...(status.initContainerStatuses ?? []), ...(status.containerStatuses ?? [])]) {
    parts.push(describeContainer(container));
  }
  for (const { type, status: value, reason, message } of status.conditions ?? []) {
    if (type === 'PodScheduled' && value !== 'True') parts.push(join('not scheduled', reason, message));
  }
  return parts.join(', ');
}

function describeContainer({ name, state = {}, ready, restartCount }: ContainerStatus): string {
  const restarts = restartCount > 0 ? ` after ${restartCount} restarts` : '';
  const { waiting, terminated, running } = state;
  if (waiting) return join(`container ${name} waiting${restarts}`, waiting.reason, waiting.message);
  if (terminated) {
    const exit = `container ${name} terminated with exit code ${terminated.exitCode}${restarts}`;
    return join(exit, terminated.reason, terminated.message);
  }
  const word = running ? (ready ? 'running and ready' : 'running, not ready') : 'not started';
  return `container ${name} ${word}${restarts}`;
}

function join(what: string, reason: string | undefined, message: string | undefined): string {
  const why = [reason, message].filter(Boolean).join(': ');
  return why ? `${what} (${why})` : what;
}

function sourceOf(predicate: (pod: Pod) => boolean): string {
  const text = predicate.toString().replace(/\s+/g, ' ');
  return text.length <= 160 ? text : `${text.slice(0, 160)}…`;
}
