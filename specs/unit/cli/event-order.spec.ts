// The order in which Events are shown: as they happened, also within one second.
import { byLastSeen } from '../../../cli/print/columns.ts';
import type { KubeObject } from '../../../schemas/object.ts';

const event = (reason: string, lastTimestamp: string, resourceVersion: string): KubeObject => ({
  apiVersion: 'v1',
  kind: 'Event',
  metadata: { name: reason, resourceVersion },
  reason,
  lastTimestamp,
});

test('by time, and within one second by the order in which they were stored', () => {
  const second = '2026-01-01T00:00:05Z';
  const events = [
    event('Created', second, '12'),
    event('Started', second, '13'),
    event('Scheduled', second, '9'),
    event('Pulling', second, '10'),
    event('Early', '2026-01-01T00:00:04Z', '99'),
  ];
  const shown = events.sort(byLastSeen).map(({ reason }) => reason);
  expect(shown).toEqual(['Early', 'Scheduled', 'Pulling', 'Created', 'Started']);
});
