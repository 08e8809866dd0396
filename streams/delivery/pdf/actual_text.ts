/**
 * Makes Devanagari in a bill's PDF searchable, and readable to screen readers.
 *
 * A PDF draws glyphs, and a table says which text each glyph stands for. Devanagari has no such table
 * that is right: vowel signs are drawn before the letter that they follow, conjuncts are one glyph of
 * many letters. So each run gets the text it was set from, as `ActualText` (ISO 32000-1 section
 * 14.9.4), which readers take in place of the glyphs.
 *
 * To know which run was set from which text, the template makes the run's size smaller by 1/20,000
 * point times the text's number, far below what a screen or a printer can show.
 */
import { Buffer } from "node:buffer";
import { deflateSync, inflateSync } from "node:zlib";
import { TerminalError } from "../../../protocol/errors.ts";

const DEVANAGARI = /[\u0900-\u097f]/;
/** Points that one step takes from a size. */
const STEP_PT = 5e-5;
/** At most 0.015 point in all. */
const TEXTS_MAX = 300;
/** Sizes in the template are whole multiples of this. */
const SIZE_PT = 0.5;

/** Every text in `view` that has Devanagari, in the order found, at most 300. */
export function devanagariTexts(view: unknown): string[] {
  const found = new Set<string>();
  const walk = (value: unknown): void => {
    if (typeof value === "string" && DEVANAGARI.test(value)) found.add(value);
    else if (typeof value === "object" && value !== null) Object.values(value).forEach(walk);
  };
  walk(view);
  return [...found].slice(0, TEXTS_MAX);
}

/** The PDF with `ActualText` for every run that was set from one of `texts` (numbered from 1). */
export function withActualText(pdf: Uint8Array, texts: readonly string[]): Uint8Array {
  if (texts.length === 0) return pdf;
  let file = Buffer.from(pdf).toString("latin1");
  const pages = [...file.matchAll(/\/Contents (\d+) 0 R/g)].map(([, object]) => Number(object));
  for (const object of pages) file = rewriteStream(file, object, (page) => markRuns(page, texts));
  return new Uint8Array(Buffer.from(file, "latin1"));
}

/** Puts each text object that shows one of `texts` into a span that carries it. */
export function markRuns(page: string, texts: readonly string[]): string {
  const marked: string[] = [];
  const saved: number[] = [];
  let current = 0;
  let last = 0;
  for (const line of page.split("\n")) {
    const size = line.match(/^\/F\d+ ([\d.]+) Tf$/);
    if (line === "q") saved.push(current);
    else if (line === "Q") current = saved.pop() ?? 0;
    else if (size !== null) current = stepsOf(Number(size[1]));
    if (line !== "BT" && line !== "ET") {
      marked.push(line);
      continue;
    }
    const text = texts[current - 1];
    if (line === "ET") marked.push(line, ...(text === undefined ? [] : ["EMC"]));
    // A text over several lines or scripts is several runs: the first carries all of it.
    else if (text === undefined) marked.push(line);
    else marked.push(`/Span <</ActualText <${utf16(current === last ? "" : text)}>>> BDC`, line);
    if (line === "BT") last = current;
  }
  return marked.join("\n");
}

/** How many steps a size lies below a whole one; the file has seven digits of it. */
function stepsOf(size_pt: number): number {
  const whole_pt = Math.ceil((size_pt - STEP_PT / 4) / SIZE_PT) * SIZE_PT;
  return Math.round((whole_pt - size_pt) / STEP_PT);
}

/** A text string of PDF in hex: UTF-16BE behind its byte order mark (ISO 32000-1 section 7.9.2.2). */
function utf16(text: string): string {
  let hex = "FEFF";
  for (let i = 0; i < text.length; i++) {
    hex += text.charCodeAt(i).toString(16).toUpperCase().padStart(4, "0");
  }
  return hex;
}

/** Changes one compressed stream of `file`, and every byte offset that moves with it. */
function rewriteStream(file: string, object: number, change: (text: string) => string): string {
  const head = new RegExp(`\n${object} 0 obj\n<<\n  /Length (\\d+)\n[^>]*>>\nstream\n`).exec(file);
  const xref = /\nxref\n0 \d+\n((?:\d{10} \d{5} [fn]\r?[ \r]?\n)+)/.exec(file);
  const start = /startxref\n(\d+)/.exec(file);
  if (head === null || xref === null || start === null) {
    throw new TerminalError("The bill's PDF is not built as expected: its text cannot be marked");
  }
  const length = Number(head[1]);
  const from = head.index + head[0].length;
  const old = Buffer.from(file.slice(from, from + length), "latin1");
  const changed = deflateSync(Buffer.from(change(inflateSync(old).toString("latin1")), "latin1"))
    .toString("latin1");
  const header = head[0].replace(`/Length ${length}`, `/Length ${changed.length}`);
  const moved = header.length - head[0].length + changed.length - length;
  const move = (offset: number) => offset > head.index + 1 ? offset + moved : offset;
  const table = xref[1]!.replaceAll(
    /(\d{10})( \d{5} n)/g,
    (_, offset, rest) => String(move(Number(offset))).padStart(10, "0") + rest,
  );
  const tail = file.slice(from + length)
    .replace(xref[1]!, () => table)
    .replace(start[0], () => `startxref\n${move(Number(start[1]))}`);
  return file.slice(0, head.index) + header + changed + tail;
}
