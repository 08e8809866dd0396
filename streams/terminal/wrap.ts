/** Text in lines of a width. */
import { displayWidth } from "./table.ts";

/**
 * The words of `text` in lines of at most `width` columns: `first` stands in front of the first one,
 * `rest` in front of the others. A word that is longer than a line has a line of its own.
 */
export function wrapped(text: string, width: number, first = "", rest = first): string[] {
  const lines: string[] = [];
  let line = first;
  let empty = true;
  for (const word of text.split(" ").filter((one) => one !== "")) {
    if (!empty && displayWidth(line) + 1 + displayWidth(word) > width) {
      lines.push(line);
      line = rest;
      empty = true;
    }
    line += empty ? word : ` ${word}`;
    empty = false;
  }
  return [...lines, line];
}
