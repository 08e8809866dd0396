import assert from "node:assert/strict";
import fc from "fast-check";
import decodeQr from "qr/decode.js";
import type { BillDocument } from "../../../streams/delivery/bill_document.ts";
import { paymentLinkOf } from "../../../streams/delivery/payment_link.ts";
import { renderBillPdf } from "../../../streams/delivery/pdf/bill_pdf.ts";
import { QR_TEXT_MAX, qrMatrix } from "../../../streams/delivery/pdf/qr.ts";
import { hasPoppler, pictureOf, run } from "./pdf_tools.ts";
import { billOfLines, payableBill, sampleBill } from "./sample.ts";

Deno.test("paymentLinkOf() names payee, amount in rupees and bill", () => {
  assert.equal(
    paymentLinkOf(payableBill("en")),
    "upi://pay?pa=samay.vidyut@examplebank&pn=Samay%20Electricity%20Distribution&am=2950.00" +
      "&cu=INR&tn=MH-2026-27%2F000001",
  );
  assert.match(paymentLinkOf(billOfLines(payableBill("en"), [12_345_605]))!, /&am=123456\.05&/);
});

Deno.test("paymentLinkOf() is none without a payee, and where nothing is to be paid", () => {
  assert.equal(paymentLinkOf(sampleBill("en")), null);
  assert.equal(paymentLinkOf(billOfLines(payableBill("en"), [0])), null);
  assert.equal(paymentLinkOf(billOfLines(payableBill("en"), [-5_000])), null);
});

Deno.test("paymentLinkOf() gives back name and number by its parts, and stays short, whatever they hold", () => {
  fc.assert(
    fc.property(
      fc.string({ unit: "binary", maxLength: 80 }),
      fc.string({ maxLength: 40 }),
      (name, number) => {
        const bill = payableBill("en");
        // The longest that the configuration takes.
        const upi_id = `${"u".repeat(64)}@${"b".repeat(32)}`;
        const link = paymentLinkOf({
          ...bill,
          number,
          amount_due_paise: Number.MAX_SAFE_INTEGER,
          utility: { ...bill.utility, name, upi_id },
        })!;
        assert.match(link, /^[\x21-\x7e]+$/);
        assert.doesNotMatch(link, /[()<>\\]/);
        assert.ok(link.length <= QR_TEXT_MAX, `${link.length} characters`);
        const parts = new URL(link).searchParams;
        assert.deepEqual([...parts.keys()], ["pa", "pn", "am", "cu", "tn"]);
        assert.ok(name.toWellFormed().startsWith(parts.get("pn")!));
        assert.ok(number.toWellFormed().startsWith(parts.get("tn")!));
      },
    ),
    { examples: [["म".repeat(80), "/".repeat(40)]] },
  );
});

Deno.test("the code on the page is read as the payment link, in each size it is drawn in", async () => {
  if (!await hasPoppler()) return;
  const crowded = billOfLines(payableBill("mr"), Array.from({ length: 22 }, (_, i) => 10_000 + i));
  for (const bill of [payableBill("en"), payableBill("mr"), crowded]) {
    const { width, height, grey } = await pictureOf(renderBillPdf(bill), 200);
    // The lower right quarter, as a telephone would be held.
    const [left, top] = [Math.floor(width / 2), Math.floor(height / 2)];
    const [w, h] = [width - left, height - top];
    const data = new Uint8Array(w * h * 3);
    for (let y = 0; y < h; y++) {
      for (let x = 0; x < w; x++) {
        data.fill(grey[(y + top) * width + x + left]!, (y * w + x) * 3, (y * w + x) * 3 + 3);
      }
    }
    assert.equal(decodeQr({ width: w, height: h, data }), paymentLinkOf(bill));
  }
});

Deno.test("a bill has no code and no word of UPI where no payee is configured", async () => {
  if (!await hasPoppler()) return;
  const without: BillDocument = sampleBill("en");
  assert.doesNotMatch(await run("pdftotext", without), /UPI/);
  assert.doesNotMatch(await run("pdfinfo", without, "-url"), /upi:/);
  assert.match(await run("pdftotext", payableBill("en")), /samay\.vidyut@examplebank/);
  assert.match(await run("pdfinfo", payableBill("en"), "-url"), /upi:\/\/pay\?pa=/);
});

Deno.test("qrMatrix() refuses what would be too fine for a camera", () => {
  assert.throws(() => qrMatrix("x".repeat(QR_TEXT_MAX + 1)), RangeError);
  const matrix = qrMatrix("x".repeat(QR_TEXT_MAX));
  assert.ok(matrix.length <= 69 && matrix.every((row) => row.length === matrix.length));
});
