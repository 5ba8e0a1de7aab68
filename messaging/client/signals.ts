// Two reasons to stop as one signal.

/** Aborted when either is; `release` lets go of both. */
export function anyOf(first: AbortSignal, second: AbortSignal | undefined) {
  if (!second) return { signal: first, release: () => {} };
  const both = new AbortController();
  const abort = () => both.abort();
  if (first.aborted || second.aborted) abort();
  first.addEventListener('abort', abort);
  second.addEventListener('abort', abort);
  const release = () => {
    first.removeEventListener('abort', abort);
    second.removeEventListener('abort', abort);
  };
  return { signal: both.signal, release };
}
