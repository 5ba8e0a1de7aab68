// Every message of Troupe in one table: subject, body, answer, who says it and why. The reference documentation is made
// from it, and a spec compares the two; nothing at run time depends on it.
import type * as t from 'io-ts';
import { CidrClaimed, NodeDescribed, NodeHeard, NodeSilent } from './node/events.ts';
import {
  Accepted,
  LogsRequest,
  NodeReported,
  Offer,
  OfferAnswer,
  ReportAnswer,
  Run,
  Stop,
} from './node/protocol.ts';
import { PodGone, PodGranted, PodRefused, PodUnplaced } from './pod/events.ts';

export interface MessageRow {
  readonly subject: string;
  readonly from: string;
  readonly about: string;
  readonly body?: t.Any | string;
  readonly answer?: t.Any | string;
}

const OBJECT = 'the object';

/** Verbs of the public door. Options go in the header `Troupe-Options`, a JSON object. */
export const API_MESSAGES: readonly MessageRow[] = [
  row('create', 'Makes an object. `fieldValidation`, `dryRun`.', 'the object', OBJECT),
  row('apply', 'Makes it, or merges what is given into it, three ways.', 'the object', OBJECT),
  row('replace', 'Puts another in its place; a `resourceVersion` is compared.', 'the object', OBJECT),
  row('patch', 'Changes it by an RFC 7386 merge patch. `resourceVersion`.', 'the patch', OBJECT),
  row(
    'delete',
    'Ends it, with `gracePeriodSeconds` and `preconditions`.',
    'DeleteOptions or nothing',
    OBJECT,
  ),
  row('get', 'Reads it from the leader; with `resourceVersion`, as it was then.', 'nothing', OBJECT),
  row(
    'list',
    'All of a namespace (`_`: all). `labelSelector`, `fieldSelector`, `limit`.',
    'nothing',
    'a List',
  ),
  row(
    'watch',
    'A stream of ADDED, MODIFIED, DELETED and BOOKMARK events.',
    'nothing',
    'a stream of watch events',
  ),
  row(
    'logs',
    "A stream of a pod's log, from the node that runs it.",
    'LogsRequest without uid',
    'a stream of bytes',
  ),
];

function row(verb: string, about: string, body: string, answer: string): MessageRow {
  return {
    subject: `troupe.<cluster>.api.${verb}.<plural>.<namespace>.<name>`,
    from: 'anyone',
    about,
    body,
    answer,
  };
}

const toNode = (verb: string) => `troupe.<cluster>.node.<node>.${verb}`;

/** What a Pod actor says to a node's agent. */
export const NODE_MESSAGES: readonly MessageRow[] = [
  {
    subject: toNode('offer'),
    from: 'Pod',
    about: 'May this pod come to you?',
    body: Offer,
    answer: OfferAnswer,
  },
  { subject: toNode('run'), from: 'Pod', about: 'It is bound to you: run it.', body: Run, answer: Accepted },
  { subject: toNode('stop'), from: 'Pod', about: 'End it.', body: Stop, answer: Accepted },
  {
    subject: toNode('logs'),
    from: 'door',
    about: 'Stream its log.',
    body: LogsRequest,
    answer: 'a stream of bytes',
  },
];

const toPod = 'troupe.<cluster>.mail.<shard>.pods.<namespace>.<name>';
const toNodeActor = 'troupe.<cluster>.mail.<shard>.nodes._.<name>';
const itself = 'itself';

/** What the mailboxes of actors take, beside the API's verbs as `object.<verb>`. */
export const MAIL_MESSAGES: readonly MessageRow[] = [
  {
    subject: toPod,
    from: 'agent',
    about: 'What the node observes.',
    body: NodeReported,
    answer: ReportAnswer,
  },
  { subject: toPod, from: itself, about: 'A node has promised to take it.', body: PodGranted },
  { subject: toPod, from: itself, about: 'No node takes it now.', body: PodUnplaced },
  { subject: toPod, from: itself, about: 'Its node refuses the order.', body: PodRefused },
  { subject: toPod, from: itself, about: 'Its node has nothing of it.', body: PodGone },
  { subject: toNodeActor, from: 'agent', about: 'What the machine is.', body: NodeDescribed },
  { subject: toNodeActor, from: itself, about: 'A range of pod addresses is its own.', body: CidrClaimed },
  { subject: toNodeActor, from: 'host', about: 'Its heartbeat has stopped.', body: NodeSilent },
  { subject: toNodeActor, from: 'host', about: 'Its heartbeat is heard again.', body: NodeHeard },
];
