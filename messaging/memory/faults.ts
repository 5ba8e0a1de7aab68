// Where a simulation reaches into the memory network: one question before each delivery, write, read and watched
// entry. No answer, or no hook, means that all goes well.

/** What becomes of one delivery. With `copies` the first comes at once and each further one `delayMs` later. */
export type MessageFate = 'deliver' | 'drop' | { delayMs: number } | { copies: number; delayMs: number };

/**
 * What becomes of one write. `loseRequest`: never stored; `loseReply`: stored, but the writer is never told. Both
 * look the same to the writer: UNSURE after {@link MemoryNetworkOptions.writeTimeoutMs}. `delayMs` passes before the
 * write is stored, `replyDelayMs` before its writer hears; a write that is late enough is stored after its writer
 * has given up.
 */
export type WriteFate = 'ok' | 'loseRequest' | 'loseReply' | { delayMs: number; replyDelayMs?: number };

/** What becomes of one read. `lose`: TIMEOUT. */
export type ReadFate = 'ok' | 'lose' | { delayMs: number };

/** What becomes of one watched entry. `break`: the server's side of the watch is gone and must be set up anew. */
export type WatchFate = 'ok' | 'break' | { delayMs: number };

export interface NetworkFaults {
  /** `from` and `to` are names of clients; replies come here too, with a subject that begins with `_INBOX.`. */
  onMessage?(from: string, to: string, subject: string): MessageFate;
  onWrite?(client: string, bucket: string, key: string): WriteFate;
  onRead?(client: string, bucket: string, key: string): ReadFate;
  onWatch?(client: string, bucket: string, key: string): WatchFate;
  /** False: the client has no connection. Call {@link MemoryNetwork.refresh} after the answer has changed. */
  connected?(client: string): boolean;
}
