/** The one schema library, used at every edge: configuration, messages, tariffs, HTTP. */
import { z } from "zod";
import { TerminalError } from "./errors.ts";

export { z };

/** Every fault of `error`, by name, in one line. */
export function faultsOf(error: z.ZodError): string {
  return error.issues
    .map((issue) => `${issue.path.join(".") || "(whole)"}: ${issue.message}`)
    .join("; ");
}

/** `value` as `schema` has it. Throws `TerminalError` that names `what` and every fault. */
export function parseOrExplain<S extends z.ZodType>(
  schema: S,
  value: unknown,
  what: string,
): z.output<S> {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  throw new TerminalError(`${what}: ${faultsOf(result.error)}`);
}

/** The JSON text `text` as `schema` has it. Throws `TerminalError` that names `what`. */
export function parseJson<S extends z.ZodType>(schema: S, text: string, what: string): z.output<S> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    // The parser's own message quotes the text, and the text may hold a key.
    throw new TerminalError(`${what}: not JSON`);
  }
  return parseOrExplain(schema, value, what);
}
