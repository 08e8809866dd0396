import assert from "node:assert/strict";
import fc from "fast-check";
import { type Cycle, newCycle, receive } from "../../../actors/billing/cycle.ts";
import type { CycleFacts } from "../../../actors/billing/facts.ts";
import { CYCLE_RULES } from "../../../actors/billing/rules.ts";
import { readingSought } from "../../../actors/billing/sought.ts";
import { segmentOf } from "../../../actors/billing/segments.ts";
import { at, candidate, facts, installation, NOW } from "./cycle_fixture.ts";

const EXCHANGED = at("2026-04-16T11:00:00+05:30");

/** M1 from 1000.9 to 1130.4 kWh on 16 April, then M2 from 12.3 kWh with a factor of 2. */
const exchanged = (change: Partial<CycleFacts> = {}) =>
  facts({
    installations: [
      installation({ removed: { at_ms: EXCHANGED, final_reading_wh: 1_130_400 } }),
      installation({
        ...{ meter_id: "M2", serial_number: "S2", multiplying_factor: 2 },
        installed_at_ms: EXCHANGED,
        opening: { read_at_ms: EXCHANGED, value_wh: 12_300, source: "installation" },
      }),
    ],
    ...change,
  });

function close(given: CycleFacts, value_wh: number, now = NOW) {
  const cycle = newCycle("A1", "2026-04");
  const closing = receive(cycle, { message: "close", requested_at_ms: now, facts: given }, now);
  const reading = candidate({ value_wh });
  const effects = cycle.state === "awaiting_reading"
    ? receive(cycle, { message: "reading", candidate: reading, facts: given }, now)
    : closing;
  const bill = effects[0]?.effect === "issue" ? effects[0].bill : null;
  return { cycle, bill, closing };
}

Deno.test("a meter exchange: the use is a sum over both, never one difference across them", () => {
  const { bill, closing, cycle } = close(exchanged(), 72_100);
  assert.ok(bill !== null, cycle.reason ?? "");
  // The new meter is asked, not the old one.
  assert.ok(closing[0]?.effect === "ask" && closing[0].meter_id === "M2");
  const { inputs } = bill;
  // 1130 - 1000, and (72 - 12) x 2.
  assert.equal(inputs.units_kwh, 130 + 120);
  assert.deepEqual([inputs.meter.meter_id, inputs.opening.value_wh], ["M2", 12_300]);
  const [earlier] = inputs.earlier_meters!;
  assert.deepEqual([earlier!.meter.meter_id, earlier!.units_kwh], ["M1", 130]);
  assert.deepEqual([earlier!.closing.source, earlier!.closing.value_wh], ["removal", 1_130_400]);
  assert.deepEqual([inputs.from, inputs.to], ["2026-03-31", "2026-04-30"]);
});

Deno.test("a meter exchanged after the month is none of its business", () => {
  const may = at("2026-05-16T11:00:00+05:30");
  const given = exchanged();
  const later = {
    ...given,
    installations: [
      { ...given.installations[0]!, removed: { at_ms: may, final_reading_wh: 1_400_000 } },
      { ...given.installations[1]!, installed_at_ms: may },
    ],
  };
  const now = at("2026-05-20T10:00:00+05:30");
  const cycle = newCycle("A1", "2026-04");
  receive(cycle, { message: "close", requested_at_ms: now, facts: later }, now);
  assert.equal(readingSought(cycle, later)!.installation.meter_id, "M1");
});

const gone: [string, CycleFacts, RegExp][] = [
  [
    "whose final reading nobody noted",
    exchanged({
      installations: [
        installation({ removed: { at_ms: EXCHANGED, final_reading_wh: null } }),
        exchanged().installations[1]!,
      ],
    }),
    /M1 was taken down on 2026-04-16 and nobody noted its final reading/,
  ],
  [
    "that no other follows",
    exchanged({ installations: exchanged().installations.slice(0, 1) }),
    /no meter installed since 2026-04-16/,
  ],
  [
    "that was still there when the next one came",
    exchanged({
      installations: [
        installation({ removed: { at_ms: EXCHANGED + 1, final_reading_wh: 1_130_400 } }),
        exchanged().installations[1]!,
      ],
    }),
    /use on two meters, M1 and M2/,
  ],
  [
    "whose final reading is below its opening",
    exchanged({
      installations: [
        installation({ removed: { at_ms: EXCHANGED, final_reading_wh: 1_000_000 } }),
        exchanged().installations[1]!,
      ],
    }),
    /meter M1, 1000 kWh .* less than 1000.9 kWh/,
  ],
];
for (const [what, given, words] of gone) {
  Deno.test(`receive() parks a cycle with a meter taken down ${what}`, () => {
    const { cycle, bill } = close(given, 72_100);
    assert.equal(bill, null);
    assert.equal(cycle.state, "parked");
    assert.match(cycle.reason!, words);
  });
}

Deno.test("a register of five digits that began anew is billed by its capacity", () => {
  const opening = { read_at_ms: at("2026-03-31T18:00:00+05:30"), value_wh: 99_900_700 };
  const rolled = installation({
    register_digits: 5,
    opening: { ...opening, source: "frame" as const },
  });
  const { bill, cycle } = close(facts({ installations: [rolled] }), 150_400);
  assert.ok(bill !== null, cycle.reason ?? "");
  // 100000 + 150 - 99900.
  assert.equal(bill.inputs.units_kwh, 250);
  assert.deepEqual(bill.inputs.rollover, { capacity_wh: 100_000_000 });
  // Of unknown digits, or far from the end, it went back.
  for (const other of [{ register_digits: null }, { register_digits: 6 }]) {
    const given = facts({ installations: [{ ...rolled, ...other }] });
    const { cycle } = close(given, 150_400);
    assert.match(cycle.reason!, /shows 150.4 kWh, less than 99900.7 kWh/);
  }
});

Deno.test("segmentOf() loses no unit over rollovers, whatever the factor", () => {
  const steps = fc.array(fc.integer({ min: 0, max: 900_000 }), { minLength: 1, maxLength: 40 });
  const factor = fc.constantFrom(1, 20, 7.5, 0.1);
  fc.assert(fc.property(steps, factor, (moves, multiplying_factor) => {
    let [register, billed, total] = [9_500_000, 0, 9_500_000];
    for (const move of moves) {
      const capacity = 10_000_000;
      const meter = installation({
        ...{ multiplying_factor, register_digits: 4 },
        opening: { read_at_ms: 0, value_wh: register, source: "frame" },
      });
      total += move;
      register = (register + move) % capacity;
      billed += segmentOf(meter, candidate({ value_wh: register }), 0.1).units_kwh;
    }
    const exact = (wh: number) =>
      Math.floor(Math.floor(wh / 1000) * multiplying_factor * 1_000) / 1_000;
    const difference = exact(total) - exact(9_500_000);
    assert.ok(Math.abs(billed - difference) <= 1, `${billed} for ${difference}`);
  }));
});

Deno.test("a deadline that comes before the move-out's own close takes the final reading, no estimate", () => {
  const asked = at("2026-04-02T10:00:00+05:30");
  const history = [{ period: "2026-03", units_kwh: 240, days: 31, estimated: false }];
  const cycle = newCycle("A1", "2026-04");
  const open = facts({ history });
  receive(cycle, { message: "close", requested_at_ms: asked, facts: open }, asked);
  assert.equal(cycle.state, "awaiting_reading");
  cycle.asks = 0;
  cycle.deadline_at_ms = asked + CYCLE_RULES.estimate_after_ms!;
  const on = at("2026-04-20T12:00:00+05:30");
  const gone = facts({
    history,
    account: { ...open.account, status: "closed", closed_on: "2026-04-20" },
    installations: [installation({ removed: { at_ms: on, final_reading_wh: 1_160_000 } })],
  });
  const effects = receive(cycle, { message: "deadline", facts: gone }, NOW);
  const [effect] = effects;
  assert.ok(effect?.effect === "issue", cycle.reason ?? cycle.state);
  const { final, units_kwh, estimate } = effect.bill.inputs;
  assert.deepEqual([final, units_kwh, estimate], [true, 160, undefined]);
});

Deno.test("a move-out: the final reading closes the account, nobody is asked, and the bill says so", () => {
  const on = at("2026-04-20T12:00:00+05:30");
  const account = { ...facts().account, status: "closed" as const, closed_on: "2026-04-20" };
  const given = facts({
    account,
    installations: [installation({ removed: { at_ms: on, final_reading_wh: 1_160_000 } })],
  });
  const { bill, closing } = close(given, 0);
  assert.deepEqual(closing.map((one) => one.effect), ["issue"]);
  const { inputs, quote } = bill!;
  assert.equal(inputs.final, true);
  assert.deepEqual([inputs.to, inputs.units_kwh, inputs.days], ["2026-04-20", 160, 20]);
  // 0.03 months under the old rates and 0.63 under the new ones: 130.00 a month in both.
  const fixed = quote.lines.filter((line) => line.code === "fixed");
  assert.equal(fixed.reduce((sum, line) => sum + line.amount_paise, 0), 8_580);
  const may = newCycle("A1", "2026-05");
  const now = at("2026-05-30T18:00:00+05:30");
  receive(may, { message: "close", requested_at_ms: now, facts: given }, now);
  assert.match(may.reason!, /account A1 was closed on 2026-04-20/);
});

const GRACE = { ...CYCLE_RULES, draft_grace_ms: 86_400_000 };

function drafted(given = facts()): Cycle {
  const cycle = newCycle("A1", "2026-04");
  receive(cycle, { message: "close", requested_at_ms: NOW, facts: given }, NOW, GRACE);
  const message = { message: "reading", candidate: candidate(), facts: given } as const;
  assert.deepEqual(receive(cycle, message, NOW, GRACE), []);
  assert.equal(cycle.state, "draft");
  return cycle;
}

Deno.test("a draft waits for its grace and goes out, dated then, as it was looked at", () => {
  const cycle = drafted();
  const due = NOW + GRACE.draft_grace_ms;
  assert.equal(cycle.deadline_at_ms, due);
  const deadline = { message: "deadline", facts: facts() } as const;
  assert.deepEqual(receive(cycle, deadline, due - 1, GRACE), []);
  const close = { message: "close", requested_at_ms: NOW + 1, facts: facts() } as const;
  assert.deepEqual(receive(cycle, close, NOW + 1, GRACE), []);
  // As it stands in its row.
  const restored = JSON.parse(JSON.stringify(cycle)) as Cycle;
  const [effect] = receive(restored, deadline, due, GRACE);
  assert.ok(effect?.effect === "issue");
  assert.equal(effect.bill.inputs.units_kwh, 250);
  assert.equal(effect.bill.issued_at_ms, due);
  assert.equal(effect.bill.inputs.due_on, "2026-05-22");
  receive(restored, { message: "issued" }, due, GRACE);
  assert.deepEqual([restored.state, restored.draft, restored.deadline_at_ms], [
    "issued",
    null,
    null,
  ]);
});

Deno.test("a draft under which something changed is looked at anew: nobody has seen what it is now", () => {
  const cycle = drafted();
  const account = { ...facts().account, municipal: true };
  const given = facts({ account });
  assert.deepEqual(receive(cycle, { message: "release", facts: given }, NOW + 1, GRACE), []);
  assert.equal(cycle.state, "draft");
  assert.match(cycle.reason!, /changed since it was drafted: 250 kWh, 2960\.00 rupees before/);
  const again = receive(cycle, { message: "release", facts: given }, NOW + 2, GRACE);
  assert.equal(again[0]?.effect, "issue");
});

Deno.test("a draft waits for that of the month before it, whose use it would hold too", () => {
  const cycle = drafted();
  const due = NOW + GRACE.draft_grace_ms;
  const given = facts({ earlier_draft: "2026-03" });
  assert.deepEqual(receive(cycle, { message: "release", facts: given }, NOW + 1, GRACE), []);
  assert.equal(cycle.reason, "the draft of 2026-03 goes first: release or drop it");
  assert.equal(cycle.deadline_at_ms, due + 1);
  assert.deepEqual(receive(cycle, { message: "deadline", facts: given }, due + 1, GRACE), []);
  assert.deepEqual([cycle.state, cycle.deadline_at_ms], ["draft", 2 * due - NOW + 1]);
  const [effect] = receive(cycle, { message: "release", facts: facts() }, due + 2, GRACE);
  assert.equal(effect?.effect, "issue");
});

Deno.test("a dropped draft is parked with the reason, and the next close begins anew", () => {
  const cycle = drafted();
  receive(cycle, { message: "drop", reason: "meter was read wrongly" }, NOW + 1, GRACE);
  assert.deepEqual([cycle.state, cycle.reason, cycle.draft], [
    "parked",
    "draft dropped: meter was read wrongly",
    null,
  ]);
  const close = { message: "close", requested_at_ms: NOW + 2, facts: facts() } as const;
  assert.equal(receive(cycle, close, NOW + 2, GRACE)[0]!.effect, "ask");
  assert.throws(
    () => receive(cycle, { message: "release", facts: facts() }, NOW + 3, GRACE),
    /no draft/,
  );
});

Deno.test("every check that a billed reading passed is kept with it", () => {
  const { bill } = close(exchanged(), 72_100);
  const { closing, earlier_meters } = bill!.inputs;
  for (const reading of [closing, earlier_meters![0]!.closing]) {
    const passed = reading.checks!.map((check) => [check.rule, check.outcome]);
    assert.ok(passed.length >= 4, JSON.stringify(passed));
    assert.ok(passed.every(([, outcome]) => outcome === "passed"), JSON.stringify(passed));
  }
});

Deno.test("what a person has approved is billed, whatever the rule said", () => {
  const cycle = newCycle("A1", "2026-04");
  receive(cycle, { message: "close", requested_at_ms: NOW, facts: facts() }, NOW);
  const high = candidate({ value_wh: 6_000_000 });
  const decision = {
    ...{ status: "accepted" as const, rule: "person", detail: "approved" },
    ...{ decided_by: "asha", reason: "a wedding" },
  };
  const message = { message: "reading", candidate: { ...high, decision }, facts: facts() } as const;
  const [effect] = receive(cycle, message, NOW);
  assert.ok(effect?.effect === "issue", cycle.reason ?? "");
  assert.ok(effect.bill.inputs.closing.checks!.some((check) => check.rule === "person"));
});

Deno.test("a last reading long before the end of the month is refused, and estimated at the deadline", () => {
  const now = at("2026-05-02T10:00:00+05:30");
  const history = [{ period: "2026-03", units_kwh: 240, days: 30, estimated: false }];
  const given = facts({ history });
  const cycle = newCycle("A1", "2026-04");
  receive(cycle, { message: "close", requested_at_ms: now, facts: given }, now);
  const early = candidate({
    ...{ read_at_ms: at("2026-04-15T10:00:00+05:30"), value_wh: 1_120_000 },
    arrived_at_ms: at("2026-04-15T10:00:01+05:30"),
  });
  const effects = receive(cycle, { message: "reading", candidate: early, facts: given }, now);
  assert.ok(effects[0]?.effect === "quarantine" && effects[0].rule === "stale");
  assert.equal(cycle.state, "parked");
  assert.equal(cycle.deadline_at_ms, now + CYCLE_RULES.estimate_after_ms!);
  const [effect] = receive(cycle, { message: "deadline", facts: given }, cycle.deadline_at_ms!);
  assert.ok(effect?.effect === "issue" && effect.bill.inputs.estimate !== undefined);
});
