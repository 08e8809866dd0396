/** Writes an invoice and all that belongs to it, in the transaction that decided it. */
import type { Bill } from "../../actors/billing/bill.ts";
import type { Notice } from "../../protocol/messages/billing.ts";
import { subjects } from "../../protocol/subjects.ts";
import { writeAudit } from "../database/audit.ts";
import { nextNumber } from "../database/invoice_series.ts";
import type { Transaction } from "../database/kysely.ts";
import { enqueue } from "../database/outbox.ts";
import type { Database } from "../database/schema.ts";

const NUMBER_DIGITS = 6;
const CHANNELS = ["email", "sms"] as const;

/**
 * The invoice with its number, lines, notification intents and their notices, and the trace. The
 * unique index on (account, period) refuses a second live invoice; then nothing of this stands.
 */
export async function writeInvoice(
  trx: Transaction<Database>,
  cycle_id: number,
  bill: Bill,
): Promise<string> {
  const { inputs, quote, issued_at_ms, series } = bill;
  // The number is taken here and not before: its row stays locked until the end.
  const counted = String(await nextNumber(trx, series)).padStart(NUMBER_DIGITS, "0");
  const number = `${series}/${counted}`;
  const { invoice_id } = await trx.insertInto("invoice").values({
    number,
    account_id: inputs.account.id,
    period: inputs.period,
    cycle_id,
    state: "issued",
    issued_at: new Date(issued_at_ms),
    due_on: inputs.due_on,
    total_paise: quote.total_paise,
    rounding_paise: quote.rounding_paise,
    payable_paise: quote.payable_paise,
    inputs: JSON.stringify(inputs),
    void_reason: null,
  }).returning("invoice_id").executeTakeFirstOrThrow();
  await trx.insertInto("invoice_line").values(
    quote.lines.map(({ code, description, units, rate, amount_paise }, position) => ({
      invoice_id,
      position,
      code,
      description,
      units,
      rate,
      amount_paise,
    })),
  ).execute();
  await writeNotifications(trx, invoice_id, bill);
  const { account, period } = inputs;
  await writeAudit(trx, {
    actor: "billing",
    action: "invoice.issued",
    subject: number,
    detail: { account_id: account.id, period, payable_paise: quote.payable_paise },
  });
  return number;
}

/** One intent a channel. A consumer who cannot be reached by it is skipped, and the row says why. */
async function writeNotifications(
  trx: Transaction<Database>,
  invoice_id: number,
  bill: Bill,
): Promise<void> {
  const { consumer } = bill.inputs;
  for (const channel of CHANNELS) {
    const recipient = channel === "email" ? consumer.email : consumer.phone;
    const missing = recipient === null || recipient === "";
    const way = channel === "email" ? "e-mail address" : "telephone number";
    const { notification_id } = await trx.insertInto("notification").values({
      invoice_id,
      channel,
      recipient: missing ? null : recipient,
      state: missing ? "skipped" : "intended",
      attempts: 0,
      provider_id: null,
      last_error: missing ? `consumer ${consumer.number} has no ${way}` : null,
    }).returning("notification_id").executeTakeFirstOrThrow();
    if (missing) continue;
    const payload: Notice = { notification_id, invoice_id, channel };
    await enqueue(trx, {
      subject: subjects.notice(channel, notification_id),
      message_id: `notice-${notification_id}`,
      payload,
    });
  }
}
