/** A file of payments, as a bank or a collection agency gives it: all of it, or nothing. */
import { TerminalError } from "../../protocol/errors.ts";
import { z } from "../../protocol/schema.ts";
import { parseRupees } from "../billing/money.ts";
import { checkRows } from "../csv/check_rows.ts";
import type { CsvFault, CsvFaults } from "../csv/faults.ts";
import { readCsv } from "../csv/read_csv.ts";
import { writeAudit } from "../database/audit.ts";
import { type Kysely, sql, type Transaction } from "../database/kysely.ts";
import type { Database } from "../database/schema.ts";
import { PAYMENT_FILE } from "./payment_file.ts";
import {
  type Payment,
  PAYMENT_METHODS,
  paymentDate,
  paymentReference,
  paymentSource,
  recordPayments,
} from "./payments.ts";

const rupees = z.string().transform((text, context) => {
  try {
    return parseRupees(text);
  } catch {
    context.addIssue("rupees above 0 with at most 2 decimals, such as 1250.50");
    return z.NEVER;
  }
});

const method = z.literal("").transform(() => "other" as const).or(z.enum(PAYMENT_METHODS));

const fileRow = z.object({
  reference: paymentReference,
  amount: rupees,
  paid_on: paymentDate,
  account: z.string().max(32, "an account's id has at most 32 characters"),
  bill: z.string().max(48, "a bill's number has at most 48 characters"),
  source: paymentSource.or(z.literal("")),
  method,
  note: z.string().max(200, "at most 200 characters"),
});

export interface ImportRequest {
  readonly bytes: Uint8Array;
  /** What the file is called: kept in the audit trail. */
  readonly file: string;
  /** Of rows that name none. */
  readonly source: string | null;
  /** Says what would be, and writes nothing. */
  readonly dry_run: boolean;
  readonly actor: string;
  readonly now_ms: number;
}

export interface ImportReport {
  readonly rows: number;
  readonly recorded: number;
  readonly stood: number;
  readonly amount_paise: number;
  /** Not empty: nothing was recorded. */
  readonly faults: readonly CsvFault[];
  readonly more: number;
}

/** Thrown to roll back, and caught: what was found is in the report. */
class NothingStands extends Error {
  constructor(readonly report: ImportReport) {
    super("nothing of the file is recorded");
  }
}

/** One transaction. Any fault refuses the whole file. */
export async function importPayments(
  db: Kysely<Database>,
  request: ImportRequest,
): Promise<ImportReport> {
  const sheet = readCsv(request.bytes, PAYMENT_FILE);
  const rows = checkRows(sheet, fileRow).map(({ row, value }) => ({ row, ...value }));
  try {
    return await db.transaction().execute(async (trx) => {
      const found = await paymentsOf(trx, rows, request.source, sheet.faults);
      const report = await record(trx, found, request, sheet.faults);
      if (report.faults.length > 0 || request.dry_run) throw new NothingStands(report);
      return report;
    });
  } catch (error) {
    if (error instanceof NothingStands) return error.report;
    throw error;
  }
}

interface Numbered {
  readonly row: number;
  readonly payment: Payment;
}

async function record(
  trx: Transaction<Database>,
  found: readonly Numbered[],
  { file, dry_run, actor, now_ms }: ImportRequest,
  faults: CsvFaults,
): Promise<ImportReport> {
  const result = await recordPayments(trx, found.map(({ payment }) => payment), actor, now_ms);
  for (const { at, field, reason } of result.refused) faults.add(found[at]!.row, field, reason);
  const { recorded, stood, amount_paise } = result;
  const whole = faults.count === 0;
  if (whole && recorded > 0 && !dry_run) {
    await writeAudit(trx, {
      actor,
      action: "payments.imported",
      subject: `file ${file}`,
      detail: { rows: found.length, recorded, stood, amount_paise },
    });
  }
  return {
    rows: found.length,
    ...(whole ? { recorded, stood, amount_paise } : { recorded: 0, stood: 0, amount_paise: 0 }),
    faults: faults.told.toSorted((a, b) => (a.row ?? 0) - (b.row ?? 0)),
    more: faults.more,
  };
}

type FileRow = z.output<typeof fileRow> & { readonly row: number };

/** Rows as payments: the account from the row, or from the bill that it names. */
async function paymentsOf(
  trx: Transaction<Database>,
  rows: readonly FileRow[],
  source: string | null,
  faults: CsvFaults,
): Promise<Numbered[]> {
  const accounts = await accountsOfBills(trx, rows.map(({ bill }) => bill).filter((b) => b !== ""));
  return rows.flatMap((row) => {
    const of_bill = accounts.get(row.bill);
    const given_source = row.source || source;
    if (row.bill !== "" && of_bill === undefined) {
      faults.add(row.row, "bill", `there is no bill ${row.bill}`);
    } else if (row.bill !== "" && row.account !== "" && of_bill !== row.account) {
      faults.add(
        row.row,
        "account",
        `bill ${row.bill} is of account ${of_bill}, not ${row.account}`,
      );
    } else if (row.bill === "" && row.account === "") {
      faults.add(row.row, "account", "neither an account nor a bill is given");
    } else if (given_source === null || given_source === "") {
      faults.add(
        row.row,
        "source",
        "is empty: give a column source, or --source for the whole file",
      );
    } else {
      const { reference, amount, paid_on, method, note } = row;
      const account_id = row.account || of_bill!;
      const payment = { account_id, source: given_source, reference, paid_on, method };
      return [{
        row: row.row,
        payment: { ...payment, amount_paise: amount, note: note === "" ? null : note },
      }];
    }
    return [];
  });
}

async function accountsOfBills(
  trx: Transaction<Database>,
  numbers: readonly string[],
): Promise<Map<string, string>> {
  if (numbers.length === 0) return new Map();
  const { rows } = await sql<{ number: string; account_id: string }>`
    select number, account_id from invoice where number = any(${[...new Set(numbers)]}::text[])`
    .execute(trx);
  return new Map(rows.map(({ number, account_id }) => [number, account_id]));
}

/** Records one payment, as a person at the desk does; `recorded` is false where it stood already. */
export async function recordOne(
  db: Kysely<Database>,
  given: Payment,
  { actor, now_ms }: Pick<ImportRequest, "actor" | "now_ms">,
) {
  return await db.transaction().execute(async (trx) => {
    const { recorded, refused } = await recordPayments(trx, [given], actor, now_ms);
    // Thrown within the transaction, so that nothing of it stands.
    if (refused.length > 0) throw new TerminalError(refused[0]!.reason);
    const { payment_id } = await trx.selectFrom("payment").select("payment_id")
      .where("source", "=", given.source).where("reference", "=", given.reference)
      .executeTakeFirstOrThrow();
    if (recorded > 0) {
      await writeAudit(trx, {
        actor,
        action: "payment.recorded",
        subject: `payment ${payment_id}`,
        detail: { ...given },
      });
    }
    const { balance } = await trx.selectFrom("account_entry")
      .select((of) => of.fn.sum<number>("amount_paise").as("balance"))
      .where("account_id", "=", given.account_id).executeTakeFirstOrThrow();
    return { ...given, payment_id, recorded: recorded > 0, balance_paise: Number(balance) };
  });
}
