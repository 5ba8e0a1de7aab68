// Probes and lifecycle actions of a container: what is asked of it from outside.
import type * as t from 'io-ts';
import { meta } from '../meta.ts';
import { anyText, choice, int32, int64, intOrString, text } from '../scalars.ts';
import { list, struct } from '../shape.ts';

export const execAction = struct(
  'ExecAction',
  {},
  {
    command: meta(list(text), {
      description: 'The program and its arguments; no shell.',
      listType: 'atomic',
    }),
  },
);

export const httpHeader = struct(
  'HTTPHeader',
  { name: meta(text, 'Name of the header.'), value: meta(anyText, 'Value of the header.') },
  {},
);

export const httpGetAction = struct(
  'HTTPGetAction',
  { port: meta(intOrString, 'Number or name of a container port.') },
  {
    host: meta(text, 'Host to ask; the address of the pod when empty.'),
    httpHeaders: meta(list(httpHeader), { listType: 'atomic' }),
    path: meta(text, { description: 'Path to ask for.', default: '/' }),
    scheme: meta(choice('HTTP', 'HTTPS'), { description: 'Protocol.', default: 'HTTP' }),
  },
);

export const tcpSocketAction = struct(
  'TCPSocketAction',
  { port: meta(intOrString, 'Number or name of a container port.') },
  { host: meta(text, 'Host to connect to; the address of the pod when empty.') },
);

export const grpcAction = struct(
  'GRPCAction',
  { port: meta(int32, 'Port of the gRPC health service.') },
  { service: meta(text, 'Name of the service to ask about.') },
);

export const sleepAction = struct('SleepAction', { seconds: meta(int64, 'How long to sleep.') }, {});

const probeTimes = {
  initialDelaySeconds: meta(int32, 'Seconds after the start of the container until the first probe.'),
  periodSeconds: meta(int32, { description: 'Seconds between probes.', default: 10 }),
  timeoutSeconds: meta(int32, { description: 'Seconds until a probe has failed.', default: 1 }),
  successThreshold: meta(int32, { description: 'Successes in a row that count.', default: 1 }),
  failureThreshold: meta(int32, { description: 'Failures in a row that count.', default: 3 }),
  terminationGracePeriodSeconds: meta(int64, "Overrides the pod's when this probe ends the container."),
};

export const probe = meta(
  struct(
    'Probe',
    {},
    {
      exec: meta(execAction, 'Succeeds when the command exits with 0.'),
      httpGet: meta(httpGetAction, 'Succeeds with a status from 200 to 399.'),
      tcpSocket: meta(tcpSocketAction, 'Succeeds when the port can be connected to.'),
      grpc: meta(grpcAction, 'Succeeds when the health service says SERVING.'),
      ...probeTimes,
    },
  ),
  'Asks a container again and again whether it is well. Exactly one way of asking must be given.',
);

export const lifecycleHandler = struct(
  'LifecycleHandler',
  {},
  { exec: execAction, httpGet: httpGetAction, tcpSocket: tcpSocketAction, sleep: sleepAction },
);

export const lifecycle = struct(
  'Lifecycle',
  {},
  {
    postStart: meta(lifecycleHandler, 'Done right after the container was created.'),
    preStop: meta(lifecycleHandler, 'Done before the container is ended.'),
    stopSignal: meta(text, 'Signal that ends the container.'),
  },
);

export type Probe = t.TypeOf<typeof probe>;
export type Lifecycle = t.TypeOf<typeof lifecycle>;
export type LifecycleAction = t.TypeOf<typeof lifecycleHandler>;
export type HttpGetAction = t.TypeOf<typeof httpGetAction>;
