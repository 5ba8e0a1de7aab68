// A watch that goes on: when the stream breaks, falls silent or its host stops, it is opened anew after the
// last revision seen. Only when that is no longer kept is everything read again; then what has vanished
// meanwhile is yielded as DELETED and what was seen before is not ADDED twice. Never polls.
import { hasCode, TroupeError } from '../../schemas/errors.ts';
import type { KubeObject } from '../../schemas/object.ts';
import { decode } from '../envelope.ts';
import type { ActorId } from '../identity.ts';
import { CLIENT_LIMITS } from './limits.ts';
import { pauseAfter, type Requester, requestHeaders } from './request.ts';
import { anyOf } from './signals.ts';
import type { WatchEvent } from './types.ts';

export interface WatchCriteria {
  readonly labelSelector?: string;
  readonly fieldSelector?: string;
  readonly resourceVersion?: string;
  readonly signal?: AbortSignal;
}

const INITIAL_END = 'k8s.io/initial-events-end';
const EMPTY = new Uint8Array(0);

/** One supervised watch. */
class Watch {
  readonly #requester: Requester;
  readonly #id: ActorId;
  readonly #criteria: WatchCriteria;
  /** Objects seen and not deleted, by namespace and name. */
  readonly #known = new Map<string, KubeObject>();
  #after: string | undefined;
  /** While everything is read again: the names met so far. */
  #met: Set<string> | undefined;

  constructor(requester: Requester, id: ActorId, criteria: WatchCriteria) {
    this.#requester = requester;
    this.#id = id;
    this.#criteria = criteria;
    this.#after = criteria.resourceVersion;
  }

  async *run(): AsyncGenerator<WatchEvent> {
    const { clock, random, signal } = this.#requester;
    let failures = 0;
    let downSinceMs: number | undefined;
    while (!this.#stopped) {
      try {
        for await (const event of this.#open()) {
          failures = 0;
          downSinceMs = undefined;
          yield* this.#take(event);
        }
        if (this.#stopped) return;
      } catch (error) {
        if (this.#stopped) return;
        if (hasCode(error, 'GONE')) {
          this.#after = undefined;
          this.#met = new Set();
        } else if (!hasCode(error, 'UNAVAILABLE', 'TIMEOUT', 'TOO_MANY_REQUESTS')) throw error;
        else if (error.code !== 'TIMEOUT') {
          downSinceMs ??= clock.monotonic();
          if (clock.monotonic() - downSinceMs > this.#requester.requestTimeoutMs) throw error;
        }
      }
      await clock.sleep(pauseAfter(failures, random), this.#criteria.signal ?? signal);
      failures += 1;
    }
  }

  get #stopped(): boolean {
    return this.#requester.signal.aborted || this.#criteria.signal?.aborted === true;
  }

  async *#open(): AsyncGenerator<WatchEvent> {
    const { bus, clock, random, subjects, signal } = this.#requester;
    const { labelSelector, fieldSelector } = this.#criteria;
    const options = { labelSelector, fieldSelector, resourceVersion: this.#after };
    if (this.#after === undefined && this.#known.size > 0) this.#met = new Set();
    const either = anyOf(signal, this.#criteria.signal);
    // What is there comes at once. Where somebody listens to all subjects, NATS does not tell that no host does.
    const silent = new AbortController();
    const answered = clock.after(CLIENT_LIMITS.attemptMs, () => silent.abort());
    if (this.#after !== undefined) answered.cancel();
    const any = anyOf(either.signal, silent.signal);
    try {
      const answers = bus.stream(subjects.api('watch', this.#id), EMPTY, {
        headers: requestHeaders(random, options),
        idleMs: CLIENT_LIMITS.watchIdleMs,
        signal: any.signal,
      });
      for await (const message of answers) {
        answered.cancel();
        yield eventOf(decode(message.data));
      }
    } finally {
      answered.cancel();
      any.release();
      either.release();
    }
  }

  *#take(event: WatchEvent): Generator<WatchEvent> {
    const { type, object } = event;
    const name = nameOf(object);
    if (type === 'BOOKMARK') {
      this.#after = object.metadata.resourceVersion ?? this.#after;
      if (object.metadata.annotations?.[INITIAL_END] === 'true') yield* this.#vanished();
      yield event;
      return;
    }
    // While everything is read, revisions come in no order: only the bookmark at its end tells where to
    // resume.
    if (this.#after !== undefined) this.#after = object.metadata.resourceVersion ?? this.#after;
    if (type === 'DELETED') {
      if (this.#known.delete(name) || this.#met === undefined) yield event;
      return;
    }
    const before = this.#known.get(name);
    this.#met?.add(name);
    this.#known.set(name, object);
    if (before === undefined) yield event;
    else if (before.metadata.uid !== object.metadata.uid) {
      yield { type: 'DELETED', object: before };
      yield { type: 'ADDED', object };
    } else if (before.metadata.resourceVersion !== object.metadata.resourceVersion) {
      yield { type: 'MODIFIED', object };
    }
  }

  *#vanished(): Generator<WatchEvent> {
    const met = this.#met;
    this.#met = undefined;
    if (!met) return;
    for (const [name, object] of this.#known) {
      if (met.has(name)) continue;
      this.#known.delete(name);
      yield { type: 'DELETED', object };
    }
  }
}

/**
 * Yields what is there, a BOOKMARK, then every change, until `signal` is aborted. Throws what cannot be
 * mended.
 */
export function watchObjects(
  requester: Requester,
  id: ActorId,
  criteria: WatchCriteria,
): AsyncGenerator<WatchEvent> {
  return new Watch(requester, id, criteria).run();
}

function eventOf(value: unknown): WatchEvent {
  const event = value as Partial<WatchEvent> | undefined;
  if (typeof event?.type === 'string' && typeof event.object?.metadata === 'object') {
    return event as WatchEvent;
  }
  throw new TroupeError('INTERNAL', 'a watch sent something that is no event');
}

function nameOf({ metadata }: KubeObject): string {
  return `${metadata.namespace ?? ''}/${metadata.name}`;
}
