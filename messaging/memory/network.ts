// A bus and a store in memory, shared by several clients that each behave as a process of its own: what passes
// between them is copied, comes later, and can be lost, doubled, delayed or cut by a simulation. As strict as NATS:
// the same conformance specs run over both.
//
// Deliveries wait in one queue that a microtask empties, in order, so that the same program always runs the same
// way. A delivery never runs inside the call that caused it.
import { MAX_PAYLOAD_BYTES } from '../checks.ts';
import type { Bus, Clock, Headers, Message, Random, Store, Trace } from '../ports.ts';
import { type BucketState, dropVolatile } from './bucket-state.ts';
import { MemoryBus } from './bus.ts';
import { Client } from './client.ts';
import type { MessageFate, NetworkFaults } from './faults.ts';
import { sendable } from './sendable.ts';
import { MemoryStore } from './store.ts';
import { SubjectTree } from './subject-tree.ts';

export interface MemoryNetworkOptions {
  readonly clock: Clock;
  readonly random: Random;
  readonly faults?: NetworkFaults;
  /** Told when a receiver throws. Without it the error is thrown where nothing catches it. */
  readonly trace?: Trace;
  readonly maxPayloadBytes?: number;
  /** A write whose reply does not come is UNSURE after so long; a read fails with TIMEOUT. Default 2000. */
  readonly writeTimeoutMs?: number;
  /**
   * After so many deliveries in a row the rest waits for a turn of the clock, so that a busy cluster inside a
   * program leaves it room. Default: never, since a clock of a spec may stand still.
   */
  readonly deliveriesPerTurn?: number;
}

/** A party interested in a subject. */
export interface Interest {
  readonly client: Client;
  readonly queue: string | undefined;
  readonly onMessage: (message: Message) => void;
  open: boolean;
}

interface Delivery {
  readonly to: Interest;
  readonly message: MemoryMessage;
}

export class MemoryNetwork {
  readonly clock: Clock;
  readonly random: Random;
  readonly maxPayloadBytes: number;
  readonly writeTimeoutMs: number;
  /** May be replaced at any time; then call {@link refresh}. */
  faults: NetworkFaults;
  readonly interests = new SubjectTree<Interest>();
  /** Reply subjects of requests under way. */
  readonly inboxes = new Map<string, Interest>();
  readonly buckets = new Map<string, BucketState>();
  readonly #groups: Random;
  readonly #trace: Trace | undefined;
  readonly #clients = new Set<Client>();
  readonly #deliveriesPerTurn: number;
  #queue: Delivery[] = [];
  #scheduled = false;
  #inTurn = 0;
  #delivered = 0;

  constructor(options: MemoryNetworkOptions) {
    this.clock = options.clock;
    this.random = options.random;
    this.faults = options.faults ?? {};
    this.maxPayloadBytes = options.maxPayloadBytes ?? MAX_PAYLOAD_BYTES;
    this.writeTimeoutMs = options.writeTimeoutMs ?? 2_000;
    this.#deliveriesPerTurn = options.deliveriesPerTurn ?? Number.POSITIVE_INFINITY;
    this.#trace = options.trace;
    this.#groups = options.random.fork('groups');
  }

  /** A bus as the process `client` has it. */
  bus(client: string): Bus {
    return new MemoryBus(this, this.#admit(client));
  }

  /** A store as the process `client` has it. */
  store(client: string): Store {
    return new MemoryStore(this, this.#admit(client));
  }

  /** Messages handed to receivers so far. */
  get delivered(): number {
    return this.#delivered;
  }

  /** Looks again who is connected, and tells those for whom it changed. */
  refresh(): void {
    for (const client of this.#clients) this.isConnected(client);
  }

  /**
   * The process is gone from one instant to the next: none of its promises settle any more and nothing reaches it.
   * Ask for a new bus and store of the same name to start it again.
   */
  crash(name: string): void {
    for (const client of this.#clients) {
      if (client.name !== name) continue;
      client.alive = false;
      this.#clients.delete(client);
      for (const listener of client.listeners) listener(false);
      client.listeners.clear();
    }
  }

  /** The server starts anew: connections drop and come back, and what was kept in memory only is gone. */
  restart(): void {
    for (const client of this.#clients) this.#announce(client, false);
    dropVolatile(this.buckets);
    this.refresh();
  }

  /** Ends a client in good order. */
  dismiss(client: Client): void {
    this.#clients.delete(client);
    client.listeners.clear();
  }

  isConnected(client: Client): boolean {
    if (!client.alive) return false;
    const hook = this.faults.connected;
    const connected = hook ? hook.call(this.faults, client.name) : true;
    if (connected !== client.connected) this.#announce(client, connected);
    return connected;
  }

  /** Sends to all who are interested; says how many there were. */
  send(from: Client, subject: string, data: Uint8Array, headers: Headers, reply: string | undefined): number {
    const inbox = this.inboxes.get(subject);
    const found = subject.startsWith('_INBOX.')
      ? this.interests.matchOnce(subject)
      : this.interests.match(subject);
    if (!inbox && found.length === 0) return 0;
    const copy = data.slice();
    let receivers = 0;
    let groups: Map<string, Interest[]> | undefined;
    const hand = (to: Interest) => {
      // Everybody gets bytes of their own.
      const bytes = receivers === 0 ? copy : copy.slice();
      receivers += 1;
      this.#dispatch(from, to, new MemoryMessage(this, to.client, subject, bytes, headers, reply));
    };
    if (inbox && this.isConnected(inbox.client)) hand(inbox);
    for (const to of found) {
      if (!this.isConnected(to.client)) continue;
      if (to.queue === undefined) {
        hand(to);
        continue;
      }
      groups ??= new Map();
      const members = groups.get(to.queue);
      if (members) members.push(to);
      else groups.set(to.queue, [to]);
    }
    for (const members of groups?.values() ?? []) {
      hand(members.length === 1 ? members[0]! : members[this.#groups.below(members.length)]!);
    }
    return receivers;
  }

  #admit(name: string): Client {
    const client = new Client(name);
    this.#clients.add(client);
    client.connected = this.faults.connected?.(name) ?? true;
    return client;
  }

  #announce(client: Client, connected: boolean): void {
    client.connected = connected;
    for (const listener of [...client.listeners]) listener(connected);
  }

  #dispatch(from: Client, to: Interest, message: MemoryMessage): void {
    const hook = this.faults.onMessage;
    const fate: MessageFate = hook
      ? (hook.call(this.faults, from.name, to.client.name, message.subject) ?? 'deliver')
      : 'deliver';
    if (fate === 'drop') return;
    if (fate === 'deliver') {
      this.#enqueue(to, message);
    } else if ('copies' in fate) {
      this.#enqueue(to, message);
      for (let copy = 1; copy < fate.copies; copy += 1) {
        this.clock.after(fate.delayMs * copy, () => this.#enqueue(to, message.copy()));
      }
    } else {
      this.clock.after(fate.delayMs, () => this.#enqueue(to, message));
    }
  }

  #enqueue(to: Interest, message: MemoryMessage): void {
    this.#queue.push({ to, message });
    if (this.#scheduled) return;
    this.#schedule();
  }

  #schedule(): void {
    this.#scheduled = true;
    if (this.#inTurn < this.#deliveriesPerTurn) {
      queueMicrotask(() => this.#deliver());
      return;
    }
    this.#inTurn = 0;
    this.clock.after(0, () => this.#deliver());
  }

  /** Hands over what waits now; what this causes comes in a later microtask. */
  #deliver(): void {
    const round = this.#queue;
    this.#queue = [];
    for (const { to, message } of round) {
      if (!to.open || !this.isConnected(to.client)) continue;
      this.#delivered += 1;
      try {
        to.onMessage(message);
      } catch (error) {
        this.#thrown(to, message, error);
      }
    }
    this.#inTurn += round.length;
    this.#scheduled = false;
    if (this.#queue.length > 0) this.#schedule();
  }

  #thrown(to: Interest, message: MemoryMessage, error: unknown): void {
    if (!this.#trace) {
      queueMicrotask(() => {
        throw error;
      });
      return;
    }
    const fields = { client: to.client.name, subject: message.subject, error };
    this.#trace.log('error', 'a receiver of messages failed', fields);
  }
}

/** A message on its way to one receiver. */
export class MemoryMessage implements Message {
  readonly subject: string;
  readonly data: Uint8Array;
  readonly headers: Headers;
  readonly reply: string | undefined;
  readonly #network: MemoryNetwork;
  readonly #to: Client;

  constructor(
    network: MemoryNetwork,
    to: Client,
    subject: string,
    data: Uint8Array,
    headers: Headers,
    reply: string | undefined,
  ) {
    this.#network = network;
    this.#to = to;
    this.subject = subject;
    this.data = data;
    this.headers = headers;
    this.reply = reply;
  }

  respond(data: Uint8Array, headers?: Headers): void {
    if (this.reply === undefined) return;
    const network = this.#network;
    const given = sendable(data, headers, network.maxPayloadBytes, this.reply);
    if (network.isConnected(this.#to)) network.send(this.#to, this.reply, data, given, undefined);
  }

  copy(): MemoryMessage {
    return new MemoryMessage(
      this.#network,
      this.#to,
      this.subject,
      this.data.slice(),
      this.headers,
      this.reply,
    );
  }
}

export function memoryNetwork(options: MemoryNetworkOptions): MemoryNetwork {
  return new MemoryNetwork(options);
}

/** A bus of its own, for a spec that needs no more. */
export function createMemoryBus(options: MemoryNetworkOptions): Bus {
  return memoryNetwork(options).bus('only');
}

/** A store of its own, for a spec that needs no more. */
export function createMemoryStore(options: MemoryNetworkOptions): Store {
  return memoryNetwork(options).store('only');
}
