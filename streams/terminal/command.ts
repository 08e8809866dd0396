/**
 * The shape of one command of `samay`, and what a command may use to speak with a person.
 *
 * A result goes to stdout, as people read it or as one JSON document (`--json`); everything else
 * goes to stderr. Exit codes: 0 done, 1 failed, 2 wrong usage.
 */
import type { ParseArgsOptionsConfig } from "node:util";

/** One option of a command, as `node:util` parseArgs takes it, with its line of help. */
export type CommandOptions = Record<
  string,
  ParseArgsOptionsConfig[string] & { readonly help: string; readonly placeholder?: string }
>;

export interface ParsedArguments {
  readonly values: Readonly<Record<string, string | boolean | string[] | undefined>>;
  readonly positionals: readonly string[];
}

export interface Command {
  /** Words after `samay`, for example `meter read`. */
  readonly name: string;
  /** One line for the overview. */
  readonly summary: string;
  /** Positional arguments for the usage line, for example `HOST[:PORT]`, and how many there may be. */
  readonly positionals?: { readonly usage: string; readonly min: number; readonly max: number };
  readonly options: CommandOptions;
  /** What a newcomer needs to know, with examples. */
  readonly help: string;
  /** Returns the exit code. Throws `UsageError` or `Failure` for people. */
  run(given: ParsedArguments): Promise<number>;
}

/** The command was called wrongly: exit 2. The message says what is wrong and what to do. */
export class UsageError extends Error {
  override readonly name = "UsageError";
}

/** The command could not do its work: exit 1. The message says what is wrong and what to do. */
export class Failure extends Error {
  override readonly name = "Failure";
}
