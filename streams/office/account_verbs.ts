/** The verbs of the accounts: payments, statements, arrears, credit notes. */
import { TerminalError } from "../../protocol/errors.ts";
import { z } from "../../protocol/schema.ts";
import { arrearsPage } from "../accounts/arrears.ts";
import { checkLedger } from "../accounts/check.ts";
import { creditBill } from "../accounts/credit.ts";
import { writeAdjustment } from "../accounts/adjust.ts";
import { importPayments, recordOne } from "../accounts/import_payments.ts";
import { payment } from "../accounts/payments.ts";
import { reversePayment } from "../accounts/reverse.ts";
import { statementOf } from "../accounts/statement.ts";
import { billName, findInvoice } from "../billing/invoices.ts";
import { verb, type Verbs } from "./office.ts";
import { takeUpload, upload, uploadPart } from "./upload.ts";

const LIST_MAX = 500;
const actor = z.string().trim().min(1).max(64).default("office");
const deed = { reason: z.string().trim().min(1, "say why").max(200), actor };
const account_id = z.string().trim().min(1).max(32);
const amount_paise = z.int().positive().max(1_000_000_000_000);

const paymentRecord = verb(
  payment.omit({ account_id: true }).extend({
    account_id: account_id.optional(),
    bill: billName.optional(),
    actor,
  }),
  async ({ account_id, bill, actor, ...given }, { db, now_ms }) => {
    const of_bill = bill === undefined ? undefined : (await findInvoice(db, bill)).account_id;
    const of = account_id ?? of_bill;
    if (of === undefined) throw new TerminalError("Give an account, or a bill of it");
    if (of_bill !== undefined && of_bill !== of) {
      throw new TerminalError(`Bill ${bill} is of account ${of_bill}, not ${of}`);
    }
    return await recordOne(db, { ...given, account_id: of }, { actor, now_ms: now_ms() });
  },
);

const paymentImport = verb(
  z.object({
    upload,
    file: z.string().trim().min(1).max(200),
    source: payment.shape.source.nullable().default(null),
    dry_run: z.boolean().default(false),
    actor,
  }),
  async ({ upload, ...given }, { db, now_ms }) => {
    const bytes = await takeUpload(db, upload);
    return await importPayments(db, { ...given, bytes, now_ms: now_ms() });
  },
);

/** Newest first. */
const paymentList = verb(
  z.object({
    account_id: account_id.optional(),
    source: z.string().max(32).optional(),
    limit: z.int().min(1).max(LIST_MAX).default(50),
  }),
  async ({ account_id, source, limit }, { db }) => {
    let query = db.selectFrom("payment").selectAll("payment")
      .leftJoin(
        "account_entry as reversal",
        (join) =>
          join.onRef("reversal.account_id", "=", "payment.account_id")
            .onRef("reversal.payment_id", "=", "payment.payment_id")
            .on("reversal.kind", "=", "payment_reversal"),
      )
      .select("reversal.value_date as reversed_on");
    if (account_id !== undefined) query = query.where("payment.account_id", "=", account_id);
    if (source !== undefined) query = query.where("source", "=", source);
    return await query.orderBy("payment.payment_id", "desc").limit(limit).execute();
  },
);

export const accountVerbs: Verbs = {
  "upload-part": uploadPart,
  "payment-record": paymentRecord,
  "payment-import": paymentImport,
  "payment-list": paymentList,
  "payment-reverse": verb(
    z.object({ payment: z.string().trim().min(1).max(100), ...deed }),
    async ({ payment, ...given }, { db, now_ms }) =>
      await reversePayment(db, payment, { ...given, now_ms: now_ms() }),
  ),
  "account-statement": verb(
    z.object({ account_id, limit: z.int().min(1).max(LIST_MAX).default(100) }),
    async ({ account_id, limit }, { db, now_ms }) =>
      await statementOf(db, account_id, limit, now_ms()),
  ),
  "account-arrears": verb(
    z.object({ after_id: z.string().max(32).default("") }),
    async ({ after_id }, { db, now_ms }) => await arrearsPage(db, after_id, now_ms()),
  ),
  "account-check": verb(z.object({}), async (_input, { db }) => await checkLedger(db)),
  "account-adjust": verb(
    z.object({
      account_id,
      amount_paise: z.int().min(-1_000_000_000_000).max(1_000_000_000_000)
        .refine((paise) => paise !== 0, "more or less than nothing"),
      opening: z.boolean().default(false),
      ...deed,
    }),
    async (given, { db, now_ms }) => await writeAdjustment(db, given, now_ms()),
  ),
  "bill-credit": verb(
    z.object({ bill: billName, amount_paise, ...deed }),
    async ({ bill, amount_paise, ...given }, { db, now_ms }) =>
      await creditBill(db, bill, amount_paise, { ...given, now_ms: now_ms() }),
  ),
};
