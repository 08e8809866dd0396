/** The identification message `/XXXZ...CRLF` and what it says about speed and mode. */

/** Speeds of modes C, D and E by their identification character (IEC 62056-21, 6.3.14, item 13). */
const MODE_C_BAUD = [300, 600, 1_200, 2_400, 4_800, 9_600, 19_200] as const;
/** Speeds of mode B, characters A to F. */
const MODE_B_BAUD = [600, 1_200, 2_400, 4_800, 9_600, 19_200] as const;

export interface Identification {
  /** The line without CR LF, for example `/ELS5\@V9.30 `. */
  readonly text: string;
  /** Three letters of the FLAG association. */
  readonly manufacturer: string;
  /** What may follow: `A` data at once, `B` data at another speed, `C` an acknowledgement is awaited. */
  readonly mode: "A" | "B" | "C";
  readonly baudCharacter: string;
  /** The proposed speed in baud, or null in mode A. */
  readonly baud: number | null;
  /** The character after a backslash: the meter offers mode E or another option (6.3.14, item 24). */
  readonly option: string | null;
  /** The least time between its messages and ours, in milliseconds: 20 when the third letter is small. */
  readonly reaction_ms: 20 | 200;
}

const IDENTIFICATION = /^\/([A-Za-z]{3})([ -~])([ -~]{0,59})$/;

/** What `line` (without CR LF) identifies, or null when it is no identification message. */
export function parseIdentification(line: string): Identification | null {
  const match = IDENTIFICATION.exec(line);
  if (!match) return null;
  const [, manufacturer = "", baudCharacter = "", rest = ""] = match;
  return {
    text: line,
    manufacturer,
    baudCharacter,
    ...speedOf(baudCharacter),
    option: rest.startsWith("\\") && rest.length > 1 ? rest[1]! : null,
    reaction_ms: manufacturer[2] === manufacturer[2]!.toLowerCase() ? 20 : 200,
  };
}

function speedOf(character: string): Pick<Identification, "mode" | "baud"> {
  const modeC = MODE_C_BAUD["0123456".indexOf(character)];
  if (modeC !== undefined) return { mode: "C", baud: modeC };
  const modeB = MODE_B_BAUD["ABCDEF".indexOf(character)];
  if (modeB !== undefined) return { mode: "B", baud: modeB };
  return { mode: "A", baud: null };
}

/** The character that stands for `baud` in an acknowledgement, or null when the standard has none. */
export function baudCharacterOf(baud: number): string | null {
  const index = (MODE_C_BAUD as readonly number[]).indexOf(baud);
  return index < 0 ? null : String(index);
}
