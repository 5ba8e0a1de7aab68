import { type Candidate, choose, explain, type Wanted } from '../../../actors/pod/placement.ts';
import { hashOf } from '../../../messaging/identity.ts';

const GIB = 2 ** 30;

function node(name: string, more: Partial<Candidate> = {}): Candidate {
  return {
    name,
    lot: hashOf(name),
    ready: true,
    unschedulable: false,
    labels: {},
    taints: [],
    allocatable: { cpuMillis: 4_000, memoryBytes: 8 * GIB, pods: 110 },
    used: { cpuMillis: 0, memoryBytes: 0, pods: 0 },
    ...more,
  };
}

function pod(more: Partial<Wanted> = {}): Wanted {
  const requests = { cpuMillis: 500, memoryBytes: GIB, hostPorts: [] };
  return { uid: 'u', nodeSelector: {}, tolerations: [], requests, ...more };
}

test('the emptier node comes first', () => {
  const busy = node('busy', { used: { cpuMillis: 3_000, memoryBytes: GIB, pods: 5 } });
  expect(choose(pod(), [busy, node('free')]).ranked).toEqual(['free', 'busy']);
});

test('equal nodes take turns from pod to pod, and one pod always gets the same answer', () => {
  const nodes = ['a', 'b', 'c', 'd'].map((name) => node(name));
  const firsts = new Set(
    Array.from({ length: 40 }, (_, n) => choose(pod({ uid: `u${n}` }), nodes).ranked[0]),
  );
  expect(firsts).toEqual(new Set(['a', 'b', 'c', 'd']));
  expect(choose(pod(), nodes).ranked).toEqual(choose(pod(), [...nodes].reverse()).ranked);
});

test.each([
  ['not ready', { ready: false }, {}, 'node(s) were not ready'],
  ['cordoned', { unschedulable: true }, {}, 'node(s) were unschedulable'],
  ['label', {}, { nodeSelector: { disk: 'ssd' } }, "node(s) didn't match Pod's node affinity/selector"],
  [
    'taint',
    { taints: [{ key: 'gpu', value: 'yes', effect: 'NoSchedule' }] },
    {},
    'node(s) had untolerated taint {gpu: yes}',
  ],
  ['cpu', { used: { cpuMillis: 3_600, memoryBytes: 0, pods: 1 } }, {}, 'Insufficient cpu'],
  ['memory', { used: { cpuMillis: 0, memoryBytes: 7.5 * GIB, pods: 1 } }, {}, 'Insufficient memory'],
  ['pods', { used: { cpuMillis: 0, memoryBytes: 0, pods: 110 } }, {}, 'Too many pods'],
])('refused for its %s, in Kubernetes words', (_what, nodeMore, podMore, reason) => {
  const { ranked, refused } = choose(pod(podMore), [node('n', nodeMore)]);
  expect(ranked).toEqual([]);
  expect(refused.get('n')).toBe(reason);
});

test('a toleration lets a pod onto a tainted node', () => {
  const tainted = node('n', { taints: [{ key: 'gpu', value: 'yes', effect: 'NoSchedule' }] });
  const tolerations = [{ key: 'gpu', operator: 'Equal', value: 'yes', effect: 'NoSchedule' }];
  expect(choose(pod({ tolerations }), [tainted]).ranked).toEqual(['n']);
  expect(choose(pod({ tolerations: [{ operator: 'Exists' }] }), [tainted]).ranked).toEqual(['n']);
});

test('a pod that names its node goes there and nowhere else', () => {
  const { ranked, refused } = choose(pod({ nodeName: 'b' }), [node('a'), node('b', { unschedulable: true })]);
  expect(ranked).toEqual(['b']);
  expect(refused.get('a')).toBe("node(s) didn't match the requested node name");
});

test('reasons are counted over the nodes', () => {
  const refused = new Map([
    ['a', 'Insufficient cpu'],
    ['b', 'Too many pods'],
    ['c', 'Insufficient cpu'],
  ]);
  expect(explain(refused)).toBe('0/3 nodes are available: 1 Too many pods, 2 Insufficient cpu.');
  expect(explain(new Map())).toBe('no nodes available to schedule pods');
});
