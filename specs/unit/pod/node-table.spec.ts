// What a host believes its nodes hold, over the life of pods that come, go, and go while they are being placed.
import type { ActorRecord } from '../../../actors/kernel/record.ts';
import type { View } from '../../../actors/kernel/view.ts';
import { NodeTable } from '../../../actors/pod/node-table.ts';
import type { KubeObject } from '../../../schemas/object.ts';

const requests = { cpuMillis: 500, memoryBytes: 0, hostPorts: [] };
const web = { namespace: 'default', name: 'web' };

/** A view that shows what it is told, and nothing else. */
function fixture() {
  const shown = new Map<string, { record: ActorRecord }>();
  let tell: (change: object) => void = () => {};
  const show = (key: string, object: KubeObject | undefined) => {
    const now = object && { key, revision: 1, record: { object, actor: {} } as unknown as ActorRecord };
    if (now) shown.set(key, now);
    else shown.delete(key);
    tell({ key, revision: 1, now, before: undefined });
  };
  const view = {
    all: () => [],
    get: (key: string) => shown.get(key),
    onChange: (listener: (change: object) => void) => {
      tell = listener;
    },
  };
  const table = new NodeTable(view as unknown as View);
  const status = {
    allocatable: { cpu: '4', memory: '8Gi', pods: '110' },
    conditions: [{ type: 'Ready', status: 'True' }],
  };
  show('nodes._.n1', { apiVersion: 'v1', kind: 'Node', metadata: { name: 'n1' }, status });
  const used = () => [...table.candidates()].map((node) => [node.used.cpuMillis, node.used.pods]);
  return { table, show, used };
}

function pod(uid: string, nodeName?: string): KubeObject {
  const containers = [{ name: 'a', image: 'b', resources: { requests: { cpu: '500m' } } }];
  return { apiVersion: 'v1', kind: 'Pod', metadata: { ...web, uid }, spec: { containers, nodeName } };
}

test('a promise counts until the view shows the binding, and is not counted twice', () => {
  const { table, show, used } = fixture();
  show('pods.default.web', pod('u'));
  table.expect(web, 'u', 'n1', requests);
  expect(used()).toEqual([[500, 1]]);
  show('pods.default.web', pod('u', 'n1'));
  expect(used()).toEqual([[500, 1]]);
  show('pods.default.web', undefined);
  expect(used()).toEqual([[0, 0]]);
});

test('a promise to a pod that went while it was placed counts for nothing', () => {
  const { table, show, used } = fixture();
  show('pods.default.web', pod('u'));
  show('pods.default.web', undefined);
  table.expect(web, 'u', 'n1', requests);
  expect(used()).toEqual([[0, 0]]);
  show('pods.default.web', pod('v'));
  table.expect(web, 'u', 'n1', requests);
  expect(used()).toEqual([[0, 0]]);
});
