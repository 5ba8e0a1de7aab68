// The client's limits, each with its unit and its reason.

export const CLIENT_LIMITS = {
  /** One request with all its repetitions: twice what a host allows itself for one. */
  requestMs: 30_000,
  /** One attempt; then the same message is sent again, since the host or the answer may be lost. */
  attemptMs: 5_000,
  /** Wait after the first failed attempt; doubles up to {@link CLIENT_LIMITS.longestPauseMs}. */
  firstPauseMs: 50,
  longestPauseMs: 2_000,
  /** Hosts send a bookmark every 5 s; a watch silent for longer has lost its host and is opened anew. */
  watchIdleMs: 15_000,
  /** Facts that may wait for their reader. */
  factsWaiting: 65_536,
  /** `until` when nothing else is said. */
  untilMs: 60_000,
} as const;
