/** Colour for people: only on a terminal, and never against `NO_COLOR` (no-color.org). */
import { styleText } from "node:util";

export type Style = "bold" | "dim" | "green" | "red" | "yellow" | "cyan" | "underline";
export type Paint = (style: Style, text: string) => string;

interface MaybeTerminal {
  isTerminal(): boolean;
}

/** Whether `stream` may be given colour. Any non-empty `NO_COLOR` says no. */
export function wantsColour(
  stream: MaybeTerminal = Deno.stdout,
  noColour = Deno.env.get("NO_COLOR"),
  term = Deno.env.get("TERM"),
): boolean {
  return stream.isTerminal() && !noColour && term !== "dumb";
}

/** A painter that colours, or hands the text back as it is. */
export function createPaint(enabled: boolean = wantsColour()): Paint {
  // The decision is made above; node must not decide again by its own idea of the stream.
  return enabled
    ? (style, text) => styleText(style, text, { validateStream: false })
    : (_, text) => text;
}
