/**
 * Registered texts (DLT). In India a commercial SMS passes only where its text is one that the sender
 * registered, word for word, with `{#var#}` where it may differ. What would not pass is refused here:
 * a carrier drops it after it was paid for.
 */
import { TerminalError } from "../../protocol/errors.ts";

export const VARIABLE = "{#var#}";
/** Characters of one variable, as the registries have it. */
export const VARIABLE_LENGTH_MAX = 30;

/** What may stand in a variable. */
export const VARIABLE_NAMES = [
  "utility",
  "number",
  "period",
  "month",
  "amount",
  "due_on",
  "consumer_number",
  "name",
] as const;
export type VariableName = typeof VARIABLE_NAMES[number];
export type VariableValues = Readonly<Record<VariableName, string>>;

export type NoticeKind = "bill" | "reminder";

export interface Template {
  /** The registry's id; null for the built-in texts, which nobody registered. */
  readonly template_id: string | null;
  readonly kind: NoticeKind;
  readonly language: "en" | "mr";
  /** The sender id that it is registered for; null: as configured. */
  readonly header: string | null;
  readonly text: string;
  /** What stands in each `{#var#}`, in their order. */
  readonly variables: readonly VariableName[];
}

/** The text of `template` with `values`. */
export function fill({ text, variables }: Template, values: VariableValues): string {
  return text.split(VARIABLE)
    .map((piece, i) => i === 0 ? piece : `${values[variables[i - 1]!]}${piece}`).join("");
}

/** Whether a carrier that holds `template` lets `text` pass. */
export function matches({ text: registered }: Template, text: string): boolean {
  const pieces = registered.split(VARIABLE)
    .map((piece) => piece.replaceAll(/[.*+?^$()|[\]\\{}/]/g, "\\$&"));
  const variable = `[^\\r\\n]{1,${VARIABLE_LENGTH_MAX}}`;
  return new RegExp(`^${pieces.join(variable)}$`, "u").test(text);
}

/** Every fault of `template`, in words. */
export function templateFaults(template: Template): string[] {
  const { text, variables } = template;
  const faults: string[] = [];
  const places = text.split(VARIABLE).length - 1;
  if (places !== variables.length) {
    faults.push(`the text has ${places} ${VARIABLE} and variables names ${variables.length}`);
  }
  if (text.replaceAll(VARIABLE, "").trim() === "") faults.push("the text has no words of its own");
  // By its bill's number a text that may have left is found again at the provider.
  if (!variables.includes("number")) {
    faults.push("variables has no number: a text must name its bill");
  }
  return faults;
}

/** The text that goes out. Throws `TerminalError` when no carrier would let it pass. */
export function textOf(template: Template, values: VariableValues): string {
  const text = fill(template, values);
  if (matches(template, text)) return text;
  const [bad] = template.variables.filter((name) =>
    values[name] === "" || [...values[name]].length > VARIABLE_LENGTH_MAX
  );
  const which = template.template_id ?? "that is built in";
  throw new TerminalError(
    `SMS: the text does not match template ${which}${
      bad === undefined
        ? ""
        : `: ${bad} "${values[bad]}" is not of 1 to ${VARIABLE_LENGTH_MAX} characters`
    }; it was not sent`,
  );
}

/** Whether `body` is the text of `template` about the bill `number`, whatever else it says. */
export function isAbout(template: Template, number: string, body: string): boolean {
  // Not a part of a longer number.
  return matches(template, body) &&
    body.split(number).some((before, i, pieces) =>
      i + 1 < pieces.length && !/[\w/]$/.test(before) && !/^[\w/]/.test(pieces[i + 1]!)
    );
}
