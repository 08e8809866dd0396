/** Lines of text on a canvas: aligned, wrapped, made to fit. */
import type { Canvas, Colour, TextStyle } from "./canvas.ts";
import type { Typeface, Weight, Word } from "./typeface.ts";

export type Align = "left" | "right" | "centre";

export interface Pen {
  readonly canvas: Canvas;
  /** One line with its baseline at `y`; `x` is its left end, right end or middle. */
  put(text: string, x: number, y: number, style: TextStyle, align?: Align): void;
  widthOf(text: string, style: TextStyle): number;
  /** The style in the largest size, down to half of it, in which `text` is no wider than `width`. */
  fitted(text: string, style: TextStyle, width: number): TextStyle;
  /** Lines no wider than `width`; words that are wider are broken. */
  wrap(text: string, style: TextStyle, width: number): Word[][];
  /** Wrapped lines from the baseline `y` down; the baseline that would follow. */
  paragraph(text: string, x: number, y: number, width: number, style: TextStyle): number;
  /** Between two baselines of a paragraph. */
  leading_pt(size_pt: number): number;
}

export const INK: Colour = [20, 33, 61];
export const SOFT: Colour = [92, 103, 125];

/** A style in few letters; the size is in points. */
export function style(size_pt: number, weight: Weight = "regular", colour = INK): TextStyle {
  return { size_pt, weight, colour };
}

/** Devanagari sits higher and deeper than Latin: its lines need more room. */
const LEADING = { en: 1.28, mr: 1.5 };
const SIZE_STEP = 0.95;

/** A pen for texts of `language`. */
export function createPen(canvas: Canvas, typeface: Typeface, language: "en" | "mr"): Pen {
  const widthOf = (words: readonly Word[], size_pt: number) =>
    words.reduce((sum, { width }) => sum + width, 0) * size_pt;
  const wordsOf = (text: string, { weight }: TextStyle) => typeface.wordsOf(text, weight);
  const pen: Pen = {
    canvas,
    put(text, x, y, style, align = "left") {
      const words = wordsOf(text, style);
      const width = align === "left" ? 0 : widthOf(words, style.size_pt);
      canvas.line(words, x - (align === "centre" ? width / 2 : width), y, style);
    },
    widthOf: (text, style) => widthOf(wordsOf(text, style), style.size_pt),
    fitted(text, style, width) {
      const words = wordsOf(text, style);
      let size_pt = style.size_pt;
      while (widthOf(words, size_pt) > width && size_pt > style.size_pt / 2) size_pt *= SIZE_STEP;
      return { ...style, size_pt: Math.round(size_pt * 100) / 100 };
    },
    wrap(text, style, width) {
      const narrow = wordsOf(text, style)
        .flatMap((word) => breakWord(word, width / style.size_pt, style.weight, typeface));
      return linesOf(narrow, width / style.size_pt);
    },
    paragraph(text, x, y, width, style) {
      for (const line of pen.wrap(text, style, width)) {
        canvas.line(line, x, y, style);
        y += pen.leading_pt(style.size_pt);
      }
      return y;
    },
    leading_pt: (size_pt) => size_pt * LEADING[language],
  };
  return pen;
}

/** Words onto lines, as many on each as it holds; blanks at the ends of lines stay. */
function linesOf(words: readonly Word[], width: number): Word[][] {
  const lines: Word[][] = [];
  let line: Word[] = [];
  let used = 0;
  for (const word of words) {
    const blank = word.text === " ";
    if (line.length > 0 && !blank && used + word.width > width) {
      lines.push(line);
      line = [];
      used = 0;
    }
    // A blank that begins a line would move it; one that ends it keeps the words apart for readers.
    if (blank && line.length === 0) continue;
    line.push(word);
    used += word.width;
  }
  if (line.length > 0) lines.push(line);
  return lines;
}

/** A word that no line holds, in parts that fit; never between a letter and its signs. */
function breakWord(word: Word, width: number, weight: Weight, typeface: Typeface): Word[] {
  if (word.width <= width) return [word];
  const parts: Word[] = [];
  let part = "";
  for (
    const letter of word.text.match(/\P{M}(?:\p{M}|\u200d)*(?:(?<=\u094d)\P{M}\p{M}*)*|[^]/gu) ?? []
  ) {
    const longer = typeface.wordsOf(part + letter, weight)[0]!;
    if (part !== "" && longer.width > width) {
      parts.push(typeface.wordsOf(part, weight)[0]!);
      part = letter;
    } else part += letter;
  }
  return [...parts, ...typeface.wordsOf(part, weight)];
}
