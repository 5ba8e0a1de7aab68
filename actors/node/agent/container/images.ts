// Gets a container's image here, by its pull policy, and says in Kubernetes' words how that went. Decides nothing
// about trying again.
import { asTroupeError } from '../../../../messaging/envelope.ts';
import { type Image, runtimeErrorKind } from '../runtime/port.ts';
import type { ContainerScope } from './effects.ts';
import type { ContainerEvent } from './run.ts';

/** Always for a tag of `latest` or none, else IfNotPresent. A digest is always the same image. */
export function pullPolicyOf(image: string, policy: string | undefined): string {
  if (policy) return policy;
  if (image.includes('@')) return 'IfNotPresent';
  const tag = /:([^/:]+)$/.exec(image)?.[1];
  return tag === undefined || tag === 'latest' ? 'Always' : 'IfNotPresent';
}

export async function ensureImage(scope: ContainerScope): Promise<ContainerEvent> {
  const { node, container, note } = scope;
  const image = container.image ?? '';
  const policy = pullPolicyOf(image, container.imagePullPolicy);
  try {
    if (policy !== 'Always') {
      const present = await node.runtime.call((runtime) => runtime.imageStatus(image));
      if (present) {
        note('Normal', 'Pulled', `Container image "${image}" already present on machine`);
        return ready(present.id);
      }
      if (policy === 'Never') return neverPulled(scope, image);
    }
    return await pull(scope, image);
  } catch (error) {
    return failed(scope, image, error);
  }
}

/** Undefined when it is not here. */
export function imageOf(scope: ContainerScope): Promise<Image | undefined> {
  return scope.node.runtime.call((runtime) => runtime.imageStatus(scope.container.image ?? ''));
}

async function pull(scope: ContainerScope, image: string): Promise<ContainerEvent> {
  const { node, note } = scope;
  note('Normal', 'Pulling', `Pulling image "${image}"`);
  const since = node.clock.monotonic();
  const imageRef = await node.runtime.call((runtime) => runtime.pullImage(image));
  const took = secondsText(node.clock.monotonic() - since);
  note('Normal', 'Pulled', `Successfully pulled image "${image}" in ${took} (${took} including waiting)`);
  return ready(imageRef);
}

function ready(imageRef: string): ContainerEvent {
  return { type: 'image.ready', imageRef };
}

function neverPulled(scope: ContainerScope, image: string): ContainerEvent {
  const message = `Container image "${image}" is not present with pull policy of Never`;
  scope.note('Warning', 'ErrImageNeverPull', message);
  scope.note('Warning', 'Failed', 'Error: ErrImageNeverPull');
  return { type: 'image.failed', reason: 'ErrImageNeverPull', message };
}

function failed(scope: ContainerScope, image: string, error: unknown): ContainerEvent {
  const { message } = asTroupeError(error);
  if (runtimeErrorKind(error) === 'invalidImageName') {
    const text = `Failed to apply default image tag "${image}": couldn't parse image name "${image}": ${message}`;
    scope.note('Warning', 'InspectFailed', text);
    scope.note('Warning', 'Failed', 'Error: InvalidImageName');
    return { type: 'image.failed', reason: 'InvalidImageName', message: text };
  }
  scope.note('Warning', 'Failed', `Failed to pull image "${image}": ${message}`);
  scope.note('Warning', 'Failed', 'Error: ErrImagePull');
  const full = runtimeErrorKind(error) === 'diskFull' && !/no space/i.test(message);
  return {
    type: 'image.failed',
    reason: 'ErrImagePull',
    message: full ? `no space left on device: ${message}` : message,
  };
}

function secondsText(ms: number): string {
  return ms < 1_000 ? `${Math.round(ms)}ms` : `${Math.round(ms) / 1_000}s`;
}
