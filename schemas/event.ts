// The kind Event of v1: something that happened to an object, as `describe` shows it. Not to be confused with
// the events of machines.
import type * as t from 'io-ts';
import type { Kind } from './kind.ts';
import { meta } from './meta.ts';
import { type KubeObject, objectMeta } from './object.ts';
import { objectReference } from './references.ts';
import { int32, text, time } from './scalars.ts';
import { struct } from './shape.ts';

export const event = struct(
  'Event',
  {
    apiVersion: text,
    kind: text,
    metadata: objectMeta,
    involvedObject: meta(objectReference, 'What it happened to.'),
  },
  {
    action: text,
    count: meta(int32, 'How often it has happened.'),
    eventTime: time,
    firstTimestamp: meta(time, 'When it was first seen.'),
    lastTimestamp: meta(time, 'When it was last seen.'),
    message: meta(text, 'What happened, in a sentence.'),
    reason: meta(text, 'What happened, in a word.'),
    related: objectReference,
    reportingComponent: text,
    reportingInstance: text,
    series: struct('EventSeries', {}, { count: int32, lastObservedTime: time }),
    source: struct('EventSource', {}, { component: text, host: text }),
    type: meta(text, 'Normal or Warning.'),
  },
);

export type Event = KubeObject & t.TypeOf<typeof event>;

export const eventKind: Kind = {
  kind: 'Event',
  apiVersion: 'v1',
  plural: 'events',
  singular: 'event',
  shortNames: ['ev'],
  namespaced: true,
  categories: [],
  selectableFields: [
    'involvedObject.kind',
    'involvedObject.namespace',
    'involvedObject.name',
    'involvedObject.uid',
    'involvedObject.apiVersion',
    'involvedObject.resourceVersion',
    'involvedObject.fieldPath',
    'reason',
    'reportingComponent',
    'source',
    'type',
  ],
  codec: event,
};
