/** The bill's typeface: four fonts as one, by weight and script; words as runs of glyphs. */
import { TerminalError } from "../../../protocol/errors.ts";
import { readFonts } from "./fonts.ts";
import {
  createShaper,
  createSubsetter,
  type Glyph,
  type Shaper,
  type Subsetter,
} from "./shaper.ts";

export type Weight = "regular" | "semibold";

/** Index of a font in the order of `readFonts()`. */
export type FontIndex = 0 | 1 | 2 | 3;

/** Glyphs of one font, one after the other. */
export interface Run {
  readonly font: FontIndex;
  readonly text: string;
  readonly glyphs: readonly Glyph[];
}

/** A word, or the blanks between two. */
export interface Word {
  readonly text: string;
  readonly runs: readonly Run[];
  /** For a size of 1. */
  readonly width: number;
  /** Glyphs of Devanagari do not tell their letters: whoever reads must be told the text. */
  readonly devanagari: boolean;
}

export interface Typeface {
  readonly subsetters: readonly Subsetter[];
  /** The words of `text` and the blanks between them, which come as words of one blank. */
  wordsOf(text: string, weight: Weight): readonly Word[];
}

/** PDF counts widths in thousandths of a size, and so do these fonts. */
const UNITS_PER_EM = 1_000;
/** Words and texts that are kept shaped; a bill has some two hundred, half of them on every bill. */
const REMEMBERED_MAX = 5_000;
/** Devanagari with its extensions and joiners: what the Devanagari fonts draw. */
const DEVANAGARI = /([\u0900-\u097f\ua8e0-\ua8ff\u1cd0-\u1cff\u200c\u200d]+)/;
/** What is no letter of any script: a line that was pasted with a tabulator or a control sign. */
// deno-lint-ignore no-control-regex
const UNPRINTABLE = /[\u0000-\u001f\u007f-\u009f\ufeff\s]+/g;

/** The typeface from the fonts that come with the product. Throws `TerminalError` without them. */
export function createTypeface(): Typeface {
  const files = readFonts();
  const shapers = files.map(createShaper);
  if (shapers.some(({ units_per_em }) => units_per_em !== UNITS_PER_EM)) {
    throw new TerminalError(`A font of the bill has not ${UNITS_PER_EM} units an em`);
  }
  const words = new Map<string, Word>();
  const texts = new Map<string, readonly Word[]>();
  const wordOf = (word: string, weight: Weight) =>
    remembered(words, `${weight} ${word}`, () => shapeWord(word, weight, shapers));
  return {
    subsetters: files.map(createSubsetter),
    wordsOf: (text, weight) =>
      remembered(
        texts,
        `${weight} ${text}`,
        () =>
          text.replaceAll(UNPRINTABLE, " ").split(/( )/).filter((word) => word !== "")
            .map((word) => wordOf(word, weight)),
      ),
  };
}

/** What `known` has for `key`, or what `make` gives; a full table begins anew. */
function remembered<T>(known: Map<string, T>, key: string, make: () => T): T {
  const found = known.get(key);
  if (found !== undefined) return found;
  if (known.size >= REMEMBERED_MAX) known.clear();
  const made = make();
  known.set(key, made);
  return made;
}

function shapeWord(text: string, weight: Weight, shapers: readonly Shaper[]): Word {
  const bold = weight === "semibold" ? 1 : 0;
  const runs: Run[] = text.split(DEVANAGARI).flatMap((part, i) => {
    if (part === "") return [];
    // Parts at odd places are those that the pattern caught.
    const font = (i % 2 === 1 ? 2 : 0) + bold as FontIndex;
    return [{ font, text: part, glyphs: shapers[font]!.shape(part) }];
  });
  const width = runs.reduce(
    (sum, { glyphs }) => sum + glyphs.reduce((all, { advance }) => all + advance, 0) / UNITS_PER_EM,
    0,
  );
  return { text, runs, width, devanagari: runs.some(({ font }) => font >= 2) };
}
