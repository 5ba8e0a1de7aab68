// Faults planted on purpose: each takes one promise away from the kernel or the agent, and the simulation has to
// notice within a stated number of seeds. None needs a hook in production code: a port is wrapped, or one method of
// one class is replaced for as long as the plant lasts. A simulator that finds none of these would prove nothing.
import { Activation } from '../../actors/kernel/activation.ts';
import type { Decision } from '../../actors/kernel/decide.ts';
import { Host } from '../../actors/kernel/host.ts';
import { Shards } from '../../actors/kernel/shards.ts';
import { Timers } from '../../actors/kernel/timers.ts';
import { Roster } from '../../actors/node/agent/roster.ts';
import { decode, encode } from '../../messaging/envelope.ts';
import type { Bucket } from '../../messaging/ports.ts';
import { hasCode } from '../../schemas/errors.ts';
import { AgentModel } from './agent-model.ts';
import type { SimOptions } from './cluster.ts';
import { CALM, type Swarm } from './swarm.ts';

export interface Planted {
  readonly name: string;
  /** The invariants that may notice; the first one that breaks ends the run. */
  readonly noticed: readonly string[];
  /** It is found within so many seeds, counted from 0. */
  readonly withinSeeds: number;
  /** What the seeds are about, where a fault needs a particular misfortune to show. */
  readonly swarm?: Partial<Swarm>;
  /** Puts it in; returns the way to take it out again. */
  readonly plant: () => { options?: Partial<SimOptions>; remove: () => void };
}

type Methods = Record<string, (this: any, ...args: any[]) => unknown>;

/** Replaces one method of a class; `replacement` gets the original. */
function replaced(of: { prototype: object }, method: string, replacement: (original: any) => unknown) {
  const prototype = of.prototype as Methods;
  const original = prototype[method]!;
  prototype[method] = replacement(original) as Methods[string];
  return {
    remove: () => {
      prototype[method] = original;
    },
  };
}

function wrapping(wrap: (bucket: Bucket) => Partial<Bucket>) {
  const wrapBucket = (bucket: Bucket): Bucket => ({ ...passedOn(bucket), ...wrap(bucket) });
  return { options: { wrapBucket }, remove: () => {} };
}

function passedOn(bucket: Bucket): Bucket {
  return {
    name: bucket.name,
    get: (key) => bucket.get(key),
    getRevision: (key, revision) => bucket.getRevision(key, revision),
    update: (key, value, expected) => bucket.update(key, value, expected),
    put: (key, value) => bucket.put(key, value),
    delete: (key, expected) => bucket.delete(key, expected),
    history: (key) => bucket.history(key),
    lastRevision: () => bucket.lastRevision(),
    watch: (options) => bucket.watch(options),
  };
}

const isObjects = (bucket: Bucket) => !/_(leases|events)$/.test(bucket.name);

const LATE_MESSAGES: Partial<Swarm> = {
  ...CALM,
  clients: 3,
  thinkMs: 300,
  rates: { ...CALM.rates, delayed: 0.4, doubled: 0.2, lost: 0.05 },
};

export const PLANTED: readonly Planted[] = [
  {
    name: 'compare-and-set removed: a write does not look at the revision it replaces',
    noticed: [
      'no update is lost',
      'nobody commits on a revision that is not the newest',
      'the uid of a living name never changes',
      'an acknowledged write is never lost',
      'a deadline fires once',
      'a bound pod changes its node only when refused',
      'a deleted uid never reappears',
    ],
    withinSeeds: 10,
    plant: () =>
      wrapping((bucket) => (isObjects(bucket) ? { update: (key, value) => bucket.put(key, value) } : {})),
  },
  {
    name: 'effects before commit: the world hears of a decision that is not stored yet',
    noticed: ['effects follow the commit'],
    withinSeeds: 2,
    plant: () =>
      replaced(
        Activation,
        'commit',
        (commit) =>
          async function early(this: any, decision: Decision) {
            const revision = this.loaded?.revision ?? 0;
            for (const effect of decision.effects) this.host.perform(this, effect, decision.record, revision);
            return commit.call(this, { ...decision, effects: [] });
          },
      ),
  },
  {
    name: 'fence ignored by actors: a deposed sender is obeyed',
    noticed: ['a deposed sender is not obeyed'],
    withinSeeds: 10,
    plant: () => replaced(Activation, 'checkFence', () => () => {}),
  },
  {
    name: 'fence ignored by the model of an agent: a late order is obeyed',
    noticed: ['a node never obeys a lower fence'],
    withinSeeds: 10,
    swarm: { ...LATE_MESSAGES, realAgents: false },
    plant: () => replaced(AgentModel, 'checkFence', () => () => {}),
  },
  {
    name: 'fence ignored by the agent: a late order is obeyed',
    noticed: ['a node never obeys a lower fence'],
    withinSeeds: 10,
    swarm: { ...LATE_MESSAGES, realAgents: true },
    plant: () =>
      replaced(
        Roster,
        'checkFence',
        () =>
          function trusting(this: any, uid: string) {
            return this.seen.get(uid);
          },
      ),
  },
  {
    name: 'deadline not stored: it lives only as long as the host that armed it',
    noticed: ['everything settles'],
    withinSeeds: 5,
    plant: () =>
      wrapping((bucket) => ({
        update: (key, value, expected) =>
          bucket.update(key, isObjects(bucket) ? withoutDeadlines(value) : value, expected),
      })),
  },
  {
    name: 'unsure taken for done: a lost reply is believed to be a stored write',
    noticed: [
      'an acknowledged change is a stored change',
      'effects follow the commit',
      'an acknowledged write is never lost',
    ],
    withinSeeds: 10,
    plant: () =>
      replaced(
        Activation,
        'commit',
        (commit) =>
          async function believing(this: any, decision: Decision) {
            try {
              return await commit.call(this, decision);
            } catch (error) {
              if (!hasCode(error, 'UNSURE')) throw error;
              return (this.loaded?.revision ?? 0) + 1;
            }
          },
      ),
  },
  {
    name: 'answered before the commit: what was acknowledged may never be stored',
    noticed: ['an acknowledged write is never lost', 'an acknowledged change is a stored change'],
    withinSeeds: 15,
    plant: () =>
      replaced(
        Activation,
        'process',
        (process) =>
          function hasty(this: any, mail: any) {
            if (mail.event.type === 'counter.add') mail.answer({ ok: true, value: { accepted: true } });
            return process.call(this, mail);
          },
      ),
  },
  {
    name: 'a shard given back by a lost write is never offered again',
    noticed: ['everything settles'],
    withinSeeds: 10,
    swarm: {
      hosts: 3,
      shards: 16,
      blowEveryMs: 4_000,
      rates: { ...CALM.rates, lostRequest: 0.15 },
      blows: { ...CALM.blows, rollHost: true },
    },
    plant: () =>
      replaced(
        Shards,
        'give',
        (give) =>
          async function once(this: any, shard: number) {
            this.given ??= new Set();
            if (!this.held.has(shard) && this.given.has(shard)) return;
            this.given.add(shard);
            await give.call(this, shard);
          },
      ),
  },
  {
    name: 'deadlines that come due while a host cannot renew are forgotten',
    noticed: ['everything settles'],
    withinSeeds: 10,
    swarm: { hosts: 1, alarms: 3, blowEveryMs: 4_000, ...CALM, blows: { ...CALM.blows, pauseHost: true } },
    plant: () =>
      replaced(
        Host,
        'fire',
        (fire) =>
          function careless(this: any, key: string, id: string) {
            if (!this.leases.fresh) this.timers.forget(key);
            else fire.call(this, key, id);
          },
      ),
  },
  {
    name: 'a fired deadline that could not be stored is not fired again',
    noticed: ['everything settles'],
    withinSeeds: 10,
    swarm: { ...CALM, alarms: 3, rates: { ...CALM.rates, lostRequest: 0.3, lostReply: 0.3 } },
    plant: () => replaced(Timers, 'retry', () => () => {}),
  },
];

function withoutDeadlines(value: Uint8Array): Uint8Array {
  const record = decode(value) as { actor?: { deadlines?: object } };
  return record.actor?.deadlines ? encode({ ...record, actor: { ...record.actor, deadlines: {} } }) : value;
}
