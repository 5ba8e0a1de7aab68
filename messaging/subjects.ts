// Every subject and bucket name of Troupe is built and parsed here and nowhere else: one prefix, the cluster's
// name, then what the subject is for. Reference documentation is generated from SUBJECTS.
import { TroupeError } from '../schemas/errors.ts';
import { type ActorId, fromToken, toToken } from './identity.ts';

export const PREFIX = 'troupe';

/** The families of subjects, for people; the functions below build them. */
export const SUBJECTS = {
  api: {
    form: 'troupe.<cluster>.api.<verb>.<plural>.<namespace>.<name>',
    about: 'The public door, a NATS micro service: JSON in, the object or a v1 Status out.',
  },
  mail: {
    form: 'troupe.<cluster>.mail.<shard>.<plural>.<namespace>.<name>',
    about: "An actor's mailbox, subscribed by the host that holds the shard.",
  },
  node: {
    form: 'troupe.<cluster>.node.<node>.<verb>',
    about: "A node agent's mailbox.",
  },
  fact: {
    form: 'troupe.<cluster>.fact.<plural>.<namespace>.<name>.<fact>',
    about: 'Announced after a commit: one CloudEvents JSON message.',
  },
  beat: {
    form: 'troupe.<cluster>.beat.<host-or-node>',
    about: 'Heartbeats.',
  },
  dead: {
    form: 'troupe.<cluster>.dead.<plural>.<namespace>.<name>',
    about: 'Messages given up on, with the reason.',
  },
} as const;

export interface ApiAddress extends ActorId {
  readonly verb: string;
}

/** Builds the subjects of one cluster. `_` stands for an empty namespace or name. */
export function subjectsOf(cluster: string) {
  const root = `${PREFIX}.${toToken(cluster)}`;
  const path = (id: ActorId) => `${id.plural}.${toToken(id.namespace)}.${toToken(id.name)}`;
  return {
    root,
    all: `${root}.>`,
    api: (verb: string, id: ActorId) => `${root}.api.${verb}.${path(id)}`,
    apiVerb: (verb: string) => `${root}.api.${verb}.*.*.*`,
    mail: (shard: number, id: ActorId) => `${root}.mail.${shard}.${path(id)}`,
    mailShard: (shard: number) => `${root}.mail.${shard}.>`,
    node: (node: string, verb: string) => `${root}.node.${toToken(node)}.${verb}`,
    nodeAll: (node: string) => `${root}.node.${toToken(node)}.*`,
    fact: (id: ActorId, fact: string) => `${root}.fact.${path(id)}.${fact}`,
    /** `filter` is a key filter such as `pods.default.*`, or `>`. */
    facts: (filter = '>') => `${root}.fact.${filter === '>' ? '>' : `${filter}.>`}`,
    beat: (who: string) => `${root}.beat.${toToken(who)}`,
    beats: `${root}.beat.*`,
    dead: (id: ActorId) => `${root}.dead.${path(id)}`,
    deadAll: `${root}.dead.>`,
  };
}

export type Subjects = ReturnType<typeof subjectsOf>;

/** Bucket names of a cluster. */
export function bucketsOf(cluster: string) {
  const name = `${PREFIX}_${toToken(cluster)}`;
  return { objects: name, leases: `${name}_leases`, events: `${name}_events` };
}

/** Reads `…api.<verb>.<plural>.<namespace>.<name>`. */
export function parseApi(subject: string): ApiAddress {
  const [, , family, verb, plural, namespace, name, ...more] = subject.split('.');
  if (family !== 'api' || !verb || !plural || !namespace || !name || more.length > 0) {
    throw new TroupeError('BAD_REQUEST', `subject "${subject}" does not have the form ${SUBJECTS.api.form}`);
  }
  return { verb, plural, namespace: fromToken(namespace), name: fromToken(name) };
}

/** Reads `…mail.<shard>.<plural>.<namespace>.<name>`. */
export function parseMail(subject: string): ActorId & { shard: number } {
  const [, , family, shard, plural, namespace, name, ...more] = subject.split('.');
  if (family !== 'mail' || !shard || !plural || !namespace || !name || more.length > 0) {
    throw new TroupeError('BAD_REQUEST', `subject "${subject}" does not have the form ${SUBJECTS.mail.form}`);
  }
  return { shard: Number(shard), plural, namespace: fromToken(namespace), name: fromToken(name) };
}

/** Reads the last token of `…node.<node>.<verb>`. */
export function parseNodeVerb(subject: string): string {
  return subject.slice(subject.lastIndexOf('.') + 1);
}

/** Reads `…beat.<who>`. */
export function parseBeat(subject: string): string {
  return fromToken(subject.slice(subject.lastIndexOf('.') + 1));
}
