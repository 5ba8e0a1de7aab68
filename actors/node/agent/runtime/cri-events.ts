// The stream of what happens in a runtime, kept up over restarts of the runtime. containerd's own event service is
// asked first, since it is the same from 1.6 to 2.x, tells of out-of-memory kills, and lets us prove that the
// subscription stands: an event of our own is published until it comes back. Runtimes that are not containerd get
// CRI's GetContainerEvents. When neither is served, `resync` comes every few seconds, so that the agent still learns.
import { type ClientReadableStream, Metadata } from '@grpc/grpc-js';
import type { Clock } from '../../../../messaging/ports.ts';
import { GRPC, type GrpcFailure } from './cri-errors.ts';
import { msOfNanos, type Wire } from './cri-shapes.ts';
import type { RuntimeEvent } from './port.ts';

/** First and longest wait before connecting anew. */
const RECONNECT_MS = { first: 100, longest: 5_000 } as const;
/** How often the proof of the subscription is published until it comes back. */
const PROOF_MS = 50;
/** How long a stream without proof must stand without an error to be believed. */
const SETTLE_MS = 500;

const CONTAINERD_NAMESPACE = 'k8s.io';
const PROOF_TOPIC = '/troupe/listening';
const FILTERS = [
  `namespace==${CONTAINERD_NAMESPACE},topic~="^/tasks/(start|exit|oom)$"`,
  `namespace==${CONTAINERD_NAMESPACE},topic=="${PROOF_TOPIC}"`,
];

/** The streaming calls, as grpc-js makes them from the loaded definitions. */
export interface EventCalls {
  subscribe(request: Wire, metadata: Metadata): ClientReadableStream<Wire>;
  publish(request: Wire, metadata: Metadata): void;
  getContainerEvents(): ClientReadableStream<Wire>;
  /** Decodes the payload of one of the task events. */
  decode(message: 'TaskStart' | 'TaskExit' | 'TaskOOM', bytes: Uint8Array): Wire;
}

/** Yields events until `signal` is aborted. A `resync` stands at the head of each connection. */
export async function* runtimeEvents(
  calls: EventCalls,
  clock: Clock,
  signal: AbortSignal,
): AsyncGenerator<RuntimeEvent> {
  let waitMs: number = RECONNECT_MS.first;
  let useCri = false;
  while (!signal.aborted) {
    try {
      const source = useCri ? criEvents(calls, clock, signal) : containerdEvents(calls, clock, signal);
      for await (const event of source) {
        if (event.type === 'resync') waitMs = RECONNECT_MS.first;
        yield event;
      }
    } catch (error) {
      if (isUnimplemented(error)) {
        if (useCri) yield { type: 'resync' };
        useCri = !useCri;
      }
    }
    await clock.sleep(waitMs, signal);
    waitMs = Math.min(waitMs * 2, RECONNECT_MS.longest);
  }
}

async function* containerdEvents(
  calls: EventCalls,
  clock: Clock,
  signal: AbortSignal,
): AsyncGenerator<RuntimeEvent> {
  const metadata = new Metadata();
  metadata.set('containerd-namespace', CONTAINERD_NAMESPACE);
  const stream = calls.subscribe({ filters: FILTERS }, metadata);
  const proof = publishUntilStopped(calls, metadata, clock);
  let isProven = false;
  try {
    for await (const envelope of messagesOf(stream, signal)) {
      if (!isProven) {
        // Whatever comes first proves that the subscription stands.
        isProven = true;
        proof.stop();
        yield { type: 'resync' };
      }
      const event = fromEnvelope(calls, envelope);
      if (event !== undefined) yield event;
    }
  } finally {
    proof.stop();
    stream.cancel();
  }
}

function publishUntilStopped(calls: EventCalls, metadata: Metadata, clock: Clock): { stop(): void } {
  const request = { topic: PROOF_TOPIC, event: { typeUrl: 'troupe.Listening', value: new Uint8Array() } };
  let timer = clock.after(0, publish);
  function publish() {
    calls.publish(request, metadata);
    timer = clock.after(PROOF_MS, publish);
  }
  return { stop: () => timer.cancel() };
}

function fromEnvelope(calls: EventCalls, envelope: Wire): RuntimeEvent | undefined {
  const bytes = envelope.event?.value as Uint8Array | undefined;
  if (bytes === undefined) return undefined;
  const at = msOfTimestamp(envelope.timestamp);
  switch (envelope.topic) {
    case '/tasks/start':
      return { type: 'started', id: calls.decode('TaskStart', bytes).containerId, at };
    case '/tasks/oom':
      return { type: 'oom', id: calls.decode('TaskOOM', bytes).containerId, at };
    case '/tasks/exit': {
      const exit = calls.decode('TaskExit', bytes);
      // An exec that ended has an id of its own.
      if (exit.id !== exit.containerId) return undefined;
      return {
        type: 'exited',
        id: exit.containerId,
        at: msOfTimestamp(exit.exitedAt) || at,
        exitCode: exit.exitStatus,
      };
    }
    default:
      return undefined;
  }
}

async function* criEvents(
  calls: EventCalls,
  clock: Clock,
  signal: AbortSignal,
): AsyncGenerator<RuntimeEvent> {
  const stream = calls.getContainerEvents();
  try {
    const messages = messagesOf(stream, signal);
    let next = messages.next();
    // Whoever leaves at the resync never looks at it.
    next.catch(() => {});
    // CRI has no way to prove that the stream stands; one that is refused fails well within this time.
    await Promise.race([clock.sleep(SETTLE_MS, signal), next]);
    yield { type: 'resync' };
    for (let item = await next; !item.done; item = await next) {
      const event = fromCri(item.value);
      if (event !== undefined) yield event;
      next = messages.next();
    }
  } finally {
    stream.cancel();
  }
}

function fromCri(wire: Wire): RuntimeEvent | undefined {
  const id = wire.containerId as string;
  const at = msOfNanos(wire.createdAt);
  if (wire.containerEventType === 'CONTAINER_STARTED_EVENT') return { type: 'started', id, at };
  if (wire.containerEventType !== 'CONTAINER_STOPPED_EVENT') return undefined;
  const status = (wire.containersStatuses as Wire[]).find((each) => each.id === id);
  return { type: 'exited', id, at, exitCode: status?.exitCode };
}

/** The stream's messages; ends when the stream does or `signal` is aborted, throws when the stream fails. */
async function* messagesOf(stream: ClientReadableStream<Wire>, signal: AbortSignal): AsyncGenerator<Wire> {
  const cancel = () => stream.cancel();
  signal.addEventListener('abort', cancel, { once: true });
  try {
    for await (const message of stream) yield message as Wire;
  } catch (error) {
    if (!signal.aborted) throw error;
  } finally {
    signal.removeEventListener('abort', cancel);
  }
}

function msOfTimestamp(timestamp: Wire | null | undefined): number {
  if (!timestamp) return 0;
  return timestamp.seconds * 1_000 + Math.floor(timestamp.nanos / 1_000_000);
}

function isUnimplemented(error: unknown): boolean {
  return (error as GrpcFailure | undefined)?.code === GRPC.unimplemented;
}
