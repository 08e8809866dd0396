/** Accounts with bills, for tests of the ledger: the bills are rows, no meter is behind them. */
import { type Kysely, sql } from "../../../streams/database/kysely.ts";
import type { Database } from "../../../streams/database/schema.ts";
import { addAccount } from "../billing/fixture.ts";

export type Db = Kysely<Database>;

export const ISSUED_AT = new Date("2026-05-01T06:00:00+05:30");

/** Accounts A1 to A`count`. */
export async function accounts(db: Db, count: number): Promise<void> {
  for (let n = 1; n <= count; n++) await addAccount(db, n);
}

export interface BillRow {
  readonly account_id?: string;
  readonly period?: string;
  readonly payable_paise?: number;
  readonly due_on?: string;
  readonly issued_at?: Date;
  readonly inputs?: Readonly<Record<string, unknown>>;
}

/** An issued bill as a row; returns its id. */
export async function bill(db: Db, number: string, row: BillRow = {}): Promise<number> {
  const { account_id = "A1", period = "2026-04", payable_paise = 100_000 } = row;
  const { due_on = "2026-05-22", issued_at = ISSUED_AT, inputs = {} } = row;
  const { cycle_id } = await db.insertInto("billing_cycle")
    .values({ account_id, period, state: "issued" }).returning("cycle_id")
    .executeTakeFirstOrThrow();
  const { invoice_id } = await db.insertInto("invoice").values({
    ...{ number, account_id, period, cycle_id, state: "issued", issued_at, due_on, payable_paise },
    ...{ total_paise: payable_paise, rounding_paise: 0, void_reason: null },
    inputs: JSON.stringify(inputs),
  }).returning("invoice_id").executeTakeFirstOrThrow();
  return invoice_id;
}

/** Makes a bill void, past the office. */
export async function voided(db: Db, invoice_id: number): Promise<void> {
  await db.updateTable("invoice").set({ state: "void", void_reason: "read wrongly" })
    .where("invoice_id", "=", invoice_id).execute();
  await db.updateTable("billing_cycle").set({ state: "void" })
    .where(
      "cycle_id",
      "in",
      (of) => of.selectFrom("invoice").select("cycle_id").where("invoice_id", "=", invoice_id),
    ).execute();
}

/** A payment as a row; returns its id. */
export async function payment(
  db: Db,
  reference: string,
  amount_paise: number,
  of: { readonly account_id?: string; readonly paid_on?: string } = {},
): Promise<number> {
  const { account_id = "A1", paid_on = "2026-05-10" } = of;
  const { payment_id } = await db.insertInto("payment").values({
    ...{ account_id, source: "counter", reference, amount_paise, paid_on, method: "cash" },
    ...{ note: null, recorded_by: "test" },
  }).returning("payment_id").executeTakeFirstOrThrow();
  return payment_id;
}

/** Entries of an account in their order: `invoice 100000`, ... */
export async function entries(db: Db, account_id = "A1"): Promise<string[]> {
  const rows = await db.selectFrom("account_entry").select(["kind", "amount_paise"])
    .where("account_id", "=", account_id).orderBy("entry_id").execute();
  return rows.map(({ kind, amount_paise }) => `${kind} ${amount_paise}`);
}

/** Runs SQL with the triggers off, as nobody but the database's owner can. */
export async function pastTheGuards(db: Db, table: string, statement: string): Promise<void> {
  await sql.raw(`alter table ${table} disable trigger user`).execute(db);
  try {
    await sql.raw(statement).execute(db);
  } finally {
    await sql.raw(`alter table ${table} enable trigger user`).execute(db);
  }
}
