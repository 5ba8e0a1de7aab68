// What users see of a container on its way out.

import type { State } from '../../../../actors/kernel/step.ts';
import type { ContainerContext } from '../../../../actors/node/agent/container/run.ts';
import { containerStatusOf } from '../../../../actors/node/agent/container/status.ts';

const container = { name: 'main', image: 'nginx' };
const current = { id: 'c1', state: 'running', startedAt: 0, image: 'nginx', imageRef: 'nginx@sha256:1' };

const ready = (value: string, more: object = {}) => {
  const context = { current, restarts: 0, ...more } as unknown as ContainerContext;
  return containerStatusOf(container, { value, context } as State<ContainerContext>, 'ContainerCreating')
    .ready;
};

test('one that runs is ready, also while a rumour of its end is looked into', () => {
  expect(ready('running')).toBe(true);
  expect(ready('inspecting')).toBe(true);
});

test('one that is being stopped is not ready, and does not become so again while its end is looked into', () => {
  expect(ready('stopping', { graceSeconds: 1 })).toBe(false);
  expect(ready('inspecting', { graceSeconds: 1 })).toBe(false);
});
