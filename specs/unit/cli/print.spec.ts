import { columnsOf } from '../../../cli/print/columns.ts';
import { printable, Table } from '../../../cli/print/table.ts';
import { alignTabs, DESCRIBE_TABS, TABLE_TABS } from '../../../cli/print/tabs.ts';
import { ageOf, humanDuration, longTime, parseDuration } from '../../../cli/print/time.ts';
import type { KubeObject } from '../../../schemas/object.ts';
import { NOW_MS, podEvents, richNode, richPod } from './objects.ts';

describe('durations', () => {
  const second = 1_000;
  const minute = 60 * second;
  const hour = 60 * minute;
  const day = 24 * hour;
  test.each([
    [-5 * second, '<invalid>'],
    [-second, '0s'],
    [0, '0s'],
    [5 * second, '5s'],
    [119 * second, '119s'],
    [2 * minute, '2m'],
    [2 * minute + 10 * second, '2m10s'],
    [10 * minute + 59 * second, '10m'],
    [179 * minute, '179m'],
    [3 * hour, '3h'],
    [3 * hour + 25 * minute, '3h25m'],
    [47 * hour, '47h'],
    [2 * day, '2d'],
    [2 * day + 5 * hour, '2d5h'],
    [8 * day + 5 * hour, '8d'],
    [729 * day, '729d'],
    [730 * day, '2y'],
    [750 * day, '2y20d'],
    [9 * 365 * day + 3 * day, '9y'],
  ])('%d ms is %s', (ms, text) => expect(humanDuration(ms)).toBe(text));

  test('an age of no time is unknown', () => {
    expect(ageOf(undefined, NOW_MS)).toBe('<unknown>');
    expect(ageOf('2026-01-01T11:59:15Z', NOW_MS)).toBe('45s');
  });

  test.each([
    ['30', 30_000],
    ['250ms', 250],
    ['1m30s', 90_000],
    ['1.5h', 5_400_000],
    ['soon', undefined],
    ['5x', undefined],
    ['', undefined],
  ])('%s as a duration', (text, ms) => expect(parseDuration(text)).toBe(ms));

  test('a moment is shown in the zone of the machine', () => {
    expect(longTime('2026-01-01T23:30:00Z', () => 0)).toBe('Thu, 01 Jan 2026 23:30:00 +0000');
    expect(longTime('2026-01-01T23:30:00Z', () => 60)).toBe('Fri, 02 Jan 2026 00:30:00 +0100');
    expect(longTime('2026-01-01T23:30:00Z', () => -210)).toBe('Thu, 01 Jan 2026 20:00:00 -0330');
  });
});

describe('tabs', () => {
  test('a column is as wide as the widest of neighbouring lines', () => {
    const text = 'Name:\tx\nNamespace:\tdefault\nPlain\nA:\tb';
    expect(alignTabs(text, DESCRIBE_TABS)).toBe('Name:       x\nNamespace:  default\nPlain\nA:  b');
  });
  test('an empty column takes its padding', () => {
    expect(alignTabs('a\t\tb', DESCRIBE_TABS)).toBe('a    b');
  });
  test('tables have a least width', () => {
    expect(alignTabs('A\tB\tC\n1\t2\t3', TABLE_TABS)).toBe('A     B     C\n1     2     3');
  });
});

function tableText(plural: string, objects: KubeObject[], more: object = {}): string {
  const { wide = false, ...options } = more as { wide?: boolean };
  return new Table({ columns: columnsOf({ plural }, wide), ...options }).rows(objects, NOW_MS);
}

describe('tables', () => {
  test('pods', () => {
    expect(tableText('pods', [richPod])).toBe(
      'NAME   READY   STATUS             RESTARTS      AGE\n' +
        'web    1/2     CrashLoopBackOff   3 (30s ago)   60m\n',
    );
  });
  test('pods, wide, with namespace and labels', () => {
    expect(tableText('pods', [richPod], { wide: true, withNamespace: true, showLabels: true })).toBe(
      'NAMESPACE   NAME   READY   STATUS             RESTARTS      AGE   IP           NODE   NOMINATED ' +
        'NODE   READINESS GATES   LABELS\n' +
        'default     web    1/2     CrashLoopBackOff   3 (30s ago)   60m   10.244.0.7   n1     <none>  ' +
        '         <none>            app=web,tier=front\n',
    );
  });
  test('nodes', () => {
    expect(tableText('nodes', [richNode])).toBe(
      'NAME   STATUS   ROLES           AGE    VERSION\nn1     Ready    control-plane   120m   v0.1.0\n',
    );
    const cordoned = { ...richNode, spec: { unschedulable: true }, status: {} } as KubeObject;
    expect(tableText('nodes', [cordoned], { noHeaders: true })).toBe(
      'n1    Unknown,SchedulingDisabled   control-plane   120m   \n',
    );
  });
  test('nodes, wide', () => {
    expect(tableText('nodes', [richNode], { wide: true, noHeaders: true })).toBe(
      'n1    Ready   control-plane   120m   v0.1.0   192.168.0.2   <none>   Debian GNU/Linux 12 ' +
        '(bookworm)   6.18.0   containerd://1.6.20\n',
    );
  });
  test('events', () => {
    expect(tableText('events', podEvents)).toBe(
      'LAST SEEN   TYPE      REASON      OBJECT    MESSAGE\n' +
        '60m         Normal    Scheduled   pod/web   Successfully assigned default/web to n1\n' +
        '20s         Warning   BackOff     pod/web   Back-off restarting failed container\n',
    );
  });
  test('a kind without columns of its own', () => {
    const widget = { apiVersion: 'x/v1', kind: 'Widget', metadata: { name: 'w' } };
    expect(tableText('widgets', [widget], { prefix: 'widget/' })).toBe(
      'NAME       AGE\nwidget/w   <unknown>\n',
    );
  });
  test('rows printed later stand below those before', () => {
    const table = new Table({ columns: columnsOf({ plural: 'pods' }, false) });
    table.rows([richPod], NOW_MS);
    const metadata = { name: 'web', creationTimestamp: '2026-01-01T11:59:58Z' };
    const spec = { containers: [{ name: 'a' }] };
    const short = { apiVersion: 'v1', kind: 'Pod', metadata, spec, status: { phase: 'Pending' } };
    expect(table.rows([short], NOW_MS)).toBe('web    0/1     Pending            0             2s\n');
  });
  test('text from outside cannot move the cursor', () => {
    expect(printable('a\x1b[2Jb\u009b\x7f\tc')).toBe('a^[[2Jb^?\tc');
    const evil = { ...podEvents[0]!, message: 'one\ntwo\x1b]0;x\x07' };
    expect(tableText('events', [evil], { noHeaders: true })).toContain('one\\ntwo^[]0;x^G\n');
  });
});
