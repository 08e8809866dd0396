import assert from "node:assert/strict";
import type { ReadingFacts } from "../../../actors/validation/facts.ts";
import { failsAny, judgeReading } from "../../../actors/validation/judge.ts";
import { type RuleCode, VALIDATION_RULES } from "../../../actors/validation/rules.ts";
import { at, closing, interval, OPENED, READ, withInstallation, withReading } from "./facts.ts";

const judge = (facts: ReadingFacts, rules = VALIDATION_RULES) => judgeReading(rules, facts);

/** The outcome of one rule. */
function outcomeOf(rule: RuleCode, facts: ReadingFacts): string {
  return judge(facts).checks.find((check) => check.rule === rule)!.outcome;
}

const HOUR = 3_600_000;
const digits = (register_digits: number) => ({ meter: { register_digits } });
const before = (value_wh: number, of = closing) => ({
  ...of,
  previous: { ...of.previous!, value_wh },
});
const zeros = [0, 0, 0].map((units_kwh) => ({ units_kwh, days: 30 }));

Deno.test("judgeReading() finds nothing in an ordinary reading, and says what it looked at", () => {
  for (const facts of [closing, interval]) {
    const { verdict, rule, checks, rolled_over } = judge(facts);
    assert.deepEqual([verdict, rule, rolled_over], ["passed", null, false]);
    assert.deepEqual(
      checks.map((check) => check.rule).sort(),
      Object.keys(VALIDATION_RULES.rules).sort(),
    );
    assert.ok(checks.every(({ outcome }) => outcome !== "failed"));
    assert.equal(failsAny(VALIDATION_RULES, facts), false);
  }
});

/** One reading a rule, that this rule alone finds fault with, and what it says. */
const FAULTS: Readonly<Record<string, [RuleCode, ReadingFacts, RegExp]>> = {
  "a meter that nobody enrolled": [
    "unknown_meter",
    { ...interval, meter: null, installation: null },
    /M1 is not enrolled/,
  ],
  "another consumer's meter": [
    "consumer_mismatch",
    withReading(interval, { told_consumer: "170012340002" }),
    /tells consumer 170012340002, but it hangs at consumer 170012340001's/,
  ],
  "a reading of a moment that nobody knows": [
    "uncertain_time",
    withReading(interval, { flags: ["time_uncertain"] }),
    /nobody knows when it was taken/,
  ],
  "a clock in the future": [
    "future_clock",
    withReading(interval, { arrived_at_ms: READ - 121_000 }),
    /2 minutes after it arrived/,
  ],
  "a future that no frame tells of": [
    "future_clock",
    { ...withReading(interval, { arrived_at_ms: null }), now_ms: READ - HOUR },
    /60 minutes after it arrived/,
  ],
  "a reading that came a quarter of a year late": [
    "stale",
    withReading(interval, { arrived_at_ms: READ + 93 * 24 * HOUR }),
    /arrived 93 days after it was read/,
  ],
  "a cycle closed by a reading from long before its end": [
    "stale",
    { ...closing, boundary_ms: READ + 97 * HOUR },
    /4 days before the end of the cycle/,
  ],
  "two values for one moment": [
    "duplicate",
    withReading(interval, { other_values_wh: [1_270_901] }),
    /told 1270\.9 kWh and also 1270\.901 kWh/,
  ],
  "a late reading above the one that came before it": [
    "out_of_order",
    { ...interval, next: { read_at_ms: READ + 900_000, value_wh: 1_270_800 } },
    /more than 1270\.8 kWh at 2026-05-01 00:00:00/,
  ],
  "use counted across an exchange": [
    "meter_exchange",
    withInstallation(closing, { installed_at_ms: OPENED + 1 }),
    /counted from the start reading/,
  ],
  "a first reading below the start reading": [
    "meter_exchange",
    { ...withInstallation(interval, { start_wh: 1_270_901 }), previous: null },
    /less than the start reading 1270\.901 kWh/,
  ],
  "another factor than the reading's": [
    "multiplying_factor",
    { ...closing, factor_used: 2 },
    /as of the reading is 1, but 2 would be billed/,
  ],
  "a register that shows less than nothing": [
    "negative",
    { ...withReading(interval, { value_wh: -1 }), previous: null, installation: null },
    /shows -0\.001 kWh/,
  ],
  "a register that went back": ["negative", before(1_271_000), /less than 1271 kWh/],
  "a register that shows more than it can": [
    "rollover",
    { ...before(1_000_800), ...digits(3) },
    /more than a register of 3 digits/,
  ],
  "a register that begins anew": [
    "register_reset",
    withReading({ ...closing, previous: { ...closing.previous!, value_wh: 150_000 } }, {
      value_wh: 99_999,
    }),
    /set back or the meter changed; note the final reading/,
  ],
  "a register that the head-end saw go back": [
    "register_went_back",
    withReading(interval, { flags: ["register_went_back"] }),
    /have the meter looked at/,
  ],
  "a register that went back within the cycle": [
    "register_went_back",
    { ...closing, went_back_at_ms: at("2026-04-12T00:10:00+05:30") },
    /went back on 2026-04-12, within this cycle/,
  ],
  "more than the connection can take": [
    "spike",
    before(1_266_400, interval),
    /4 kWh in 15 minutes are more than 2 times the sanctioned load of 3000 W/,
  ],
  "a use that is no household's": [
    "high_use",
    { ...closing, history: [50, 40, 30].map((units_kwh) => ({ units_kwh, days: 30 })) },
    /more than 6 times; check the reading/,
  ],
  "hardly any use": ["low_use", before(1_260_900), /10 kWh in 30 days, where 260 are usual/],
  "no use, three times": [
    "zero_use",
    { ...before(1_270_900), history: zeros },
    /no use, for 3 cycles now/,
  ],
  "a register that stands": [
    "frozen_register",
    { ...before(1_270_900, interval), unchanged_since_ms: READ - 480 * HOUR },
    /stands at 1270\.9 kWh for 20 days, where 8\.7 kWh a day are usual/,
  ],
};

Deno.test("judgeReading() quarantines, and the rule that decides is the one that found it", async (t) => {
  const shown = new Set<string>();
  for (const [name, [rule, facts, words]] of Object.entries(FAULTS)) {
    await t.step(name, () => {
      const judgement = judge(facts);
      assert.deepEqual([judgement.verdict, judgement.rule], ["quarantined", rule]);
      assert.match(judgement.detail!, words);
      const failures = judgement.checks.filter(({ outcome }) => outcome === "failed");
      assert.deepEqual(failures.map((check) => check.rule), [rule], "one rule, one fault");
      assert.ok(failsAny(VALIDATION_RULES, facts));
      shown.add(rule);
    });
  }
  const rules = Object.keys(VALIDATION_RULES.rules);
  assert.deepEqual(rules.filter((rule) => !shown.has(rule)), ["gap"], "each rule has its fault");
});

Deno.test("judgeReading() tells of a gap, and the reading is used", () => {
  const facts = {
    ...interval,
    previous: { read_at_ms: READ - 73 * HOUR, value_wh: 1_270_400 },
  };
  const { verdict, rule, detail } = judge(facts);
  assert.deepEqual([verdict, rule], ["noted", "gap"]);
  assert.match(detail!, /no reading for 3 days/);
  assert.equal(
    outcomeOf("gap", { ...facts, previous: { ...facts.previous!, read_at_ms: READ - HOUR } }),
    "passed",
  );
});

Deno.test("judgeReading() tells a register that ran over from one that was set back", () => {
  // 99 999.9 kWh, then 12.3 kWh, on five digits.
  const over = withReading({ ...before(99_999_900), ...digits(5) }, {
    value_wh: 12_300,
    flags: ["register_went_back"],
  });
  const { verdict, rolled_over, checks } = judge(over);
  assert.deepEqual([verdict, rolled_over], ["passed", true]);
  assert.match(checks.find(({ rule }) => rule === "rollover")!.detail, /ran over after 99999\.9/);
  assert.match(checks.find(({ rule }) => rule === "spike")!.detail, /^13 kWh in /);
  // Nobody told the digits: nothing is assumed.
  assert.equal(judge({ ...over, meter: { register_digits: null } }).rule, "register_reset");
  // The same register, from the middle of its range.
  const back = judge({ ...over, previous: { ...over.previous!, value_wh: 50_000_000 } });
  assert.deepEqual([back.verdict, back.rolled_over], ["quarantined", false]);
  assert.equal(
    judge(withReading({ ...over, previous: { ...over.previous!, value_wh: 50_000_000 } }, {
      value_wh: 40_000_000,
    })).rule,
    "negative",
  );
});

Deno.test("judgeReading() compares uses only where there is enough to compare with", () => {
  const low = before(1_260_900);
  assert.equal(outcomeOf("low_use", { ...low, history: low.history.slice(1) }), "not_applicable");
  assert.equal(outcomeOf("low_use", { ...low, boundary_ms: null }), "not_applicable");
  assert.equal(
    outcomeOf("spike", withInstallation(interval, { sanctioned_load_w: 0 })),
    "not_applicable",
  );
  assert.equal(outcomeOf("zero_use", { ...before(1_270_900), history: zeros.slice(1) }), "failed");
  assert.equal(outcomeOf("zero_use", { ...before(1_270_900), history: zeros.slice(2) }), "passed");
});

Deno.test("judgeReading() takes the consumer, the one enrolled, the serial number or the meter's own for right", () => {
  for (const told_consumer of ["170012340001", "0170012340001", "170012340009", "S1", "M1"]) {
    assert.equal(
      outcomeOf("consumer_mismatch", withReading(interval, { told_consumer })),
      "passed",
    );
  }
});

Deno.test("judgeReading() lets a person's word stand, but makes no bill of less than nothing", () => {
  const [, spiked] = FAULTS["more than the connection can take"]!;
  const person = { rule: "person", detail: "approved", decided_by: "asha", reason: "seen on site" };
  const approved = judge({ ...spiked, decision: { ...person, status: "accepted" } });
  assert.deepEqual([approved.verdict, approved.rule], ["passed", "person"]);
  assert.match(approved.checks.at(-1)!.detail, /approved by asha: seen on site/);
  assert.equal(
    judge({ ...interval, decision: { ...person, status: "rejected" } }).verdict,
    "rejected",
  );
  const negative = judge({ ...before(1_271_000), decision: { ...person, status: "accepted" } });
  assert.deepEqual([negative.verdict, negative.rule], ["quarantined", "negative"]);
});

Deno.test("judgeReading() leaves what a rule quarantined to a person, and a rule's note is no word", () => {
  const rule = {
    rule: "spike",
    detail: "900 kWh in 15 minutes",
    decided_by: "rules",
    reason: null,
  };
  const still = judge({ ...interval, decision: { ...rule, status: "quarantined" } });
  assert.deepEqual([still.verdict, still.rule], ["quarantined", "spike"]);
  assert.equal(still.detail, rule.detail);
  const [, spiked] = FAULTS["more than the connection can take"]!;
  const noted = { ...spiked, decision: { ...rule, rule: "gap", status: "accepted" as const } };
  assert.equal(judge(noted).verdict, "quarantined");
});

Deno.test("judgeReading() follows the thresholds that it is given", () => {
  const [, spiked] = FAULTS["more than the connection can take"]!;
  const rules = structuredClone(VALIDATION_RULES);
  rules.rules.spike.on_failure = "note";
  assert.deepEqual([judge(spiked, rules).verdict, judge(spiked, rules).rule], ["noted", "spike"]);
  rules.rules.spike.on_failure = "off";
  assert.equal(judge(spiked, rules).verdict, "passed");
  assert.equal(failsAny(rules, spiked), false);
  assert.ok(!judge(spiked, rules).checks.some((check) => check.rule === "spike"));
  rules.rules.spike = { on_failure: "quarantine", load_margin: 4 };
  assert.equal(judge(spiked, rules).verdict, "passed");
});
