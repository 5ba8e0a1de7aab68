// One watch of one client: what the view sees, as Kubernetes' watch events, streamed to the client's inbox. A client
// that is gone is noticed by the keep-alive; one that is too slow is cut off by the NATS server, not waited for here.

import { encode, errorHeaders, HEADER, statusOf } from '../../messaging/envelope.ts';
import type { Bus, Clock, Message } from '../../messaging/ports.ts';
import { hasCode, TroupeError } from '../../schemas/errors.ts';
import type { Kind } from '../../schemas/kinds.ts';
import type { KubeObject } from '../../schemas/object.ts';
import { type Criteria, inNamespace, passes, selected } from './listing.ts';
import { present } from './record.ts';
import type { Change, Seen, View } from './view.ts';

/** How often a watcher is asked whether it is still there, and told that its host is. */
const KEEP_ALIVE_MS = 5_000;
const STOPPING = 'the host is stopping';
/** How long it may take to say so. */
const ALIVE_WITHIN_MS = 2_000;

export interface WatchRequest {
  readonly kind: Kind;
  readonly view: View;
  readonly criteria: Criteria;
  readonly message: Message;
  /** Resume after this revision; without it everything there is comes first. */
  readonly from: number | undefined;
  readonly bus: Bus;
  readonly clock: Clock;
  readonly signal: AbortSignal;
}

type EventType = 'ADDED' | 'MODIFIED' | 'DELETED' | 'BOOKMARK';

/** Streams until the client leaves, the host stops, or the client lags too far behind. */
export async function streamWatch(request: WatchRequest): Promise<void> {
  const { kind, view, criteria, message, bus, clock, signal } = request;
  if (message.reply === undefined) return;
  const ended = new AbortController();
  let broken: string | undefined = signal.aborted ? STOPPING : undefined;
  const send = (type: EventType, object: unknown) => message.respond(encode({ type, object }));
  const show = (change: Change) => {
    if (broken) return;
    const event = eventOf(change, criteria);
    if (event) send(event.type, event.object);
  };
  const relevant = (key: string) => key.startsWith(`${kind.plural}.`) && inNamespace(key, criteria.namespace);
  if (request.from === undefined) {
    for (const seen of selected(view, kind.plural, criteria)) send('ADDED', shown(seen));
    send('BOOKMARK', bookmark(kind, view.revision, true));
  } else {
    for (const change of view.since(request.from)) if (relevant(change.key)) show(change);
  }
  const cancel = bus.subscribe(`${message.reply}.cancel`, () => ended.abort());
  const stopListening = view.onChange((change) => {
    if (!relevant(change.key)) return;
    try {
      show(change);
    } catch (error) {
      broken = `an event could not be sent: ${String(error)}`;
      ended.abort();
    }
  });
  // What was sent into a connection that broke may be lost: the client is told to resume as soon as it can hear that.
  const stopStatus = bus.onStatus((status) => {
    if (status === 'connected') ended.abort();
    else broken ??= 'the connection of the host was lost';
  });
  const onStop = () => {
    broken = STOPPING;
    ended.abort();
  };
  signal.addEventListener('abort', onStop, { once: true });
  try {
    while (!ended.signal.aborted && broken !== STOPPING) {
      await clock.sleep(KEEP_ALIVE_MS, ended.signal);
      if (!ended.signal.aborted && !broken && (await isGone(request))) return;
    }
    if (broken) {
      const error = new TroupeError('UNAVAILABLE', broken);
      message.respond(new Uint8Array(), {
        ...errorHeaders(error),
        [HEADER.end]: JSON.stringify(statusOf(error)),
      });
    }
  } finally {
    stopStatus();
    stopListening();
    cancel.unsubscribe();
    signal.removeEventListener('abort', onStop);
  }
}

/** A bookmark sent as a request: nobody answers it, but the bus tells at once when nobody listens either. */
async function isGone({ kind, view, message, bus }: WatchRequest): Promise<boolean> {
  const data = encode({ type: 'BOOKMARK', object: bookmark(kind, view.revision, false) });
  try {
    await bus.request(message.reply!, data, { timeoutMs: ALIVE_WITHIN_MS });
    return false;
  } catch (error) {
    return hasCode(error, 'UNAVAILABLE') && bus.status === 'connected';
  }
}

function eventOf({ now, before, revision }: Change, criteria: Criteria) {
  const isIn = now !== undefined && passes(now.record.object, criteria);
  const wasIn = before !== undefined && passes(before.record.object, criteria);
  if (isIn) return { type: wasIn ? ('MODIFIED' as const) : ('ADDED' as const), object: shown(now) };
  if (wasIn) return { type: 'DELETED' as const, object: present((now ?? before).record.object, revision) };
  return undefined;
}

function shown(seen: Seen): KubeObject {
  return present(seen.record.object, seen.revision);
}

function bookmark(kind: Kind, revision: number, initial: boolean) {
  const annotations = initial ? { 'k8s.io/initial-events-end': 'true' } : undefined;
  const metadata = { resourceVersion: String(revision), ...(annotations && { annotations }) };
  return { kind: kind.kind, apiVersion: kind.apiVersion, metadata };
}
