import assert from "node:assert/strict";
import fc from "fast-check";
import { TerminalError } from "../../../protocol/errors.ts";
import { type Cycle, type CycleEffect, newCycle, receive } from "../../../actors/billing/cycle.ts";
import type { CandidateReading, CycleFacts } from "../../../actors/billing/facts.ts";
import { CYCLE_RULES } from "../../../actors/billing/rules.ts";
import { closingWindow } from "../../../actors/billing/sought.ts";
import { quoteBill } from "../../../actors/billing/bill_quote.ts";
import { tariffOf } from "../../../actors/billing/tariff/catalogue.ts";
import { unitsOf } from "../../../actors/billing/segments.ts";
import { at, candidate, facts, installation, NOW } from "./cycle_fixture.ts";

function closed(given = facts(), now = NOW): { cycle: Cycle; effects: CycleEffect[] } {
  const cycle = newCycle("A1", "2026-04");
  const message = { message: "close" as const, requested_at_ms: now, facts: given };
  return { cycle, effects: receive(cycle, message, now) };
}

Deno.test("receive() asks the meter when the month is still on, and waits", () => {
  const { cycle, effects } = closed();
  assert.equal(cycle.state, "awaiting_reading");
  assert.deepEqual(effects, [{
    effect: "ask",
    meter_id: "M1",
    slave_id: "SL1",
    requested_at_ms: NOW,
    expires_at_ms: NOW + CYCLE_RULES.answer_within_ms,
  }]);
});

Deno.test("receive() does not ask when the month is over: its last reading closes it", () => {
  const now = at("2026-05-01T06:00:00+05:30");
  const { cycle, effects } = closed(facts(), now);
  assert.deepEqual(effects, [{ effect: "look" }]);
  assert.match(cycle.reason!, /no reading of meter M1 within 2026-04/);
  assert.deepEqual(closingWindow("2026-04", now), {
    from_ms: at("2026-04-01T00:00:00+05:30"),
    to_ms: at("2026-05-01T00:00:00+05:30"),
    take: "last",
  });
});

Deno.test("receive() issues a bill for whole units when the reading comes", () => {
  const { cycle } = closed();
  const effects = receive(
    cycle,
    { message: "reading", candidate: candidate(), facts: facts() },
    NOW,
  );
  assert.equal(cycle.state, "ready");
  const effect = effects[0]!;
  assert.ok(effect.effect === "issue");
  // 1000.9 and 1250.1 on the register: 1250 - 1000.
  assert.equal(effect.bill.inputs.units_kwh, 250);
  assert.deepEqual([effect.bill.inputs.from, effect.bill.inputs.to], ["2026-03-31", "2026-04-30"]);
  assert.equal(effect.bill.series, "MH/2026-27");
  assert.equal(effect.bill.inputs.due_on, "2026-05-21");
  // One day under the old rates, 29 under the new ones.
  assert.deepEqual(effect.bill.inputs.tariff.versions.map((one) => one.effective_from), [
    "2025-07-01",
    "2026-04-01",
  ]);
  receive(cycle, { message: "issued" }, NOW);
  assert.equal(cycle.state, "issued");
  assert.deepEqual(closeAgain(cycle, NOW + 1), []);
  assert.equal(cycle.state, "issued");
});

function closeAgain(cycle: Cycle, now: number): CycleEffect[] {
  return receive(cycle, { message: "close", requested_at_ms: now, facts: facts() }, now);
}

const IN_APRIL = {
  read_at_ms: at("2026-04-01T18:00:00+05:30"),
  value_wh: 1_000_900,
  source: "frame",
} as const;

const unbillable: [string, Partial<CandidateReading>, Partial<CycleFacts>, RegExp][] = [
  ["is of an uncertain time", candidate({}, ["time_uncertain"]), {}, /nobody knows when/],
  ["is marked: the register went back", candidate({}, ["register_went_back"]), {}, /went back/],
  [
    "is marked with that among others",
    candidate({}, ["meter_error", "register_went_back"]),
    {},
    /went back/,
  ],
  [
    "is below the opening",
    candidate({ value_wh: 1_000_899 }),
    {},
    /shows 1000.899 kWh, less than 1000.9 kWh/,
  ],
  ["follows one that went back", { went_back_at_ms: NOW - 1 }, {}, /went back on 2026-04-30/],
  ["is beyond the sanctioned load", candidate({ value_wh: 6_000_000 }), {}, /sanctioned load/],
  ["is of the opening's own day", candidate(), {
    installations: [
      installation({
        opening: { read_at_ms: NOW - 3_600_000, value_wh: 1_250_000, source: "frame" },
      }),
    ],
  }, /at least a day/],
  ["falls under an unknown tariff", candidate(), {
    account: { ...facts().account, tariff_id: "nope" },
  }, /No tariff "nope"/],
  ["falls under rates that are not stated", candidate(), {
    account: { ...facts().account, phase: 3 },
  }, /not stated in the order/],
  ["falls under a tariff by the load, and the load is not known", candidate(), {
    account: { ...facts().account, tariff_id: "karnataka-lt-1", sanctioned_load_w: 0 },
    installations: [installation({ opening: IN_APRIL })],
  }, /^tariff karnataka-lt-1 needs sanctioned load, which account A1 does not have: enrol/],
  ["falls under a tariff that does not say how its load counts", candidate(), {
    account: { ...facts().account, tariff_id: "karnataka-lt-1", sanctioned_load_w: 2_500 },
    installations: [installation({ opening: IN_APRIL })],
  }, /part of a kW counts is not stated in the order.*nothing is guessed/],
  [
    "falls under a tariff whose source leaves something open",
    candidate(),
    {
      account: { ...facts().account, tariff_id: "karnataka-lt-1", sanctioned_load_w: 3_000 },
      installations: [installation({ opening: IN_APRIL })],
    },
    /^tariff karnataka-lt-1 is not whole and bills nobody: complete its file [^.]*tariff show kar/,
  ],
  ["falls under an example", candidate(), {
    account: { ...facts().account, tariff_id: "example-non-telescopic" },
  }, /example-non-telescopic bills nobody: its rates are made up/],
  ["comes when a later month is billed", candidate(), { later_billed: "2026-05" }, /2026-05 is/],
];

for (const [what, change, world, reason] of unbillable) {
  Deno.test(`receive() parks the cycle when its reading ${what}`, () => {
    const { cycle } = closed();
    const given = { ...candidate(), ...change };
    const message = { message: "reading" as const, candidate: given, facts: facts(world) };
    const effects = receive(cycle, message, NOW);
    assert.equal(cycle.state, "parked");
    assert.match(cycle.reason!, reason);
    // What is wrong with the reading itself puts it into quarantine; the rest waits for nothing of it.
    const rules = effects.map((effect) => effect.effect === "quarantine" ? effect.rule : effect);
    assert.deepEqual(rules, cycle.parked_on === null ? [] : [cycle.parked_on.rule]);
    assert.equal(rules[0], REFUSING[what]);
  });
}

/** The rules that refuse a reading. */
const REFUSING: Readonly<Record<string, string>> = {
  "is of an uncertain time": "uncertain_time",
  "is marked: the register went back": "register_went_back",
  "is marked with that among others": "register_went_back",
  "is below the opening": "negative",
  "follows one that went back": "register_went_back",
  "is beyond the sanctioned load": "spike",
};

Deno.test("quoteBill() asks a tariff with the sanctioned load of the account", () => {
  const account = { ...facts().account, tariff_id: "karnataka-lt-1", sanctioned_load_w: 3_000 };
  const use = { from: "2026-04-01", to: "2026-04-30", units_kwh: 250, account };
  const { lines } = quoteBill(tariffOf("karnataka-lt-1"), use);
  // 250 kWh x 5.80, and 3 kW x 150.00 for the 29 days of a normal month.
  assert.deepEqual(lines.map((line) => line.amount_paise), [145_000, 45_000, 0]);
});

Deno.test("quoteBill() says what an account of kWh alone lacks for a commercial tariff", () => {
  const document = tariffOf("example-commercial-tod");
  const use = { from: "2026-06-01", to: "2026-07-01", units_kwh: 1, account: facts().account };
  assert.throws(
    () => quoteBill(document, use),
    (error) =>
      error instanceof TerminalError &&
      /needs kVAh, .*demand.*which account A1 does not have: kWh alone/.test(error.message),
  );
});

Deno.test("receive() bills a reading marked meter_error or cover_open, and keeps the marks", () => {
  const { cycle } = closed();
  const given = candidate({}, ["meter_error", "cover_open"]);
  const [effect] = receive(cycle, { message: "reading", candidate: given, facts: facts() }, NOW);
  assert.ok(effect?.effect === "issue", cycle.reason ?? "");
  assert.deepEqual(effect.bill.inputs.closing.flags, ["meter_error", "cover_open"]);
});

Deno.test("receive() judges no use by a sanctioned load of 0: it is not known", () => {
  const { cycle } = closed();
  const world = facts({ account: { ...facts().account, sanctioned_load_w: 0 } });
  const given = candidate({ value_wh: 6_000_000 });
  const [effect] = receive(cycle, { message: "reading", candidate: given, facts: world }, NOW);
  assert.equal(effect?.effect, "issue", cycle.reason ?? "");
});

const obstacles: [string, Partial<CycleFacts>, RegExp][] = [
  ["no meter is installed", { installations: [] }, /no meter installed/],
  ["two meters stand at once", {
    installations: [installation({ meter_id: "M0" }), installation()],
  }, /two meters, M0 and M1/],
  ["the account is closed", { account: { ...facts().account, status: "closed" } }, /is closed/],
  ["the account is newer", { account: { ...facts().account, opened_on: "2026-05-01" } }, /opened/],
  ["a later month is billed", { later_billed: "2026-05" }, /2026-05 is billed already/],
];

for (const [what, world, reason] of obstacles) {
  Deno.test(`receive() parks the cycle at once when ${what}`, () => {
    const { cycle, effects } = closed(facts(world));
    assert.deepEqual(effects, []);
    assert.equal(cycle.state, "parked");
    assert.match(cycle.reason!, reason);
  });
}

Deno.test("receive() tries a parked cycle again at the next close, not at the same one", () => {
  const { cycle } = closed(facts({ installations: [] }));
  assert.deepEqual(closeAgain(cycle, NOW), []);
  assert.equal(cycle.state, "parked");
  assert.equal(closeAgain(cycle, NOW + 1)[0]!.effect, "ask");
});

Deno.test("receive() asks a silent meter again only when its time is over", () => {
  const { cycle } = closed();
  const late = NOW + CYCLE_RULES.answer_within_ms;
  assert.deepEqual(closeAgain(cycle, late - 1), [{ effect: "look" }]);
  assert.equal(closeAgain(structuredClone(cycle), late)[0]!.effect, "ask");
  receive(cycle, { message: "deadline", facts: facts() }, late);
  assert.equal(cycle.state, "awaiting_reading");
  assert.match(cycle.reason!, /meter M1 was asked at 2026-04-30 18:00:00 and has not answered/);
  assert.deepEqual(closeAgain(cycle, late + 1), [{ effect: "look" }]);
  assert.equal(closeAgain(cycle, cycle.deadline_at_ms!)[0]!.effect, "ask");
  assert.equal(cycle.reason, null);
});

Deno.test("receive() takes up a silent month that is over at every close", () => {
  const now = at("2026-05-01T06:00:00+05:30");
  const { cycle } = closed(facts(), now);
  assert.deepEqual(closeAgain(cycle, now + 1_000), [{ effect: "look" }]);
  assert.equal(cycle.requested_at_ms, now + 1_000);
  // Asked while the month was on, never answered: now its last reading has to do.
  const asked = closed().cycle;
  assert.deepEqual(closeAgain(asked, now), [{ effect: "look" }]);
  assert.equal(asked.requested_at_ms, now);
});

Deno.test("receive() voids an issued cycle, and an old command does not bill it again", () => {
  const cycle: Cycle = { ...newCycle("A1", "2026-04"), state: "issued", requested_at_ms: NOW };
  const voiding = { message: "void" as const, reason: "wrong load", later_billed: null };
  assert.throws(() => receive(cycle, { ...voiding, later_billed: "2026-05" }, NOW), TerminalError);
  assert.deepEqual(receive(cycle, voiding, NOW), [{ effect: "void", reason: "wrong load" }]);
  assert.deepEqual(closeAgain(cycle, NOW), []);
  assert.equal(cycle.state, "void");
  assert.equal(closeAgain(cycle, NOW + 1)[0]!.effect, "ask");
  assert.throws(() => receive(cycle, voiding, NOW), TerminalError);
});

Deno.test("unitsOf() loses no fraction from one cycle to the next", () => {
  const registers = fc.array(fc.integer({ min: 0, max: 2_000_000 }), {
    minLength: 2,
    maxLength: 20,
  });
  const factor = fc.constantFrom(1, 20, 7.5, 0.1);
  fc.assert(fc.property(registers, factor, (steps, multiplying_factor) => {
    let [register, billed] = [0, 0];
    for (const step of steps) {
      const units = unitsOf(register, register + step, multiplying_factor);
      assert.ok(Number.isInteger(units) && units >= 0);
      billed += units;
      register += step;
    }
    assert.equal(billed, unitsOf(0, register, multiplying_factor));
  }));
  assert.equal(unitsOf(1_999, 2_000, 20), 20);
});
