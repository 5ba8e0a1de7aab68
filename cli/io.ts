// What a command may touch of the world outside the cluster: its streams, its environment, files by name, the
// time zone. main.ts hands in the real one; specs hand in one of their own, so that every command runs
// in-process.

/** A stream to print to. Writing never throws, also when nobody reads any more. */
export interface Output {
  write(text: string | Uint8Array): void;
  /** True on a terminal. */
  readonly isTty: boolean;
}

/** A file to read manifests from. */
export interface SourceText {
  /** As shown in errors; `STDIN` for `-`. */
  readonly name: string;
  readonly text: string;
}

export interface Io {
  readonly stdout: Output;
  readonly stderr: Output;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** The texts behind `-f`: a file, `-`, or the YAML and JSON files of a directory. Errors: `BAD_REQUEST`. */
  readonly sources: (path: string, recursive: boolean) => Promise<SourceText[]>;
  /** Aborted on Ctrl-C, and when nobody reads what is printed any more. */
  readonly signal: AbortSignal;
  /** Minutes by which local time is ahead of UTC at an instant, in epoch milliseconds. */
  readonly zoneMinutes: (ms: number) => number;
}
