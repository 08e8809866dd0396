/** A bill as a PDF of one A4 page. */
import type { BillDocument } from "../bill_document.ts";
import { devanagariTexts, withActualText } from "./actual_text.ts";
import { createCompiler, type TypstCompiler } from "./compiler.ts";
import { readFonts } from "./fonts.ts";
import { billView } from "./view.ts";

let compiler: TypstCompiler | undefined;
let template: string | undefined;

/**
 * The bytes of the bill: the same document gives the same bytes. Fonts and template are read at the
 * first call. Throws `TerminalError` when a font is missing or the template does not compile.
 */
export function renderBillPdf(bill: BillDocument): Uint8Array {
  compiler ??= createCompiler(readFonts());
  template ??= Deno.readTextFileSync(new URL("bill.typ", import.meta.url));
  const view = billView(bill);
  const texts = devanagariTexts(view);
  const tags = Object.fromEntries(texts.map((text, i) => [text, i + 1]));
  return withActualText(compiler.pdf(template, JSON.stringify({ ...view, tags })), texts);
}
