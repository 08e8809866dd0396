/** Readings and what is decided about them: nothing dropped, nothing billed silently. */
import type { Guard } from "./guard.ts";

const JUDGE = "actors/validation/judge.ts";
const REGISTER = "actors/validation/register_rules.ts";
const USE = "actors/validation/use_rules.ts";
const IDENTITY = "actors/validation/identity_rules.ts";
const JUDGE_TEST = "tests/actors/validation/judge_test.ts";
const DECISIONS = "streams/validation/decisions.ts";
const DECISIONS_TEST = "tests/streams/validation/decisions_test.ts";
const SWEEP = "streams/validation/sweep.ts";
const SWEEP_TEST = "tests/streams/validation/sweep_test.ts";
const PERSON = "streams/validation/person.ts";
const OFFICE_TEST = "tests/streams/office/readings_test.ts";

const RULES = "rules with thresholds as data";
const QUARANTINE = "what fails is quarantined, never dropped and never billed silently";
const LAYER = "a separate layer holds quality, rule, who and why";
const EACH = "judgeReading() quarantines, and the rule that decides";

export const guards: readonly Guard[] = [
  {
    rule:
      "A register that shows less ran over only where its digits are known and the step is small",
    source: "rollover against reset against exchange",
    file: "actors/validation/use.ts",
    find: "return value_wh + full_wh - previous.value_wh <= share_of_capacity * full_wh;",
    replace: "return true;",
    test: JUDGE_TEST,
    name: "judgeReading() tells a register that ran over",
  },
  {
    rule: "A register that began anew is not taken for use",
    source: "rollover against reset against exchange",
    file: REGISTER,
    find: "if (reading.value_wh >= below_kwh * 1000) {",
    replace: "if (true) {",
    test: JUDGE_TEST,
    name: EACH,
  },
  {
    rule: "Use is counted from the start reading, never across an exchange",
    source: "rollover against reset against exchange",
    file: REGISTER,
    find: "if (previous !== null && previous.read_at_ms < installed_at_ms) {",
    replace: "if (false) {",
    test: JUDGE_TEST,
    name: EACH,
  },
  {
    rule: "A late reading lies between its neighbours",
    source: RULES,
    file: REGISTER,
    find: "const isFine = reading.value_wh <= next.value_wh ||",
    replace: "const isFine = true ||",
    test: JUDGE_TEST,
    name: EACH,
  },
  {
    rule: "The factor is the one as of the reading",
    source: RULES,
    file: REGISTER,
    find: "return factor_used !== null && factor_used !== multiplying_factor",
    replace: "return false",
    test: JUDGE_TEST,
    name: EACH,
  },
  {
    rule: "More than the sanctioned load can take is quarantined",
    source: RULES,
    file: USE,
    find: "return units > limit",
    replace: "return false",
    test: JUDGE_TEST,
    name: EACH,
  },
  {
    rule: "A reading that tells another consumer is quarantined",
    source: RULES,
    file: IDENTITY,
    find: "if (known.some((one) => bare(one) === bare(told))) {",
    replace: "if (true) {",
    test: JUDGE_TEST,
    name: EACH,
  },
  {
    rule:
      "The consumer number that a meter tells reaches the journal once a day, and when it changes",
    source: RULES,
    file: "actors/meter/meter.ts",
    find: "obis !== CONSUMER_REGISTER || value !== known || dayOf(",
    replace: "obis !== CONSUMER_REGISTER || dayOf(",
    test: "tests/actors/meter/meter_test.ts",
    name: "the consumer number that a meter tells is journaled once a day",
  },
  {
    rule: "Not even a person's word makes a bill of less than nothing",
    source: QUARANTINE,
    file: JUDGE,
    find: 'decided.verdict === "passed" ? impossibleOf(facts, rolled_over) : null',
    replace: "null",
    test: JUDGE_TEST,
    name: "judgeReading() lets a person's word stand",
  },
  {
    rule: "A threshold that is forgotten in a file is a fault of the file, not a rule that is off",
    source: RULES,
    file: "actors/validation/rules.ts",
    find: "gap: alone.extend({ hours }),",
    replace: "gap: alone.extend({ hours }).default({ on_failure: 'off', hours: 1 }),",
    test: OFFICE_TEST,
    name: "reading rules shows the rules in force",
  },
  {
    rule: "What a person decided stands against every rule",
    source: LAYER,
    file: DECISIONS,
    find: "stands.rule = ${PERSON} or stands.status = 'quarantined')",
    replace: "stands.status = 'quarantined')",
    test: DECISIONS_TEST,
    name: "Decisions about readings",
  },
  {
    rule:
      "A rule waits for a person who is deciding about the same meter, and heeds what comes of it",
    source: LAYER,
    file: DECISIONS,
    find: "await lockDecisions(trx, part.map((fault) => fault.meter_id));",
    replace: "",
    test: DECISIONS_TEST,
    name: "A rule that is about to quarantine waits",
  },
  {
    rule: "A batch of very many meters takes few locks: the server has room for some thousands",
    source: "queues, buffers and retries have limits",
    file: DECISIONS,
    find: "const LOCKS = 256;",
    replace: "const LOCKS = 1_000_000;",
    test: DECISIONS_TEST,
    name: "Decisions about readings",
  },
  {
    rule: "Digits of a register that somebody told are not told otherwise",
    source: "rollover against reset against exchange",
    file: "streams/database/meters.ts",
    find: "known, completes ? rest : given);",
    replace: "known, rest);",
    test: "tests/streams/office/enrol_test.ts",
    name: "enrol() on the embedded database",
  },
  {
    rule: "A decision is never changed or removed",
    source: LAYER,
    file: "migrations/0007_reading_decisions.ts",
    find: "create trigger reading_decision_immutable before update or delete on reading_decision",
    replace: "create trigger reading_decision_immutable before truncate on reading_conflict",
    test: DECISIONS_TEST,
    name: "Decisions about readings",
  },
  {
    rule: "A rejected reading closes no cycle",
    source: QUARANTINE,
    file: "streams/billing/candidate.ts",
    find: '${isDated("reading.flags")} and ${isNotRejected("reading")}',
    replace: '${isDated("reading.flags")}',
    test: DECISIONS_TEST,
    name: "Decisions about readings",
  },
  {
    rule: "Only what the ledger has committed is validated, in bounded steps",
    source: QUARANTINE,
    file: SWEEP,
    find: "const through = Math.min(ledger, after + this.#records);",
    replace: "const through = ledger + 1;",
    test: SWEEP_TEST,
    name: "The sweep over new readings",
  },
  {
    rule: "Imported readings are held against the rules too",
    source: QUARANTINE,
    file: SWEEP,
    find: "if (waiting === undefined) return nothing;",
    replace: "if (true) return nothing;",
    test: SWEEP_TEST,
    name: "The sweep over new readings",
  },
  {
    rule: "An import lays its readings ready for the sweep, in its own transaction",
    source: QUARANTINE,
    file: "streams/data/import_take.ts",
    find: "select meter_id, obis, read_at from added where obis = ${ENERGY}",
    replace: "select meter_id, obis, read_at from added where false",
    test: "tests/streams/data/import_test.ts",
    name: "imports on the embedded database",
  },
  {
    rule: "A good reading behind a wrong one is not quarantined with it",
    source: QUARANTINE,
    file: SWEEP,
    find: 'return again.verdict === "quarantined" ? judgement : again;',
    replace: "return judgement;",
    test: SWEEP_TEST,
    name: "The sweep over new readings",
  },
  {
    rule: "What the sweep remembers quarantines nothing: the tables have the last word",
    source: QUARANTINE,
    file: "streams/validation/followed.ts",
    find: "now_ms - followed.loaded_ms > FRESH_MS",
    replace: "false",
    test: SWEEP_TEST,
    name: "The sweep over new readings",
  },
  {
    rule: "What the sweep remembers has a bound",
    source: "queues, buffers and retries have limits",
    file: "streams/validation/followed.ts",
    find: "if (this.#meters.size > this.#max)",
    replace: "if (false)",
    test: SWEEP_TEST,
    name: "The sweep over new readings",
  },
  {
    rule: "A second value for one moment is kept, and the first one waits for a person",
    source: QUARANTINE,
    file: "streams/database/ledger_write.ts",
    find: "await keepConflicts(trx, conflicts);",
    replace: "",
    test: SWEEP_TEST,
    name: "The sweep over new readings",
  },
  {
    rule: "What a bill ends with does not change under it",
    source: LAYER,
    file: PERSON,
    find: "if (billed === undefined) return;",
    replace: "return;",
    test: OFFICE_TEST,
    name: "reading commands refuse what cannot be",
  },
  {
    rule: "A person's decision has the parked cycle looked at again",
    source: QUARANTINE,
    file: PERSON,
    find: 'const requeued = await lookAgain(trx, given.meter_id, now_ms, "measured");',
    replace: "const requeued = [] as { account_id: string; period: string }[];",
    test: OFFICE_TEST,
    name: "reading approve, edit and reject",
  },
  {
    rule: "Every decision of a person is audited, with what it was before",
    source: LAYER,
    file: PERSON,
    find: "    await writeAudit(trx, {",
    replace: "    await Promise.resolve({",
    test: OFFICE_TEST,
    name: "reading approve, edit and reject",
  },
];
