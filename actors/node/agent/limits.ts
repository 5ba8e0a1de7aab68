// Every bound of a node's agent, in one place: name, unit, default and why. Specs and embedders may hand in others.

export interface AgentLimits {
  /** How often the node says that it lives. */
  readonly heartbeatMs: number;
  /** Bound on one request to an actor or the API. */
  readonly requestMs: number;
  /** What is told and not acknowledged is told again after so long, doubled each time… */
  readonly repeatFirstMs: number;
  /** …up to this. */
  readonly repeatMostMs: number;
  /** A pod that is still being set up is reported after so long, so that a quick start costs one report. */
  readonly coalesceMs: number;
  /**
   * A pod of which nothing is new is confirmed after so long, give or take a half: its answer tells whether the pod
   * still belongs here, since an order to stop may be lost with the host that gave it.
   */
  readonly confirmMs: number;
  /** Pods gone whose fence is remembered, so that a late order does not bring one back. */
  readonly tombstones: number;
  /** Bytes of a log in one message. */
  readonly logChunkBytes: number;
  /** Bytes of a log sent before the server must have taken them. */
  readonly logUnflushedBytes: number;
  /** Log streams open at a time; one more is refused with TOO_MANY_REQUESTS. */
  readonly logStreams: number;
  /** Waits between looks at a runtime that does not answer. */
  readonly runtimeFirstMs: number;
  readonly runtimeMostMs: number;
  /** How long the state `ErrImagePull` or `RunContainerError` is shown before the back-off that it leads to. */
  readonly noticeMs: number;
}

export const AGENT_LIMITS: AgentLimits = {
  heartbeatMs: 1_000,
  requestMs: 5_000,
  repeatFirstMs: 200,
  repeatMostMs: 10_000,
  coalesceMs: 100,
  confirmMs: 300_000,
  tombstones: 10_000,
  logChunkBytes: 128 * 1024,
  logUnflushedBytes: 1024 * 1024,
  logStreams: 64,
  runtimeFirstMs: 100,
  runtimeMostMs: 5_000,
  noticeMs: 1_000,
};
