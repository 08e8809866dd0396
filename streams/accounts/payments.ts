/**
 * Payments: recorded once, whoever says so how often. A payment is named by its source and the
 * reference that the source gave it; what is said again with the same content changes nothing, and
 * with another content it is refused.
 */
import { indianDateOf } from "../../protocol/indian_time.ts";
import { isDate } from "../../actors/billing/tariff/dates.ts";
import { TerminalError } from "../../protocol/errors.ts";
import { z } from "../../protocol/schema.ts";
import { formatRupees } from "../billing/money.ts";
import { type Kysely, sql, type Transaction } from "../database/kysely.ts";
import type { Database, PaymentMethod } from "../database/schema.ts";
import { lockForEntries } from "./entries.ts";

export const PAYMENT_METHODS = [
  ...["cash", "cheque", "card", "upi", "netbanking", "wallet", "bank", "other"] as const,
] as const satisfies readonly PaymentMethod[];

/** 10,000,000,000 rupees. */
const AMOUNT_MAX_PAISE = 1_000_000_000_000;

export const paymentSource = z.string().regex(
  /^[a-z0-9][a-z0-9._-]{0,31}$/,
  "1 to 32 small letters, digits, . _ or -, such as counter or upi-hdfc",
);
export const paymentReference = z.string().regex(
  // deno-lint-ignore no-control-regex
  /^[^\x00-\x1f\x7f]{1,64}$/,
  "1 to 64 characters, as the source names the payment",
);
export const paymentDate = z.string().refine(isDate, "a date as YYYY-MM-DD");

export const payment = z.object({
  account_id: z.string().min(1).max(32),
  source: paymentSource,
  reference: paymentReference,
  amount_paise: z.int().positive().max(AMOUNT_MAX_PAISE),
  paid_on: paymentDate,
  method: z.enum(PAYMENT_METHODS),
  note: z.string().max(200).nullable(),
});
export type Payment = z.infer<typeof payment>;

/** Why one payment of several cannot be recorded: `at` is its place among them. */
export interface RefusedPayment {
  readonly at: number;
  readonly field: "account" | "reference" | "paid_on";
  readonly reason: string;
}

export interface RecordedPayments {
  readonly recorded: number;
  /** Were there already, with the same content. */
  readonly stood: number;
  /** Of those recorded now. */
  readonly amount_paise: number;
  /** Not empty: nothing was recorded, and the caller must end the transaction without a trace. */
  readonly refused: readonly RefusedPayment[];
}

/** Rows of one statement: a statement has at most 65,535 parameters. */
const STATEMENT_ROWS = 2_000;

/**
 * Records `payments` in the caller's transaction. Where `refused` is not empty the transaction must be
 * rolled back: then nothing of them stands.
 */
export async function recordPayments(
  trx: Transaction<Database>,
  payments: readonly Payment[],
  recorded_by: string,
  now_ms: number,
): Promise<RecordedPayments> {
  const refused = [...repeated(payments), ...notYet(payments, indianDateOf(now_ms))];
  const known = await lockForEntries(trx, payments.map(({ account_id }) => account_id));
  for (const [at, { account_id }] of payments.entries()) {
    if (known.has(account_id)) continue;
    refused.push({ at, field: "account", reason: `there is no account ${account_id}` });
  }
  if (refused.length > 0) return { recorded: 0, stood: 0, amount_paise: 0, refused };
  let recorded = 0;
  let amount_paise = 0;
  // By their names, so that two files that hold the same payments wait for each other in turn.
  const order = [...payments.keys()].sort((a, b) => byName(payments[a]!, payments[b]!));
  for (let from = 0; from < order.length; from += STATEMENT_ROWS) {
    const places = order.slice(from, from + STATEMENT_ROWS);
    const made = await insert(trx, places.map((at) => payments[at]!), recorded_by, now_ms);
    for (const at of places) {
      if (made.has(nameOf(payments[at]!))) amount_paise += payments[at]!.amount_paise;
    }
    recorded += made.size;
    const others = places.filter((at) => !made.has(nameOf(payments[at]!)));
    refused.push(...await differing(trx, payments, others));
  }
  return { recorded, stood: payments.length - recorded, amount_paise, refused };
}

const nameOf = ({ source, reference }: Pick<Payment, "source" | "reference">) =>
  `${source}\n${reference}`;

function byName(a: Payment, b: Payment): number {
  return nameOf(a) < nameOf(b) ? -1 : 1;
}

function repeated(payments: readonly Payment[]): RefusedPayment[] {
  const seen = new Set<string>();
  return payments.flatMap((one, at) => {
    const name = nameOf(one);
    if (!seen.has(name)) {
      seen.add(name);
      return [];
    }
    const reason = `payment ${one.source} ${one.reference} is there twice`;
    return [{ at, field: "reference", reason } as const];
  });
}

function notYet(payments: readonly Payment[], today: string): RefusedPayment[] {
  return payments.flatMap(({ paid_on }, at) =>
    paid_on <= today ? [] : [
      { at, field: "paid_on", reason: `${paid_on} is still to come: today is ${today}` } as const,
    ]
  );
}

/** Inserts what is not there yet; the names of those that were made. */
async function insert(
  trx: Transaction<Database>,
  payments: readonly Payment[],
  recorded_by: string,
  now_ms: number,
): Promise<Set<string>> {
  const made = await trx.insertInto("payment")
    .values(payments.map((one) => ({ ...one, recorded_by, recorded_at: new Date(now_ms) })))
    .onConflict((conflict) => conflict.constraint("payment_once").doNothing())
    .returning(["source", "reference"]).execute();
  return new Set(made.map(nameOf));
}

/** Those of `places` that stand already with another content. */
async function differing(
  trx: Transaction<Database>,
  payments: readonly Payment[],
  places: readonly number[],
): Promise<RefusedPayment[]> {
  if (places.length === 0) return [];
  const sources = places.map((at) => payments[at]!.source);
  const references = places.map((at) => payments[at]!.reference);
  const { rows } = await sql<Payment>`
    select account_id, source, reference, amount_paise, paid_on, method, note from payment
    where (source, reference) in (
      select * from unnest(${sources}::text[], ${references}::text[]))`.execute(trx);
  const standing = new Map(rows.map((row) => [nameOf(row), row]));
  return places.flatMap((at) => {
    const one = payments[at]!;
    const other = standing.get(nameOf(one));
    if (other !== undefined && sameContent(one, other)) return [];
    const reason = other === undefined
      ? `payment ${one.source} ${one.reference} is being recorded by somebody else: try again`
      : `payment ${one.source} ${one.reference} is recorded already, of Rs ` +
        `${formatRupees(other.amount_paise)} on ${other.paid_on} for account ${other.account_id}`;
    return [{ at, field: "reference", reason } as const];
  });
}

function sameContent(a: Payment, b: Payment): boolean {
  return a.account_id === b.account_id && a.amount_paise === b.amount_paise &&
    a.paid_on === b.paid_on;
}

/** The payment called `name`: its number, or `source reference`. Throws `TerminalError`. */
export async function findPayment(db: Kysely<Database>, name: string) {
  const query = db.selectFrom("payment").selectAll();
  const [, source, reference] = /^(\S+)\s+(.+)$/.exec(name.trim()) ?? [];
  const found = source !== undefined && reference !== undefined
    ? await query.where("source", "=", source).where("reference", "=", reference).executeTakeFirst()
    : /^\d{1,15}$/.test(name)
    ? await query.where("payment_id", "=", Number(name)).executeTakeFirst()
    : undefined;
  if (found !== undefined) return found;
  throw new TerminalError(
    `There is no payment ${name}: give its number, or "SOURCE REFERENCE"; see: samay payment list`,
  );
}
