// What the Pod actor tells a node that reports.

import type { ActorRecord } from '../../../actors/kernel/record.ts';
import { Pod } from '../../../actors/pod/actor.ts';

const record = {
  object: { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'w', uid: 'u' }, spec: { nodeName: 'n1' } },
  actor: {
    value: 'running',
    context: { counter: 10 },
    deadlines: {},
    settled: true,
    createdBy: '',
    applied: '',
  },
} as ActorRecord;
const report = { type: 'node.reported', node: 'n1', uid: 'u', counter: 11, status: {}, gone: false };

test.each([
  ['news', report, { accepted: true, unknown: false }],
  ['the same again', { ...report, counter: 10 }, { accepted: true, unknown: false }],
  ['from another node', { ...report, node: 'n2' }, { accepted: false, unknown: true }],
  ['about a former pod of this name', { ...report, uid: 'v' }, { accepted: false, unknown: true }],
  ['from a clock set back', { ...report, counter: 3 }, { accepted: false, unknown: false, counter: 10 }],
])('%s', (_what, event, answer) => {
  expect(Pod.answer!(event, record)).toEqual(answer);
});
