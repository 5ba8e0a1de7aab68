// What a check is, and the eyes it is given. Checks look and never change anything.

/** `missing`: nothing works without it. `warning`: works, but the user should know. */
export type Verdict = 'ok' | 'warning' | 'missing';

export interface Check {
  readonly name: string;
  readonly verdict: Verdict;
  /** What was found, in one line. */
  readonly found: string;
  /** What to do, when there is something to do. */
  readonly cure?: string;
}

/** The machine as checks see it. */
export interface Probe {
  /** A file's text; undefined when it cannot be read. */
  read(path: string): Promise<string | undefined>;
  /** Names in a directory; none when it cannot be read. */
  list(path: string): Promise<string[]>;
  /** A program's absolute path; undefined when it is not installed. */
  program(name: string): Promise<string | undefined>;
  /** A program run to its end; a program that is not there has exit code 127. */
  run(
    program: string,
    args: readonly string[],
  ): Promise<{ exitCode: number; stdout: string; stderr: string }>;
  /** Mode bits; undefined when there is no such file. */
  mode(path: string): Promise<number | undefined>;
  /** Free bytes where `path` is, or will be; undefined when the machine does not tell. */
  freeBytes(path: string): Promise<number | undefined>;
}

export const ok = (name: string, found: string): Check => ({ name, verdict: 'ok', found });
export const warning = (name: string, found: string, cure?: string): Check => ({
  name,
  verdict: 'warning',
  found,
  cure,
});
export const missing = (name: string, found: string, cure: string): Check => ({
  name,
  verdict: 'missing',
  found,
  cure,
});
