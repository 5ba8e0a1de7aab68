// The conversation between a Pod actor and a node's agent, as codecs. The Pod speaks on `node.<node>.<verb>`, the agent
// on the Pod's mailbox. Everything is level-triggered: each message says what is, so that a lost, doubled or late one
// does no harm.
import * as t from 'io-ts';

/** What a pod asks of a node, summed over its containers. */
export const PodRequests = t.type(
  {
    cpuMillis: t.number,
    memoryBytes: t.number,
    hostPorts: t.array(t.type({ port: t.number, protocol: t.string, hostIP: t.string })),
  },
  'PodRequests',
);
export type PodRequests = t.TypeOf<typeof PodRequests>;

/** A whole number that fits: JSON can write larger ones, which would come back as null. */
const Counter = new t.Type<number>(
  'integer',
  (value): value is number => Number.isSafeInteger(value),
  (value, context) => (Number.isSafeInteger(value) ? t.success(value as number) : t.failure(value, context)),
  t.identity,
);

/** `offer`: may this pod come to you? The promise is kept for {@link PROMISE_MS}. */
export const Offer = t.type(
  {
    uid: t.string,
    namespace: t.string,
    name: t.string,
    requests: PodRequests,
    fence: t.number,
  },
  'Offer',
);
export type Offer = t.TypeOf<typeof Offer>;

/** Answer to an offer; `reason` is in Kubernetes' words, such as `Insufficient cpu`. */
export const OfferAnswer = t.intersection(
  [t.type({ granted: t.boolean }), t.partial({ reason: t.string })],
  'OfferAnswer',
);
export type OfferAnswer = t.TypeOf<typeof OfferAnswer>;

/** `run`: this pod is bound to you; make it so. Repeated until the pod's status is reported. */
export const Run = t.type({ pod: t.UnknownRecord, fence: t.number }, 'Run');
export type Run = t.TypeOf<typeof Run>;

/** `stop`: end this pod. The agent answers `gone: true` when it has nothing of it. */
export const Stop = t.type(
  {
    uid: t.string,
    namespace: t.string,
    name: t.string,
    graceSeconds: t.number,
    fence: t.number,
  },
  'Stop',
);
export type Stop = t.TypeOf<typeof Stop>;

export const Accepted = t.type({ accepted: t.boolean, gone: t.boolean }, 'Accepted');
export type Accepted = t.TypeOf<typeof Accepted>;

/** `logs`: a stream of log lines. */
export const LogsRequest = t.intersection(
  [
    t.type({ uid: t.string, namespace: t.string, name: t.string, container: t.string }),
    t.partial({
      follow: t.boolean,
      previous: t.boolean,
      timestamps: t.boolean,
      tailLines: t.number,
      sinceTime: t.string,
      sinceSeconds: t.number,
      limitBytes: t.number,
    }),
  ],
  'LogsRequest',
);
export type LogsRequest = t.TypeOf<typeof LogsRequest>;

/** What actors look into of a status; the rest is passed on as it is. */
const Conditions = t.array(t.type({ type: t.string, status: t.string }));

export const ObservedStatus = t.intersection(
  [
    t.UnknownRecord,
    t.partial({ phase: t.string, conditions: Conditions, containerStatuses: t.array(t.UnknownRecord) }),
  ],
  'ObservedStatus',
);

export const MachineStatus = t.intersection(
  [
    t.UnknownRecord,
    t.partial({
      conditions: Conditions,
      allocatable: t.record(t.string, t.string),
      capacity: t.record(t.string, t.string),
    }),
  ],
  'MachineStatus',
);

/**
 * What an agent tells the Pod's mailbox: the whole observed status. `counter` only grows for one (node, uid); the
 * Pod ignores one that is not higher than the last it stored. `gone`: nothing of the pod is left on the node.
 */
export const NodeReported = t.type(
  {
    type: t.literal('node.reported'),
    node: t.string,
    uid: t.string,
    counter: Counter,
    status: ObservedStatus,
    gone: t.boolean,
  },
  'NodeReported',
);
export type NodeReported = t.TypeOf<typeof NodeReported>;

/**
 * Answer to a report. `unknown`: no such pod, or it is not yours (any more): remove what you have of it. `counter`: the
 * report was behind this counter and is not taken in; go on from there.
 */
export const ReportAnswer = t.intersection(
  [t.type({ accepted: t.boolean, unknown: t.boolean }), t.partial({ counter: t.number })],
  'ReportAnswer',
);
export type ReportAnswer = t.TypeOf<typeof ReportAnswer>;

/** How long a node keeps a promise that is not followed by `run`. */
export const PROMISE_MS = 30_000;
