// The public door: the API's verbs as a NATS micro service, JSON in and JSON out. Any host serves any request: writes
// go to the actor's mailbox, single reads to the stream's leader, lists and watches to this process's view. It keeps
// no state of its own.
import {
  asTroupeError,
  decode,
  encode,
  errorHeaders,
  HEADER,
  respondError,
  statusOf,
} from '../../messaging/envelope.ts';
import { hashOf, keyOf } from '../../messaging/identity.ts';
import type { Bucket, Headers, Message, Subscription } from '../../messaging/ports.ts';
import { type ApiAddress, parseApi } from '../../messaging/subjects.ts';
import { TroupeError } from '../../schemas/errors.ts';
import type { Kind } from '../../schemas/kinds.ts';
import { KINDS } from '../../schemas/kinds.ts';
import type { KubeObject } from '../../schemas/object.ts';
import { VERSION } from '../../schemas/version.ts';
import type { ActorDefinition } from './definition.ts';
import type { Done, Host } from './host.ts';
import { respond } from './letters.ts';
import { type Criteria, criteriaOf, listOf } from './listing.ts';
import { decodeRecord, present } from './record.ts';
import { idOf, numberOf, optionsOf } from './requests.ts';
import { checkDepth, notFound, VERBS } from './verbs.ts';
import { View } from './view.ts';
import { streamWatch } from './watching.ts';

export interface DoorOptions {
  readonly host: Host;
  readonly events: Bucket;
  readonly definitions: readonly ActorDefinition[];
}

const READS = ['get', 'list', 'watch', 'logs'] as const;
/** Of a message's bytes, what a list may fill; the rest is for its frame. */
const LIST_SHARE = 0.9;

interface Reply {
  readonly value: unknown;
  readonly headers?: Headers;
}

export class Door {
  private readonly options: DoorOptions;
  private readonly kinds: ReadonlyMap<string, Kind>;
  private readonly written: ReadonlySet<string>;
  private readonly closing = new AbortController();
  private service: Subscription | undefined;
  private eventView: Promise<View> | undefined;

  constructor(options: DoorOptions) {
    this.options = options;
    const served = [
      ...options.definitions.map(({ kind }) => kind),
      ...KINDS.filter((k) => k.plural === 'events'),
    ];
    this.kinds = new Map(served.map((kind) => [kind.plural, kind]));
    this.written = new Set(options.definitions.map(({ kind }) => kind.plural));
  }

  async open(): Promise<void> {
    const { host } = this.options;
    const verbs = [...VERBS, ...READS];
    this.service = await host.world.bus.serve(
      {
        name: `troupe-${host.cluster}`,
        version: VERSION,
        description: `The API of Troupe cluster ${host.cluster}`,
        metadata: { cluster: host.cluster, host: host.name },
        endpoints: verbs.map((verb) => ({
          name: verb,
          subject: host.subjects.apiVerb(verb),
          metadata: { form: host.subjects.apiVerb(verb).replace('*.*.*', '<plural>.<namespace>.<name>') },
        })),
      },
      (message) => void this.receive(message),
    );
  }

  close(): void {
    this.service?.unsubscribe();
    this.closing.abort();
    void this.eventView?.then((view) => view.stop()).catch(() => {});
  }

  pluralOfKind(kind: string): string | undefined {
    for (const known of this.kinds.values()) if (known.kind === kind) return known.plural;
    return undefined;
  }

  private async receive(message: Message): Promise<void> {
    try {
      const address = parseApi(message.subject);
      const reply = await this.answer(address, message);
      if (reply) message.respond(encode(reply.value), reply.headers);
    } catch (error) {
      const fault = asTroupeError(error);
      if (fault.code === 'INTERNAL') {
        const fields = { subject: message.subject, message: fault.message };
        this.options.host.world.trace.log('error', 'request failed', fields);
      }
      this.refuse(message, fault);
    }
  }

  /** Never throws: nobody stands behind it who could hear. */
  private refuse(message: Message, fault: TroupeError): void {
    try {
      if (isStreamed(message.subject)) message.respond(new Uint8Array(), endOf(fault));
      else respondError(message, fault);
    } catch (error) {
      const fields = { subject: message.subject, message: String(error) };
      this.options.host.world.trace.log('warn', 'answer not sent', fields);
    }
  }

  private async answer(address: ApiAddress, message: Message): Promise<Reply | undefined> {
    const kind = this.kindOf(address);
    const options = optionsOf(message.headers) ?? {};
    switch (address.verb) {
      case 'get':
        return { value: await this.get(address, options) };
      case 'list':
        return { value: await this.list(kind, criteriaOf(address.namespace, options)) };
      case 'watch':
        await this.watch(kind, criteriaOf(address.namespace, options), options, message);
        return undefined;
      case 'logs':
        await this.logs(address, message);
        return undefined;
      default:
        await this.write(kind, address, message, options);
        return undefined;
    }
  }

  private kindOf({ plural, namespace, name, verb }: ApiAddress): Kind {
    const kind = this.kinds.get(plural);
    if (!kind) throw new TroupeError('UNSUPPORTED', `the server doesn't have a resource type "${plural}"`);
    if (!kind.namespaced && namespace !== '') {
      throw new TroupeError('BAD_REQUEST', `${plural} are not namespaced: the namespace must be "_"`);
    }
    const one = verb !== 'list' && verb !== 'watch';
    if (one && kind.namespaced && namespace === '') {
      throw new TroupeError(
        'BAD_REQUEST',
        'an empty namespace may not be set when a resource name is provided',
      );
    }
    if (one && name === '' && verb !== 'create') {
      throw new TroupeError('BAD_REQUEST', 'resource name may not be empty');
    }
    return kind;
  }

  private async write(
    kind: Kind,
    address: ApiAddress,
    message: Message,
    options: Record<string, unknown>,
  ): Promise<void> {
    const { host } = this.options;
    if (!this.written.has(kind.plural)) {
      throw new TroupeError('UNSUPPORTED', `${kind.plural} cannot be written through the API`);
    }
    const { verb, plural, namespace } = address;
    if (kind.namespaced && (verb === 'create' || verb === 'apply')) await this.checkNamespace(namespace);
    const given = decode(message.data);
    checkDepth(given);
    const id = idOf(message.headers);
    const { name, body } = this.named(verb, address, given, id);
    const deadline = numberOf(message.headers[HEADER.deadline]);
    const leftMs = deadline ? deadline - host.world.clock.now() : host.limits.askMs;
    await host.ask(
      { plural, namespace, name },
      { type: `object.${verb}`, body },
      {
        from: 'api',
        id,
        options,
        withinMs: Math.max(1, Math.min(leftMs, host.limits.askMs)),
      },
      (done) => this.respond(message, done),
    );
  }

  /** Never throws, since what is committed is committed: an answer that cannot be sent is replaced by the reason. */
  private respond(message: Message, { value, headers }: Done): void {
    const shown: Record<string, string> = {};
    for (const name of [HEADER.result, HEADER.warning]) if (headers[name]) shown[name] = headers[name];
    respond(message, { ok: true, value, headers: shown }, this.options.host.world.trace);
  }

  /** The view may lag behind a namespace just made, so the store has the last word. */
  private async checkNamespace(name: string): Promise<void> {
    const id = { plural: 'namespaces', namespace: '', name };
    if (!this.written.has('namespaces') || this.options.host.hasSeen(keyOf(id))) return;
    const entry = await this.options.host.bucket.get(keyOf(id));
    if (entry?.operation !== 'put') throw notFound(id);
  }

  /**
   * The name of the object to write; made up from `generateName` when the subject gives none. A request that comes
   * again makes up the same name, so that it makes one object.
   */
  private named(
    verb: string,
    { name }: ApiAddress,
    body: unknown,
    id: string | undefined,
  ): { name: string; body: unknown } {
    if (name !== '' || verb !== 'create') return { name, body };
    const document = (body ?? {}) as Partial<KubeObject>;
    const own = textOf(document, 'name');
    if (own) {
      if (own.length > MAX_NAME) {
        throw new TroupeError('INVALID', `metadata.name: Too long: may not be more than ${MAX_NAME} bytes`);
      }
      return { name: own, body };
    }
    const prefix = textOf(document, 'generateName');
    if (!prefix) {
      const text = 'name or generateName is required';
      throw new TroupeError('INVALID', `metadata.name: Required value: ${text}`);
    }
    const tail = id === undefined ? this.options.host.world.random.token(TAIL) : tailOf(id);
    const made = prefix.slice(0, MAX_PREFIX) + tail;
    return { name: made, body: { ...document, metadata: { ...document.metadata, name: made } } };
  }

  private async get(address: ApiAddress, options: Record<string, unknown>): Promise<KubeObject> {
    const bucket = address.plural === 'events' ? this.options.events : this.options.host.bucket;
    const key = keyOf(address);
    const revision = Number(options.resourceVersion ?? 0);
    const entry = revision > 0 ? await bucket.getRevision(key, revision) : await bucket.get(key);
    if (!entry || entry.operation === 'delete') throw notFound(address);
    return present(decodeRecord(entry.value, key).object, entry.revision);
  }

  private async list(kind: Kind, criteria: Criteria): Promise<unknown> {
    const { host, events } = this.options;
    const view = await this.viewOf(kind);
    const bucket = kind.plural === 'events' ? events : host.bucket;
    await view.reach(await bucket.lastRevision());
    return listOf(kind, view, criteria, host.world.bus.maxPayloadBytes * LIST_SHARE);
  }

  private async watch(
    kind: Kind,
    criteria: Criteria,
    options: Record<string, unknown>,
    message: Message,
  ): Promise<void> {
    const { host, events } = this.options;
    const view = await this.viewOf(kind);
    const bucket = kind.plural === 'events' ? events : host.bucket;
    await view.reach(await bucket.lastRevision());
    await streamWatch({
      kind,
      view,
      criteria,
      message,
      from: resumeFrom(options.resourceVersion),
      bus: host.world.bus,
      clock: host.world.clock,
      signal: this.closing.signal,
    });
  }

  /** The node that runs the pod streams its logs straight to whoever asked. */
  private async logs(address: ApiAddress, message: Message): Promise<void> {
    const { host } = this.options;
    const pod = await this.get(address, {});
    const node = (pod.spec as { nodeName?: string } | undefined)?.nodeName;
    if (!node) {
      throw new TroupeError('BAD_REQUEST', `pod "${address.name}" does not have a host assigned`);
    }
    const asked = (decode(message.data) ?? {}) as { container?: string };
    const containers = (pod.spec as { containers?: { name: string }[] }).containers ?? [];
    const container = asked.container ?? containers[0]?.name;
    const { namespace, name } = address;
    const body = { ...asked, container, uid: pod.metadata.uid, namespace, name };
    host.world.bus.publish(host.subjects.node(node, 'logs'), encode(body), message.headers, message.reply);
  }

  private viewOf(kind: Kind): Promise<View> {
    const { host, events } = this.options;
    if (kind.plural !== 'events') return Promise.resolve(host.view);
    this.eventView ??= (async () => {
      const { clock, trace } = host.world;
      const view = new View({ bucket: events, clock, trace, backlog: host.limits.watchBacklog });
      try {
        await view.start();
      } catch (error) {
        // The next one who asks tries again.
        view.stop();
        this.eventView = undefined;
        throw error;
      }
      return view;
    })();
    return this.eventView;
  }
}

/** Kubernetes' bounds: of any name, of what a generated one begins with, and its random end. */
const MAX_NAME = 253;
const MAX_PREFIX = 58;
const TAIL = 5;

/** The end of a generated name: always the same for one request. */
function tailOf(id: string): string {
  return (hashOf(id) % 36 ** TAIL).toString(36).padStart(TAIL, '0');
}

/** The revision to resume a watch behind; none, or Kubernetes' "0": from all there is. */
function resumeFrom(version: unknown): number | undefined {
  const revision = Number(version ?? 0);
  if (Number.isSafeInteger(revision) && revision >= 0) return revision === 0 ? undefined : revision;
  throw new TroupeError('BAD_REQUEST', `resourceVersion: Invalid value: ${JSON.stringify(version)}`);
}

function textOf({ metadata }: Partial<KubeObject>, field: 'name' | 'generateName'): string | undefined {
  const value: unknown = metadata?.[field];
  if (value === undefined || value === null || typeof value === 'string') return value ?? undefined;
  throw new TroupeError('INVALID', `metadata.${field}: Invalid value: must be a string`);
}

function isStreamed(subject: string): boolean {
  return /\.api\.(watch|logs)\./.test(subject);
}

/** The headers that end a stream with an error. */
export function endOf(error: TroupeError): Headers {
  return { ...errorHeaders(error), [HEADER.end]: JSON.stringify(statusOf(error)) };
}
