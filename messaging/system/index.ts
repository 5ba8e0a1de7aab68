// The real machine's time, chance and trace.
export { type SystemClockOptions, systemClock } from './clock.ts';
export { systemRandom } from './random.ts';
export { settled } from './settled.ts';
export { type JsonTraceOptions, jsonTrace, type LineSink, silentTrace } from './trace.ts';
