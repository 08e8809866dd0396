/** Pages to draw on: text, shapes, links; lengths in points, from the upper left corner down. */
import { addGlyph, type Embedding, type Glyphs, placed } from "./embedding.ts";
import { createPdfFile, pdfNumber, pdfStream, pdfText } from "./pdf_file.ts";
import { createStructure, type ElementOptions, type Role } from "./structure.ts";
import type { FontIndex, Run, Weight, Word } from "./typeface.ts";

/** A4. */
export const PAGE_WIDTH_PT = 595.28;
export const PAGE_HEIGHT_PT = 841.89;

/** Red, green and blue from 0 to 255. */
export type Colour = readonly [number, number, number];

export interface TextStyle {
  readonly size_pt: number;
  readonly weight: Weight;
  readonly colour: Colour;
}

export interface Box {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
  /** Of the corners. */
  readonly radius?: number;
}

export interface Metadata {
  readonly title: string;
  readonly author: string;
  /** BCP 47: `en-IN`. */
  readonly language: string;
  /** Calendar date `YYYY-MM-DD`. */
  readonly date: string;
}

export interface Canvas {
  readonly pages: number;
  newPage(): void;
  /** What `draw` draws is a part of the document with that role. Shapes are decoration. */
  element(role: Role, draw: () => void, options?: ElementOptions): void;
  /** A picture: all that `draw` draws, text too, stands for the words `alt`. */
  figure(alt: string, draw: () => void): void;
  /** One line of words with its baseline at `y`. */
  line(words: readonly Word[], x: number, y: number, style: TextStyle): void;
  fill(box: Box, colour: Colour): void;
  /** Many rectangles as one shape. */
  fillAll(boxes: readonly Box[], colour: Colour): void;
  stroke(box: Box, colour: Colour, width: number): void;
  /** A place that opens `uri`; belongs to the element that is open. */
  link(box: Box, uri: string, words: string): void;
  /** The file. */
  finish(metadata: Metadata): Uint8Array<ArrayBuffer>;
}

interface Page {
  readonly content: string[];
  fill: string;
  font: string;
  readonly annotations: number[];
}

interface Annotation {
  readonly page: number;
  readonly rectangle: string;
  readonly uri: string;
  readonly words: string;
}

/** A canvas of one empty page. */
export function createCanvas(embedding: Embedding): Canvas {
  const pages: Page[] = [];
  const structure = createStructure();
  const annotations: Annotation[] = [];
  const fonts = createFontUse(embedding);
  let page!: Page;
  let inFigure = false;
  const newPage = () => {
    page = { content: [], fill: "", font: "", annotations: [] };
    pages.push(page);
  };
  newPage();
  const shape = (operators: string) => {
    page.content.push(inFigure ? operators : `/Artifact BMC\n${operators}\nEMC`);
  };
  const coloured = (colour: Colour) => {
    const fill = `${colour.map((part) => pdfNumber(part / 255)).join(" ")} rg`;
    if (fill === page.fill) return "";
    page.fill = fill;
    return `${fill}\n`;
  };
  /** Runs `draw` as one numbered piece of the open element's content. */
  const marked = (draw: () => void) => {
    if (inFigure) return draw();
    const content = structure.content(pages.length - 1);
    page.content.push(`/${structure.role} <</MCID ${content}>> BDC`);
    draw();
    page.content.push("EMC");
  };
  return {
    get pages() {
      return pages.length;
    },
    newPage,
    element: (role, draw, options = {}) => structure.element(role, options, draw),
    figure(alt, draw) {
      structure.element("Figure", { alt }, () =>
        marked(() => {
          inFigure = true;
          draw();
          inFigure = false;
        }));
    },
    line(words, x, y, { size_pt, colour }) {
      if (words.length === 0) return;
      marked(() => {
        const shown = words.map((word) => wordOperators(word, size_pt, page, fonts)).join("");
        const place = `${pdfNumber(x)} ${pdfNumber(PAGE_HEIGHT_PT - y)} Td`;
        page.content.push(`${coloured(colour)}BT\n${place}\n${shown}ET`);
      });
    },
    fill: (box, colour) => shape(`${coloured(colour)}${pathOf(box)} f`),
    fillAll: (boxes, colour) => shape(`${coloured(colour)}${boxes.map(pathOf).join("\n")} f`),
    stroke(box, colour, width) {
      const pen = `${colour.map((part) => pdfNumber(part / 255)).join(" ")} RG ${width} w`;
      shape(`${pen}\n${pathOf(box)} S`);
    },
    link({ x, y, width, height }, uri, words) {
      const [left, bottom] = [x, PAGE_HEIGHT_PT - y - height];
      const rectangle = [left, bottom, left + width, bottom + height].map(pdfNumber).join(" ");
      structure.annotation(pages.length - 1, annotations.length);
      page.annotations.push(annotations.length);
      annotations.push({ page: pages.length - 1, rectangle, uri, words });
    },
    finish(metadata) {
      const file = createPdfFile();
      const resources = fonts.write(file);
      const tree = file.reserve();
      const pageNumbers = pages.map(() => file.reserve());
      const annotationNumbers = annotations.map(({ rectangle, uri, words }, i) =>
        file.add(
          `<</Type/Annot/Subtype/Link/Rect[${rectangle}]/Border[0 0 0]/F 4/Contents ${
            pdfText(words)
          }` +
            `/StructParent ${pages.length + i}/A<</S/URI/URI(${
              uri.replaceAll(/[()\\]/g, "\\$&")
            })>>>>`,
        )
      );
      for (const [i, { content, annotations: own }] of pages.entries()) {
        const stream = file.addStream(pdfStream(content.join("\n")));
        const links = own.map((number) => `${annotationNumbers[number]} 0 R`).join(" ");
        file.add(
          `<</Type/Page/Parent ${tree} 0 R/MediaBox[0 0 ${PAGE_WIDTH_PT} ${PAGE_HEIGHT_PT}]` +
            `/Resources<</Font<<${resources}>>>>/Contents ${stream} 0 R/StructParents ${i}/Tabs/S` +
            `${links === "" ? "" : `/Annots[${links}]`}>>`,
          pageNumbers[i],
        );
      }
      const kids = pageNumbers.map((number) => `${number} 0 R`).join(" ");
      file.add(`<</Type/Pages/Kids[${kids}]/Count ${pages.length}>>`, tree);
      const parts = structure.write(file, pageNumbers, annotationNumbers);
      const root = file.add(
        `<</Type/Catalog/Pages ${tree} 0 R/Lang(${metadata.language})/MarkInfo<</Marked true>>` +
          `/StructTreeRoot ${parts} 0 R/ViewerPreferences<</DisplayDocTitle true>>>>`,
      );
      const date = metadata.date.replaceAll("-", "");
      const info = file.add(
        `<</Title ${pdfText(metadata.title)}/Author ${pdfText(metadata.author)}` +
          `/Producer(Samay)/CreationDate(D:${date}000000+05'30')>>`,
      );
      return file.bytes(root, info);
    },
  };
}

/** Operators that show one word; Devanagari carries its letters with it. */
function wordOperators(word: Word, size_pt: number, page: Page, fonts: FontUse): string {
  const shown = word.runs.map((run) => runOperators(run, size_pt, page, fonts)).join("");
  if (!word.devanagari) return shown;
  return `/Span <</ActualText ${pdfText(word.text)}>> BDC\n${shown}EMC\n`;
}

function runOperators(run: Run, size_pt: number, page: Page, fonts: FontUse): string {
  const common = fonts.commonOf(run);
  if (common === undefined) return glyphOperators(run, size_pt, page, fonts);
  return `${fontOperator(`F${run.font}`, size_pt, page)}[${common}]TJ\n`;
}

function fontOperator(name: string, size_pt: number, page: Page): string {
  const font = `/${name} ${size_pt} Tf\n`;
  if (font === page.font) return "";
  return page.font = font;
}

/** Glyph after glyph: some are of another font than the common one, or stand higher. */
function glyphOperators(run: Run, size_pt: number, page: Page, fonts: FontUse): string {
  return run.glyphs.map((glyph, i) => {
    const { name, advance } = fonts.use(run, i);
    const rise = glyph.y === 0 ? "" : `${pdfNumber(glyph.y * size_pt / 1000)} Ts\n`;
    return `${fontOperator(name, size_pt, page)}${rise}[${placed(glyph, advance)}]TJ\n` +
      (rise === "" ? "" : "0 Ts\n");
  }).join("");
}

interface FontUse {
  /** What shows a run that the common font has all of, on one line; undefined for others. */
  commonOf(run: Run): string | undefined;
  /** The font resource that shows glyph `i` of `run`, and the width that it states. */
  use(run: Run, i: number): { readonly name: string; readonly advance: number };
  /** Adds what was used to `file`: the entries of the pages' font dictionary. */
  write(file: ReturnType<typeof createPdfFile>): string;
}

function createFontUse(embedding: Embedding): FontUse {
  const common = new Set<FontIndex>();
  const rest = new Map<FontIndex, Glyphs>();
  return {
    commonOf(run) {
      const operand = embedding.operandOf(run);
      if (operand !== undefined) common.add(run.font);
      return operand;
    },
    use({ font, text, glyphs }, i) {
      const { id } = glyphs[i]!;
      const advance = embedding.advanceOf(font, id);
      if (advance !== undefined) {
        common.add(font);
        return { name: `F${font}`, advance };
      }
      const others = rest.get(font) ?? new Map();
      rest.set(font, others);
      addGlyph(others, text, glyphs, i);
      return { name: `R${font}`, advance: others.get(id).advance };
    },
    write: (file) =>
      [
        ...[...common].map((font) => `/F${font} ${embedding.addCommon(file, font)} 0 R`),
        ...[...rest].map(([font, glyphs]) =>
          `/R${font} ${embedding.addRest(file, font, glyphs)} 0 R`
        ),
      ].join(""),
  };
}

/** A rectangle, with round corners where it has a radius (a quarter circle as one curve). */
function pathOf({ x, y, width, height, radius = 0 }: Box): string {
  const n = pdfNumber;
  const bottom = PAGE_HEIGHT_PT - y - height;
  if (radius === 0) return `${n(x)} ${n(bottom)} ${n(width)} ${n(height)} re`;
  const [right, top, k] = [x + width, bottom + height, radius * 0.4477];
  const r = radius;
  const curve = (...points: number[]) => `${points.map(n).join(" ")} c`;
  return [
    `${n(x + r)} ${n(bottom)} m`,
    `${n(right - r)} ${n(bottom)} l`,
    curve(right - k, bottom, right, bottom + k, right, bottom + r),
    `${n(right)} ${n(top - r)} l`,
    curve(right, top - k, right - k, top, right - r, top),
    `${n(x + r)} ${n(top)} l`,
    curve(x + k, top, x, top - k, x, top - r),
    `${n(x)} ${n(bottom + r)} l`,
    curve(x, bottom + k, x + k, bottom, x + r, bottom),
    "h",
  ].join("\n");
}
