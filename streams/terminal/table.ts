/** Aligned tables for a terminal or a file. */

export interface Column {
  readonly title: string;
  readonly align?: "left" | "right";
  /** May be cut short, with an ellipsis, when the terminal is too narrow. */
  readonly flexible?: boolean;
}

// The escape character starts an ANSI colour sequence, which takes no room.
// deno-lint-ignore no-control-regex
const ANSI = /\x1b\[[0-9;]*m/g;
/** Combining marks (Devanagari vowel signs, for example) sit on the letter before them. */
const COMBINING = /\p{Mn}|\p{Me}|\u200d|\u200c/gu;
const GAP = "  ";
const FLEXIBLE_MIN = 8;

/** Columns of a terminal that `text` takes, without colour sequences and combining marks. */
export function displayWidth(text: string): number {
  return [...text.replace(ANSI, "").replace(COMBINING, "")].length;
}

/** `text` in at most `width` columns, cut with an ellipsis. Colour is dropped where it is cut. */
export function fit(text: string, width: number): string {
  if (displayWidth(text) <= width) return text;
  let short = "";
  for (const character of text.replace(ANSI, "")) {
    if (displayWidth(short + character) > width - 1) break;
    short += character;
  }
  return `${short.trimEnd()}…`;
}

function pad(text: string, width: number, align: "left" | "right" = "left"): string {
  const blanks = " ".repeat(Math.max(0, width - displayWidth(text)));
  return align === "right" ? blanks + text : text + blanks;
}

function columnWidths(columns: readonly Column[], rows: readonly string[][], width: number) {
  const widths = columns.map((column, i) =>
    Math.max(displayWidth(column.title), ...rows.map((row) => displayWidth(row[i] ?? "")))
  );
  const total = () => widths.reduce((sum, w) => sum + w, GAP.length * (widths.length - 1));
  while (total() > width) {
    const candidates = widths.map((w, i) => columns[i]!.flexible && w > FLEXIBLE_MIN ? w : 0);
    const widest = candidates.indexOf(Math.max(...candidates));
    if (candidates[widest] === 0 || widest < 0) break;
    widths[widest] = Math.max(FLEXIBLE_MIN, widths[widest]! - (total() - width));
  }
  return widths;
}

/** Lines of a table: a heading and one line a row. `width` is in columns of the terminal. */
export function formatTable(
  columns: readonly Column[],
  rows: readonly (readonly string[])[],
  options: { readonly width?: number; readonly heading?: (text: string) => string } = {},
): string {
  const cells = rows.map((row) => row.map((cell) => cell.replaceAll(/\s*\n\s*/g, " ")));
  const widths = columnWidths(columns, cells, options.width ?? Infinity);
  const line = (row: readonly string[]) =>
    columns
      .map((column, i) => pad(fit(row[i] ?? "", widths[i]!), widths[i]!, column.align))
      .join(GAP)
      .trimEnd();
  const heading = line(columns.map((column) => column.title));
  return [options.heading?.(heading) ?? heading, ...cells.map(line)].join("\n");
}

/** Columns of the terminal on stdout; a file or a pipe has no end. */
export function terminalWidth(): number {
  return Deno.stdout.isTerminal() ? Deno.consoleSize().columns : Infinity;
}
