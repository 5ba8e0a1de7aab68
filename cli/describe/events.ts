// The Events at the end of a description, oldest first.
import type { Event } from '../../schemas/event.ts';
import { byLastSeen, firstSeen, lastSeen } from '../print/columns.ts';
import { ageOf } from '../print/time.ts';
import type { Page } from './page.ts';

export function describeEvents(page: Page, events: readonly Event[] | undefined): void {
  if (events === undefined) return;
  if (events.length === 0) {
    page.field(0, 'Events', '<none>');
    return;
  }
  const { nowMs } = page.setting;
  page.line(0, 'Events:\n  Type\tReason\tAge\tFrom\tMessage');
  page.line(1, '----\t------\t----\t----\t-------');
  const sorted = [...events].sort(byLastSeen);
  for (const event of sorted) {
    const count = event.series?.count ?? event.count ?? 1;
    const first = ageOf(firstSeen(event), nowMs);
    const age = count > 1 ? `${ageOf(lastSeen(event), nowMs)} (x${count} over ${first})` : first;
    const from = event.source?.component || event.reportingComponent || '';
    const message = (event.message ?? '').trim();
    page.line(1, `${event.type ?? ''}\t${event.reason ?? ''}\t${age}\t${from}\t${message}`);
  }
}
