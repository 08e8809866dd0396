/** Writes invoices and all that belongs to them, in the transaction that decided them. */
import type { Bill } from "../../actors/billing/bill.ts";
import type { Notice } from "../../protocol/messages/billing.ts";
import { subjects } from "../../protocol/subjects.ts";
import { copyRows, type CopyValue } from "../database/copy_text.ts";
import { takeIdentities } from "../database/identities.ts";
import { nextNumbers } from "../database/invoice_series.ts";
import type { Transaction } from "../database/kysely.ts";
import type { Database } from "../database/schema.ts";

const NUMBER_DIGITS = 6;
const CHANNELS = ["email", "sms"] as const;

export interface Issue {
  readonly cycle_id: number;
  readonly bill: Bill;
}

/** An invoice on its way into the tables. */
interface Numbered extends Issue {
  readonly invoice_id: number;
  readonly number: string;
}

/**
 * The invoices with their numbers, lines, notification intents and their notices, and the trace;
 * returns the numbers, in the same order. The unique index on (account, period) refuses a second live
 * invoice; then nothing of this stands.
 */
export async function writeInvoices(
  trx: Transaction<Database>,
  issues: readonly Issue[],
): Promise<string[]> {
  if (issues.length === 0) return [];
  const invoice_ids = await takeIdentities(trx, "invoice", issues.length);
  const notice_ids = await takeIdentities(
    trx,
    "notification",
    issues.length * CHANNELS.length,
  );
  // The numbers are taken here and not before: their row stays locked until the end.
  const numbers = await numbersOf(trx, issues);
  const numbered = issues.map((issue, i) => ({
    ...issue,
    invoice_id: invoice_ids[i]!,
    number: numbers[i]!,
  }));
  await copyRows(trx, "invoice", INVOICE, numbered.map(invoiceRow));
  await copyRows(trx, "invoice_line", LINE, numbered.flatMap(lineRows));
  await writeNotifications(trx, numbered, notice_ids);
  await copyRows(trx, "audit", ["actor", "action", "subject", "detail"], numbered.map(auditRow));
  return numbers;
}

/** Numbers of each series without a gap, in the order of `issues`. */
async function numbersOf(
  trx: Transaction<Database>,
  issues: readonly Issue[],
): Promise<string[]> {
  const counts = new Map<string, number>();
  for (const { bill: { series } } of issues) counts.set(series, (counts.get(series) ?? 0) + 1);
  const next = new Map<string, number>();
  // In the order of their names, so that two batches never wait for each other in a ring.
  for (const series of [...counts.keys()].sort()) {
    next.set(series, await nextNumbers(trx, series, counts.get(series)!));
  }
  return issues.map(({ bill: { series } }) => {
    const number = next.get(series)!;
    next.set(series, number + 1);
    return `${series}/${String(number).padStart(NUMBER_DIGITS, "0")}`;
  });
}

const INVOICE = [
  ...["invoice_id", "number", "account_id", "period", "cycle_id", "state", "issued_at", "due_on"],
  ...["total_paise", "rounding_paise", "payable_paise", "inputs"],
];

function invoiceRow({ invoice_id, number, cycle_id, bill }: Numbered): CopyValue[] {
  const { inputs, quote, issued_at_ms } = bill;
  const { total_paise, rounding_paise, payable_paise } = quote;
  return [
    ...[invoice_id, number, inputs.account.id, inputs.period, cycle_id, "issued"],
    ...[new Date(issued_at_ms), inputs.due_on, total_paise, rounding_paise, payable_paise],
    JSON.stringify(inputs),
  ];
}

const LINE = ["invoice_id", "position", "code", "description", "units", "rate", "amount_paise"];

function lineRows({ invoice_id, bill }: Numbered): CopyValue[][] {
  return bill.quote.lines.map(({ code, description, units, rate, amount_paise }, position) => [
    ...[invoice_id, position, code, description, units, rate, amount_paise],
  ]);
}

function auditRow({ number, bill: { inputs, quote } }: Numbered): CopyValue[] {
  const { account, period } = inputs;
  const detail = { account_id: account.id, period, payable_paise: quote.payable_paise };
  return ["billing", "invoice.issued", number, JSON.stringify(detail)];
}

const NOTIFICATION = [
  ...["notification_id", "invoice_id", "channel", "recipient", "state", "attempts", "last_error"],
];

/** One intent a channel. A consumer who cannot be reached by it is skipped, and the row says why. */
async function writeNotifications(
  trx: Transaction<Database>,
  numbered: readonly Numbered[],
  ids: readonly number[],
): Promise<void> {
  const rows: CopyValue[][] = [];
  const notices: CopyValue[][] = [];
  for (const { invoice_id, bill: { inputs: { consumer } } } of numbered) {
    for (const channel of CHANNELS) {
      const id = ids[rows.length]!;
      const recipient = channel === "email" ? consumer.email : consumer.phone;
      if (recipient === null || recipient === "") {
        const way = channel === "email" ? "e-mail address" : "telephone number";
        const why = `consumer ${consumer.number} has no ${way}`;
        rows.push([id, invoice_id, channel, null, "skipped", 0, why]);
        continue;
      }
      rows.push([id, invoice_id, channel, recipient, "intended", 0, null]);
      const payload: Notice = { notification_id: id, invoice_id, channel };
      notices.push([subjects.notice(channel, id), `notice-${id}`, JSON.stringify(payload)]);
    }
  }
  await copyRows(trx, "notification", NOTIFICATION, rows);
  // Their identities are new, and so are the names of these messages.
  await copyRows(trx, "outbox", ["subject", "message_id", "payload"], notices);
}
