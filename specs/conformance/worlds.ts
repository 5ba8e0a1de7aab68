// The two worlds behind the ports, for specs that must hold in both: memory, and NATS on a private server.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type MemoryNetwork, memoryNetwork, seededRandom } from '../../messaging/memory/index.ts';
import { connectNats } from '../../messaging/nats/index.ts';
import type { Bucket, Bus, Store, WatchEvent, WatchOptions } from '../../messaging/ports.ts';
import { type NatsServer, startNatsServer } from '../../messaging/server/index.ts';
import { silentTrace, systemClock, systemRandom } from '../../messaging/system/index.ts';

export const clock = systemClock();

/** A world with a server that can be taken away and several clients. */
export interface TwinWorld {
  client(name: string): Promise<{ bus: Bus; store: Store }>;
  serverDown(): Promise<void>;
  serverUp(): Promise<void>;
  close(): Promise<void>;
}

export const WORLDS: readonly (readonly [string, () => Promise<TwinWorld>])[] = [
  ['memory', openMemory],
  ['nats', openNats],
];

async function openMemory(): Promise<TwinWorld> {
  const network: MemoryNetwork = memoryNetwork({ clock, random: seededRandom('conformance') });
  const open: { close(): Promise<void> }[] = [];
  return {
    async client(name) {
      const both = { bus: network.bus(name), store: network.store(name) };
      open.push(both.bus, both.store);
      return both;
    },
    async serverDown() {
      network.faults = { connected: () => false };
      network.refresh();
    },
    async serverUp() {
      network.faults = {};
      network.restart();
    },
    async close() {
      for (const one of open) await one.close();
    },
  };
}

async function openNats(): Promise<TwinWorld> {
  const directory = mkdtempSync(join(tmpdir(), 'troupe-conformance-'));
  const server = await startNatsServer({ directory });
  const open: { close(): Promise<void> }[] = [];
  return {
    async client(name) {
      const world = await connectTo(server, name);
      open.push(world);
      return world;
    },
    serverDown: () => server.kill(),
    serverUp: () => server.restart(),
    async close() {
      for (const one of open) await one.close();
      await server.stop();
      rmSync(directory, { recursive: true });
    },
  };
}

export function connectTo(server: NatsServer, name: string) {
  const { user, pass } = server.credentials;
  const random = systemRandom();
  return connectNats({ servers: server.url, user, pass, name, clock, random, trace: silentTrace });
}

export const text = (value: string): Uint8Array => new TextEncoder().encode(value);
export const read = (data: Uint8Array): string => new TextDecoder().decode(data);

/** What arrives, in order; `until` waits for as much. */
export class Arrivals<T> {
  readonly all: T[] = [];
  #wake: (() => void) | undefined;
  #ended: unknown;

  /** Nothing more will arrive. */
  end(reason: unknown): void {
    this.#ended = reason ?? new Error('ended');
    this.#wake?.();
  }

  add(one: T): void {
    this.all.push(one);
    this.#wake?.();
  }

  async until(holds: (all: readonly T[]) => boolean, withinMs = 10_000): Promise<readonly T[]> {
    const end = new AbortController();
    const late = clock.sleep(withinMs, end.signal).then(() => 'late' as const);
    try {
      while (!holds(this.all)) {
        if (this.#ended !== undefined) throw this.#ended;
        const woken = new Promise<void>((resolve) => {
          this.#wake = resolve;
        });
        if ((await Promise.race([woken, late])) === 'late') {
          throw new Error(
            `waited ${withinMs} ms in vain; arrived: ${JSON.stringify(this.all).slice(0, 2_000)}`,
          );
        }
      }
      return this.all;
    } finally {
      end.abort();
    }
  }

  count(number: number): Promise<readonly T[]> {
    return this.until((all) => all.length >= number);
  }
}

/** A watch being read. Events as short texts: `put a.b@3`, `delete a.b@4`, `current@4`. */
export function observe(bucket: Bucket, options: WatchOptions = {}) {
  const end = new AbortController();
  const arrivals = new Arrivals<string>();
  const finished = (async (): Promise<unknown> => {
    try {
      for await (const event of bucket.watch({ ...options, signal: end.signal })) arrivals.add(nameOf(event));
      arrivals.end(undefined);
      return undefined;
    } catch (error) {
      arrivals.end(error);
      return error;
    }
  })();
  return {
    arrivals,
    /** The error that ended it, or undefined. */
    finished,
    async stop(): Promise<void> {
      end.abort();
      await finished;
    },
  };
}

export function nameOf(event: WatchEvent): string {
  if (event.type === 'current') return `current@${event.revision}`;
  return `${event.entry.operation} ${event.entry.key}@${event.entry.revision}`;
}

/** The code of the error that a promise rejects with; `none` when it does not. */
export async function codeOf(promise: Promise<unknown>): Promise<string> {
  try {
    await promise;
    return 'none';
  } catch (error) {
    return (error as { code?: string }).code ?? String(error);
  }
}

export async function untilStatus(bus: Bus, wanted: Bus['status']): Promise<void> {
  if (bus.status === wanted) return;
  await new Promise<void>((resolve) => {
    const stop = bus.onStatus((status) => {
      if (status !== wanted) return;
      stop();
      resolve();
    });
  });
}
