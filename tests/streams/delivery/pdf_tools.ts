/** Programs of poppler-utils on a bill, and pictures of its page. */
import assert from "node:assert/strict";
import type { BillDocument } from "../../../streams/delivery/bill_document.ts";
import { renderBillPdf } from "../../../streams/delivery/pdf/bill_pdf.ts";

/** Whether a program of poppler-utils is here; says so when it is not. */
export async function hasPoppler(): Promise<boolean> {
  try {
    await new Deno.Command("pdftotext", { args: ["-v"], stderr: "null" }).output();
    return true;
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
    console.error("Skipped: no pdftotext here (Debian: apt-get install poppler-utils)");
    return false;
  }
}

/** What `program` writes to its output about the bytes of a PDF. */
export async function runOn(
  pdf: Uint8Array,
  program: string,
  ...args: string[]
): Promise<Uint8Array> {
  const file = await Deno.makeTempFile({ suffix: ".pdf" });
  try {
    await Deno.writeFile(file, pdf);
    const all = [...args, file, ...(program === "pdftotext" ? ["-"] : [])];
    const { stdout, stderr } = await new Deno.Command(program, { args: all }).output();
    // A file that is not sound is mended in silence, but for a line here.
    assert.equal(new TextDecoder().decode(stderr), "");
    return stdout;
  } finally {
    await Deno.remove(file);
  }
}

/** The same of a bill, as text. */
export async function run(program: string, bill: BillDocument, ...args: string[]) {
  return new TextDecoder().decode(await runOn(renderBillPdf(bill), program, ...args));
}

export interface Picture {
  readonly width: number;
  readonly height: number;
  /** Brightness of each point, row by row. */
  readonly grey: Uint8Array;
}

/** The first page as a grey picture (PGM, "P5"). */
export async function pictureOf(pdf: Uint8Array, dots_per_inch: number): Promise<Picture> {
  const file = await runOn(
    pdf,
    "pdftoppm",
    "-gray",
    "-r",
    String(dots_per_inch),
    "-f",
    "1",
    "-l",
    "1",
  );
  const head = new TextDecoder("latin1").decode(file.subarray(0, 40))
    .match(/^P5\s+(\d+)\s+(\d+)\s+255\s/);
  assert.ok(head !== null, "pdftoppm gave no picture");
  const [width, height] = [Number(head[1]), Number(head[2])];
  return { width, height, grey: file.subarray(head[0].length) };
}

/** The left, upper, right and lower ends of what is dark in a picture. */
export function inkOf({ width, height, grey }: Picture) {
  const ink = { left: width, top: height, right: 0, bottom: 0, points: 0 };
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      if (grey[y * width + x]! > 128) continue;
      ink.left = Math.min(ink.left, x);
      ink.right = Math.max(ink.right, x);
      ink.top = Math.min(ink.top, y);
      ink.bottom = Math.max(ink.bottom, y);
      ink.points++;
    }
  }
  return ink;
}
