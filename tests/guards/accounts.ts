/** The account ledger: booked with what it is of, once, and never changed. */
import type { Guard } from "./guard.ts";

const MIGRATION = "migrations/0009_accounts.ts";
const ENTRIES_TEST = "tests/streams/accounts/entries_test.ts";
const PAYMENTS_TEST = "tests/streams/accounts/payments_test.ts";
const SWEEPS = "streams/accounts/due_sweeps.ts";
const SWEEPS_TEST = "tests/streams/accounts/due_sweeps_test.ts";
const COMMANDS_TEST = "tests/streams/accounts/commands_test.ts";
const ALLOCATE_TEST = "tests/actors/accounts/allocate_test.ts";
const CSV = "streams/csv/read_csv.ts";
const CSV_TEST = "tests/streams/csv/csv_test.ts";

const LEDGER = "entries sum to the balance, and are never changed";
const ONCE = "payments are idempotent";
const DUE = "reminders and late charges by due date";
const FILES = "every file refuses with row, field and reason";

export const guards: readonly Guard[] = [
  {
    rule: "Entries, payments and credit notes are never changed or removed",
    source: LEDGER,
    file: MIGRATION,
    find: '["payment", "credit_note", "account_entry"].map',
    replace: '["payment", "credit_note"].map',
    test: ENTRIES_TEST,
    name: "the ledger",
  },
  {
    rule: "What books itself is written by nobody's hand",
    source: LEDGER,
    file: MIGRATION,
    find: "and new.kind in ('invoice', 'void', 'payment', 'credit_note'))",
    replace: "and false)",
    test: ENTRIES_TEST,
    name: "the ledger",
  },
  {
    rule: "With a void bill go its credit notes and its late charge",
    source: LEDGER,
    file: MIGRATION,
    find: "where written.state = 'void' and entry.reverses is null and not exists (",
    replace: "where written.state = 'void' and entry.kind = 'invoice' and not exists (",
    test: ENTRIES_TEST,
    name: "the ledger",
  },
  {
    rule: "Credit notes give back no more than their bill asks for",
    source: LEDGER,
    file: MIGRATION,
    find: "if credited + new.amount_paise > bill.payable_paise then",
    replace: "if false then",
    test: ENTRIES_TEST,
    name: "the ledger",
  },
  {
    rule: "A bill of the time before the ledger is booked when the database is migrated",
    source: LEDGER,
    file: MIGRATION,
    find: "for (const statement of [...TABLES, ...BEFORE, ...BOOKING, ...GUARDS])",
    replace: "for (const statement of [...TABLES, ...BOOKING, ...GUARDS])",
    test: "tests/streams/accounts/migration_test.ts",
    name: "0009 books the bills that stand",
  },
  {
    rule: "A payment that is said again with another content is refused",
    source: ONCE,
    file: "streams/accounts/payments.ts",
    find: "if (other !== undefined && sameContent(one, other)) return [];",
    replace: "if (other !== undefined) return [];",
    test: PAYMENTS_TEST,
    name: "payments",
  },
  {
    rule: "A file with a fault records nothing",
    source: FILES,
    file: "streams/accounts/import_payments.ts",
    find: "if (report.faults.length > 0 || request.dry_run) throw",
    replace: "if (request.dry_run) throw",
    test: PAYMENTS_TEST,
    name: "payments",
  },
  {
    rule: "What came in settles what fell due first",
    source: LEDGER,
    file: "actors/accounts/allocate.ts",
    find: "return compare(a.due_on, b.due_on) || a.entry_id - b.entry_id;",
    replace: "return b.entry_id - a.entry_id;",
    test: ALLOCATE_TEST,
    name: "allocate() settles what fell due first",
  },
  {
    rule: "A payment that was reversed has paid nothing, on no day",
    source: LEDGER,
    file: "actors/accounts/allocate.ts",
    find: "one.reverses === null && !undone.has(one.entry_id)",
    replace: "true",
    test: ALLOCATE_TEST,
    name: "allocate() takes what was reversed as if it had never been",
  },
  {
    rule: "Nobody is reminded of a bill that is paid",
    source: DUE,
    file: SWEEPS,
    find: "if (item === undefined || item.outstanding_paise === 0) continue;",
    replace: "if (item === undefined) continue;",
    test: SWEEPS_TEST,
    name: "due dates",
  },
  {
    rule: "A reminder of a bill that was paid while it waited is not sent",
    source: DUE,
    file: "actors/notification/notification.ts",
    find: 'if (invoice === "paid" && kind === "reminder") return "the invoice is paid";',
    replace: "",
    test: "tests/streams/accounts/reminder_test.ts",
    name: "a reminder asks for what is left",
  },
  {
    rule: "A sweep that starts does not begin with the past, and none is far too late",
    source: DUE,
    file: "streams/accounts/sweep.ts",
    find: "const from = at.due_on < first ? { due_on: first, invoice_id: 0 } : at;",
    replace: "const from = at;",
    test: SWEEPS_TEST,
    name: "due dates",
  },
  {
    rule: "A bill is charged once for being paid late",
    source: DUE,
    file: SWEEPS,
    find: "if (item === undefined || already.has(bill.invoice_id)) return [];",
    replace: "if (item === undefined) return [];",
    test: SWEEPS_TEST,
    name: "due dates",
  },
  {
    rule: "Where no new bill comes out the old one stands",
    source: "void, credit note, regenerate, linked",
    file: "streams/billing/regenerate.ts",
    find: 'if (made.issued === null && made.state !== "draft") {',
    replace: "if (false) {",
    test: "tests/streams/accounts/regenerate_test.ts",
    name: "bills and their accounts",
  },
  {
    rule: "A bill whose balance does not add up is not printed",
    source: LEDGER,
    file: "streams/delivery/pdf/sums.ts",
    find: "if (before_paise - payments_paise + payable_paise === amount_due_paise) return;",
    replace: "return;",
    test: "tests/streams/delivery/arrears_test.ts",
    name: "a bill whose balance does not add up",
  },
  {
    rule: "A file of rows is bounded in bytes and in rows",
    source: FILES,
    file: CSV,
    find: "if (records.length > rows_max + 1) {",
    replace: "if (false) {",
    test: CSV_TEST,
    name: "readCsv() is bounded",
  },
  {
    rule: "A misspelt column is refused, and not lost",
    source: FILES,
    file: CSV,
    find: "else if (!known.includes(name)) {",
    replace: "else if (false) {",
    test: CSV_TEST,
    name: "readCsv() refuses a header",
  },
  {
    rule: "What a due date brings and how far the sweep is stand together, also after kill -9",
    source: DUE,
    file: "streams/accounts/sweep.ts",
    find: "return await db.transaction().execute(async (trx) => {",
    replace: "return await db.connection().execute(async (trx: any) => {",
    test: "tests/streams/accounts/due_killed_test.ts",
    name: "Due dates go on after kill -9",
  },
  {
    rule: "A bill is made anew by the rules in force: drafts, and what readings are held against",
    source: "void, credit note, regenerate, linked",
    file: "streams/office/bill_regenerate.ts",
    find: "rules: cycleRulesOf(office), now_ms",
    replace: "rules: cycleRulesOf({ ...office, cycle_rules: undefined }), now_ms",
    test: COMMANDS_TEST,
    name: "bill regenerate",
  },
  {
    rule: "A faulty file ends with 1",
    source: FILES,
    file: "streams/terminal/commands/payment_import.ts",
    find: "return report.faults.length === 0 ? 0 : 1;",
    replace: "return 0;",
    test: COMMANDS_TEST,
    name: "payment import",
  },
  {
    rule: "A file of which a piece was lost on the way is not taken",
    source: FILES,
    file: "streams/office/upload.ts",
    find: "if (taken.length !== parts || taken.some(({ part }, at) => part !== at)) {",
    replace: "if (false) {",
    test: COMMANDS_TEST,
    name: "payment import refuses a file of which a piece",
  },
];
