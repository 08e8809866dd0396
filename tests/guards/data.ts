/** Files in and out: all or nothing, nothing made up; a bill back to where it came from. */
import type { Guard } from "./guard.ts";

const IMPORT_TEST = "tests/streams/data/import_test.ts";
const EXPORT_TEST = "tests/streams/data/export_test.ts";
const ESPI_TEST = "tests/protocol/espi_test.ts";
const EXPLAIN_TEST = "tests/streams/billing/explain_test.ts";
const VERIFY_TEST = "tests/streams/office/bill_verify_test.ts";

const EXPLAIN = "every line of a bill back to its readings and frames";
const BAD_INPUT = "bad input changes nothing by halves";
const DATA = "data in and out";

export const guards: readonly Guard[] = [
  {
    rule: "A file with one wrong row is not written at all",
    source: BAD_INPUT,
    file: "streams/data/import_take.ts",
    find: "const written = refused === 0 && !dry_run;",
    replace: "const written = !dry_run;",
    test: IMPORT_TEST,
    name: "imports on the embedded database",
  },
  {
    rule: "A dry run writes nothing",
    source: BAD_INPUT,
    file: "streams/data/import_take.ts",
    find: "const written = refused === 0 && !dry_run;",
    replace: "const written = refused === 0;",
    test: IMPORT_TEST,
    name: "imports on the embedded database",
  },
  {
    rule: "A reading that stands is not replaced by an imported one, nor passed over in silence",
    source: DATA,
    file: "streams/data/import_checks.ts",
    find: `["value", "given.value || ' ' || given.unit", "reading.value || ' ' || reading.unit"],`,
    replace: "",
    test: IMPORT_TEST,
    name: "imports on the embedded database",
  },
  {
    rule: "A row that says otherwise than what stands is refused with the field",
    source: DATA,
    file: "streams/data/import_checks.ts",
    find: "where pair.here is distinct from pair.there",
    replace: "where false",
    test: IMPORT_TEST,
    name: "imports on the embedded database",
  },
  {
    rule: "What is in a file twice is refused",
    source: BAD_INPUT,
    file: "streams/data/import_checks.ts",
    find: "where line > first",
    replace: "where false",
    test: IMPORT_TEST,
    name: "imports on the embedded database",
  },
  {
    rule: "The number of files under way is bounded",
    source: "queues, buffers and retries have limits",
    file: "streams/data/import_stage.ts",
    find: "if (open >= OPEN_MAX) {",
    replace: "if (false) {",
    test: IMPORT_TEST,
    name: "imports on the embedded database",
  },
  {
    rule: "An imported meter keeps the alias by which the masters know it",
    source: DATA,
    file: "streams/data/import_meters.ts",
    find: "return { alias: entry.alias, faults };",
    replace: "return { alias: null, faults };",
    test: IMPORT_TEST,
    name: "imported meters",
  },
  {
    rule: "A page of readings begins behind the last row of the one before",
    source: DATA,
    file: "streams/data/export_queries.ts",
    find: "(reading.meter_id, reading.obis, reading.read_at) >\n",
    replace: "(reading.meter_id, reading.obis, reading.read_at) >=\n",
    test: EXPORT_TEST,
    name: "exports on the embedded database",
  },
  {
    rule: "An interval over a missing reading is left out",
    source: DATA,
    file: "protocol/espi/intervals.ts",
    find: "if (duration_s <= 0 || duration_s > GAP * usual_s) return null;",
    replace: "if (duration_s <= 0) return null;",
    test: ESPI_TEST,
    name: "intervalBetween() makes nothing up",
  },
  {
    rule: "The intervals of a register sum to its difference, whatever the factor",
    source: DATA,
    file: "protocol/espi/intervals.ts",
    find: "Math.round(after.value_wh * factor) - Math.round(before.value_wh * factor);",
    replace: "Math.round((after.value_wh - before.value_wh) * factor);",
    test: ESPI_TEST,
    name: "intervals sum to the register's difference",
  },
  {
    rule: "No spreadsheet computes what a customer is called",
    source: DATA,
    file: "streams/csv/write_csv.ts",
    find: "return FORMULA.test(text) && !NUMBER.test(text) ? `'${text}` : text;",
    replace: "return text;",
    test: "tests/streams/csv/write_csv_test.ts",
    name: "csvLine() lets no spreadsheet compute",
  },
  {
    rule: "A bill whose units are not what its readings give is not explained as the same",
    source: EXPLAIN,
    file: "streams/billing/explain.ts",
    find: "isEqual(sheet, again) && unitsAreThose(sheet, segments)",
    replace: "isEqual(sheet, again)",
    test: EXPLAIN_TEST,
    name: "explain() sees a bill that is not what its inputs give",
  },
  {
    rule: "A bill whose lines are not what its inputs give is not explained as the same",
    source: EXPLAIN,
    file: "streams/billing/explain.ts",
    find: "isEqual(sheet, again) && unitsAreThose(sheet, segments)",
    replace: "unitsAreThose(sheet, segments)",
    test: EXPLAIN_TEST,
    name: "explain() sees a bill that is not what its inputs give",
  },
  {
    rule: "A frame that says another register than was billed is told",
    source: EXPLAIN,
    file: "streams/office/bill_verify.ts",
    find: "if (register.value !== trace.value_wh) {",
    replace: "if (false) {",
    test: VERIFY_TEST,
    name: "bill explain --verify opens the frame again",
  },
  {
    rule: "A frame that opens with another second than was kept is told",
    source: EXPLAIN,
    file: "streams/office/bill_verify.ts",
    find: "if (trace.second_found_s !== null && second !== trace.second_found_s) {",
    replace: "if (false) {",
    test: VERIFY_TEST,
    name: "bill explain --verify opens the frame again",
  },
  {
    rule: "Accounts of a file whose tariff bills nobody are told with their number",
    source: DATA,
    file: "streams/data/import_take.ts",
    find: 'kind === "consumers" ? await unbilledOf(trx, asked) : []',
    replace: "[]",
    test: "tests/streams/data/commands_test.ts",
    name: "data import and export from the command line",
  },
];
