/**
 * The fonts inside of a bill's file. What nearly every bill needs is cut and compressed once a
 * process and put into each; what a name or an address needs besides is a second, small font.
 */
import { labelsOf } from "../labels.ts";
import { type Language, periodLong, periodShort } from "../format.ts";
import { LEVEL_FAST, LEVEL_SMALL, type PdfFile, type PdfStream, pdfStream } from "./pdf_file.ts";
import type { Glyph } from "./shaper.ts";
import type { FontIndex, Run, Typeface, Weight } from "./typeface.ts";

/** Glyphs that text is shown with: their advance, and the letters that they stand for. */
export type Glyphs = Map<number, { readonly advance: number; readonly text: string }>;

const NAMES = [
  "NotoSans-Regular",
  "NotoSans-SemiBold",
  "NotoSansDevanagari-Regular",
  "NotoSansDevanagari-SemiBold",
] as const;
/** A blank of no width: each glyph must stand for something. */
const NO_LETTER = "\u200b";
const WEIGHTS: readonly Weight[] = ["regular", "semibold"];

/** Printable ASCII and what else is on every page. */
const LATIN = [...Array.from({ length: 95 }, (_, i) => String.fromCharCode(32 + i)), ..."₹×–−·"];

/** Letters by themselves and in the forms that names take most. */
function devanagariSamples(): string[] {
  const range = (from: number, to: number) =>
    Array.from({ length: to - from + 1 }, (_, i) => String.fromCharCode(from + i));
  const consonants = range(0x915, 0x939);
  const signs = range(0x93e, 0x94c);
  const digits = range(0x966, 0x96f);
  const conjuncts = [
    "क्ष",
    "ज्ञ",
    "त्र",
    "श्र",
    "त्त",
    "द्ध",
    "द्य",
    "द्व",
    "ष्ट",
    "ष्ट्र",
    "ट्र",
    "स्त्र",
    "ह्म",
    "न्न",
  ];
  return [
    ...range(0x905, 0x914),
    ...digits,
    ...consonants.flatMap((
      letter,
    ) => [letter, `${letter}ि`, `${letter}्य`, `र्${letter}`, `${letter}्र`]),
    ...signs.map((sign) => `क${sign}`),
    ..."ंःँ".split("").map((sign) => `क${sign}`),
    "रु",
    "रू",
    "।",
    ...conjuncts,
  ];
}

/** Adds glyph `i` of a run; the first run that shows a glyph says what it stands for. */
export function addGlyph(to: Glyphs, text: string, glyphs: readonly Glyph[], i: number): void {
  const { id, advance, cluster } = glyphs[i]!;
  if (to.has(id)) return;
  const next = glyphs.slice(i + 1).find((other) => other.cluster > cluster)?.cluster;
  const first = i === 0 || glyphs[i - 1]!.cluster !== cluster;
  // Letters belong to the first glyph of their cluster; one that follows it adds none.
  to.set(id, { advance, text: first ? text.slice(cluster, next) : NO_LETTER });
}

/** A glyph in its place: the file has one width a glyph, what kerning and marks ask is made up here. */
export function placed({ id, x, advance: wanted }: Glyph, advance: number): string {
  const before = x === 0 ? "" : String(-x);
  const after = x + advance - wanted;
  return `${before}<${id.toString(16).padStart(4, "0")}>${after === 0 ? "" : after}`;
}

interface FontData {
  readonly glyphs: Glyphs;
  /** As in the file: glyph, and its width in brackets. */
  readonly widths: string;
  readonly file: PdfStream;
  readonly toUnicode: PdfStream;
  readonly name: string;
}

export interface Embedding {
  /** The width of a glyph in the common font; undefined where that does not have it. */
  advanceOf(font: FontIndex, glyph: number): number | undefined;
  /** What shows `run` in the common font, if that has each glyph and none stands higher or lower. */
  operandOf(run: Run): string | undefined;
  /** The font that carries what is common, as an object of `file`. */
  addCommon(file: PdfFile, font: FontIndex): number;
  /** A font with `glyphs` alone. */
  addRest(file: PdfFile, font: FontIndex, glyphs: Glyphs): number;
}

/** Cuts the common fonts at the first call for each. */
export function createEmbedding(typeface: Typeface): Embedding {
  const common: (FontData | undefined)[] = [];
  const operands = new WeakMap<Run, string | undefined>();
  const commonOf = (font: FontIndex) => common[font] ??= commonFont(typeface, font);
  return {
    advanceOf: (font, glyph) => commonOf(font).glyphs.get(glyph)?.advance,
    operandOf(run) {
      if (operands.has(run)) return operands.get(run);
      const { glyphs } = commonOf(run.font);
      const fits = run.glyphs.every(({ id, y }) => y === 0 && glyphs.has(id));
      const shown = run.glyphs.map((glyph) => placed(glyph, glyphs.get(glyph.id)?.advance ?? 0));
      const operand = fits ? shown.join("").replaceAll("><", "") : undefined;
      operands.set(run, operand);
      return operand;
    },
    addCommon: (file, font) => addFont(file, commonOf(font)),
    addRest: (file, font, glyphs) =>
      addFont(file, cutFont(typeface, font, glyphs, "SAMAYR", LEVEL_FAST)),
  };
}

function commonFont(typeface: Typeface, font: FontIndex): FontData {
  const glyphs: Glyphs = new Map();
  const texts = font < 2 ? LATIN : [...devanagariSamples(), ...labelTexts("mr")];
  for (const text of texts) {
    for (const { runs } of typeface.wordsOf(text, WEIGHTS[font % 2]!)) {
      for (const run of runs) {
        if (run.font === font) {
          run.glyphs.forEach((_, i) => addGlyph(glyphs, run.text, run.glyphs, i));
        }
      }
    }
  }
  return cutFont(typeface, font, glyphs, "SAMAYC", LEVEL_SMALL);
}

function labelTexts(language: Language): string[] {
  const months = Array.from({ length: 12 }, (_, i) => `2026-${String(i + 1).padStart(2, "0")}`);
  return [
    ...Object.values(labelsOf(language)),
    ...months.flatMap((month) => [
      periodLong(month, language),
      periodShort(month, language).month,
    ]),
  ];
}

function cutFont(
  { subsetters }: Typeface,
  font: FontIndex,
  glyphs: Glyphs,
  tag: string,
  level: number,
): FontData {
  const bytes = subsetters[font]!.subset(glyphs.keys());
  return {
    glyphs,
    widths: [...glyphs].sort(([a], [b]) => a - b)
      .map(([id, { advance }]) => `${id}[${advance}]`).join(""),
    file: pdfStream(bytes, `/Length1 ${bytes.length}`, level),
    toUnicode: pdfStream(characterMap(glyphs), "", level),
    name: `${tag}+${NAMES[font]}`,
  };
}

const hex4 = (value: number) => value.toString(16).toUpperCase().padStart(4, "0");

/** Which letters each glyph stands for (section 9.10.3). */
function characterMap(glyphs: Glyphs): string {
  const rows = [...glyphs].sort(([a], [b]) => a - b)
    .map(([id, { text }]) =>
      `<${hex4(id)}><${
        [...Array(text.length).keys()].map((i) => hex4(text.charCodeAt(i))).join("")
      }>`
    );
  const blocks: string[] = [];
  // A block has a hundred rows at most.
  for (let i = 0; i < rows.length; i += 100) {
    const block = rows.slice(i, i + 100);
    blocks.push(`${block.length} beginbfchar\n${block.join("\n")}\nendbfchar`);
  }
  return `/CIDInit /ProcSet findresource begin
12 dict begin
begincmap
/CIDSystemInfo <</Registry(Adobe)/Ordering(UCS)/Supplement 0>> def
/CMapName /Adobe-Identity-UCS def
/CMapType 2 def
1 begincodespacerange
<0000><FFFF>
endcodespacerange
${blocks.join("\n")}
endcmap
CMapName currentdict /CMap defineresource pop
end
end
`;
}

/** A composite font of TrueType outlines, addressed by glyph number (section 9.7). */
function addFont(pdf: PdfFile, { widths, file, toUnicode, name }: FontData): number {
  const descriptor = pdf.add(
    `<</Type/FontDescriptor/FontName/${name}/Flags 4/FontBBox[-1000 -600 2800 1200]/ItalicAngle 0` +
      `/Ascent 1069/Descent -293/CapHeight 714/StemV 80/FontFile2 ${pdf.addStream(file)} 0 R>>`,
  );
  const descendant = pdf.add(
    `<</Type/Font/Subtype/CIDFontType2/BaseFont/${name}/CIDSystemInfo<</Registry(Adobe)` +
      `/Ordering(Identity)/Supplement 0>>/FontDescriptor ${descriptor} 0 R/DW 0/W[${widths}]` +
      `/CIDToGIDMap/Identity>>`,
  );
  return pdf.add(
    `<</Type/Font/Subtype/Type0/BaseFont/${name}/Encoding/Identity-H` +
      `/DescendantFonts[${descendant} 0 R]/ToUnicode ${pdf.addStream(toUnicode)} 0 R>>`,
  );
}
