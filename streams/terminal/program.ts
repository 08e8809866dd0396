/** One call of `samay`: find the command, parse its words, run it, and turn errors into one line. */
import { type Command, type ParsedArguments, UsageError } from "./command.ts";
import { createPaint, wantsColour } from "./colour.ts";
import { commandHelp, groupHelp, overview } from "./help.ts";
import { parseCommandLine } from "./parse.ts";
import { groups, type Registration, type Registry, registry as allCommands } from "./registry.ts";
import { nearest } from "./suggest.ts";

export interface ProgramOptions {
  readonly registry?: Registry;
  /** Of the product, for `samay --version`. */
  readonly version?: string;
  readonly out?: (text: string) => void;
  readonly error?: (text: string) => void;
  /** Shows where an unexpected error came from. */
  readonly debug?: boolean;
}

interface Found {
  readonly registration: Registration;
  readonly rest: readonly string[];
}

const HELP = new Set(["--help", "-h", "help"]);

/** Errors whose message is written for the person who called: no stack, no class name. */
const FOR_PEOPLE = new Set(["UsageError", "Failure", "TerminalError", "RetryableError"]);

function find(registry: Registry, words: readonly string[]): Found | undefined {
  for (const length of [3, 2, 1]) {
    const name = words.slice(0, length).join(" ");
    if (words.length >= length && Object.hasOwn(registry, name)) {
      return { registration: registry[name]!, rest: words.slice(length) };
    }
  }
  return undefined;
}

function unknown(registry: Registry, words: readonly string[]): UsageError {
  const known = Object.keys(registry);
  const first = words[0]!;
  const plain = words.filter((word) => !word.startsWith("-")).slice(0, 2);
  const group = Object.hasOwn(groups, first);
  const guess = nearest(plain.join(" "), known) ?? (group ? undefined : nearest(first, known)) ??
    (group ? undefined : nearest(first, Object.keys(groups)));
  const said = first.startsWith("-") ? first : plain.slice(0, group ? 2 : 1).join(" ");
  const hint = guess === undefined
    ? `see: samay ${group ? `${first} ` : ""}--help`
    : `did you mean: samay ${guess}?`;
  return new UsageError(`samay has no command "${said}"; ${hint}`);
}

/** `error` as one line for a person, and the exit code that goes with it. */
export function explainError(error: unknown): { code: 1 | 2; line: string; expected: boolean } {
  if (!(error instanceof Error)) return { code: 1, line: String(error), expected: false };
  const line = error.message.replaceAll(/\s*\n\s*/g, " ").trim() || error.name;
  if (FOR_PEOPLE.has(error.name)) {
    return { code: error.name === "UsageError" ? 2 : 1, line, expected: true };
  }
  if (error instanceof Deno.errors.NotCapable) {
    return {
      code: 1,
      line: `${line} (the tasks in deno.json grant what is needed)`,
      expected: true,
    };
  }
  return { code: 1, line: `${line} (SAMAY_DEBUG=1 shows where)`, expected: false };
}

async function dispatch(
  words: readonly string[],
  registry: Registry,
  version: string,
  out: (text: string) => void,
): Promise<number> {
  const paint = createPaint(wantsColour());
  const first = words[0];
  if (first === "--version" || first === "-V") {
    out(`samay ${version} (deno ${Deno.version.deno})`);
    return 0;
  }
  if (first === undefined || HELP.has(first)) {
    // `samay help meter read` is what people try first.
    if (words.length > 1) {
      return await dispatch([...words.slice(1), "--help"], registry, version, out);
    }
    out(overview(registry, paint));
    return first === undefined ? 2 : 0;
  }
  const found = find(registry, words);
  if (found === undefined) {
    const alone = words[1] === undefined;
    if (Object.hasOwn(groups, first) && (alone || HELP.has(words[1]!))) {
      out(groupHelp(registry, first, paint));
      return alone ? 2 : 0;
    }
    throw unknown(registry, words);
  }
  const command: Command = (await found.registration.load()).command;
  const end = found.rest.indexOf("--");
  const own = end < 0 ? found.rest : found.rest.slice(0, end);
  if (own.includes("--help") || own.includes("-h")) {
    out(commandHelp(command, paint));
    return 0;
  }
  const given: ParsedArguments = parseCommandLine(command, found.rest);
  return await command.run(given);
}

/** Runs `samay <words>` and returns its exit code: 0 done, 1 failed, 2 wrong usage. */
export async function runProgram(
  words: readonly string[],
  options: ProgramOptions = {},
): Promise<number> {
  const say = options.error ?? ((text) => console.error(text));
  try {
    const out = options.out ?? ((text) => console.log(text));
    return await dispatch(words, options.registry ?? allCommands, options.version ?? "", out);
  } catch (error) {
    const { code, line, expected } = explainError(error);
    const paint = createPaint(wantsColour(Deno.stderr));
    say(`${paint("red", "samay:")} ${line}`);
    const debug = options.debug ?? (Deno.env.get("SAMAY_DEBUG") === "1");
    if (debug && !expected && error instanceof Error) say(error.stack ?? "");
    return code;
  }
}
