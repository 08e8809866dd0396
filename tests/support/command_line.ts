/** Commands as a person types them, within a test. */
import assert from "node:assert/strict";
import { type Command, Failure, UsageError } from "../../streams/terminal/command.ts";
import { parseCommandLine } from "../../streams/terminal/parse.ts";
import { runProgram } from "../../streams/terminal/program.ts";

/** What `work` gives, and the lines that it printed meanwhile. */
async function printedBy<T>(work: () => Promise<T>): Promise<{ result: T; out: string }> {
  const lines: string[] = [];
  const log = console.log;
  console.log = (text: string) => void lines.push(text);
  try {
    const result = await work();
    return { result, out: lines.join("\n") };
  } finally {
    console.log = log;
  }
}

/** Runs a command with words as a person types them, which must go well; returns what it printed. */
export async function runCommand(command: Command, ...words: string[]): Promise<string> {
  const { result, out } = await printedBy(async () =>
    await command.run(parseCommandLine(command, words))
  );
  assert.equal(result, 0);
  return out;
}

/** One call of the whole command line, with what it printed on stdout and on stderr. */
export async function samay(...words: string[]) {
  const error: string[] = [];
  const told = (text: string) => void error.push(text);
  const before = console.error;
  console.error = told;
  try {
    const { result, out } = await printedBy(() => runProgram(words, { error: told }));
    return { code: result, out, error: error.join("\n") };
  } finally {
    console.error = before;
  }
}

/** Wrong usage, exit code 2, with such a message: for `assert.rejects`. */
export const usage = (pattern: RegExp) => (error: unknown) =>
  error instanceof UsageError && pattern.test(error.message);

/** What did not go well, exit code 1, with such a message: for `assert.rejects`. */
export const failure = (pattern: RegExp) => (error: unknown) =>
  error instanceof Failure && pattern.test(error.message);
