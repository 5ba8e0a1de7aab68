import { runtimeError } from '../../../../actors/node/agent/runtime/cri-errors.ts';
import { runtimeErrorKind } from '../../../../actors/node/agent/runtime/port.ts';

test.each([
  ['ContainerStatus', 5, 'an error occurred when try to find container "x": not found', 'notFound'],
  ['CreateContainer', 5, 'failed to find sandbox id "x": not found', 'notFound'],
  ['CreateContainer', 5, 'failed to resolve image "nginx:9": not found', 'imageNotFound'],
  ['PullImage', 5, 'failed to resolve reference "docker.io/library/nginx:9": not found', 'imageNotFound'],
  [
    'PullImage',
    2,
    'pull access denied, repository does not exist or may require authorization',
    'imageNotFound',
  ],
  ['PullImage', 2, 'failed to parse image reference "A:1": invalid reference format', 'invalidImageName'],
  ['PullImage', 2, 'failed with status code [manifests latest]: 401 Unauthorized', 'other'],
  ['PullImage', 2, 'failed to extract layer: write /x: no space left on device', 'diskFull'],
  ['PullImage', 14, 'connect: connection refused', 'unavailable'],
  ['PullImage', 1, 'Call cancelled', 'unavailable'],
  ['ExecSync', 4, 'timeout 1s exceeded: context deadline exceeded', 'timeout'],
  ['StartContainer', 2, 'failed to create containerd task: OCI runtime create failed', 'startError'],
  ['StartContainer', 2, 'container is in CONTAINER_EXITED state', 'other'],
  ['RunPodSandbox', 2, 'cni plugin not initialized', 'other'],
] as const)('%s with code %d and "%s" is %s', (call, code, details, kind) => {
  const error = runtimeError(call, { code, details });
  expect(error.code).toBe('RUNTIME');
  expect(error.details).toEqual({ grpcCode: code, kind, call });
  expect(error.message).toBe(details);
  expect(runtimeErrorKind(error)).toBe(kind);
});

test('a reserved name tells its owner', () => {
  const details = 'failed to reserve sandbox name "a_b_c_0": name "a_b_c_0" is reserved for "4f0a"';
  expect(runtimeError('RunPodSandbox', { code: 2, details }).details).toEqual({
    grpcCode: 2,
    kind: 'alreadyExists',
    call: 'RunPodSandbox',
    id: '4f0a',
  });
});

test('what is no error of a runtime has no kind', () => {
  expect(runtimeErrorKind(new Error('x'))).toBeUndefined();
});

test('no secret leaves through a message', () => {
  const details =
    'rpc error: code = Unknown desc = GET "https://joe:pw1@reg.example/token?scope=a&sig=s1gn": ' +
    'Authorization: Bearer abcdefghijkl refused hunter2';
  const { message } = runtimeError('PullImage', { code: 2, details }, ['hunter2', '']);
  expect(message).toBe('GET "https://reg.example/token": Authorization: Bearer [hidden] refused [hidden]');
});

test('a message of any length is bounded', () => {
  expect(runtimeError('PullImage', { code: 2, details: 'x'.repeat(100_000) }).message).toHaveLength(2_049);
});
