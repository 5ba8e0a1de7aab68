// Ends work that has something to take away: like the command's own signal, but also when the terminal goes
// away, and deaf to a second Ctrl-C, which would leave half of it behind.

export interface Ending {
  readonly signal: AbortSignal;
  /** The process may be interrupted again. */
  release(): void;
}

/** `repeated` is called for each further signal while things are being taken away. */
export function careful(signal: AbortSignal, repeated: () => void): Ending {
  const ending = new AbortController();
  const end = () => ending.abort();
  if (signal.aborted) end();
  signal.addEventListener('abort', end);
  const heard = (name: NodeJS.Signals) => {
    if (ending.signal.aborted) repeated();
    else if (name === 'SIGHUP') end();
  };
  const names = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
  for (const name of names) process.on(name, heard);
  return {
    signal: ending.signal,
    release() {
      signal.removeEventListener('abort', end);
      for (const name of names) process.off(name, heard);
    },
  };
}
