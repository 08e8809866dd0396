/** Data sets `address(value*unit)(value)...` of a data block (IEC 62056-21, data message). */

export interface DataValue {
  /** Exactly the characters that the meter sent, without the unit. */
  readonly text: string;
  readonly unit: string | null;
}

export interface DataSet {
  /** The register's name as the meter sent it. */
  readonly code: string;
  readonly values: readonly DataValue[];
}

/** How many values one block may hold. */
const MAX_VALUES = 20_000;
const MAX_CODE_LENGTH = 32;

/**
 * The data sets of `block`, the text between STX (or the identification) and `!`. Line ends may stand
 * anywhere: meters put several sets on a line, or the values of one set on the next line.
 * Throws `SyntaxError` that names the place when the text is no data block.
 */
export function parseDataSets(block: string): DataSet[] {
  const text = block.replace(/[\r\n\0]+/g, "").trim();
  const sets: { code: string; values: DataValue[] }[] = [];
  let at = 0;
  let values = 0;
  while (at < text.length) {
    const open = text.indexOf("(", at);
    const close = text.indexOf(")", at);
    if (open < 0 || close < open) throw broken(text, at);
    const code = text.slice(at, open).trim();
    const inside = text.slice(open + 1, close);
    if (inside.includes("(") || !/^[!-~]*$/.test(code) || code.length > MAX_CODE_LENGTH) {
      throw broken(text, at);
    }
    // A value without a name goes on with the set before it.
    const set = code === "" ? sets.at(-1) : { code, values: [] };
    if (!set) throw broken(text, at);
    if (code !== "") sets.push(set);
    set.values.push(...valuesOf(inside));
    values += 1;
    if (values > MAX_VALUES) throw new SyntaxError(`more than ${MAX_VALUES} values in one block`);
    at = close + 1;
  }
  return sets;
}

/** `123.4*kWh`, or several joined by `&` as heat meters send them: `088*C&082*C`. */
function valuesOf(inside: string): DataValue[] {
  return inside.split("&").map((part) => {
    const star = part.indexOf("*");
    return star < 0
      ? { text: part, unit: null }
      : { text: part.slice(0, star), unit: part.slice(star + 1) || null };
  });
}

function broken(text: string, at: number): SyntaxError {
  const shown = text.slice(at, at + 24).replace(/[^ -~]/g, "?");
  return new SyntaxError(`no "name(value)" at character ${at + 1}: "${shown}"`);
}
