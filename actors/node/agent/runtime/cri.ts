// The real side of the runtime port: CRI v1 over gRPC on a unix socket. One call of the port is one call of CRI, with a
// deadline and without retries; the agent decides what a failure means. Shapes, errors and events are in the files
// beside this one.
import path from 'node:path';
import {
  type Client,
  credentials,
  type GrpcObject,
  loadPackageDefinition,
  type Metadata,
} from '@grpc/grpc-js';
import { loadSync, type MessageTypeDefinition, type PackageDefinition } from '@grpc/proto-loader';
import type { Clock } from '../../../../messaging/ports.ts';
import { type GrpcFailure, runtimeError } from './cri-errors.ts';
import { type EventCalls, runtimeEvents } from './cri-events.ts';
import * as shapes from './cri-shapes.ts';
import { type RegistryAuth, type Runtime, runtimeErrorKind } from './port.ts';

/** Bounds on the calls. A stop's grace and an exec's time come on top. */
const DEADLINE_MS = {
  /** Calls that only read. */
  read: 30_000,
  /** Calls that make, start, stop or remove; many at once on a loaded machine take seconds each. */
  work: 120_000,
  /** A sandbox waits for its network too. */
  sandbox: 240_000,
  /** Large images over slow lines. */
  pull: 3_600_000,
} as const;

const LARGEST_MESSAGE_BYTES = 16 * 1024 * 1024;

export interface CriOptions {
  /** Path of the runtime's unix socket. */
  readonly socket: string;
  readonly clock: Clock;
}

type Call = (name: string, request: shapes.Wire, bound?: CallBound) => Promise<shapes.Wire>;

interface CallBound {
  readonly deadlineMs?: number;
  /** Texts that must not appear in an error. */
  readonly secrets?: readonly string[];
}

/**
 * Connects to a CRI v1 runtime. Nothing is sent before the first call, so it never fails.
 *
 * @example
 * ```ts
 * const runtime = connectCri({ socket: '/run/containerd/containerd.sock', clock: systemClock() });
 * console.log(await runtime.version());
 * ```
 */
export function connectCri(options: CriOptions): Runtime {
  const stubs = openStubs(options.socket);
  const call: Call = (name, request, bound = {}) => {
    const deadline = options.clock.now() + (bound.deadlineMs ?? DEADLINE_MS.work);
    const stub = name in stubs.image ? stubs.image : stubs.runtime;
    return new Promise((resolve, reject) => {
      stub[name](request, { deadline }, (failure: GrpcFailure | null, answer: shapes.Wire) =>
        failure ? reject(runtimeError(name, failure, bound.secrets)) : resolve(answer),
      );
    });
  };
  const closing = new AbortController();
  return {
    ...generalCalls(call),
    ...sandboxCalls(call),
    ...containerCalls(call),
    ...streamCalls(call),
    ...statsCalls(call),
    ...imageCalls(call),
    events: (signal) => runtimeEvents(stubs.events, options.clock, AbortSignal.any([signal, closing.signal])),
    close() {
      closing.abort();
      for (const stub of stubs.all) stub.close();
    },
  };
}

function generalCalls(call: Call): Pick<Runtime, 'version' | 'status'> {
  return {
    async version() {
      const answer = await call('Version', {}, { deadlineMs: DEADLINE_MS.read });
      const { runtimeName, runtimeVersion, runtimeApiVersion } = answer;
      return { runtimeName, runtimeVersion, apiVersion: runtimeApiVersion };
    },
    async status() {
      const answer = await call('Status', {}, { deadlineMs: DEADLINE_MS.read });
      return shapes.statusFromWire(answer.status);
    },
  };
}

type SandboxCalls =
  | 'runPodSandbox'
  | 'stopPodSandbox'
  | 'removePodSandbox'
  | 'podSandboxStatus'
  | 'listPodSandbox';

function sandboxCalls(call: Call): Pick<Runtime, SandboxCalls> {
  return {
    async runPodSandbox(config) {
      const request = { config: shapes.sandboxToWire(config), runtimeHandler: config.runtimeHandler ?? '' };
      const answer = await call('RunPodSandbox', request, { deadlineMs: DEADLINE_MS.sandbox });
      return answer.podSandboxId;
    },
    stopPodSandbox: (id) => ifThere(call('StopPodSandbox', { podSandboxId: id })),
    removePodSandbox: (id) => ifThere(call('RemovePodSandbox', { podSandboxId: id })),
    async podSandboxStatus(id) {
      const request = { podSandboxId: id, verbose: true };
      const answer = await call('PodSandboxStatus', request, { deadlineMs: DEADLINE_MS.read });
      return shapes.sandboxStatusFromWire(answer.status, answer.info ?? {});
    },
    async listPodSandbox(filter = {}) {
      const request = { filter: shapes.sandboxFilterToWire(filter) };
      const answer = await call('ListPodSandbox', request, { deadlineMs: DEADLINE_MS.read });
      return answer.items.map(shapes.sandboxFromWire);
    },
  };
}

type ContainerCalls =
  | 'createContainer'
  | 'startContainer'
  | 'stopContainer'
  | 'removeContainer'
  | 'listContainers'
  | 'containerStatus'
  | 'updateContainerResources'
  | 'reopenContainerLog';

function containerCalls(call: Call): Pick<Runtime, ContainerCalls> {
  return {
    async createContainer(sandboxId, config, sandbox) {
      const request = {
        podSandboxId: sandboxId,
        config: shapes.containerToWire(config),
        sandboxConfig: shapes.sandboxToWire(sandbox),
      };
      return (await call('CreateContainer', request)).containerId;
    },
    async startContainer(id) {
      await call('StartContainer', { containerId: id });
    },
    stopContainer(id, graceSeconds) {
      const deadlineMs = DEADLINE_MS.work + graceSeconds * 1_000;
      return ifThere(call('StopContainer', { containerId: id, timeout: graceSeconds }, { deadlineMs }));
    },
    removeContainer: (id) => ifThere(call('RemoveContainer', { containerId: id })),
    async listContainers(filter = {}) {
      const request = { filter: shapes.containerFilterToWire(filter) };
      const answer = await call('ListContainers', request, { deadlineMs: DEADLINE_MS.read });
      return answer.containers.map(shapes.containerFromWire);
    },
    async containerStatus(id) {
      const request = { containerId: id, verbose: true };
      const answer = await call('ContainerStatus', request, { deadlineMs: DEADLINE_MS.read });
      return shapes.containerStatusFromWire(answer.status, answer.info ?? {});
    },
    async updateContainerResources(id, resources) {
      await call('UpdateContainerResources', { containerId: id, linux: shapes.resourcesToWire(resources) });
    },
    async reopenContainerLog(id) {
      await call('ReopenContainerLog', { containerId: id });
    },
  };
}

function streamCalls(call: Call): Pick<Runtime, 'execSync' | 'exec' | 'attach' | 'portForward'> {
  return {
    async execSync(id, command, timeoutSeconds) {
      const request = { containerId: id, cmd: command, timeout: timeoutSeconds };
      // The runtime's own time-out must come first: its answer says more than a passed deadline.
      const deadlineMs = DEADLINE_MS.read + timeoutSeconds * 1_000;
      const answer = await call('ExecSync', request, { deadlineMs });
      return { stdout: answer.stdout, stderr: answer.stderr, exitCode: answer.exitCode };
    },
    async exec({ command, ...request }) {
      return (await call('Exec', { ...request, cmd: command })).url;
    },
    async attach(request) {
      return (await call('Attach', request)).url;
    },
    async portForward(sandboxId, ports) {
      return (await call('PortForward', { podSandboxId: sandboxId, port: ports })).url;
    },
  };
}

function statsCalls(call: Call): Pick<Runtime, 'containerStats' | 'listContainerStats'> {
  return {
    async containerStats(id) {
      const answer = await call('ContainerStats', { containerId: id }, { deadlineMs: DEADLINE_MS.read });
      return shapes.statsFromWire(answer.stats);
    },
    async listContainerStats(filter = {}) {
      const request = { filter: shapes.containerFilterToWire(filter) };
      const answer = await call('ListContainerStats', request, { deadlineMs: DEADLINE_MS.read });
      return answer.stats.map(shapes.statsFromWire);
    },
  };
}

type ImageCalls = 'imageStatus' | 'listImages' | 'pullImage' | 'removeImage' | 'imageFsInfo';

function imageCalls(call: Call): Pick<Runtime, ImageCalls> {
  return {
    async imageStatus(image) {
      const answer = await call('ImageStatus', { image: { image } }, { deadlineMs: DEADLINE_MS.read });
      return answer.image ? shapes.imageFromWire(answer.image) : undefined;
    },
    async listImages() {
      const answer = await call('ListImages', {}, { deadlineMs: DEADLINE_MS.read });
      return answer.images.map(shapes.imageFromWire);
    },
    async pullImage(image, auth) {
      const bound = { deadlineMs: DEADLINE_MS.pull, secrets: secretsOf(auth) };
      return (await call('PullImage', { image: { image }, auth }, bound)).imageRef;
    },
    removeImage: (image) => ifThere(call('RemoveImage', { image: { image } })),
    async imageFsInfo() {
      const answer = await call('ImageFsInfo', {}, { deadlineMs: DEADLINE_MS.read });
      return answer.imageFilesystems.map(shapes.filesystemFromWire);
    },
  };
}

function secretsOf(auth: RegistryAuth | undefined): string[] {
  const { password, auth: basic, identityToken, registryToken } = auth ?? {};
  return [password, basic, identityToken, registryToken].filter((each) => each !== undefined);
}

/** Removing and stopping what is not there has succeeded. */
async function ifThere(done: Promise<unknown>): Promise<void> {
  try {
    await done;
  } catch (error) {
    const kind = runtimeErrorKind(error);
    if (kind !== 'notFound' && kind !== 'imageNotFound') throw error;
  }
}

interface Stubs {
  readonly runtime: any;
  readonly image: any;
  readonly events: EventCalls;
  readonly all: readonly Client[];
}

let loaded: PackageDefinition | undefined;

function openStubs(socket: string): Stubs {
  loaded ??= loadSync(
    ['cri.proto', 'containerd-events.proto'].map((file) => path.join(import.meta.dirname, file)),
    { keepCase: false, longs: Number, enums: String, defaults: true, oneofs: true },
  );
  const definition = loaded;
  const services = loadPackageDefinition(definition) as Record<string, GrpcObject> as any;
  const open = (Service: new (...args: any[]) => any) =>
    new Service(`unix:${socket}`, credentials.createInsecure(), {
      'grpc.max_receive_message_length': LARGEST_MESSAGE_BYTES,
      'grpc.default_authority': 'localhost',
      'grpc.use_local_subchannel_pool': 1,
      'grpc.initial_reconnect_backoff_ms': 100,
      'grpc.min_reconnect_backoff_ms': 100,
      'grpc.max_reconnect_backoff_ms': 1_000,
    });
  const runtime = open(services.runtime.v1.RuntimeService);
  const image = open(services.runtime.v1.ImageService);
  const events = open(services.containerd.services.events.v1.Events);
  return {
    runtime,
    image,
    all: [runtime, image, events],
    events: {
      subscribe: (request: shapes.Wire, metadata: Metadata) => events.subscribe(request, metadata),
      publish: (request, metadata) => events.publish(request, metadata, ignoreFailure),
      getContainerEvents: () => runtime.getContainerEvents({}),
      decode(message, bytes) {
        const name = `containerd.services.events.v1.${message}`;
        return (definition[name] as MessageTypeDefinition<object, object>).deserialize(Buffer.from(bytes));
      },
    },
  };
}

/** A proof that is not taken is sent again. */
function ignoreFailure(): void {}
