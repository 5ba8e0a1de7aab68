// The client of a cluster's public door: the API's verbs as methods, over any Bus, from any process. It keeps
// nothing but its open streams; every answer comes from the cluster. Used by the command line, the library
// and the specs alike.
import { hasCode, TroupeError } from '../../schemas/errors.ts';
import { parseManifests } from '../../schemas/manifest.ts';
import type { KubeObject } from '../../schemas/object.ts';
import { orThrow } from '../../schemas/or-throw.ts';
import { encode, HEADER } from '../envelope.ts';
import type { ActorId } from '../identity.ts';
import type { Clock, Headers } from '../ports.ts';
import { subjectsOf } from '../subjects.ts';
import { FactStream } from './facts.ts';
import { CLIENT_LIMITS } from './limits.ts';
import { PodRef } from './pod.ts';
import { ask, type Requester, requestHeaders } from './request.ts';
import { anyOf } from './signals.ts';
import { addressOf, kindNamed, targetOf } from './target.ts';
import type {
  Applied,
  ClientOptions,
  DeleteOptions,
  Fact,
  ListOptions,
  LogOptions,
  ObjectList,
  PatchOptions,
  WatchEvent,
  WatchOptions,
  WriteOptions,
} from './types.ts';
import { watchObjects } from './watching.ts';

/**
 * A client of one cluster. Requests that get no answer are repeated with the same identity, so that they are
 * carried out once, until `requestTimeoutMs` has passed. All errors are {@link TroupeError}s: `NOT_FOUND`,
 * `ALREADY_EXISTS`, `CONFLICT`, `INVALID`, … as the cluster answers; `UNAVAILABLE` when no host does,
 * `TIMEOUT` when the outcome is not known.
 *
 * @example
 * await using client = clientOf({ bus, clock: systemClock(), random: systemRandom(), cluster: 'dev' });
 * const [{ result }] = await client.apply(await readFile('web.yaml', 'utf8')); // 'created'
 * await client.pod('default/web').until((pod) => pod.status?.phase === 'Running', { withinMs: 30_000 });
 * for await (const fact of client.facts('pods.default.*')) console.log(fact.type, fact.subject);
 */
export class Client implements AsyncDisposable {
  readonly cluster: string;
  readonly clock: Clock;
  readonly #requester: Requester;
  readonly #closing = new AbortController();
  readonly #facts = new Set<FactStream>();
  readonly #onWarning: (warning: string) => void;

  constructor(options: ClientOptions) {
    const { bus, clock, random, cluster, requestTimeoutMs = CLIENT_LIMITS.requestMs } = options;
    this.cluster = cluster;
    this.clock = clock;
    this.#onWarning = options.onWarning ?? (() => {});
    const { signal } = this.#closing;
    const { onRepeat = () => {} } = options;
    const subjects = subjectsOf(cluster);
    this.#requester = { bus, clock, random, subjects, requestTimeoutMs, onRepeat, signal };
  }

  /** Stores a new object and answers it as stored. Errors: `ALREADY_EXISTS`, `INVALID`. */
  async create(object: KubeObject, options: WriteOptions = {}): Promise<KubeObject> {
    return (await this.#write('create', object, options)).object;
  }

  /**
   * States what is desired: creates what is missing, changes what differs. Takes YAML or JSON text with any
   * number of documents, an object, or objects; answers one {@link Applied} for each, in order. Stops at the
   * first error; what was applied before stays. Errors: `BAD_REQUEST`, `INVALID`, `CONFLICT`.
   */
  async apply(
    desired: string | KubeObject | readonly KubeObject[],
    options: WriteOptions = {},
  ): Promise<Applied[]> {
    const applied: Applied[] = [];
    for (const object of objectsOf(desired)) applied.push(await this.#write('apply', object, options));
    return applied;
  }

  /** Puts `object` in the place of the stored one; with a resourceVersion only when it is still that. */
  async replace(object: KubeObject, options: WriteOptions = {}): Promise<KubeObject> {
    return (await this.#write('replace', object, options)).object;
  }

  /** Changes parts of an object by a JSON merge patch (RFC 7386): null removes a field. */
  async patch(kind: string, name: string, patch: object, options: PatchOptions = {}): Promise<KubeObject> {
    const id = targetOf(kindNamed(kind), name);
    const { value, headers } = await ask(this.#requester, { verb: 'patch', id, body: patch, options });
    this.#warn(headers);
    return value as KubeObject;
  }

  /**
   * Asks an object to end; a pod does so in good order, and the answer shows its deletionTimestamp. An object
   * that is gone at once is answered by a `Status` of kind Success. Errors: `NOT_FOUND`, `CONFLICT`.
   */
  async delete(kind: string, name: string, options: DeleteOptions = {}): Promise<KubeObject> {
    const id = targetOf(kindNamed(kind), name);
    const body = { apiVersion: 'v1', kind: 'DeleteOptions', ...options };
    try {
      return (await ask(this.#requester, { verb: 'delete', id, body })).value as KubeObject;
    } catch (error) {
      // An earlier attempt whose answer was lost has done it.
      if (!hasCode(error, 'NOT_FOUND') || error.details.repeated !== true) throw error;
      return { apiVersion: 'v1', kind: 'Status', metadata: { name: id.name }, status: { status: 'Success' } };
    }
  }

  /** One object. `name` is `default/web`, or `web` in the namespace default. Errors: `NOT_FOUND`. */
  async get(kind: string, name: string, options: { resourceVersion?: string } = {}): Promise<KubeObject> {
    const id = targetOf(kindNamed(kind), name);
    return (await ask(this.#requester, { verb: 'get', id, options })).value as KubeObject;
  }

  /** All objects of a kind, or of a namespace. */
  async list(kind: string, options: ListOptions = {}): Promise<ObjectList> {
    const { namespace, labelSelector, fieldSelector } = options;
    const id = this.#collection(kind, namespace);
    const items: KubeObject[] = [];
    let first: ObjectList | undefined;
    for (let mark: string | undefined; ; ) {
      const page = { verb: 'list', id, options: { labelSelector, fieldSelector, continue: mark } };
      const list = (await ask(this.#requester, page)).value as ObjectList;
      // A watch that goes on from the first page's revision misses nothing of the later ones.
      first ??= list;
      items.push(...list.items);
      mark = list.metadata?.continue;
      if (mark !== undefined) continue;
      if (list === first) return list;
      return { ...first, metadata: { resourceVersion: first.metadata.resourceVersion }, items };
    }
  }

  /**
   * What there is, then a BOOKMARK, then every change, each once, until the iteration is left or `signal` is
   * aborted. Goes on over broken connections and lost hosts. Errors: `UNAVAILABLE` when no host serves for
   * `requestTimeoutMs`.
   */
  watch(kind: string, options: WatchOptions = {}): AsyncIterable<WatchEvent> {
    const { namespace, ...criteria } = options;
    return watchObjects(this.#requester, this.#collection(kind, namespace), criteria);
  }

  /** What a container has written, as bytes in the order they came. `name` as in {@link Client.get}. */
  logs(name: string, options: LogOptions = {}): AsyncIterable<Uint8Array> {
    const { signal, ...body } = options;
    return this.#logs(targetOf(kindNamed('pods'), name), body, signal);
  }

  /**
   * News of the cluster from now on. `filter` is a key with `*` and `>` as in NATS: `pods.default.*`,
   * `nodes.>`. Facts may be lost with the connection: whoever needs certainty reads the object.
   */
  facts(filter = '>'): AsyncIterableIterator<Fact> & AsyncDisposable {
    const { bus, subjects } = this.#requester;
    const stream = new FactStream(bus, subjects.facts(withoutTail(filter)), (closed) =>
      this.#facts.delete(closed),
    );
    this.#facts.add(stream);
    return stream;
  }

  /** A pod by name, `default/web` or `web`. It need not exist. */
  pod(name: string): PodRef {
    return new PodRef(this, targetOf(kindNamed('pods'), name));
  }

  /** Ends its streams and open requests. The bus belongs to whoever made it. */
  async close(): Promise<void> {
    this.#closing.abort();
    for (const stream of this.#facts) stream.close();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  async #write(verb: string, object: KubeObject, options: WriteOptions): Promise<Applied> {
    const { namespace, fieldValidation, dryRun } = options;
    const { id } = addressOf(object, namespace);
    if (id.name === '' && verb !== 'create') {
      throw new TroupeError('INVALID', 'metadata.name: Required value: name is required');
    }
    const body = id.namespace ? withNamespace(object, id.namespace) : object;
    const answer = await ask(this.#requester, { verb, id, body, options: { fieldValidation, dryRun } });
    const result = answer.headers[HEADER.result] as Applied['result'] | undefined;
    const warnings = this.#warn(answer.headers);
    return { object: answer.value as KubeObject, result: result ?? 'configured', warnings };
  }

  async *#logs(id: ActorId, body: Omit<LogOptions, 'signal'>, signal: AbortSignal | undefined) {
    const { bus, random, subjects } = this.#requester;
    const container = body.container ?? (await this.#defaultContainer(id));
    const either = anyOf(this.#closing.signal, signal);
    try {
      const answers = bus.stream(subjects.api('logs', id), encode({ ...body, container }), {
        headers: requestHeaders(random, undefined),
        // A container may be silent for ever.
        idleMs: body.follow ? 0 : this.#requester.requestTimeoutMs,
        signal: either.signal,
      });
      for await (const message of answers) yield message.data;
    } finally {
      either.release();
    }
  }

  async #defaultContainer(id: ActorId): Promise<string | undefined> {
    const { value } = await ask(this.#requester, { verb: 'get', id });
    return containerNamesOf(value as KubeObject).default;
  }

  #collection(word: string, namespace = ''): ActorId {
    const kind = kindNamed(word);
    return { plural: kind.plural, namespace: kind.namespaced ? namespace : '', name: '' };
  }

  #warn(headers: Headers): string[] {
    const text = headers[HEADER.warning];
    if (text === undefined) return [];
    const warnings = JSON.parse(text) as string[];
    for (const warning of warnings) this.#onWarning(warning);
    return warnings;
  }
}

/** A {@link Client} over a bus. */
export function clientOf(options: ClientOptions): Client {
  return new Client(options);
}

/** The containers logs can come from, and the one meant when none is named. */
export function containerNamesOf(pod: KubeObject): {
  readonly all: string[];
  readonly default: string | undefined;
} {
  const spec = (pod.spec ?? {}) as { containers?: { name: string }[]; initContainers?: { name: string }[] };
  const own = (spec.containers ?? []).map(({ name }) => name);
  const all = [...own, ...(spec.initContainers ?? []).map(({ name }) => `${name}`)];
  const marked = pod.metadata.annotations?.['kubectl.kubernetes.io/default-container'];
  return { all, default: marked && all.includes(marked) ? marked : own[0] };
}

function objectsOf(desired: string | KubeObject | readonly KubeObject[]): readonly KubeObject[] {
  if (typeof desired !== 'string') return Array.isArray(desired) ? desired : [desired as KubeObject];
  return orThrow(parseManifests(desired, 'manifest')).map(({ value }) => value as KubeObject);
}

function withNamespace(object: KubeObject, namespace: string): KubeObject {
  if (object.metadata?.namespace) return object;
  return { ...object, metadata: { ...object.metadata, namespace } };
}

/** `pods.>` means the same as `pods`: the subjects of facts end in the fact anyway. */
function withoutTail(filter: string): string {
  return filter.length > 2 && filter.endsWith('.>') ? filter.slice(0, -2) : filter;
}
