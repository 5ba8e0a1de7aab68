// The kind Event.
import type { Kind } from './kind.ts';
import { objectOf } from './object.ts';
import { struct } from './shape.ts';

export const eventKind: Kind = {
  kind: 'Event',
  apiVersion: 'v1',
  plural: 'events',
  singular: 'event',
  shortNames: ['ev'],
  namespaced: true,
  categories: [],
  codec: objectOf('Event', 'v1', struct('EventSpec', {}, {}), struct('EventStatus', {}, {})),
};
