// Times as Kubernetes writes them, made from epoch milliseconds. Formatting only: what time it is, the Clock tells.

/** RFC 3339 in UTC with whole seconds, as in `creationTimestamp`. */
export function timestamp(ms: number): string {
  return `${new Date(ms).toISOString().slice(0, 19)}Z`;
}

/** RFC 3339 in UTC with milliseconds, as in facts. */
export function preciseTimestamp(ms: number): string {
  return new Date(ms).toISOString();
}

/** Epoch milliseconds of an RFC 3339 text; undefined when it is none. */
export function parseTimestamp(text: string): number | undefined {
  const ms = Date.parse(text);
  return Number.isNaN(ms) ? undefined : ms;
}
