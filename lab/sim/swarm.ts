// What one seed is about: how large its cluster is and which faults are switched on, at which rates. Each seed draws a
// subset, since faults that are always all on hide each other.
import { PROMISE_MS } from '../../actors/node/protocol.ts';
import type { Random } from '../../messaging/ports.ts';

/** Rates are per message, write, read or watched entry, in [0, 1); 0 is off. */
export interface Rates {
  readonly lost: number;
  readonly doubled: number;
  readonly delayed: number;
  readonly lostRequest: number;
  readonly lostReply: number;
  readonly lateWrite: number;
  readonly lostRead: number;
  readonly brokenWatch: number;
  readonly lateWatch: number;
}

/** What the nemesis does to whole processes. */
export interface Blows {
  readonly crashHost: boolean;
  readonly pauseHost: boolean;
  readonly crashAgent: boolean;
  readonly cutOff: boolean;
  readonly restartServer: boolean;
  readonly jumpClock: boolean;
  /** A host leaves in good order and comes back, so that shards are handed over. */
  readonly rollHost: boolean;
}

export interface Swarm {
  readonly hosts: number;
  readonly nodes: number;
  /** Real agents over simulated runtimes, instead of models of agents. */
  readonly realAgents: boolean;
  readonly clients: number;
  readonly pods: number;
  readonly counters: number;
  readonly alarms: number;
  readonly shards: number;
  /** Timers of the same instant run in a drawn order. */
  readonly drawnTies: boolean;
  /** A message takes up to this long; 0: none. */
  readonly latencyMs: number;
  /** Hosts' clocks differ by up to this. */
  readonly skewMs: number;
  readonly rates: Rates;
  readonly blows: Blows;
  /** How long a modelled agent keeps a promise; short ones make it refuse what it has granted. */
  readonly promiseMs: number;
  /** Mean time between two blows. */
  readonly blowEveryMs: number;
  /** Mean time between two requests of one client. */
  readonly thinkMs: number;
  readonly safetyMs: number;
}

/** No faults at all, to switch on one of them. */
export const CALM: Pick<Swarm, 'rates' | 'blows'> = {
  rates: {
    lost: 0,
    doubled: 0,
    delayed: 0,
    lostRequest: 0,
    lostReply: 0,
    lateWrite: 0,
    lostRead: 0,
    brokenWatch: 0,
    lateWatch: 0,
  },
  blows: {
    crashHost: false,
    pauseHost: false,
    crashAgent: false,
    cutOff: false,
    restartServer: false,
    jumpClock: false,
    rollHost: false,
  },
};

/** Draws the swarm of a seed. */
export function drawSwarm(random: Random): Swarm {
  const on = (chance: number) => random.next() < chance;
  const rate = (chance: number, most: number) => (on(chance) ? most * random.next() ** 2 : 0);
  const between = (least: number, most: number) => least + random.below(most - least + 1);
  return {
    hosts: between(1, 4),
    nodes: between(1, 4),
    realAgents: on(0.5),
    clients: between(1, 3),
    pods: between(2, 10),
    counters: between(1, 3),
    alarms: between(1, 3),
    shards: [1, 4, 16][random.below(3)]!,
    drawnTies: on(0.5),
    latencyMs: on(0.7) ? 1 + random.next() * 40 : 0,
    skewMs: on(0.4) ? random.next() * 1_500 : 0,
    rates: {
      lost: rate(0.5, 0.15),
      doubled: rate(0.5, 0.2),
      delayed: rate(0.5, 0.2),
      lostRequest: rate(0.4, 0.1),
      lostReply: rate(0.5, 0.2),
      lateWrite: rate(0.4, 0.2),
      lostRead: rate(0.3, 0.1),
      brokenWatch: rate(0.3, 0.1),
      lateWatch: rate(0.4, 0.3),
    },
    blows: {
      crashHost: on(0.6),
      pauseHost: on(0.6),
      crashAgent: on(0.4),
      cutOff: on(0.4),
      restartServer: on(0.25),
      jumpClock: on(0.2),
      rollHost: on(0.4),
    },
    promiseMs: on(0.3) ? 50 + random.below(500) : PROMISE_MS,
    blowEveryMs: 2_000 + random.next() * 13_000,
    thinkMs: 200 + random.next() * 1_800,
    safetyMs: 40_000 + random.next() * 60_000,
  };
}
