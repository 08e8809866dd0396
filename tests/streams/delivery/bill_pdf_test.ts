import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { TerminalError } from "../../../protocol/errors.ts";
import type { BillDocument } from "../../../streams/delivery/bill_document.ts";
import {
  devanagariTexts,
  markRuns,
  withActualText,
} from "../../../streams/delivery/pdf/actual_text.ts";
import { renderBillPdf } from "../../../streams/delivery/pdf/bill_pdf.ts";
import { inputsOf, sampleBill } from "./sample.ts";

const BYTES_MAX = 100_000;

/** Whether a program of poppler-utils is here; says so when it is not. */
async function hasPoppler(): Promise<boolean> {
  try {
    await new Deno.Command("pdftotext", { args: ["-v"], stderr: "null" }).output();
    return true;
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
    console.error("Skipped: no pdftotext here (Debian: apt-get install poppler-utils)");
    return false;
  }
}

async function run(program: string, bill: BillDocument, ...args: string[]): Promise<string> {
  const file = await Deno.makeTempFile({ suffix: ".pdf" });
  try {
    await Deno.writeFile(file, renderBillPdf(bill));
    const all = [...args, file, ...(program === "pdftotext" ? ["-"] : [])];
    const { stdout, stderr } = await new Deno.Command(program, { args: all }).output();
    // A file that is not sound is mended in silence, but for a line here.
    assert.equal(new TextDecoder().decode(stderr), "");
    return new TextDecoder().decode(stdout);
  } finally {
    await Deno.remove(file);
  }
}

Deno.test("renderBillPdf() gives the same bytes for the same bill, and others for another", () => {
  for (const language of ["en", "mr"] as const) {
    const first = renderBillPdf(sampleBill(language));
    renderBillPdf({ ...sampleBill(language), number: "MH-2026-27/000002" });
    const second = renderBillPdf(sampleBill(language));
    assert.equal(Buffer.compare(first, second), 0);
    assert.ok(first.length < BYTES_MAX, `${language}: ${first.length} bytes`);
    const other = renderBillPdf({ ...sampleBill(language), payable_paise: 296_000 });
    assert.notEqual(Buffer.compare(first, other), 0);
  }
});

Deno.test("renderBillPdf() puts what a customer looks for on one page, as text", async () => {
  if (!await hasPoppler()) return;
  const text = await run("pdftotext", sampleBill("en"), "-layout");
  for (
    const wanted of [
      "Samay Electricity Distribution",
      "MH-2026-27/000001",
      "₹ 2,950",
      "21 May 2026",
      "14,523.402",
      "Energy charge, units 101 to 300",
      "1,620.00",
      "-3.36",
      "1777573798 (23:59:58)",
    ]
  ) assert.ok(text.includes(wanted), `${wanted} in\n${text}`);
  const info = await run("pdfinfo", sampleBill("en"), "-rawdates");
  assert.match(info, /Pages:\s+1\n/);
  // The invoice's date, and not that of the printing.
  assert.match(info, /CreationDate:\s+D:20260501/);
  assert.match(info, /Title:\s+Electricity bill MH-2026-27\/000001/);
});

Deno.test("renderBillPdf() embeds every font, Devanagari by its own, and its text reads as it was written", async () => {
  if (!await hasPoppler()) return;
  const fonts = await run("pdffonts", sampleBill("mr"));
  assert.match(fonts, /NotoSansDevanagari-Regular +CID TrueType +Identity-H +yes yes yes/);
  const text = await run("pdftotext", sampleBill("mr"), "-layout");
  for (
    const wanted of [
      "MH-2026-27/000001",
      "14,523.402",
      "1,620.00",
      // Conjuncts, a vowel sign drawn before its letter, an r drawn above the next one.
      "श्रीमती क्षमा ज्ञानेश्वर कुलकर्णी",
      "राष्ट्रीय गृहनिर्माण संस्था",
      "ग्राहक क्रमांक 170013978420",
      "वीज आकार 101–300 युनिट",
      "तपासलेल्या किल्ल्या",
      // Over several lines of the page, and once all the same.
      "त्यामुळे वाटेत ते बदलता येत नाही आणि दोनदा मोजले जात नाही.",
      "30 एप्रिल 2026, 23:59:58",
    ]
  ) assert.equal(text.split(wanted).length, 2, `${wanted} once in\n${text}`);
});

Deno.test("renderBillPdf() stays on one page with the 22 lines of two tariffs and with long words", async () => {
  if (!await hasPoppler()) return;
  const bill = sampleBill("en");
  const long = { ...bill.lines[0]!, description: `${"Energy charge, units 1 to 100 ".repeat(3)}` };
  const crowded: BillDocument = {
    ...bill,
    lines: [...Array.from({ length: 21 }, (_, i) => bill.lines[i % 5]!), long],
    chart: bill.chart.slice(-2),
    payable_paise: 12_345_678_900,
    consumer: { ...bill.consumer, name: "Name ".repeat(10), address: "Long address ".repeat(9) },
  };
  const text = await run("pdftotext", crowded, "-layout");
  assert.ok(text.includes("₹ 12,34,56,789"));
  assert.match(await run("pdfinfo", crowded), /Pages:\s+1\n/);
});

Deno.test("renderBillPdf() gives a value of two lines the room that it takes", async () => {
  if (!await hasPoppler()) return;
  for (const language of ["en", "mr"] as const) {
    const { account, tariff, closing } = inputsOf(language);
    const boxes = await run(
      "pdftotext",
      sampleBill(language, {
        account: { ...account, municipal: true },
        tariff: { ...tariff, name: "MSEDCL LT I(B) residential" },
        closing: { ...closing, read_at_ms: Date.parse("2026-11-22T16:38:55Z") },
      }),
      "-bbox",
    );
    const top = (word: string) => {
      const found = boxes.match(new RegExp(`yMin="([\\d.]+)"[^>]*>${word}<`));
      assert.ok(found !== null, `${word} in ${language}`);
      return Number(found[1]);
    };
    // Lines of one value are 10 to 11.5 pt apart: rows must be further, or nobody sees which is which.
    const rows: [string, string][] = language === "en"
      ? [["residential", "Single"], ["3", "Municipal"], ["22:08:55", "no\\."]]
      : [];
    for (const [above, below] of [["00113978", "MSEDCL"] as const, ...rows]) {
      const apart_pt = top(below) - top(above);
      assert.ok(apart_pt > 13, `${language}: ${above} and ${below} are ${apart_pt} pt apart`);
    }
  }
});

Deno.test("markRuns() marks the runs of a numbered size, each text once, and restores with Q", () => {
  const run = (size: string) => [`/F1 ${size} Tf`, "BT", "(x) Tj", "ET"];
  const page = [
    "q",
    ...run("8.9999"),
    "BT",
    "(y) Tj",
    "ET",
    "q",
    ...run("9"),
    "Q",
    "Q",
    ...run("7.5"),
  ];
  const span = (hex: string) => `/Span <</ActualText <FEFF${hex}>>> BDC`;
  assert.deepEqual(markRuns(page.join("\n"), ["a", "क"]).split("\n"), [
    "q",
    "/F1 8.9999 Tf",
    span("0915"),
    "BT",
    "(x) Tj",
    "ET",
    "EMC",
    span(""),
    "BT",
    "(y) Tj",
    "ET",
    "EMC",
    "q",
    ...run("9"),
    "Q",
    "Q",
    ...run("7.5"),
  ]);
});

Deno.test("devanagariTexts() finds each text once, and no more than sizes can number", () => {
  assert.deepEqual(devanagariTexts({ a: "क", b: ["x", "क", { c: "ख 1" }], d: 7 }), ["क", "ख 1"]);
  assert.equal(devanagariTexts(Array.from({ length: 400 }, (_, i) => `क${i}`)).length, 300);
});

Deno.test("withActualText() says so when a PDF is not built as it expects", () => {
  const odd = new TextEncoder().encode("%PDF-1.7\n/Contents 3 0 R\n");
  assert.throws(() => withActualText(odd, ["क"]), TerminalError);
});
