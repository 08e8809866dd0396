/** Billing runs: every account once, whatever dies; a run that goes wrong halts. */
import type { Guard } from "./guard.ts";

const PAGE = { file: "streams/billing/run/page.ts", test: "tests/streams/billing/run/run_test.ts" };
const RUN = "A billing run";
const PURE = { file: "actors/billing/run.ts", test: "tests/actors/billing/run_test.ts" };
const BATCH = { file: "streams/billing/step.ts", test: "tests/streams/billing/batch_test.ts" };
const WAITING = "tests/streams/billing/waiting_test.ts";

const HALTING = "A run whose waiting accounts break its bounds";

const ONCE = "I2, no reading is billed twice";
const BOUNDS = "a run halts before it does harm";
const LATER = {
  file: "streams/billing/run/later.ts",
  test: "tests/streams/billing/run/later_test.ts",
  source: BOUNDS,
};
const ALONE = "one account's fault is its own";
const LIMITS = "queues, buffers and retries have limits";

export const guards: readonly Guard[] = [
  {
    ...PAGE,
    rule: "A page of a run is in one process's hands at a time",
    source: ONCE,
    find: "    for update of page skip locked",
    replace: "",
    name: RUN,
  },
  {
    ...PAGE,
    rule: "A page is done in the transaction that writes its bills",
    source: ONCE,
    find: "    await finishPage(trx, page, context.now_ms());",
    replace: "",
    name: RUN,
  },
  {
    ...PAGE,
    rule: "A run halts when it breaks its bounds",
    source: BOUNDS,
    find: "    const reason = haltOf(addTotals(before, totals), page.bounds);",
    replace: "    const reason = haltOf(addTotals(before, totals), page.bounds) && null;",
    name: RUN,
  },
  {
    ...PAGE,
    rule: "No bill of a page that breaks the bounds goes out",
    source: BOUNDS,
    find: "bills are not out.\n      await sql`rollback to savepoint page`.execute(trx);",
    replace: "bills are not out.\n",
    name: RUN,
  },
  {
    rule: "A page in hand is taken back when its run has halted meanwhile",
    source: BOUNDS,
    file: "streams/billing/run/progress.ts",
    find: '.where("state", "=", "running").forUpdate()',
    replace: ".forUpdate()",
    test: "tests/streams/billing/run/halted_test.ts",
    name: "A page in hand is taken back when its run halts meanwhile",
  },
  {
    ...PAGE,
    rule: "A bill above the bound for one bill waits for a person",
    source: BOUNDS,
    find: "payable_paise === null ? null : outlierOf(payable_paise, bounds)",
    replace: "payable_paise === null ? null : outlierOf(0, bounds)",
    name: RUN,
  },
  {
    ...PURE,
    rule: "A share of a handful halts nothing",
    source: BOUNDS,
    find: "  if (looked >= RUN_SAMPLE_MIN && ",
    replace: "  if (",
    name: "haltOf() judges the share that parks only when there is a sample",
  },
  {
    ...PURE,
    rule: "A sum far below the month before halts a run as one far above does",
    source: BOUNDS,
    find: "  if (Math.abs(change) <= change_max_percent) return null;",
    replace: "  if (change <= change_max_percent) return null;",
    name: "haltOf() judges the sum against the same accounts' month before, both ways",
  },
  {
    ...PAGE,
    rule: "An account whose rows the database refuses parks, and its page is billed",
    source: ALONE,
    find: "    if (isPassing(error)) throw error;\n    // Fails too",
    replace: "    throw error;\n    // Fails too",
    name: RUN,
  },
  {
    rule: "A waiting account whose rows the database refuses parks, and the others are billed",
    source: ALONE,
    file: "streams/billing/billing.ts",
    find:
      "      states.push(...this.#tell([key], await stepLaterAlone(this.context, key, request)));",
    replace: "",
    test: WAITING,
    name: "One waiting account that the database refuses holds up no other",
  },
  {
    rule: "A waiting account at which the program fails parks, and the pass goes on",
    source: ALONE,
    file: "streams/billing/park.ts",
    find: "    if (isPassing(error)) throw error;\n    // Fails too",
    replace: "    throw error;\n    // Fails too",
    test: WAITING,
    name: "A waiting account at which the program itself fails parks, and the pass goes on",
  },
  {
    ...LATER,
    rule: "A bill that comes after its run's page is held against the bound for one bill",
    find: "one.changed && run ? withinBounds(one, run.bounds) : one",
    replace: "one",
    name: "A waiting account of a run is held against its bound for one bill",
  },
  {
    ...LATER,
    rule: "What comes after its run's page counts for the run, and halts it",
    find: '"it was halted meanwhile" : haltOf(sums, run.bounds);',
    replace: '"it was halted meanwhile" : haltOf(sums, run.bounds) && null;',
    name: HALTING,
  },
  {
    ...LATER,
    rule: "A waiting account of a month whose run has halted is not looked at",
    file: "streams/billing/awaiting.ts",
    find: "cycle.period, ${NOT_HALTED} and exists (",
    replace: "cycle.period, exists (",
    name: HALTING,
  },
  {
    ...LATER,
    rule: "A deadline issues nothing of a month whose run has halted",
    file: "streams/billing/awaiting.ts",
    find: '"draft", "parked"]).where(NOT_HALTED)',
    replace: '"draft", "parked"])',
    name: HALTING,
  },
  {
    ...LATER,
    rule: "A look in hand is taken back when the run of its month halts meanwhile",
    file: "streams/billing/run/progress.ts",
    find: [
      " and state <> 'halted'",
      "      and not exists (",
      "        select 1 from billing_run as halted",
      "        where halted.period = ${period} and halted.state = 'halted')",
    ].join("\n"),
    replace: "",
    name: HALTING,
  },
  {
    ...BATCH,
    rule: "Two months of one account are never decided side by side",
    source: ONCE,
    find: "keys.length < size && !accounts.has(key.account_id)",
    replace: "keys.length < size",
    name: "Many billing cycles in one step",
  },
  {
    rule: "Numbers of a batch are taken as one range, and come back with it",
    source: "numbers without gaps",
    file: "streams/database/invoice_series.ts",
    find: "set last_number = invoice_series.last_number + ${count}::bigint",
    replace: "set last_number = invoice_series.last_number + ${count}::bigint + 1",
    test: "tests/streams/billing/run/run_test.ts",
    name: RUN,
  },
  {
    rule: "A city of waiting meters is looked at in windows",
    source: LIMITS,
    file: "streams/billing/awaiting.ts",
    find: "      order by cycle_id limit ${window}\n",
    replace: "      order by cycle_id\n",
    test: WAITING,
    name: "Waiting cycles",
  },
  {
    ...PAGE,
    rule: "Who has no bill for an earlier month is left out of a run until a person goes on",
    source: ONCE,
    find: "page.bounds.skip_months ? all : await inOrder(trx, page, all)",
    replace: "all",
    name: RUN,
  },
  {
    ...PAGE,
    rule: "While an earlier month is being billed a later one waits",
    source: ONCE,
    find: "earlier.state = 'running' and earlier.period < run.period)",
    replace: "earlier.state = 'running' and false)",
    name: RUN,
  },
  {
    rule: "A dry run says which bills would be drafts first",
    source: "a dry run says what the run would do",
    file: "streams/billing/preview.ts",
    find: 'if (state === "draft" && draft !== null) {',
    replace: "if (false) {",
    test: "tests/streams/billing/step_test.ts",
    name: "The billing cycle",
  },
  {
    rule: "The office goes by the same rules, tariffs and limits as billing itself",
    source: "a dry run says what the run would do",
    file: "streams/roles/billing_role.ts",
    find: "utility: options.utility, rules, cycle_rules },",
    replace: "utility: options.utility, rules },",
    test: "tests/streams/roles/dry_run_test.ts",
    name: "a dry run goes by what the head-end is configured with",
  },
  {
    rule: "A draft that cannot be released holds up no other of its month",
    source: ALONE,
    file: "streams/billing/drafts.ts",
    find: "told.push({ issued: null, reason: (error as Error).message });",
    replace: "throw error;",
    test: "tests/streams/billing/release_month_test.ts",
    name: "The drafts of a month",
  },
];
