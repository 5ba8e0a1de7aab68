// The stage for a bench: a private nats-server, connections, and the parts of a cluster as processes of their own.
import { type ChildProcess, fork } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connectNats } from '../messaging/nats/index.ts';
import type { World } from '../messaging/ports.ts';
import { type NatsServer, startNatsServer } from '../messaging/server/index.ts';
import { silentTrace, systemClock, systemRandom } from '../messaging/system/index.ts';

export const CLUSTER = 'bench';

export interface Target {
  readonly servers: string;
  readonly user: string;
  readonly pass: string;
}

export interface Stage extends AsyncDisposable {
  readonly server: NatsServer;
  readonly target: Target;
  readonly directory: string;
  /** Runs a part of the cluster in a process of its own; resolves when it says that it is ready. */
  spawn(part: string, ...words: string[]): Promise<ChildProcess>;
  connect(name: string): Promise<World & { close(): Promise<void> }>;
}

export async function openStage(): Promise<Stage> {
  const directory = mkdtempSync(join(tmpdir(), 'troupe-bench-'));
  const server = await startNatsServer({ directory: join(directory, 'nats') });
  const target = { servers: server.url, ...server.credentials };
  const children: ChildProcess[] = [];
  const closers: (() => Promise<void>)[] = [];
  const spawn = async (part: string, ...words: string[]) => {
    const env = { ...process.env, BENCH_TARGET: JSON.stringify(target) };
    const child = fork(join(import.meta.dirname, 'part.js'), [part, ...words], { env });
    children.push(child);
    await new Promise<void>((resolve, reject) => {
      child.once('message', () => resolve());
      child.once('exit', (code) => reject(new Error(`${part} ended with ${code} before it was ready`)));
    });
    return child;
  };
  const connect = async (name: string) => {
    const world = await connectTo(target, name);
    closers.push(world.close);
    return world;
  };
  const dispose = async () => {
    for (const close of closers) await close().catch(() => {});
    await Promise.all(children.map(end));
    await server.stop();
    rmSync(directory, { recursive: true, force: true });
  };
  return { server, target, directory, spawn, connect, [Symbol.asyncDispose]: dispose };
}

export async function connectTo(target: Target, name: string): Promise<World & { close(): Promise<void> }> {
  const clock = systemClock();
  const random = systemRandom();
  const trace = silentTrace;
  const { bus, store, close } = await connectNats({ ...target, name, clock, random, trace });
  return { clock, random, trace, bus, store, close };
}

function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return Promise.resolve();
  return new Promise((resolve) => {
    child.once('exit', () => resolve());
    child.kill('SIGTERM');
    const kill = setTimeout(() => child.kill('SIGKILL'), 5_000);
    child.once('exit', () => clearTimeout(kill));
  });
}
