/** The billing cycle: no use is lost or billed twice, and an estimate is set right to the paisa. */
import type { Guard } from "./guard.ts";

const SEGMENTS = "tests/actors/billing/segments_test.ts";
const TRUE_UP = "tests/actors/billing/true_up_test.ts";
const PREMISES = "tests/streams/premises/premises_test.ts";
const PAGE = "tests/streams/delivery/kinds_of_bill_test.ts";

const USE = "docs/billing.md, the use of a cycle";
const ESTIMATES = "docs/billing.md, estimated bills";
const TRUED = "docs/billing.md, true-up";
const STATES = "docs/billing.md, states and deadlines";
const MOVING = "docs/billing.md, moving out and in";

export const guards: readonly Guard[] = [
  {
    rule: "A meter that was put up after the month closes nothing in it",
    source: USE,
    file: "actors/billing/segments.ts",
    find: "facts.installations.filter((one) => one.installed_at_ms < limit_ms)",
    replace: "facts.installations.filter((one) => one.installed_at_ms < Infinity)",
    test: SEGMENTS,
    name: "a meter exchanged after the month is none of its business",
  },
  {
    rule: "The final reading of a meter is noted, not guessed",
    source: USE,
    file: "actors/billing/judge.ts",
    find: "if (unread !== undefined) {",
    replace: "if (unread === null) {",
    test: SEGMENTS,
    name: "receive() parks a cycle with a meter taken down whose final reading nobody noted",
  },
  {
    rule: "Two meters at the same time are settled by a person",
    source: USE,
    file: "actors/billing/judge.ts",
    find: "if (meter.removed === null || meter.removed.at_ms > next.installed_at_ms) {",
    replace: "if (meter.removed === undefined) {",
    test: SEGMENTS,
    name: "receive() parks a cycle with a meter taken down that was still there",
  },
  {
    rule: "A register that began anew is billed by its capacity",
    source: USE,
    file: "actors/billing/segments.ts",
    find: "const closing_wh = value_wh + (rollover?.capacity_wh ?? 0);",
    replace: "const closing_wh = value_wh;",
    test: SEGMENTS,
    name: "a register of five digits that began anew",
  },
  {
    rule: "What a rule refuses is not billed",
    source: "docs/validation.md, at billing",
    file: "actors/billing/cycle_step.ts",
    find: "if (found.refusal !== null) throw new ReadingRefused(found.refusal);",
    replace: "",
    test: "tests/actors/billing/cycle_test.ts",
    name: "receive() parks the cycle when its reading is beyond the sanctioned load",
  },
  {
    rule: "An estimate is of months with actual use alone",
    source: ESTIMATES,
    file: "actors/billing/estimate.ts",
    find: "historyOf(facts).filter((month) => month.estimated !== true)",
    replace: "historyOf(facts).filter((month) => month.units_kwh >= 0)",
    test: TRUE_UP,
    name: "after three estimated bills in a row the meter must be read",
  },
  {
    rule: "After three estimated bills in a row the meter must be read",
    source: ESTIMATES,
    file: "actors/billing/cycle_step.ts",
    find: "if (facts.open_estimates.length >= rules.estimates_max) {",
    replace: "if (facts.open_estimates.length < 0) {",
    test: TRUE_UP,
    name: "after three estimated bills in a row the meter must be read",
  },
  {
    rule: "An estimate is of its own month, however late it is made",
    source: ESTIMATES,
    file: "actors/billing/cycle_step.ts",
    find: "const at_ms = Math.min(this.now_ms, boundsOf(cycle.period).end_ms - 1);",
    replace: "const at_ms = this.now_ms;",
    test: TRUE_UP,
    name: "a silent meter is asked again with growing patience",
  },
  {
    rule: "A true-up charges the fixed charge only where no estimated bill has",
    source: TRUED,
    file: "actors/billing/bill_quote.ts",
    find: "from: estimated_to,",
    replace: "from: use.from,",
    test: TRUE_UP,
    name: "estimates and their true-up",
  },
  {
    rule: "What stands of an estimated bill is not given back",
    source: TRUED,
    file: "actors/billing/bill.ts",
    find: "return quoteBill(document, use).payable_paise - standingPaise(document, use);",
    replace: "return quoteBill(document, use).payable_paise;",
    test: TRUE_UP,
    name: "a month without a reading is estimated at its deadline",
  },
  {
    rule: "A silent meter is asked a bounded number of times",
    source: STATES,
    file: "actors/billing/cycle_step.ts",
    find: "if (cycle.asks > 0 && cycle.asks < rules.asks_max && sought !== null) {",
    replace: "if (cycle.asks > 0 && cycle.asks < 99 && sought !== null) {",
    test: TRUE_UP,
    name: "a silent meter is asked again with growing patience",
  },
  {
    rule: "A draft that changed underneath does not go out unseen",
    source: STATES,
    file: "actors/billing/cycle_step.ts",
    find: "if (quote.payable_paise === payable_paise && bill.inputs.units_kwh === units_kwh) {",
    replace: "if (bill.inputs.units_kwh === units_kwh) {",
    test: SEGMENTS,
    name: "a draft under which something changed",
  },
  {
    rule: "A last reading long before the end of the month does not close it, and is estimated",
    source: STATES,
    file: "actors/billing/cycle_step.ts",
    find: "if (rule === STALE) this.cycle.deadline_at_ms = this.#estimateAt();",
    replace: "",
    test: SEGMENTS,
    name: "a last reading long before the end of the month",
  },
  {
    rule: "An exchange does not reach into what is billed",
    source: USE,
    file: "streams/premises/standing.ts",
    find: "if (billed !== undefined) {",
    replace: "if (billed === null) {",
    test: PREMISES,
    name: "Premises",
  },
  {
    rule: "A final reading below what the meter itself told is refused",
    source: USE,
    file: "streams/premises/standing.ts",
    find: "if (final_wh >= shown_wh) return;",
    replace: "if (final_wh >= 0) return;",
    test: PREMISES,
    name: "Premises",
  },
  {
    rule: "The next account begins at least where the one before ended",
    source: MOVING,
    file: "streams/premises/move.ts",
    find: "if (last?.final_reading_wh !== undefined && (last.final_reading_wh ?? 0) > start_wh) {",
    replace: "if (last === null) {",
    test: PREMISES,
    name: "Premises",
  },
  {
    rule: "What is in the customer's favour asks for nothing",
    source: TRUED,
    file: "streams/delivery/sms_text.ts",
    find: "amount: rupeesShort(Math.max(0, bill.amount_due_paise)),",
    replace: "amount: rupeesShort(bill.amount_due_paise),",
    test: PAGE,
    name: "a credit of an estimated bill is named",
  },
];
