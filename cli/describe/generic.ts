// Objects that have no description of their own: metadata first, then every field, as kubectl does for kinds
// it does not know; and namespaces.
import type { Event } from '../../schemas/event.ts';
import type { KubeObject } from '../../schemas/object.ts';
import { describeEvents } from './events.ts';
import type { Page } from './page.ts';

export function describeNamespace(page: Page, object: KubeObject): void {
  page.field(0, 'Name', object.metadata.name);
  page.map('Labels', object.metadata.labels);
  page.annotations(object.metadata.annotations);
  page.field(0, 'Status', object.status?.phase ?? 'Active');
  page.line(0, '\nNo resource quota.\n\nNo LimitRange resource.');
}

export function describeObject(page: Page, object: KubeObject, events: readonly Event[] | undefined): void {
  const { apiVersion, kind, metadata, ...fields } = object;
  const { name, namespace = '', labels, annotations, managedFields: _managed, ...rest } = metadata;
  page.field(0, 'Name', name);
  page.field(0, 'Namespace', namespace);
  page.map('Labels', labels);
  page.annotations(annotations);
  page.field(0, 'API Version', apiVersion);
  page.field(0, 'Kind', kind);
  page.line(0, 'Metadata:');
  fieldsOf(page, 1, rest as Record<string, unknown>);
  fieldsOf(page, 0, fields);
  describeEvents(page, events);
}

function fieldsOf(page: Page, level: number, fields: Readonly<Record<string, unknown>>): void {
  const sorted = Object.entries(fields).sort(([left], [right]) => (left < right ? -1 : 1));
  for (const [key, value] of sorted) {
    if (value === null || value === undefined) continue;
    const label = labelOf(key);
    if (typeof value !== 'object') page.line(level, `${label}:  ${value}`);
    else if (!Array.isArray(value)) {
      page.line(level, `${label}:`);
      fieldsOf(page, level + 1, value as Record<string, unknown>);
    } else {
      page.line(level, `${label}:`);
      for (const item of value) {
        if (typeof item !== 'object' || item === null) page.line(level + 1, String(item));
        else fieldsOf(page, level + 1, item as Record<string, unknown>);
      }
    }
  }
}

/** `podCIDR` as `Pod CIDR`. */
function labelOf(key: string): string {
  const words = key.replace(/([a-z\d])([A-Z])/g, '$1 $2').replace(/([A-Z]+)([A-Z][a-z])/g, '$1 $2');
  return words.charAt(0).toUpperCase() + words.slice(1);
}
