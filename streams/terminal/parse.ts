/** From words on the command line to the options and arguments of one command. */
import { parseArgs, type ParseArgsOptionsConfig } from "node:util";
import { type Command, type ParsedArguments, UsageError } from "./command.ts";
import { nearest } from "./suggest.ts";

const NEGATIVE_NUMBER = /^-\d/;

function seeHelp(command: Command): string {
  return `see: samay ${command.name} --help`;
}

/** The option that `word` names in `command`, without its value. */
function optionOf(command: Command, word: string) {
  if (word.startsWith("--")) return command.options[word.slice(2)];
  return Object.values(command.options).find((option) => `-${option.short}` === word);
}

/**
 * Joins `--kwh -5` to `--kwh=-5`: parseArgs takes the value for another option, and the command
 * could not say that a consumption is not negative.
 */
function joinNegativeNumbers(command: Command, words: readonly string[]): string[] {
  const joined: string[] = [];
  for (let i = 0; i < words.length; i++) {
    const word = words[i]!;
    if (word === "--") return [...joined, ...words.slice(i)];
    const next = words[i + 1];
    const takesValue = optionOf(command, word)?.type === "string";
    if (takesValue && next !== undefined && NEGATIVE_NUMBER.test(next)) {
      joined.push(word.startsWith("--") ? `${word}=${next}` : `${word}${next}`);
      i++;
    } else joined.push(word);
  }
  return joined;
}

/** What parseArgs complains of, in one line that says what to do. */
function explain(command: Command, error: unknown): UsageError {
  const { code, message } = error as { code?: string; message: string };
  const option = /'([^' <]+)/.exec(message)?.[1] ?? "";
  // For an option with a short form the message reads '-b, --baud <value>'.
  const name = /--[\w-]+/.exec(message)?.[0] ?? option;
  if (code === "ERR_PARSE_ARGS_UNKNOWN_OPTION") {
    const known = Object.keys(command.options).map((key) => `--${key}`);
    const guess = nearest(option, [...known, "--help"]);
    const hint = guess === undefined ? seeHelp(command) : `did you mean ${guess}?`;
    return new UsageError(`samay ${command.name} has no option ${option}; ${hint}`);
  }
  if (code === "ERR_PARSE_ARGS_INVALID_OPTION_VALUE") {
    const declared = command.options[name.slice(2)];
    const value = declared?.placeholder ?? "VALUE";
    const problem = declared?.type === "boolean"
      ? `${name} takes no value`
      : `${name} needs a value: ${name} ${value}`;
    return new UsageError(`${problem}; ${seeHelp(command)}`);
  }
  return new UsageError(`${message.split("\n")[0]}; ${seeHelp(command)}`);
}

function checkPositionals(command: Command, given: readonly string[]): void {
  const { usage, min, max } = command.positionals ?? { usage: "", min: 0, max: 0 };
  if (given.length < min) {
    throw new UsageError(
      `samay ${command.name} needs ${usage}: samay ${command.name} ${usage}; ${seeHelp(command)}`,
    );
  }
  if (given.length > max) {
    const takes = max === 0 ? "no arguments" : usage;
    throw new UsageError(
      `samay ${command.name} takes ${takes}, "${given[max]}" is too much; ${seeHelp(command)}`,
    );
  }
}

/** `words` as `command` declares them. Throws `UsageError` in one line. */
export function parseCommandLine(command: Command, words: readonly string[]): ParsedArguments {
  const options: ParseArgsOptionsConfig = {};
  for (
    const [name, { help: _help, placeholder: _placeholder, ...option }] of Object.entries(
      command.options,
    )
  ) options[name] = option;
  let parsed;
  try {
    const args = joinNegativeNumbers(command, words);
    parsed = parseArgs({ args, options, allowPositionals: true, strict: true });
  } catch (error) {
    throw explain(command, error);
  }
  checkPositionals(command, parsed.positionals);
  return {
    values: parsed.values as ParsedArguments["values"],
    positionals: parsed.positionals,
  };
}
