/** A bill as a PDF: one A4 page, and more only where the charges need it. */
import type { BillDocument } from "../bill_document.ts";
import { drawBill } from "./bill_page.ts";
import { createCanvas } from "./canvas.ts";
import { createEmbedding, type Embedding } from "./embedding.ts";
import { createPen } from "./pen.ts";
import { ROOMS } from "./sheet.ts";
import { createTypeface, type Typeface } from "./typeface.ts";
import { billView } from "./view.ts";

interface Press {
  readonly typeface: Typeface;
  readonly embedding: Embedding;
}

let press: Press | undefined;

function createPress(): Press {
  const typeface = createTypeface();
  return { typeface, embedding: createEmbedding(typeface) };
}

/**
 * The bytes of the bill: the same document gives the same bytes. Fonts are read at the first call.
 * Throws `TerminalError` when a font is missing or the bill does not add up.
 */
export function renderBillPdf(bill: BillDocument): Uint8Array<ArrayBuffer> {
  press ??= createPress();
  const view = billView(bill);
  for (const [i, room] of ROOMS.entries()) {
    const canvas = createCanvas(press.embedding);
    drawBill(createPen(canvas, press.typeface, view.language), view, room);
    // Lines move together before a second page begins.
    if (canvas.pages > 1 && i < ROOMS.length - 1) continue;
    return canvas.finish({
      title: `${view.words.title} ${view.number}`,
      author: view.utility.name,
      language: `${view.language}-IN`,
      date: view.issued_on,
    });
  }
  throw new RangeError("A page has one room at least");
}
