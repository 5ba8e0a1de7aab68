// The ports of a node's agent beside the container runtime: its private files, and what else it touches on the machine.
// Real adapters: files/real.ts; twins: files/memory.ts. One conformance spec holds for both.

/**
 * The agent's private directory. Paths are relative, with `/` between their parts; one that would leave the directory
 * is refused with BAD_REQUEST. Files have mode 0600, directories 0700.
 */
export interface Files {
  /** The path as the container runtime has to be told it. */
  absolute(path: string): string;
  /** Makes a directory with its parents; nothing happens when it exists. */
  makeDirectory(path: string): Promise<void>;
  /** The content, or undefined when there is no such file. */
  read(path: string): Promise<Uint8Array | undefined>;
  /** Replaces the whole content at once: a reader, also one after a crash, sees the old or the new. */
  write(path: string, content: Uint8Array): Promise<void>;
  /** Names in a directory in order; none when it is missing. */
  list(path: string): Promise<string[]>;
  /** Removes a file, or a directory with all it holds; nothing happens when it is missing. */
  remove(path: string): Promise<void>;
  /** Bytes in the file, or undefined when it is missing. */
  sizeBytes(path: string): Promise<number | undefined>;
  /** At most `maxBytes` from `offset`; empty at the end and when the file is missing. */
  readRange(path: string, offset: number, maxBytes: number): Promise<Uint8Array>;
  /**
   * Yields once when it listens, and then whenever the file may have grown, until `signal` is aborted. It may yield
   * for nothing; a change that comes while the last one is being looked at is not lost.
   */
  changes(path: string, signal: AbortSignal): AsyncIterable<void>;
}
