import { summarise } from '../../../cli/print/pod-status.ts';
import type { Pod } from '../../../schemas/pod/kind.ts';
import { NOW_MS } from './objects.ts';

function pod(status: object, more: { spec?: object; metadata?: object } = {}): Pod {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'web', ...more.metadata },
    spec: { containers: [{ name: 'a', image: 'i' }], ...more.spec },
    status,
  } as unknown as Pod;
}
const status = (name: string, state: object, more: object = {}) => ({
  name,
  image: 'i',
  imageID: '',
  ready: false,
  restartCount: 0,
  state,
  ...more,
});
const running = { running: { startedAt: '2026-01-01T11:00:00Z' } };
const exited = (exitCode: number, more: object = {}) => ({ terminated: { exitCode, ...more } });
const waiting = (reason: string) => ({ waiting: { reason } });
const two = { containers: [{ name: 'a' }, { name: 'b' }] };
const init = { initContainers: [{ name: 'i1' }, { name: 'i2' }] };
const sidecar = { initContainers: [{ name: 's', restartPolicy: 'Always' }, { name: 'i2' }] };

describe('the status of a pod', () => {
  test.each<[string, Pod, [ready: string, word: string, restarts: string]]>([
    ['nothing known', pod({}), ['0/1', 'Unknown', '0']],
    ['not placed', pod({ phase: 'Pending' }), ['0/1', 'Pending', '0']],
    [
      'gated',
      pod({
        phase: 'Pending',
        conditions: [{ type: 'PodScheduled', status: 'False', reason: 'SchedulingGated' }],
      }),
      ['0/1', 'SchedulingGated', '0'],
    ],
    [
      'starting',
      pod({ phase: 'Pending', containerStatuses: [status('a', waiting('ContainerCreating'))] }),
      ['0/1', 'ContainerCreating', '0'],
    ],
    [
      'running',
      pod({ phase: 'Running', containerStatuses: [status('a', running, { ready: true })] }),
      ['1/1', 'Running', '0'],
    ],
    [
      'image missing',
      pod({ phase: 'Pending', containerStatuses: [status('a', waiting('ImagePullBackOff'))] }),
      ['0/1', 'ImagePullBackOff', '0'],
    ],
    [
      'crashing',
      pod({
        phase: 'Running',
        containerStatuses: [
          status('a', waiting('CrashLoopBackOff'), {
            restartCount: 4,
            lastState: exited(1, { finishedAt: '2026-01-01T11:59:30Z' }),
          }),
        ],
      }),
      ['0/1', 'CrashLoopBackOff', '4 (30s ago)'],
    ],
    [
      'failed',
      pod({ phase: 'Failed', containerStatuses: [status('a', exited(1, { reason: 'Error' }))] }),
      ['0/1', 'Error', '0'],
    ],
    [
      'failed without a word',
      pod({ phase: 'Failed', containerStatuses: [status('a', exited(3))] }),
      ['0/1', 'ExitCode:3', '0'],
    ],
    [
      'killed',
      pod({ phase: 'Failed', containerStatuses: [status('a', exited(0, { signal: 9 }))] }),
      ['0/1', 'Signal:9', '0'],
    ],
    ['evicted', pod({ phase: 'Failed', reason: 'Evicted' }), ['0/1', 'Evicted', '0']],
    [
      'completed',
      pod({ phase: 'Succeeded', containerStatuses: [status('a', exited(0, { reason: 'Completed' }))] }),
      ['0/1', 'Completed', '0'],
    ],
    [
      'one of two completed',
      pod(
        {
          phase: 'Running',
          conditions: [{ type: 'Ready', status: 'False' }],
          containerStatuses: [
            status('a', exited(0, { reason: 'Completed' })),
            status('b', running, { ready: true }),
          ],
        },
        { spec: two },
      ),
      ['1/2', 'NotReady', '0'],
    ],
    [
      'first init',
      pod(
        {
          phase: 'Pending',
          initContainerStatuses: [status('i1', running), status('i2', waiting('PodInitializing'))],
        },
        { spec: init },
      ),
      ['0/1', 'Init:0/2', '0'],
    ],
    [
      'second init',
      pod(
        { phase: 'Pending', initContainerStatuses: [status('i1', exited(0)), status('i2', running)] },
        { spec: init },
      ),
      ['0/1', 'Init:1/2', '0'],
    ],
    [
      'init crashing',
      pod(
        {
          phase: 'Pending',
          initContainerStatuses: [status('i1', waiting('CrashLoopBackOff'), { restartCount: 2 })],
        },
        { spec: init },
      ),
      ['0/1', 'Init:CrashLoopBackOff', '2'],
    ],
    [
      'init failed',
      pod({ phase: 'Failed', initContainerStatuses: [status('i1', exited(2))] }, { spec: init }),
      ['0/1', 'Init:ExitCode:2', '0'],
    ],
    [
      'init in error',
      pod(
        { phase: 'Pending', initContainerStatuses: [status('i1', exited(2, { reason: 'Error' }))] },
        { spec: init },
      ),
      ['0/1', 'Init:Error', '0'],
    ],
    [
      'restarts of finished inits do not count',
      pod(
        {
          phase: 'Running',
          initContainerStatuses: [status('i1', exited(0), { restartCount: 5 }), status('i2', exited(0))],
          containerStatuses: [status('a', running, { ready: true })],
        },
        { spec: init },
      ),
      ['1/1', 'Running', '0'],
    ],
    [
      'a sidecar counts',
      pod(
        {
          phase: 'Running',
          initContainerStatuses: [
            status('s', running, { ready: true, started: true, restartCount: 1 }),
            status('i2', exited(0)),
          ],
          containerStatuses: [status('a', running, { ready: true })],
        },
        { spec: sidecar },
      ),
      ['2/2', 'Running', '1'],
    ],
    [
      'going',
      pod(
        { phase: 'Running', containerStatuses: [status('a', running, { ready: true })] },
        { metadata: { deletionTimestamp: 'x' } },
      ),
      ['1/1', 'Terminating', '0'],
    ],
    [
      'going with its node lost',
      pod({ phase: 'Running', reason: 'NodeLost' }, { metadata: { deletionTimestamp: 'x' } }),
      ['0/1', 'Unknown', '0'],
    ],
    [
      'over, and going',
      pod({ phase: 'Succeeded' }, { metadata: { deletionTimestamp: 'x' } }),
      ['0/1', 'Succeeded', '0'],
    ],
  ])('%s', (_name, given, [ready, word, restarts]) => {
    expect(summarise(given, NOW_MS)).toEqual({ ready, status: word, restarts });
  });
});
