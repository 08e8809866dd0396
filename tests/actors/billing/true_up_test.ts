import assert from "node:assert/strict";
import fc from "fast-check";
import type { Bill } from "../../../actors/billing/bill.ts";
import { quoteBill, standingPaise } from "../../../actors/billing/bill_quote.ts";
import { datePlus } from "../../../actors/billing/calendar.ts";
import { type Cycle, newCycle, receive } from "../../../actors/billing/cycle.ts";
import { historyOf } from "../../../actors/billing/estimate.ts";
import type { CycleFacts, HistoryFact, OpenEstimate } from "../../../actors/billing/facts.ts";
import { CYCLE_RULES } from "../../../actors/billing/rules.ts";
import { tariffOf } from "../../../actors/billing/tariff/catalogue.ts";
import { startOfIndianDate_ms } from "../../../protocol/indian_time.ts";
import { at, candidate, facts, installation } from "./cycle_fixture.ts";

/** 720 kWh in 89 days. */
const HISTORY: HistoryFact[] = [
  { period: "2026-02", units_kwh: 210, days: 28, estimated: false },
  { period: "2026-03", units_kwh: 240, days: 31, estimated: false },
  { period: "2026-04", units_kwh: 270, days: 30, estimated: false },
];
const MAY_OVER = at("2026-06-02T10:00:00+05:30");
const JUNE_END = at("2026-06-30T18:00:00+05:30");

/** The last actual reading: 2000.9 kWh in the evening of 30 April. */
function world(change: Partial<CycleFacts> = {}): CycleFacts {
  const opening = {
    ...{ read_at_ms: at("2026-04-30T18:00:00+05:30"), value_wh: 2_000_900 },
    source: "frame" as const,
  };
  return facts({ installations: [installation({ opening })], history: HISTORY, ...change });
}

function issuedBy(effects: ReturnType<typeof receive>, cycle: Cycle): Bill {
  const [effect] = effects;
  assert.ok(effect?.effect === "issue", cycle.reason ?? cycle.state);
  return effect.bill;
}

/** The month is over, no reading came, and the deadline passes. */
function estimated(given: CycleFacts, period = "2026-05", now = MAY_OVER): Bill {
  const cycle = newCycle("A1", period);
  receive(cycle, { message: "close", requested_at_ms: now, facts: given }, now);
  const due = cycle.deadline_at_ms!;
  assert.equal(due, now + CYCLE_RULES.estimate_after_ms!);
  assert.deepEqual(receive(cycle, { message: "deadline", facts: given }, due - 1), []);
  return issuedBy(receive(cycle, { message: "deadline", facts: given }, due), cycle);
}

function openOf({ inputs }: Bill, number: string): OpenEstimate {
  const { period, from, to, units_kwh, closing, estimate } = inputs;
  return {
    ...{ number, period, from, to, units_kwh },
    closing_read_at_ms: closing.read_at_ms,
    closing_wh: closing.value_wh,
    creditable_paise: estimate!.creditable_paise,
  };
}

function historyWith(bill: Bill): HistoryFact {
  const { period, units_kwh, days, estimate } = bill.inputs;
  return { period, units_kwh, days, estimated: estimate !== undefined };
}

/** The first actual reading after `open`. */
function trueUp(given: CycleFacts, period: string, read_at_ms: number, value_wh: number): Bill {
  const cycle = newCycle("A1", period);
  const now = read_at_ms + 60_000;
  receive(cycle, { message: "close", requested_at_ms: read_at_ms - 1_000, facts: given }, now);
  const reading = candidate({ read_at_ms, value_wh, arrived_at_ms: now });
  return issuedBy(
    receive(cycle, { message: "reading", candidate: reading, facts: given }, now),
    cycle,
  );
}

const amounts = (bill: Bill) =>
  bill.quote.lines.filter(({ code }) => code !== "fac").map((
    { code, amount_paise },
  ) => [code, amount_paise]);

Deno.test("a month without a reading is estimated at its deadline by the mean of three months", () => {
  const bill = estimated(world());
  const { inputs, quote } = bill;
  // 720 kWh x 31 days / 89 days = 250.79.
  assert.deepEqual([inputs.from, inputs.to, inputs.units_kwh], ["2026-04-30", "2026-05-31", 251]);
  assert.equal(inputs.estimate!.status, "reading_not_taken");
  assert.deepEqual(inputs.estimate!.months.map((one) => [one.period, one.days]), [
    ["2026-02", 28],
    ["2026-03", 31],
    ["2026-04", 30],
  ]);
  assert.deepEqual([inputs.closing.source, inputs.closing.value_wh], ["estimate", 2_251_900]);
  // 1.03 months: 103 x 3.96, 148 x 10.80; 251 x 1.60; 16 % of 2537.88; 2943.94 to the nearest 10.
  assert.deepEqual(amounts(bill), [
    ["energy", 40_788],
    ["energy", 159_840],
    ["wheeling", 40_160],
    ["fixed", 13_000],
    ["duty", 40_606],
    ["rounding", -394],
  ]);
  assert.equal(quote.payable_paise, 294_000);
  // All but 130.00 and 16 % of it.
  assert.equal(inputs.estimate!.creditable_paise, 294_000 - 15_080);
});

Deno.test("the next actual reading bills the real use of the span and credits the estimate", () => {
  const may = estimated(world());
  const given = world({
    open_estimates: [openOf(may, "MH/2026-27/000007")],
    history: [...HISTORY, historyWith(may)],
  });
  const bill = trueUp(given, "2026-06", JUNE_END, 2_480_900);
  const { inputs, quote } = bill;
  assert.deepEqual([inputs.from, inputs.to, inputs.days, inputs.units_kwh], [
    ...["2026-04-30", "2026-06-30"],
    ...[61, 480],
  ]);
  assert.equal(inputs.true_up!.estimated_to, "2026-05-31");
  // 2.03 months: 203 x 3.96, 277 x 10.80; 480 x 1.60; 16 % of 4563.48; June's 130.00 and its duty.
  assert.deepEqual(amounts(bill), [
    ["energy", 80_388],
    ["energy", 299_160],
    ["wheeling", 76_800],
    ["duty", 73_016],
    ["fixed", 13_000],
    ["duty", 2_080],
    ["credit_estimated", -278_920],
    ["rounding", 476],
  ]);
  assert.equal(quote.payable_paise, 266_000);
  // The chart shows what was used: 480 kWh in 31 and 30 days, nothing estimated any more.
  const july = world({ history: [...given.history, historyWith(bill)] });
  assert.deepEqual(historyOf(july).slice(-2), [
    { period: "2026-05", units_kwh: 244, days: 31 },
    { period: "2026-06", units_kwh: 236, days: 30 },
  ]);
});

Deno.test("a true-up of less than was estimated is below zero, and is the customer's credit", () => {
  const may = estimated(world());
  const balance = { before_paise: 294_000, payments_paise: 294_000 };
  const given = world({ open_estimates: [openOf(may, "MH/2026-27/000007")], balance });
  const { inputs, quote } = trueUp(given, "2026-06", JUNE_END, 2_060_900);
  assert.ok(quote.payable_paise < 0);
  assert.equal(inputs.balance!.amount_due_paise, quote.payable_paise);
  const sum = quote.lines.reduce((total, line) => total + line.amount_paise, 0);
  assert.equal(sum, quote.payable_paise);
});

Deno.test("after three estimated bills in a row the meter must be read", () => {
  const open: OpenEstimate[] = [];
  const history = [...HISTORY];
  let from = "2026-05";
  for (
    const [period, now] of [
      ["2026-05", MAY_OVER],
      ["2026-06", at("2026-07-02T10:00:00+05:30")],
      ["2026-07", at("2026-08-02T10:00:00+05:30")],
    ] as const
  ) {
    const bill = estimated(world({ open_estimates: open, history }), period, now);
    // Each begins where the one before ended, and estimates nothing from an estimate.
    assert.equal(bill.inputs.from.slice(0, 7), open.length === 0 ? "2026-04" : from);
    assert.deepEqual(bill.inputs.estimate!.months.map((one) => one.units_kwh), [210, 240, 270]);
    open.push(openOf(bill, `X/${open.length}`));
    history.push(historyWith(bill));
    from = period;
  }
  const given = world({ open_estimates: open, history });
  const cycle = newCycle("A1", "2026-08");
  const now = at("2026-09-02T10:00:00+05:30");
  receive(cycle, { message: "close", requested_at_ms: now, facts: given }, now);
  assert.deepEqual(
    receive(cycle, { message: "deadline", facts: given }, cycle.deadline_at_ms!),
    [],
  );
  assert.equal(cycle.state, "parked");
  assert.match(cycle.reason!, /3 estimated bills in a row: the meter must be read/);
});

Deno.test("nothing is estimated where no actual use is known: a person is needed", () => {
  const given = world({ history: [] });
  const cycle = newCycle("A1", "2026-05");
  receive(cycle, { message: "close", requested_at_ms: MAY_OVER, facts: given }, MAY_OVER);
  receive(cycle, { message: "deadline", facts: given }, cycle.deadline_at_ms!);
  assert.equal(cycle.state, "parked");
  assert.match(cycle.reason!, /no month with actual use to estimate from/);
});

Deno.test("a silent meter is asked again with growing patience, six times in all, then estimated", () => {
  const asked_at = at("2026-05-30T18:00:00+05:30");
  const given = world();
  const cycle = newCycle("A1", "2026-05");
  let effects = receive(
    cycle,
    { message: "close", requested_at_ms: asked_at, facts: given },
    asked_at,
  );
  const waits: number[] = [];
  let now = asked_at;
  while (effects[0]?.effect === "ask") {
    waits.push((cycle.deadline_at_ms! - now) / 60_000);
    now = cycle.deadline_at_ms!;
    effects = receive(cycle, { message: "deadline", facts: given }, now);
  }
  assert.deepEqual(waits, [15, 30, 60, 120, 240, 480]);
  assert.match(cycle.reason!, /was asked at .* and has not answered/);
  assert.equal(cycle.deadline_at_ms, asked_at + CYCLE_RULES.estimate_after_ms!);
  const bill = issuedBy(
    receive(cycle, { message: "deadline", facts: given }, cycle.deadline_at_ms!),
    cycle,
  );
  // An estimate is of its own month, however late it is made.
  assert.equal(bill.inputs.to, "2026-05-31");
});

Deno.test("a person may have a parked cycle estimated, and says why", () => {
  const cycle: Cycle = { ...newCycle("A1", "2026-05"), state: "parked", reason: "went back" };
  const message = { message: "estimate", status: "faulty", facts: world() } as const;
  const bill = issuedBy(receive(cycle, message, MAY_OVER), cycle);
  assert.equal(bill.inputs.estimate!.status, "faulty");
  const billed: Cycle = { ...newCycle("A1", "2026-05"), state: "issued" };
  assert.throws(() => receive(billed, message, MAY_OVER), /has a bill or a draft/);
});

Deno.test("estimates and their true-up: each month's fixed charge once, and the energy of the span", () => {
  const days = fc.integer({ min: 28, max: 32 });
  const shape = fc.record({
    months: fc.array(days, { minLength: 1, maxLength: 3 }),
    own: days,
    used: fc.integer({ min: 0, max: 4_000 }),
    usual: fc.integer({ min: 0, max: 1_500 }),
    phase: fc.constantFrom(1 as const, 3 as const),
    municipal: fc.boolean(),
  });
  const document = tariffOf("msedcl-lt-1b");
  fc.assert(
    fc.property(shape, ({ months, own, used, usual, phase, municipal }) => {
      const account = { ...facts().account, phase, municipal, sanctioned_load_w: 0 };
      const open: OpenEstimate[] = [];
      let [from, standing, paid] = ["2026-04-30", 0, 0];
      for (const [i, length] of months.entries()) {
        const to = datePlus(from, length);
        const use = { from, to, units_kwh: usual + i, account };
        const { payable_paise } = quoteBill(document, use);
        standing += standingPaise(document, use);
        paid += payable_paise;
        open.push({
          ...{ number: `X/${i}`, period: to.slice(0, 7), from, to, units_kwh: usual + i },
          ...{ closing_read_at_ms: startOfIndianDate_ms(to), closing_wh: 0 },
          creditable_paise: payable_paise - standingPaise(document, use),
        });
        from = to;
      }
      const to = datePlus(from, own);
      const estimated = open.map(({ number, period, units_kwh, creditable_paise }) => ({
        ...{ number, period, units_kwh },
        credited_paise: creditable_paise,
      }));
      const span = { from: "2026-04-30", to, units_kwh: used, account };
      const quoted = quoteBill(document, { ...span, true_up: { estimated_to: from, estimated } });
      standing += standingPaise(document, { ...span, from });
      // What is asked for in all: the real use of the span, and each month's standing charges once.
      const use_paise = quoted.lines.slice(0, quoted.lines.findIndex((one) => one.code === "fixed"))
        .reduce((sum, line) => sum + line.amount_paise, 0);
      assert.equal(paid + quoted.total_paise, use_paise + standing);
      const units = quoted.lines.filter((line) => line.code === "energy")
        .reduce((sum, line) => sum + line.units!, 0);
      assert.equal(units, used);
      const fixed = quoted.lines.filter((line) => line.code === "fixed");
      const month = (phase === 1 ? 13_000 : 43_500) + (municipal ? 1_000 : 0);
      assert.deepEqual(fixed.map((line) => line.amount_paise), [month]);
      assert.equal(quoted.payable_paise, quoted.lines.reduce((sum, l) => sum + l.amount_paise, 0));
    }),
    { numRuns: 300 },
  );
});
