// The one thing a simulated clock must ask of the real machine: that all promises which can go on have gone on.

/** Resolves after every promise that could continue has done so: Node empties its queue of them before a turn ends. */
export function settled(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
