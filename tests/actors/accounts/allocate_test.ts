/** Which bill is paid by what, how old the rest is, and what paying late costs. */
import assert from "node:assert/strict";
import fc from "fast-check";
import { agingOf, daysOverdue } from "../../../actors/accounts/aging.ts";
import { allocate, type LedgerEntry, type LedgerKind } from "../../../actors/accounts/allocate.ts";
import { dueDates, reminderDays } from "../../../actors/accounts/due_days.ts";
import { lateChargeOf } from "../../../actors/accounts/late_charge.ts";

let ids = 0;
const entry = (
  kind: LedgerKind,
  amount_paise: number,
  value_date: string,
  of: { invoice_id?: number; reverses?: number; entry_id?: number } = {},
): LedgerEntry => ({
  entry_id: of.entry_id ?? ++ids,
  ...{ kind, amount_paise, value_date },
  ...{ invoice_id: of.invoice_id ?? null, reverses: of.reverses ?? null },
});

const APRIL = entry("invoice", 1_000, "2026-05-01", { invoice_id: 1 });
const MAY = entry("invoice", 500, "2026-06-01", { invoice_id: 2 });
const DUE = new Map([[1, "2026-05-22"], [2, "2026-06-22"]]);

const left = (entries: LedgerEntry[]) =>
  allocate(entries, DUE).items.map(({ outstanding_paise }) => outstanding_paise);

Deno.test("allocate() settles what fell due first, whatever order it was booked in", () => {
  const paid = entry("payment", -1_200, "2026-06-10");
  for (const entries of [[APRIL, MAY, paid], [MAY, paid, APRIL]]) {
    const { items, balance_paise, credit_paise } = allocate(entries, DUE);
    assert.deepEqual(items.map((one) => [one.invoice_id, one.outstanding_paise]), [
      [1, 0],
      [2, 300],
    ]);
    assert.deepEqual([balance_paise, credit_paise], [300, 0]);
  }
});

Deno.test("allocate() keeps what is paid too much as a credit, and takes it for the next bill", () => {
  const ahead = entry("payment", -1_300, "2026-05-05");
  assert.deepEqual(allocate([APRIL, ahead], DUE).credit_paise, 300);
  const { items, credit_paise } = allocate([APRIL, ahead, MAY], DUE);
  assert.equal(credit_paise, 0);
  assert.deepEqual(items.map((one) => one.outstanding_at_due_paise), [0, 200]);
});

Deno.test("allocate() gives a credit note to its own bill first, and the rest of it to the oldest", () => {
  const note = entry("credit_note", -400, "2026-06-02", { invoice_id: 2 });
  assert.deepEqual(left([APRIL, MAY, note]), [1_000, 100]);
  const large = entry("credit_note", -500, "2026-06-02", { invoice_id: 2 });
  const paid = entry("payment", -100, "2026-06-01");
  assert.deepEqual(left([APRIL, MAY, large, paid]), [900, 0]);
  const paidBefore = entry("payment", -1_500, "2026-06-01");
  assert.equal(allocate([APRIL, MAY, paidBefore, large], DUE).credit_paise, 500);
});

Deno.test("allocate() holds a credit note of a later day against nobody who had paid in time", () => {
  const paid = entry("payment", -1_000, "2026-05-20");
  const note = entry("credit_note", -400, "2026-05-24", { invoice_id: 1 });
  const [bill, next] = allocate([APRIL, paid, note, MAY], DUE).items;
  assert.deepEqual([bill!.outstanding_paise, bill!.outstanding_at_due_paise], [0, 0]);
  // What the note set free pays the next bill, in time.
  assert.deepEqual([next!.outstanding_paise, next!.outstanding_at_due_paise], [100, 100]);
  // Half was paid in time: the other half was left, whatever was given back after.
  const half = entry("payment", -500, "2026-05-20");
  assert.equal(allocate([APRIL, half, note], DUE).items[0]!.outstanding_at_due_paise, 500);
});

Deno.test("allocate() takes what was reversed as if it had never been", () => {
  const paid = entry("payment", -1_000, "2026-05-10");
  const back = entry("payment_reversal", 1_000, "2026-05-20", { reverses: paid.entry_id });
  const { items, balance_paise } = allocate([APRIL, paid, back], DUE);
  assert.deepEqual(items.map((one) => [one.kind, one.outstanding_at_due_paise]), [[
    "invoice",
    1_000,
  ]]);
  assert.equal(balance_paise, 1_000);
  const gone = entry("void", -1_000, "2026-05-20", { invoice_id: 1, reverses: APRIL.entry_id });
  assert.deepEqual(left([APRIL, gone, MAY]), [500]);
});

Deno.test("allocate() tells a payment on the due date from one a day later", () => {
  const at = (date: string) => allocate([APRIL, entry("payment", -1_000, date)], DUE).items[0]!;
  assert.equal(at("2026-05-22").outstanding_at_due_paise, 0);
  assert.equal(at("2026-05-23").outstanding_at_due_paise, 1_000);
  assert.equal(at("2026-05-23").outstanding_paise, 0);
});

Deno.test("allocate() loses and makes no paisa, and leaves no older bill open for a newer one", () => {
  const date = fc.integer({ min: 1, max: 28 }).map((day) =>
    `2026-05-${String(day).padStart(2, "0")}`
  );
  const one = fc.record({ owed: fc.boolean(), paise: fc.integer({ min: 1, max: 500 }), date });
  fc.assert(fc.property(fc.array(one, { maxLength: 30 }), (rows) => {
    const entries = rows.map(({ owed, paise, date }, at) =>
      owed
        ? entry("invoice", paise, date, { invoice_id: at, entry_id: at + 1 })
        : entry("payment", -paise, date, { entry_id: at + 1 })
    );
    const due = new Map(rows.map(({ date }, at) => [at, date]));
    const { items, credit_paise, balance_paise } = allocate(entries, due);
    const open = items.reduce((sum, { outstanding_paise }) => sum + outstanding_paise, 0);
    assert.equal(open - credit_paise, balance_paise);
    assert.ok(open === 0 || credit_paise === 0);
    const first = items.findIndex(({ outstanding_paise }) => outstanding_paise > 0);
    if (first < 0) return;
    for (const item of items.slice(first + 1)) {
      assert.equal(item.outstanding_paise, item.amount_paise);
    }
    for (const item of items) {
      assert.ok(
        item.outstanding_paise >= 0 && item.outstanding_at_due_paise >= item.outstanding_paise,
      );
    }
  }));
});

Deno.test("agingOf() puts what is outstanding into its days, from the day after the due date", () => {
  assert.deepEqual([
    daysOverdue("2026-05-22", "2026-05-22"),
    daysOverdue("2026-05-22", "2026-05-23"),
  ], [
    ...[0, 1],
  ]);
  const bills = [
    ["2026-02-20", 1],
    ["2026-02-21", 2],
    ["2026-03-23", 4],
    ["2026-04-22", 8],
    ["2026-05-21", 16],
    ["2026-05-22", 32],
  ] as const;
  const entries = bills.map(([date, paise]) => entry("adjustment", paise, date));
  assert.deepEqual(agingOf(allocate(entries, new Map()), "2026-05-22"), {
    ...{ not_due: 32, days_1_30: 24, days_31_60: 4, days_61_90: 2, days_over_90: 1 },
    ...{ overdue_paise: 31, oldest_due_on: "2026-02-20" },
  });
});

const RULE = {
  ...{ code: "dpc", description: "Delayed payment charge 1.25 %", percent_hundredths: 125 },
  ...{ of: ["total"], cap_paise: null, when: "paid_late", enabled: true } as const,
};
const BILL = { settlement: [{ ...RULE, of: ["total"] }], lines: [], total_paise: 295_336 };

Deno.test("lateChargeOf() charges what was left when the due date was over, and only where it is on", () => {
  const billed = entry("invoice", 295_000, "2026-05-01", { invoice_id: 1 });
  const item = (...paid: LedgerEntry[]) => allocate([billed, ...paid], DUE).items[0]!;
  assert.deepEqual(lateChargeOf(item(), BILL), {
    amount_paise: 3_692, // 1.25 % of 2953.36 is 36.917
    description: "Delayed payment charge 1.25 %",
  });
  // Half was paid in time, the other half after: the half is charged.
  const half = [entry("payment", -147_500, "2026-05-22"), entry("payment", -147_500, "2026-05-23")];
  assert.equal(lateChargeOf(item(...half), BILL)?.amount_paise, 1_846);
  assert.equal(lateChargeOf(item(entry("payment", -295_000, "2026-05-22")), BILL), null);
  const off = { ...BILL, settlement: [{ ...RULE, of: ["total"], enabled: false }] };
  assert.equal(lateChargeOf(item(), off), null);
  const prompt = {
    ...BILL,
    settlement: [{ ...RULE, of: ["total"], when: "paid_promptly" as const }],
  };
  assert.equal(lateChargeOf(item(), prompt), null);
});

Deno.test("lateChargeOf() charges a true-up on what it asks for, not on what estimated bills did", () => {
  const billed = entry("invoice", 2_000, "2026-05-01", { invoice_id: 1 });
  const [item] = allocate([billed], DUE).items;
  const lines = [
    ...[{ code: "energy", amount_paise: 9_000 }, { code: "duty", amount_paise: 1_000 }],
    { code: "credit_estimated", amount_paise: -8_000 },
  ];
  const settlement = [{ ...RULE, percent_hundredths: 1_000, of: ["energy"] }];
  // 90 % of 20.00, of that 10 %.
  const charge = lateChargeOf(item!, { settlement, lines, total_paise: 2_000 });
  assert.equal(charge?.amount_paise, 180);
});

Deno.test("reminderDays() and dueDates(): days from the due date", () => {
  assert.deepEqual(reminderDays("off"), []);
  assert.deepEqual(reminderDays("+10, -3,2"), [-3, 2, 10]);
  for (const wrong of ["", "x", "3,3", "61", "1,2,3,4,5,6,7,8,9", "-0,0"]) {
    assert.equal(reminderDays(wrong), null, wrong);
  }
  assert.deepEqual(dueDates({ offset_days: -3, late_days: 1 }, "2026-05-19"), {
    ...{ first: "2026-05-21", last: "2026-05-22" },
  });
  assert.deepEqual(dueDates({ offset_days: 2, late_days: 0 }, "2026-05-24"), {
    ...{ first: "2026-05-22", last: "2026-05-22" },
  });
});
