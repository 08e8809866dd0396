/** Bills of every kind explained: computed again to the paisa, led back to readings, frames and bills. */
import assert from "node:assert/strict";
import { tariffs } from "../../../actors/billing/tariff/catalogue.ts";
import { type Bill, billOf, estimatedBillOf } from "../../../actors/billing/bill.ts";
import type { CandidateReading } from "../../../actors/billing/facts.ts";
import { segmentOf } from "../../../actors/billing/segments.ts";
import { ENERGY } from "../../../streams/database/readings.ts";
import { explain, type Explanation } from "../../../streams/billing/explain.ts";
import {
  type ExplainLinks,
  linksOf,
  NO_LINKS,
  readingKey,
} from "../../../streams/billing/explain_links.ts";
import { explanationText } from "../../../streams/billing/explain_text.ts";
import { findInvoice, type InvoiceSheet, invoiceSheet } from "../../../streams/billing/invoices.ts";
import { stepCycle } from "../../../streams/billing/step.ts";
import { at, facts, installation, NOW } from "../../actors/billing/cycle_fixture.ts";
import { withDatabase } from "../../support/database.ts";
import { issueBill } from "../delivery/issued.ts";
import { addReading, contextOf } from "./fixture.ts";
import { displayWidth } from "../../../streams/terminal/table.ts";

const OPENED = at("2026-03-31T18:00:00+05:30");
const TERMS = { period: "2026-04", issued_at_ms: NOW, due_days: 21, tariffs: tariffs() };

function candidate(change: Partial<CandidateReading["reading"]> = {}): CandidateReading {
  return {
    reading: {
      ...{ read_at_ms: NOW + 2_000, value_wh: 1_250_100, source: "frame" as const },
      ...{ frame_sequence: 71, journal_sequence: 31, sealed_at_ms: NOW + 2_080 },
      ...{ arrived_at_ms: NOW + 2_200, second_found_s: NOW / 1_000 + 2, trials: 1 },
      ...{ clock_quality: 2, clock_offset_ms: -120, quality: "measured" as const },
      checks: [
        { rule: "negative_use", outcome: "passed" as const, detail: "250 kWh" },
        { rule: "spike", outcome: "passed" as const, detail: "far below" },
        { rule: "frozen", outcome: "not_applicable" as const, detail: "too few" },
      ],
      ...change,
    },
    flags: [],
    went_back_at_ms: null,
  };
}

/** What the office would read back of a bill that was issued. */
function explained(bill: Bill, links: ExplainLinks = NO_LINKS, change: Partial<InvoiceSheet> = {}) {
  const { inputs, quote, issued_at_ms } = bill;
  const sheet: InvoiceSheet = {
    ...{ invoice_id: 1, number: "MH/2026-27/000001", account_id: "A1", period: inputs.period },
    ...{ cycle_id: 1, state: "issued", issued_at: new Date(issued_at_ms), due_on: inputs.due_on },
    ...{ total_paise: quote.total_paise, rounding_paise: quote.rounding_paise },
    ...{ payable_paise: quote.payable_paise, void_reason: null, inputs, notifications: [] },
    ...{ lines: quote.lines, credits: [] },
    ...change,
  };
  return explain(sheet, JSON.parse(JSON.stringify(inputs)), links);
}

const textOf = (of: Explanation, width = 100) => explanationText(of, width);

Deno.test("explain() leads readings to their frames, the meter's clock then, and the checks", () => {
  const bill = billOf(facts(), [segmentOf(installation(), candidate(), 0.1)], TERMS);
  const frame = { ...candidate().reading, frame_sequence: 9, journal_sequence: 4 };
  const links = {
    ...NO_LINKS,
    frames: new Map([[readingKey("M1", OPENED), frame]]),
    closed: new Map([[readingKey("M1", OPENED), {
      ...{ number: "MH/2025-26/000009", period: "2026-03", state: "issued" },
    }]]),
  };
  const of = explained(bill, links);
  assert.equal(of.recomputed_equal, true);
  const { opening, closing } = of.segments[0]!;
  assert.deepEqual([opening.frame_sequence, opening.frame_looked_up], [9, true]);
  assert.deepEqual([closing.frame_sequence, closing.frame_looked_up], [71, false]);
  const text = textOf(of);
  assert.match(text, /Opening +1000\.900 kWh at 2026-03-31 18:00:00, from a sealed frame\n/);
  assert.match(text, /it closed bill MH\/2025-26\/000009/);
  assert.match(text, /frame 9 in FRAMES, journal record 4 \(by the table of readings\)/);
  assert.match(text, /frame 71 in FRAMES, journal record 31\n/);
  assert.match(text, /sealed 18:00:02\.080, arrived 18:00:02\.200/);
  assert.match(text, /key of second \d+ \(18:00:02\), trial 1/);
  assert.match(text, /clock was 0\.120 s behind ours, the way included; the clock synchronised/);
  assert.match(text, /passed negative use, spike\n/);
  assert.match(text, /did not apply: frozen/);
  assert.match(text, /1250 - 1000 = 250 kWh/);
  assert.match(text, /the same, to the paisa/);
});

Deno.test("explain() says what each line is computed from, by the tariff's own kinds", () => {
  const of = explained(billOf(facts(), [segmentOf(installation(), candidate(), 0.1)], TERMS));
  const bases = new Map(of.lines.map(({ code, basis }) => [code, basis]));
  assert.deepEqual(Object.fromEntries(bases), {
    ...{ fixed: "days", energy: "readings", wheeling: "readings", fac: "readings" },
    ...{ duty: "lines", rounding: "total" },
  });
  assert.ok(of.lines.slice(0, -1).every(({ clause }) => clause !== ""));
});

Deno.test("explain() adds up the meters of a cycle, and a register that began anew", () => {
  const taken_ms = at("2026-04-12T10:00:00+05:30");
  const old = installation({ multiplying_factor: 2 });
  const opening = { read_at_ms: taken_ms, value_wh: 99_990_000, source: "installation" as const };
  const fresh = installation({
    ...{ meter_id: "M2", serial_number: "S2", installed_at_ms: taken_ms, opening },
    register_digits: 5,
  });
  const last = candidate({ read_at_ms: taken_ms, value_wh: 1_050_000, source: "removal" });
  const bill = billOf(
    facts({ installations: [old, fresh] }),
    [segmentOf(old, last, 0.1), segmentOf(fresh, candidate({ value_wh: 20_000 }), 0.1)],
    TERMS,
  );
  const of = explained(bill);
  assert.equal(of.recomputed_equal, true);
  assert.deepEqual(of.segments.map(({ formula }) => formula), [
    "1050 - 1000, times 2 = 100 kWh",
    "20 + 100000 (began anew) - 99990 = 30 kWh",
  ]);
  assert.equal(of.units.formula, "100 + 30 = 130 kWh");
  assert.match(
    textOf(of),
    /Meter M1 \(number S1, register times 2\)[^]*noted when the meter was taken/,
  );
});

const HISTORY = [1, 2, 3].map((month) => ({
  ...{ period: `2026-0${month}`, units_kwh: 300, days: 30, estimated: false },
}));

Deno.test("explain() tells what an estimate is made of, and what is given back of it", () => {
  const bill = estimatedBillOf(
    ...[facts({ history: HISTORY }), [installation()], TERMS] as const,
    { status: "locked", at_ms: NOW },
  );
  const of = explained(bill);
  assert.equal(of.recomputed_equal, true);
  assert.equal(of.units.formula, "900 kWh in 90 days, times 30 days = 300 kWh");
  const text = textOf(of);
  assert.match(text, /ESTIMATE no reading \(meter locked\)/);
  assert.match(text, /2026-02: 300 kWh in 30 days/);
  assert.match(text, /estimated: no reading/);
});

function trueUp() {
  const estimate = estimatedBillOf(
    ...[facts({ history: HISTORY }), [installation()], TERMS] as const,
    { status: "locked", at_ms: NOW },
  );
  const { inputs } = estimate;
  const open_estimates = [{
    ...{ number: "MH/2026-27/000001", period: "2026-04", from: inputs.from, to: inputs.to },
    ...{ units_kwh: inputs.units_kwh, closing_read_at_ms: inputs.closing.read_at_ms },
    ...{ closing_wh: inputs.closing.value_wh, creditable_paise: inputs.estimate!.creditable_paise },
  }];
  const read_at_ms = at("2026-05-31T18:00:00+05:30");
  return billOf(
    facts({ history: HISTORY, open_estimates }),
    [segmentOf(installation(), candidate({ read_at_ms, value_wh: 1_500_900 }), 0.1)],
    { ...TERMS, period: "2026-05", issued_at_ms: read_at_ms },
  );
}

Deno.test("explain() leads a true-up to the estimated bills that it gives back", () => {
  const links = {
    ...NO_LINKS,
    estimated: new Map([["MH/2026-27/000001", {
      ...{ number: "MH/2026-27/000001", period: "2026-04", state: "issued" },
    }]]),
  };
  const of = explained(trueUp(), links, { number: "MH/2026-27/000002" });
  assert.equal(of.recomputed_equal, true);
  const credit = of.lines.find(({ code }) => code === "credit_estimated")!;
  assert.equal(credit.basis, "bill");
  assert.equal(credit.amount_paise, -of.true_up!.estimated[0]!.credited_paise);
  assert.match(textOf(of), /bill MH\/2026-27\/000001 \(2026-04, 300 kWh, issued\): [\d,.]+ rupees/);
});

Deno.test("explain() sees a bill that is not what its inputs give", () => {
  const bill = billOf(facts(), [segmentOf(installation(), candidate(), 0.1)], TERMS);
  const [first, ...rest] = bill.quote.lines;
  const lines = [{ ...first!, amount_paise: first!.amount_paise + 1 }, ...rest];
  const of = explained(bill, NO_LINKS, { lines });
  assert.equal(of.recomputed_equal, false);
  assert.match(textOf(of), /NOT the same/);
  // Units that are not what the two readings give, though every line follows from them.
  const closing = { ...bill.inputs.closing, value_wh: 1_999_000 };
  const other = { ...bill, inputs: { ...bill.inputs, closing } };
  assert.equal(explained(other).recomputed_equal, false);
});

Deno.test("explain() tells what stands around a bill: void, made anew, the last, the balance", () => {
  const balance = { before_paise: 10_050, payments_paise: 5_000 };
  const account = { ...facts().account, status: "closed" as const, closed_on: "2026-04-30" };
  const given = facts({ balance, account });
  const bill = billOf(given, [segmentOf(installation(), candidate(), 0.1)], TERMS);
  const links = {
    ...NO_LINKS,
    replaces: { number: "MH/2026-27/000007", period: "2026-04", state: "void" },
    replaced_by: { number: "MH/2026-27/000009", period: "2026-04", state: "issued" },
  };
  const void_ = { state: "void" as const, void_reason: "wrong meter" };
  const text = textOf(explained(bill, links, void_));
  assert.match(text, /2026-04, the account's last/);
  assert.match(text, /VOID +wrong meter/);
  assert.match(text, /Replaces bill MH\/2026-27\/000007, void/);
  assert.match(text, /Replaced by bill MH\/2026-27\/000009, issued/);
  assert.match(text, /100\.50 rupees owed before this bill, after 50\.00 rupees paid/);
});

Deno.test("explain() tells who put a value there, why, and what the meter had said", () => {
  const closing = candidate({ quality: "edited" });
  const bill = billOf(facts(), [segmentOf(installation(), closing, 0.1)], TERMS);
  const decision = {
    ...{ status: "accepted", quality: "edited", rule: "person", detail: "", decided_by: "asha" },
    ...{ reason: "seen on site", decided_at: new Date(NOW), raw_value_wh: 9_999_000 },
  };
  const decisions = new Map([[readingKey("M1", NOW + 2_000), decision]]);
  const text = textOf(explained(bill, { ...NO_LINKS, decisions }));
  assert.match(text, /from a sealed frame, edited\n/);
  assert.match(text, /decided: edited, by asha, 2026-04-30 18:00:00: seen on site/);
  assert.match(text, /the meter had said 9999\.000 kWh/);
});

Deno.test("linksOf() finds bills, frames and decisions as they stood when the bill was made", async () => {
  await withDatabase(async (db) => {
    const april = await issueBill(db, 1);
    const read_at_ms = at("2026-05-31T18:00:02+05:30");
    await addReading(db, 1, read_at_ms, 1_500_900);
    const decide = (value: number, reason: string, decided_at: Date) =>
      db.insertInto("reading_decision").values({
        ...{ meter_id: "M1", obis: ENERGY, read_at: new Date(read_at_ms), status: "accepted" },
        ...{ quality: "edited", value, rule: "person", detail: "", decided_by: "asha" },
        ...{ reason, decided_at },
      }).execute();
    await decide(1_400_900, "seen", new Date(read_at_ms + 1_000));
    const close = { step: "close" as const, requested_at_ms: read_at_ms - 2_000 };
    const now_ms = read_at_ms + 60_000;
    await stepCycle(contextOf(db, read_at_ms - 2_000), "A1", "2026-05", close);
    const step = { step: "look" as const };
    const { issued, reason } = await stepCycle(contextOf(db, now_ms), "A1", "2026-05", step);
    assert.ok(issued !== null, reason ?? "");
    await decide(1_450_900, "later", new Date(now_ms + 60_000));
    const sheet = await invoiceSheet(db, issued);
    const of = explain(sheet, (await findInvoice(db, issued)).inputs, await linksOf(db, sheet));
    const { opening, closing } = of.segments[0]!;
    assert.equal(opening.closed_bill?.number, april);
    assert.equal(opening.frame_sequence, 71);
    assert.deepEqual([closing.value_wh, closing.decision?.reason], [1_400_900, "seen"]);
    assert.equal(closing.decision?.raw_value_wh, 1_500_900);
    assert.equal(of.recomputed_equal, true);
  });
});

Deno.test("the explanation fits a terminal of 80 columns, and one of 60", () => {
  for (const width of [60, 80, 120]) {
    const text = explanationText(explained(trueUp()), width);
    const wide = text.split("\n").filter((line) => displayWidth(line) > width);
    assert.deepEqual(wide, [], `${width} columns`);
  }
});
