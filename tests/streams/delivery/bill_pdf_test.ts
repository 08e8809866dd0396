import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import type { BillDocument } from "../../../streams/delivery/bill_document.ts";
import { renderBillPdf } from "../../../streams/delivery/pdf/bill_pdf.ts";
import { hasPoppler, run } from "./pdf_tools.ts";
import { billOfLines, inputsOf, payableBill, sampleBill } from "./sample.ts";

const BYTES_MAX = 100_000;

Deno.test("renderBillPdf() gives the same bytes for the same bill, and others for another", () => {
  for (const language of ["en", "mr"] as const) {
    const first = renderBillPdf(sampleBill(language));
    // A name with letters that no other has, and so a font of its own.
    const { consumer } = sampleBill(language);
    renderBillPdf({
      ...sampleBill(language),
      number: "MH-2026-27/000002",
      consumer: { ...consumer, name: "Łukasz Øksendal, ऋत्विज् डुङ्गरवाल" },
    });
    const second = renderBillPdf(sampleBill(language));
    assert.equal(Buffer.compare(first, second), 0);
    assert.ok(first.length < BYTES_MAX, `${language}: ${first.length} bytes`);
    const other = renderBillPdf({ ...sampleBill(language), due_on: "2026-05-22" });
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
  for (const name of ["Sans", "SansDevanagari"]) {
    for (const weight of ["Regular", "SemiBold"]) {
      const row = new RegExp(`Noto${name}-${weight} +CID TrueType +Identity-H +yes yes yes`);
      assert.match(fonts, row);
    }
  }
  assert.doesNotMatch(fonts, / no /);
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

Deno.test("renderBillPdf() stays on one page with the 22 lines of two tariffs, or with long words", async () => {
  if (!await hasPoppler()) return;
  for (const language of ["en", "mr"] as const) {
    const bill = payableBill(language);
    const amounts = Array.from({ length: 22 }, (_, i) => 561_176_313 + i);
    const crowded = billOfLines(bill, amounts);
    assert.match(await run("pdfinfo", crowded), /Pages:\s+1\n/, `22 lines, ${language}`);
    const long: BillDocument = {
      ...bill,
      lines: bill.lines.map((line) => ({
        ...line,
        description: "Energy charge, units ".repeat(6),
      })),
      consumer: {
        ...bill.consumer,
        name: "नाम Name ".repeat(20),
        address: "Long पत्ता ".repeat(45),
      },
    };
    assert.match(await run("pdfinfo", long), /Pages:\s+1\n/, `long words, ${language}`);
  }
});

Deno.test("renderBillPdf() goes on to a second page with headings and totals when it must", async () => {
  if (!await hasPoppler()) return;
  const bill = billOfLines(payableBill("en"), Array.from({ length: 60 }, (_, i) => 10_000 + i));
  const pages = (await run("pdftotext", bill, "-layout")).split("\f");
  assert.equal(pages.filter((page) => page.trim() !== "").length, 2);
  assert.ok(pages[0]!.includes("100.00") && !pages[0]!.includes("Total"));
  assert.ok(pages[1]!.includes("Description") && pages[1]!.includes("100.59"));
  assert.match(pages[1]!, /Total\s+6,017\.70/);
});

Deno.test("renderBillPdf() keeps rows apart when a value takes two lines", async () => {
  if (!await hasPoppler()) return;
  for (const language of ["en", "mr"] as const) {
    const { tariff } = inputsOf(language);
    const long = { ...tariff, name: "MSEDCL LT I(B) residential of low tension" };
    const boxes = await run("pdftotext", sampleBill(language, { tariff: long }), "-bbox");
    const top = (word: string) => {
      const found = boxes.match(new RegExp(`yMin="([\\d.]+)"[^>]*>${word}<`));
      assert.ok(found !== null, `${word} in ${language}`);
      return Number(found[1]);
    };
    const next = language === "en" ? "Single" : "सिंगल";
    assert.ok(top("tension") - top("MSEDCL") > 10, `${language}: the name has two lines`);
    assert.ok(top(next) - top("tension") > 11, `${language}: the next row is below both`);
  }
});
