// The trace as lines of JSON on a stream handed in from outside, and the trace that says nothing.
import type { Clock, Trace, TraceLevel } from '../ports.ts';

const ORDER: Record<TraceLevel, number> = { debug: 0, info: 1, warn: 2, error: 3 };

export interface LineSink {
  write(text: string): unknown;
}

export interface JsonTraceOptions {
  readonly sink: LineSink;
  readonly clock: Clock;
  /** Lines below it are left out. Default `info`. */
  readonly level?: TraceLevel;
  readonly fields?: Record<string, unknown>;
}

/** `{"time":"2026-01-01T00:00:00.000Z","level":"info","message":"…", …fields}`, one a line. */
export function jsonTrace(options: JsonTraceOptions): Trace {
  const { sink, clock, level = 'info', fields = {} } = options;
  return {
    log(given, message, more) {
      if (ORDER[given] < ORDER[level]) return;
      const time = new Date(clock.now()).toISOString();
      sink.write(`${lineOf({ time, level: given, message, ...fields, ...more })}\n`);
    },
    with: (more) => jsonTrace({ ...options, fields: { ...fields, ...more } }),
  };
}

export const silentTrace: Trace = { log() {}, with: () => silentTrace };

/** Errors as their text; what cannot be written as JSON never costs the line. */
function lineOf(fields: Record<string, unknown>): string {
  const plain = (_key: string, value: unknown) => {
    if (value instanceof Error) return `${value.name}: ${value.message}`;
    return typeof value === 'bigint' ? value.toString() : value;
  };
  try {
    return JSON.stringify(fields, plain);
  } catch {
    return JSON.stringify({ time: fields.time, level: fields.level, message: fields.message });
  }
}
