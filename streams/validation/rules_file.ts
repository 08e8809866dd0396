/** A utility's own rules, from a file. */
import { type ValidationRules, validationRules } from "../../actors/validation/rules.ts";
import { TerminalError } from "../../protocol/errors.ts";
import { parseJson } from "../../protocol/schema.ts";

/** The rules in the file at `path`. Throws `TerminalError` that names the file and every fault. */
export async function loadRules(path: string): Promise<ValidationRules> {
  let text: string;
  try {
    text = await Deno.readTextFile(path);
  } catch (error) {
    throw new TerminalError(`Validation rules ${path} cannot be read: ${(error as Error).message}`);
  }
  return parseJson(validationRules, text, `Validation rules ${path}`);
}

/** The rules of the file that the environment names, or undefined where it names none. */
export async function rulesOf(
  given: { readonly validationRules?: string | undefined },
): Promise<ValidationRules | undefined> {
  return given.validationRules === undefined ? undefined : await loadRules(given.validationRules);
}
