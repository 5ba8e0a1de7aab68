// What the client takes and gives: options of its verbs, the events of a watch, facts. Shapes only.
export type { Fact } from '../fact.ts';

import type { TroupeError } from '../../schemas/errors.ts';
import type { KubeObject } from '../../schemas/object.ts';
import type { Bus, Clock, Random } from '../ports.ts';

/** What a {@link Client} is made of. */
export interface ClientOptions {
  readonly bus: Bus;
  readonly clock: Clock;
  readonly random: Random;
  /** Name of the cluster, as in its subjects. */
  readonly cluster: string;
  /** Bound on one request with all its repetitions. Default 30,000. */
  readonly requestTimeoutMs?: number;
  /** Told of each warning about an accepted request, such as an unknown field. */
  readonly onWarning?: (warning: string) => void;
  /** Told of each attempt that failed and will be repeated. */
  readonly onRepeat?: (reason: TroupeError) => void;
}

/** How unknown fields are taken: refused, accepted with a warning, accepted silently. */
export type FieldValidation = 'Strict' | 'Warn' | 'Ignore';

export interface WriteOptions {
  /** Namespace of objects that name none. Default `default`. */
  readonly namespace?: string;
  /** Default `Warn`. */
  readonly fieldValidation?: FieldValidation;
  /** True checks and answers, and stores nothing. */
  readonly dryRun?: boolean;
}

export interface PatchOptions {
  readonly dryRun?: boolean;
  /** Refuse with CONFLICT when the object has changed since this revision. */
  readonly resourceVersion?: string;
}

export interface DeleteOptions {
  /** Seconds the object has to end in good order; 0 ends it at once. */
  readonly gracePeriodSeconds?: number;
  readonly propagationPolicy?: 'Background' | 'Foreground' | 'Orphan';
  /** Refuse with CONFLICT when the object is not this one any more. */
  readonly preconditions?: { readonly uid?: string; readonly resourceVersion?: string };
}

export interface ListOptions {
  /** Default: all namespaces. */
  readonly namespace?: string;
  /** As in `-l`: `app=web,tier in (a,b)`. */
  readonly labelSelector?: string;
  /** As in `--field-selector`: `spec.nodeName=n1`. */
  readonly fieldSelector?: string;
}

export interface WatchOptions extends ListOptions {
  /** Begin after this revision, without what is there already. */
  readonly resourceVersion?: string;
  readonly signal?: AbortSignal;
}

export interface LogOptions {
  /** Default: the pod's default container, else its first. */
  readonly container?: string;
  /** True goes on with what is written from now on. */
  readonly follow?: boolean;
  /** True reads the container's former run. */
  readonly previous?: boolean;
  /** True puts the time in front of each line. */
  readonly timestamps?: boolean;
  readonly tailLines?: number;
  readonly sinceSeconds?: number;
  /** RFC 3339. */
  readonly sinceTime?: string;
  readonly limitBytes?: number;
  readonly signal?: AbortSignal;
}

/** What a list answers. */
export interface ObjectList<T extends KubeObject = KubeObject> {
  readonly apiVersion: string;
  readonly kind: string;
  /** `resourceVersion`: the revision of the store this list shows. */
  readonly metadata: { readonly resourceVersion: string; readonly continue?: string };
  readonly items: T[];
}

/** A change seen by a watch. A BOOKMARK only carries the revision up to which all has been seen. */
export interface WatchEvent<T extends KubeObject = KubeObject> {
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED' | 'BOOKMARK';
  readonly object: T;
}

/** What an apply did with one object. */
export interface Applied {
  readonly object: KubeObject;
  readonly result: 'created' | 'configured' | 'unchanged';
  readonly warnings: readonly string[];
}

export interface UntilOptions {
  /** Bound on the wait. Default 60,000. */
  readonly withinMs?: number;
  /** What is waited for, in words, for the time-out's message. Default: the predicate's source. */
  readonly expected?: string;
  readonly signal?: AbortSignal;
}
