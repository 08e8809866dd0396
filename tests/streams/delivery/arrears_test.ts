/** What was owed and paid before a bill: on the page, in the mail, in the text and in the code. */
import assert from "node:assert/strict";
import { TerminalError } from "../../../protocol/errors.ts";
import { billDocument } from "../../../streams/delivery/bill_document.ts";
import { letterOf } from "../../../streams/delivery/letter.ts";
import { paymentLinkOf } from "../../../streams/delivery/payment_link.ts";
import { renderBillPdf } from "../../../streams/delivery/pdf/bill_pdf.ts";
import { billView } from "../../../streams/delivery/pdf/view.ts";
import { builtInTemplates, smsTextOf } from "../../../streams/delivery/sms_text.ts";
import { hasPoppler, run } from "./pdf_tools.ts";
import { billAfter, head, inputsOf, lines, payableBill, utility } from "./sample.ts";

const sums = (...of: Parameters<typeof billAfter>) =>
  billView(billAfter(...of)).sums.map(({ label, amount }) => `${label} ${amount}`);

const rules = { templates: builtInTemplates("Utility"), segments_max: 3 };

Deno.test("billDocument() asks for what is due in all, or for the bill where no ledger was kept", () => {
  const balance = { before_paise: 100_000, payments_paise: 60_000, amount_due_paise: 335_000 };
  const of = (inputs: object) =>
    billDocument(head, lines, { ...inputsOf("en"), ...inputs }, utility).amount_due_paise;
  assert.deepEqual([of({ balance }), of({})], [335_000, 295_000]);
});

Deno.test("the page shows what was owed, what came in, this bill and what is due", () => {
  assert.deepEqual(sums("en", 40_000, 60_000), [
    "Total 2,953.36",
    "Rounding -3.36",
    "This bill 2,950.00",
    "Previous balance 1,000.00",
    "Payments received, thank you -600.00",
    "Amount payable ₹ 3,350.00",
  ]);
  assert.deepEqual(sums("mr", 40_000, 0).slice(2), [
    "या देयकाची रक्कम 2,950.00",
    "मागील थकबाकी 400.00",
    "देय रक्कम ₹ 3,350.00",
  ]);
  // Nothing from before: the page is as it was without a ledger.
  assert.deepEqual(
    sums("en", 0, 0),
    billView(payableBill("en")).sums.map(({ label, amount }) => `${label} ${amount}`),
  );
  assert.equal(sums("en", 0, 295_000).length, 6);
});

Deno.test("a credit is told as one, in both languages, and asks for no payment", () => {
  assert.deepEqual(sums("en", -400_000, 0).slice(3), [
    "In your favour from before -4,000.00",
    "In your favour: counts towards your next bill ₹ 1,050.00",
  ]);
  assert.deepEqual(sums("mr", -400_000, 0).slice(3), [
    "मागील जमा रक्कम -4,000.00",
    "आपल्या नावे जमा: पुढील देयकात वळती होईल ₹ 1,050.00",
  ]);
  for (const language of ["en", "mr"] as const) {
    const bill = billAfter(language, -400_000, 0);
    const { payable, payment, words } = billView(bill);
    assert.deepEqual([payable.label, payable.due], [words.credit, words.no_payment]);
    assert.equal(payment, null);
    const letter = letterOf(bill, 1, "a@example.org", new Uint8Array(), "bill");
    assert.ok(letter.text.includes(`${words.credit}: ₹ 1,050.00`));
    assert.ok(letter.text.includes(words.credit_kept));
    assert.ok(!letter.text.includes(`${words.due_on}:`));
  }
  // A credit that pays a part of the bill only.
  assert.deepEqual(sums("en", -95_000, 0).slice(3), [
    "In your favour from before -950.00",
    "Amount payable ₹ 2,000.00",
  ]);
  const even = billView(billAfter("en", -295_000, 0)).payable;
  assert.deepEqual([even.label, even.due], ["Nothing to pay", "No payment is due"]);
});

Deno.test("mail, text and payment code ask for the amount that is due", () => {
  const bill = billAfter("en", 40_000, 60_000);
  const letter = letterOf(bill, 1, "a@example.org", new Uint8Array(), "bill");
  assert.match(letter.subject, /₹ 3,350\.00$/);
  assert.match(letter.text, /Amount payable: ₹ 3,350\.00/);
  assert.match(letter.text, /Previous balance: ₹ 1,000\.00/);
  assert.match(letter.text, /Payments received, thank you: ₹ 600\.00/);
  assert.match(letter.text, /This bill: ₹ 2,950\.00/);
  assert.doesNotMatch(
    letterOf(payableBill("en"), 1, "a@example.org", new Uint8Array()).text,
    /Prev/,
  );
  assert.match(smsTextOf(bill, "bill", rules).body, /Rs 3,350/);
  assert.match(paymentLinkOf(bill)!, /&am=3350\.00&/);
  assert.match(billView(bill).payment!.alt, /₹ 3,350\.00/);
});

Deno.test("a bill whose balance does not add up is not printed", () => {
  const bill = billAfter("en", 40_000, 0);
  const balance = { ...bill.balance!, before_paise: 39_999 };
  assert.throws(() => renderBillPdf({ ...bill, balance }), TerminalError);
});

Deno.test("the page itself has room for it, on one sheet, in both languages", async () => {
  if (!await hasPoppler()) return;
  for (const language of ["en", "mr"] as const) {
    const bill = billAfter(language, 40_000, 60_000);
    const { words } = billView(bill);
    const text = await run("pdftotext", bill, "-layout");
    for (const part of [words.arrears, words.of_this_bill, "-600.00", "3,350.00"]) {
      // How Devanagari is spaced in the text layer is a matter of the reader.
      if (language === "en" || /^[\d.,-]+$/.test(part)) assert.ok(text.includes(part), part);
    }
    assert.match(await run("pdfinfo", bill), /Pages:\s+1\b/);
  }
});
