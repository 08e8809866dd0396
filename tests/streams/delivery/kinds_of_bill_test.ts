/** What a customer is told of a bill that does not rest on one meter's two readings alone. */
import assert from "node:assert/strict";
import { lessCredits } from "../../../streams/delivery/bills.ts";
import { letterOf } from "../../../streams/delivery/letter.ts";
import { renderBillPdf } from "../../../streams/delivery/pdf/bill_pdf.ts";
import { billView } from "../../../streams/delivery/pdf/view.ts";
import type { BillDocument } from "../../../streams/delivery/bill_document.ts";
import { smsValuesOf } from "../../../streams/delivery/sms_text.ts";
import { payableBill, sampleBill } from "./sample.ts";

type Inputs = NonNullable<Parameters<typeof sampleBill>[1]>;

const { opening, closing, meter } = sampleBill("en");
const ESTIMATED: Inputs = {
  closing: { ...closing, source: "estimate" },
  estimate: {
    ...{ status: "locked", basis: "mean_of_actual", creditable_paise: 279_920 },
    months: [{ period: "2026-03", units_kwh: 250, days: 30 }],
  },
};
const TRUED: Inputs = {
  true_up: {
    estimated_to: "2026-04-15",
    estimated: [{ number: "MH/2026-27/7", period: "2026-03", units_kwh: 251, credited_paise: 1 }],
  },
};
const EXCHANGED: Inputs = {
  earlier_meters: [{
    ...{ meter: { ...meter, meter_id: "OLD", serial_number: "00009999" }, opening },
    ...{ closing: { ...closing, value_wh: 14_400_000, source: "removal" }, units_kwh: 126 },
  }],
  opening: { ...opening, read_at_ms: Date.parse("2026-04-16T11:00:00+05:30"), value_wh: 12_000 },
};

Deno.test("billView() tells of an estimate, a true-up, a change of meter, a rollover and the last bill", () => {
  const notices: [Inputs, RegExp, RegExp][] = [
    [ESTIMATED, /^Estimated bill$/, /set right with your next reading/],
    [TRUED, /^Set right$/, /The bills since .* were estimated.*gives those bills back/],
    [
      EXCHANGED,
      /^Meter changed$/,
      /Meter 00009999: from .* 126 units\. Meter 00113978 stands since 16/,
    ],
    [{ rollover: { capacity_wh: 100_000_000 } }, /^Register began anew$/, /counts to 1,00,000 kWh/],
    [{ final: true }, /^Final bill$/, /closes this account on/],
    [{ ...TRUED, final: true }, /^Set right · Final bill$/, /closes this account/],
  ];
  for (const [inputs, title, text] of notices) {
    const { notice } = billView(sampleBill("en", inputs));
    assert.match(notice!.title, title);
    assert.match(notice!.text, text);
    assert.equal(notice!.estimated, inputs === ESTIMATED);
    // Every sign of it is there in Marathi too, and the page is drawn.
    const marathi = billView(sampleBill("mr", inputs)).notice!;
    assert.doesNotMatch(marathi.text, /\{\}/);
    assert.match(marathi.text, /[\u0900-\u097f]/);
  }
  assert.equal(billView(sampleBill("en")).notice, null);
});

Deno.test("a changed or rolled over meter: the readings of the present one, and its own day", () => {
  const { readings } = billView(sampleBill("en", EXCHANGED));
  assert.deepEqual(readings.earlier, [{ plate: "00009999", units: "+ 126" }]);
  assert.deepEqual(billView(sampleBill("en")).readings.earlier, []);
  assert.match(readings.opening.date, /^16/);
  const rolled = { ...opening, value_wh: 99_900_000 };
  const view = billView(sampleBill("en", {
    ...{ opening: rolled, closing: { ...closing, value_wh: 150_000 } },
    rollover: { capacity_wh: 100_000_000 },
  }));
  assert.equal(view.readings.difference, "250.000");
});

Deno.test("a credit of an estimated bill is named in the customer's language", () => {
  const line = {
    code: "credit_estimated",
    description: "Credit of estimated bill MH/2026-27/000007, 251 kWh",
    ...{ units: null, rate: null, amount_paise: -500_000 },
  };
  const favour = (language: "en" | "mr"): BillDocument => {
    const bill = sampleBill(language, TRUED);
    const total_paise = bill.total_paise + line.amount_paise;
    return {
      ...{ ...bill, lines: [...bill.lines, line], total_paise },
      payable_paise: total_paise + bill.rounding_paise,
      amount_due_paise: total_paise + bill.rounding_paise,
    };
  };
  const marathi = billView(favour("mr"));
  assert.equal(
    marathi.lines.at(-1)!.description,
    "अंदाजे देयक MH/2026-27/000007 परत जमा (251 युनिट)",
  );
  // What is in the customer's favour asks for nothing: on the page, in the mail, in the text.
  const bill = favour("en");
  const view = billView(bill);
  assert.ok(bill.payable_paise < 0);
  assert.deepEqual([view.payable.label, view.payment], ["In your favour", null]);
  assert.doesNotMatch(view.payable.amount, /-/);
  assert.equal(smsValuesOf(bill).amount, "0");
  const letter = letterOf(bill, 1, "kshama@example.org", new Uint8Array());
  assert.match(letter.subject, /In your favour ₹ /);
  assert.match(letter.text, /In your favour: ₹ [\d,]+\.\d\d/);
});

Deno.test("a bill of which something was given back says so and asks for what is left", () => {
  for (const language of ["en", "mr"] as const) {
    const bill = payableBill(language);
    const credited = lessCredits(bill, 5_000);
    assert.equal(credited.amount_due_paise, bill.amount_due_paise - 5_000);
    assert.deepEqual(lessCredits(bill, 0), bill);
    assert.ok(renderBillPdf(credited).length < 100_000);
  }
});

Deno.test("a void bill says that it is, asks for nothing and has no code to pay by", () => {
  for (const language of ["en", "mr"] as const) {
    const bill = payableBill(language);
    assert.notEqual(billView(bill).payment, null);
    const { payable, payment, notice } = billView({ ...bill, withdrawn: true });
    assert.deepEqual([payable.amount, payable.due_label, payment], ["₹ 0", "", null]);
    assert.match(notice!.title, /^(Void bill|रद्द देयक)$/);
    assert.equal(notice!.caution, true);
    assert.ok(renderBillPdf({ ...bill, withdrawn: true }).length < 100_000);
  }
});

Deno.test("a mail says that its bill is estimated", () => {
  const letter = letterOf(sampleBill("en", ESTIMATED), 1, "a@example.org", new Uint8Array());
  assert.match(letter.text, /Estimated bill: No reading could be had/);
});

Deno.test("each kind of bill is drawn on its page", () => {
  for (const inputs of [ESTIMATED, { ...TRUED, ...EXCHANGED, final: true }]) {
    const pdf = renderBillPdf(sampleBill("mr", inputs));
    assert.ok(pdf.length > 10_000 && pdf.length < 100_000, `${pdf.length} bytes`);
  }
});

Deno.test("the chart of a true-up shows what was used in each of its months", () => {
  const { chart } = sampleBill("en", {
    ...{ units_kwh: 480, from: "2026-03-01", to: "2026-05-01", days: 61 },
    history: [
      { period: "2026-02", units_kwh: 200, days: 28 },
      { period: "2026-03", units_kwh: 251, days: 31, estimated: true },
    ],
    true_up: { ...TRUED.true_up!, estimated_to: "2026-04-01" },
  });
  assert.deepEqual(chart.map((bar) => bar.units_kwh), [200, 244, 236]);
});
