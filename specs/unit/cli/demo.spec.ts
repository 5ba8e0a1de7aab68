// Pure parts of the demo: what is compared before and after, and how a message is told.
import { factWords } from '../../../cli/demo/act.ts';
import { conversationLines, lineOf } from '../../../cli/demo/conversation.ts';
import { differences, rulesOf } from '../../../cli/demo/machine-state.ts';
import { titleOf } from '../../../cli/demo/page.ts';
import { encode } from '../../../messaging/envelope.ts';
import type { Message } from '../../../messaging/ports.ts';

const message = (subject: string, body: object, from?: string): Message => ({
  subject,
  data: encode(body),
  headers: from === undefined ? {} : { 'Troupe-From': from },
  reply: undefined,
  respond: () => {},
});
const pod = { namespace: 'default', name: 'web' };

test.each<[Message, string]>([
  [message('troupe.t.api.apply.pods.default.web', {}, 'client'), 'you → the API: apply pods.default.web'],
  [
    message('troupe.t.node.n1.offer', { name: 'web' }, 'pods.default.web'),
    'pod web → node n1: may I come to you?',
  ],
  [
    message(
      'troupe.t.node.n1.run',
      { pod: { metadata: { name: 'web' }, spec: { containers: [{ image: 'nginx' }] } } },
      'pods.default.web',
    ),
    'pod web → node n1: run me: nginx',
  ],
  [
    message(
      'troupe.t.mail.3.pods.default.web',
      {
        type: 'node.reported',
        status: {
          phase: 'Pending',
          podIP: '10.0.0.2',
          containerStatuses: [{ state: { waiting: { reason: 'ErrImagePull' } } }],
        },
      },
      'node/n1',
    ),
    'node n1 → pod web: it is Pending, 10.0.0.2, ErrImagePull',
  ],
  [message('troupe.t.fact.pods.default.web.ready', {}), 'pod web → everybody: fact: ready'],
])('message %#', (given, told) => {
  const line = lineOf(given, pod)!;
  expect(`${line.from} → ${line.to}: ${line.words}`).toBe(told);
});

test.each([
  message('troupe.t.beat.n1', { node: 'n1' }),
  message('troupe.t.api.get.pods.default.web', {}),
  message('troupe.t.node.n1.run', { pod: { metadata: { name: 'other' } } }),
  message('troupe.t.mail.3.pods.default.other', { type: 'node.reported' }),
])('not about the pod: %#', (given) => {
  expect(lineOf(given, pod)).toBeUndefined();
});

test('lines are aligned, times begin with the first, repetitions are counted', () => {
  const line = (atMs: number, words: string) => ({ atMs, from: 'you', to: 'the API', words });
  expect(conversationLines([line(500, 'a'), line(510, 'a'), line(520, 'a'), line(1_512, 'b')])).toEqual([
    '    0.000 s  you → the API  a (3 times)',
    '    1.012 s  you → the API  b',
  ]);
});

test('rules without counters and empty chains, by table and chain', () => {
  const ruleset = `table ip nat {
\tchain POSTROUTING {
\t\ttype nat hook postrouting priority srcnat; policy accept;
\t\tip saddr 10.0.0.0/24 counter packets 5 bytes 300 masquerade
\t}
\tchain EMPTY {
\t}
}
`;
  expect(rulesOf(ruleset)).toEqual(['table ip nat chain POSTROUTING: ip saddr 10.0.0.0/24 masquerade']);
});

test('what is left and what is gone', () => {
  const before = { link: ['lo', 'eth0'], mount: ['/'] };
  expect(differences(before, { link: ['lo', 'cni0'], mount: ['/'] })).toEqual([
    { what: 'link', name: 'cni0', change: 'left' },
    { what: 'link', name: 'eth0', change: 'gone' },
  ]);
  expect(differences(before, before)).toEqual([]);
});

test('a fact in words, a page’s title', () => {
  const data = { uid: 'u', revision: 4, state: 'bound', node: 'n1' };
  const fact = { type: 'dev.troupe.pod.scheduled', subject: 'pods.default.web', data };
  expect(factWords(fact as never)).toBe('pod default/web scheduled (node=n1)');
  expect(titleOf({ status: 200, server: '', body: '<title>\n Welcome  you</title>' })).toBe('Welcome you');
});
