// What a command is: how it declares its arguments, and what it does. A command prints through its session,
// throws what goes wrong, and knows nothing of the process around it.
import type { Command } from 'commander';
import type { Session } from './session.ts';

/** Runs with parsed arguments; resolves to the exit code, or to nothing for 0. */
export type Action<Options> = (
  session: Session,
  args: string[],
  options: Options,
) => Promise<number> | Promise<void>;

export interface CommandDefinition<Options = any> {
  /** Adds arguments, options and examples. */
  readonly declare: (command: Command) => void;
  readonly run: Action<Options>;
}

/** A row of the table of commands. The module is loaded only when the command is used. */
export interface CommandRow {
  readonly name: string;
  /** One line for `troupe --help`. */
  readonly about: string;
  readonly load: () => Promise<{ readonly command: CommandDefinition }>;
}

/** Collects an option that may be given several times. */
export function several(value: string, before: string[] | undefined): string[] {
  return [...(before ?? []), value];
}
