// The event stream against small gRPC servers that answer as containerd, as another CRI runtime, or as neither.
import { mkdtemp, rm } from 'node:fs/promises';
import path from 'node:path';
import { loadPackageDefinition, Server, ServerCredentials } from '@grpc/grpc-js';
import { loadSync, type MessageTypeDefinition } from '@grpc/proto-loader';
import { connectCri } from '../../../../actors/node/agent/runtime/cri.ts';
import type { RuntimeEvent } from '../../../../actors/node/agent/runtime/port.ts';
import { systemClock } from '../../../../messaging/system/clock.ts';

const FOLDER = path.join(process.cwd(), 'actors/node/agent/runtime');
const definition = loadSync(
  ['cri.proto', 'containerd-events.proto'].map((file) => path.join(FOLDER, file)),
  {
    longs: Number,
    enums: String,
    defaults: true,
  },
);
const services = loadPackageDefinition(definition) as any;
const { Events } = services.containerd.services.events.v1;
const { RuntimeService } = services.runtime.v1;

let directory: string;
let socket: string;
let server: Server | undefined;
beforeEach(async () => {
  directory = await mkdtemp('/tmp/troupe-ev-');
  socket = path.join(directory, 's');
});
afterEach(async () => {
  server?.forceShutdown();
  server = undefined;
  await rm(directory, { recursive: true });
});

async function serve(parts: { events?: any; runtime?: any }): Promise<void> {
  server = new Server();
  if (parts.events) server.addService(Events.service, parts.events);
  if (parts.runtime) server.addService(RuntimeService.service, parts.runtime);
  await new Promise<void>((resolve, reject) =>
    server!.bindAsync(`unix:${socket}`, ServerCredentials.createInsecure(), (error) =>
      error ? reject(error) : resolve(),
    ),
  );
}

function bytes(message: string, value: object): Buffer {
  const type = definition[`containerd.services.events.v1.${message}`] as MessageTypeDefinition<
    object,
    object
  >;
  return type.serialize(value);
}

/** Takes `count` events, then leaves. */
async function take(count: number, between?: (event: RuntimeEvent) => unknown): Promise<RuntimeEvent[]> {
  const runtime = connectCri({ socket, clock: systemClock() });
  const taken: RuntimeEvent[] = [];
  try {
    for await (const event of runtime.events(new AbortController().signal)) {
      taken.push(event);
      if (taken.length === count) break;
      await between?.(event);
    }
  } finally {
    runtime.close();
  }
  return taken;
}

/** As containerd: tells subscribers what is published, once they are subscribed. */
function containerdEvents(after: readonly object[]) {
  const subscribers = new Set<any>();
  const requests: any[] = [];
  return {
    requests,
    calls: {
      subscribe(call: any) {
        requests.push({ ...call.request, namespace: call.metadata.get('containerd-namespace') });
        // Subscribing takes its time: what is published before is lost.
        setImmediate(() => subscribers.add(call));
      },
      publish(call: any, callback: any) {
        callback(null, {});
        for (const each of subscribers) {
          each.write({ topic: call.request.topic, event: call.request.event });
          for (const envelope of after) each.write(envelope);
        }
        subscribers.clear();
      },
    },
  };
}

test("containerd's events come after a resync that proves the subscription", async () => {
  const timestamp = { seconds: 1_000, nanos: 5_000_000 };
  const envelope = (topic: string, value: Buffer) => ({ topic, timestamp, event: { typeUrl: 'x', value } });
  const fake = containerdEvents([
    envelope('/tasks/start', bytes('TaskStart', { containerId: 'a', pid: 1 })),
    envelope('/tasks/exit', bytes('TaskExit', { containerId: 'a', id: 'some-exec', exitStatus: 1 })),
    envelope('/tasks/oom', bytes('TaskOOM', { containerId: 'a' })),
    envelope(
      '/tasks/exit',
      bytes('TaskExit', { containerId: 'a', id: 'a', exitStatus: 137, exitedAt: { seconds: 999, nanos: 0 } }),
    ),
  ]);
  await serve({ events: fake.calls });
  expect(await take(4)).toEqual([
    { type: 'resync' },
    { type: 'started', id: 'a', at: 1_000_005 },
    { type: 'oom', id: 'a', at: 1_000_005 },
    { type: 'exited', id: 'a', at: 999_000, exitCode: 137 },
  ]);
  expect(fake.requests[0].namespace).toEqual(['k8s.io']);
});

test('a runtime that dies and comes back: one more resync', async () => {
  const start = () =>
    serve({
      events: containerdEvents([
        { topic: '/tasks/oom', event: { typeUrl: 'x', value: bytes('TaskOOM', { containerId: 'a' }) } },
      ]).calls,
    });
  await start();
  let restarts = 0;
  const taken = await take(4, async (event) => {
    if (event.type !== 'oom' || restarts > 0) return;
    restarts += 1;
    server!.forceShutdown();
    await rm(socket, { force: true });
    await start();
  });
  expect(taken.map(({ type }) => type)).toEqual(['resync', 'oom', 'resync', 'oom']);
});

test("another runtime's events come from CRI", async () => {
  await serve({
    runtime: {
      getContainerEvents(call: any) {
        const createdAt = 7_000_000;
        call.write({ containerId: 'a', containerEventType: 'CONTAINER_CREATED_EVENT', createdAt });
        call.write({ containerId: 'a', containerEventType: 'CONTAINER_STARTED_EVENT', createdAt });
        call.write({
          containerId: 'a',
          containerEventType: 'CONTAINER_STOPPED_EVENT',
          createdAt,
          containersStatuses: [{ id: 'b' }, { id: 'a', exitCode: 3 }],
        });
      },
    },
  });
  expect(await take(3)).toEqual([
    { type: 'resync' },
    { type: 'started', id: 'a', at: 7 },
    { type: 'exited', id: 'a', at: 7, exitCode: 3 },
  ]);
});

test('a listener may leave at the first resync', async () => {
  await serve({ runtime: { getContainerEvents() {} } });
  expect(await take(1)).toEqual([{ type: 'resync' }]);
});

test('a runtime without events still tells to list again and again', async () => {
  await serve({ runtime: {} });
  expect(await take(2)).toEqual([{ type: 'resync' }, { type: 'resync' }]);
});

test('nobody there: the stream waits, and ends with its signal', async () => {
  const runtime = connectCri({ socket, clock: systemClock() });
  const signal = AbortSignal.timeout(300);
  const taken: RuntimeEvent[] = [];
  for await (const event of runtime.events(signal)) taken.push(event);
  expect(taken).toEqual([]);
  expect(signal.aborted).toBe(true);
  runtime.close();
});
