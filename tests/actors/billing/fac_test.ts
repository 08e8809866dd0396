import assert from "node:assert/strict";
import type { Bill } from "../../../actors/billing/bill.ts";
import { quoteBill } from "../../../actors/billing/bill_quote.ts";
import { newCycle, receive } from "../../../actors/billing/cycle.ts";
import { checkFac } from "../../../actors/billing/fac.ts";
import type { CycleFacts, FacFact } from "../../../actors/billing/facts.ts";
import { tariffOf } from "../../../actors/billing/tariff/catalogue.ts";
import { invoiceInputs } from "../../../protocol/messages/invoice_inputs.ts";
import { at, candidate, facts, installation } from "./cycle_fixture.ts";

const MAY = { month: "2026-05", rates: [1_000, 2_000, 3_000, 4_000], source: "Circular 7, page 2" };
const JUNE = { month: "2026-06", rates: [3_000], source: "Circular 8, page 1" };

/** The last actual reading: 2000.9 kWh in the evening of 30 April. */
function world(fac: readonly FacFact[], change: Partial<CycleFacts> = {}): CycleFacts {
  const opening = {
    ...{ read_at_ms: at("2026-04-30T18:00:00+05:30"), value_wh: 2_000_900 },
    source: "frame" as const,
  };
  const history = [{ period: "2026-04", units_kwh: 243, days: 30, estimated: false }];
  return facts({ installations: [installation({ opening })], history, fac, ...change });
}

function billed(given: CycleFacts, period: string, closed: string, value_wh: number) {
  const read_at_ms = at(closed);
  const cycle = newCycle("A1", period);
  receive(
    cycle,
    { message: "close", requested_at_ms: read_at_ms - 1_000, facts: given },
    read_at_ms,
  );
  const reading = candidate({ read_at_ms, arrived_at_ms: read_at_ms, value_wh });
  const [effect] = receive(
    cycle,
    { message: "reading", candidate: reading, facts: given },
    read_at_ms,
  );
  return { cycle, bill: effect?.effect === "issue" ? effect.bill : null };
}

/** As the bill is explained: from what it kept. */
function again({ inputs }: Bill) {
  return quoteBill(inputs.tariff_document, invoiceInputs.parse(JSON.parse(JSON.stringify(inputs))));
}

const sums = ({ quote }: Bill) =>
  quote.lines.map(({ code, units, amount_paise }) => [code, units, amount_paise]);

Deno.test("a bill has the fuel adjustment of its month, slab by slab, and keeps where it stands", () => {
  const { bill } = billed(world([JUNE, MAY]), "2026-05", "2026-05-31T18:00:00+05:30", 2_250_900);
  // 1.03 months: 103 x 3.96, 147 x 10.80; 250 x 1.60; 103 x 0.10, 147 x 0.20; 16 % of 2565.18.
  assert.deepEqual(
    sums(bill!),
    [
      ["energy", 103, 40_788],
      ["energy", 147, 158_760],
      ["wheeling", 250, 40_000],
      ["fac", 103, 1_030],
      ["fac", 147, 2_940],
      ["fixed", null, 13_000],
      ["duty", null, 41_043],
      ["rounding", null, 439],
    ].toSorted((a, b) => orderOf(a) - orderOf(b)),
  );
  assert.deepEqual([bill!.quote.total_paise, bill!.quote.payable_paise], [297_561, 298_000]);
  assert.deepEqual(bill!.inputs.fac, [{ ...MAY, from: "2026-04-30" }]);
  assert.match(bill!.quote.lines.find(({ code }) => code === "fac")!.clause, /Circular 7, page 2/);
  assert.doesNotMatch(bill!.quote.lines[0]!.clause, /Circular/);
  assert.deepEqual(again(bill!), bill!.quote);
});

/** As the tariff has its charges. */
function orderOf([code]: (string | number | null)[]): number {
  const codes = tariffOf("msedcl-lt-1b").versions.at(-1)!.charges.map((charge) => charge.code);
  return codes.includes(String(code)) ? codes.indexOf(String(code)) : codes.length;
}

Deno.test("a month that nobody entered has no fuel adjustment, and its bill says nothing of it", () => {
  const { bill } = billed(world([JUNE]), "2026-05", "2026-05-31T18:00:00+05:30", 2_250_900);
  assert.equal("fac" in bill!.inputs, false);
  assert.equal(
    bill!.quote.lines.reduce(
      (sum, { code, amount_paise }) => code === "fac" ? sum + amount_paise : sum,
      0,
    ),
    0,
  );
});

Deno.test("a cycle that a rate change cuts has the fuel adjustment of its own month in both parts", () => {
  const given = facts({ fac: [{ month: "2026-04", rates: [5_000], source: "Circular 6" }] });
  const { bill } = billed(given, "2026-04", "2026-04-30T18:00:02+05:30", 1_250_100);
  assert.equal(bill!.quote.parts.length, 2);
  const fac = bill!.quote.lines.filter(({ code }) => code === "fac");
  assert.equal(fac.reduce((sum, { amount_paise }) => sum + amount_paise, 0), 250 * 50);
});

Deno.test("a true-up bills each month's days with the fuel adjustment of that month", () => {
  const estimate = {
    ...{ number: "MH/2026-27/000007", period: "2026-05", from: "2026-04-30", to: "2026-05-31" },
    ...{ units_kwh: 251, closing_read_at_ms: at("2026-05-31T23:59:00+05:30") },
    ...{ closing_wh: 2_251_900, creditable_paise: 278_920 },
  };
  const may = { ...MAY, rates: [1_000] };
  const given = world([may, JUNE], { open_estimates: [estimate] });
  const { bill } = billed(given, "2026-06", "2026-06-30T18:00:00+05:30", 2_480_900);
  assert.deepEqual(bill!.inputs.fac, [
    { ...may, from: "2026-04-30" },
    { ...JUNE, from: "2026-05-31" },
  ]);
  // 480 kWh in 61 days: 244 in the 31 of May at 0.10, 236 in the 30 of June at 0.30.
  assert.deepEqual(
    sums(bill!).filter(([code, units]) => code === "fac" && units !== 0),
    [["fac", 103, 1_030], ["fac", 141, 1_410], ["fac", 100, 3_000], ["fac", 136, 4_080]],
  );
  assert.deepEqual(again(bill!), bill!.quote);
  // The same in both months cuts nothing: the slabs are those of the whole span.
  const same = world([may, { ...JUNE, rates: [1_000] }], { open_estimates: [estimate] });
  const whole = billed(same, "2026-06", "2026-06-30T18:00:00+05:30", 2_480_900);
  assert.equal(whole.bill!.quote.parts.length, 1);
});

Deno.test("an estimated bill has the fuel adjustment of its month, and it is given back with the rest", () => {
  const bills = [world([]), world([{ ...MAY, rates: [1_000] }])].map((given) => {
    const now = at("2026-06-02T10:00:00+05:30");
    const cycle = newCycle("A1", "2026-05");
    const [effect] = receive(cycle, {
      ...{ message: "estimate", status: "locked", facts: given } as const,
    }, now);
    assert.ok(effect?.effect === "issue", cycle.reason ?? "");
    return effect.bill;
  });
  const [without, having] = bills;
  assert.equal(having!.inputs.units_kwh, 251);
  assert.deepEqual(having!.inputs.fac?.map(({ month }) => month), ["2026-05"]);
  // 251 x 0.10 = 25.10 and 16 % of it, both before the rounding to 10 rupees.
  const more = having!.quote.total_paise - without!.quote.total_paise;
  assert.ok(Math.abs(more - 2_912) <= 1, String(more));
  const credits = bills.map(({ inputs }) => inputs.estimate!.creditable_paise);
  const payable = bills.map(({ quote }) => quote.payable_paise);
  assert.equal(credits[1]! - credits[0]!, payable[1]! - payable[0]!);
});

Deno.test("rates that do not fit the slabs are refused, and what is billed with them parks", () => {
  const lt1b = tariffOf("msedcl-lt-1b");
  checkFac(lt1b, "2026-05", [0, 1, 2, 3]);
  checkFac(lt1b, "2026-05", [5_000]);
  assert.throws(() => checkFac(lt1b, "2026-05", [1, 2, 3]), /3 FAC rates for 4 slabs of msedcl/);
  assert.throws(() => checkFac(lt1b, "2026-05", []), /one rate/);
  assert.throws(() => checkFac(lt1b, "2026-05", [1_000_001]), /from 0 to 100/);
  assert.throws(() => checkFac(lt1b, "2019-05", [1]), /knows no 2019-05/);
  assert.throws(() => checkFac(tariffOf("karnataka-lt-1"), "2026-05", [1]), /no fuel adjustment/);
  const three = world([{ ...MAY, rates: [1, 2, 3] }]);
  const { cycle, bill } = billed(three, "2026-05", "2026-05-31T18:00:00+05:30", 2_250_900);
  assert.equal(bill, null);
  assert.match(cycle.reason!, /3 FAC rates for 4 slabs/);
});
