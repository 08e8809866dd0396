/** One attempt to send one notice: the letter or the text, through its provider. */
import type { Notification } from "../../actors/notification/state.ts";
import { isAbout } from "../../actors/notification/template.ts";
import { TerminalError } from "../../protocol/errors.ts";
import type { Notice } from "../../protocol/messages/billing.ts";
import type { Kysely } from "../database/kysely.ts";
import type { Database } from "../database/schema.ts";
import type { Log } from "../terminal/log.ts";
import type { BillDocument, Utility } from "./bill_document.ts";
import { loadBill, writeBillPdf } from "./bills.ts";
import { letterOf } from "./letter.ts";
import type { Mailer } from "./mail.ts";
import { mayPass } from "./may_pass.ts";
import type { Texter } from "./sms.ts";
import { builtInTemplates, type SmsRules, smsTextOf } from "./sms_text.ts";

/** Segments of an SMS without a word in the configuration: a bill in Marathi takes two. */
export const SEGMENTS_MAX = 3;

export interface SendOptions {
  readonly db: Kysely<Database>;
  /** Null: no mail server is configured, and mails are skipped, saying so. */
  readonly mail: Mailer | null;
  readonly sms: Texter | null;
  /** Registered texts and their limit; without it the built-in ones. */
  readonly smsRules?: SmsRules;
  /** Where Twilio reports on the text of a notification; without it nobody reports. */
  readonly statusCallback?: (notification_id: number, drive: number) => string;
  readonly billsDir: string;
  readonly utility: Utility;
  readonly log: Log;
}

/** A row with its notice, as it stood when the attempt was decided. */
export interface Loaded {
  readonly notice: Notice;
  readonly state: Notification;
  readonly invoice: "issued" | "void" | "paid";
  /** Of a reminder: what is left of its bill, and of what fell due before it. */
  readonly outstanding_paise: number | null;
  readonly suppressed: string | null;
  readonly created_at_ms: number;
}

/** What the provider took. */
export interface Sent {
  readonly provider_id: string;
  readonly template_id: string | null;
  readonly segments: number | null;
}

/** Writes the bill's PDF into the folder, without sending it. */
export async function drawBill(options: SendOptions, invoice_id: number): Promise<void> {
  const { bill } = await mayPass("Database", loadBill(options.db, invoice_id, options.utility));
  await mayPass("Bill's file", writeBillPdf(options.billsDir, bill));
}

/** One attempt. `mayHaveLeft`: one before it ended without an answer. */
export async function sendOnce(
  options: SendOptions,
  loaded: Loaded,
  mayHaveLeft: boolean,
): Promise<Sent> {
  const { notice, state: { recipient, kind } } = loaded;
  if (recipient === null) throw new TerminalError("no address to send to");
  const { bill } = await mayPass(
    "Database",
    loadBill(options.db, notice.invoice_id, options.utility),
  );
  const sent = notice.channel === "email"
    ? await sendMail(options, bill, loaded, recipient)
    : await sendText(options, bill, loaded, recipient, mayHaveLeft);
  options.log.info(`${kind} sent by ${notice.channel}`, {
    number: bill.number,
    attempt: loaded.state.attempts + 1,
    provider_id: sent.provider_id,
  });
  return sent;
}

/** A reminder asks for what is left today, and not for what the bill asked for. */
function askedFor(bill: BillDocument, outstanding_paise: number | null): BillDocument {
  if (outstanding_paise === null) return bill;
  const { balance: _balance, credited_paise: _credited, ...rest } = bill;
  return { ...rest, amount_due_paise: outstanding_paise };
}

async function sendMail(
  options: SendOptions,
  bill: BillDocument,
  { notice, state, outstanding_paise }: Loaded,
  recipient: string,
): Promise<Sent> {
  if (options.mail === null) throw new TerminalError("no mail server is configured");
  const { pdf } = await mayPass("Bill's file", writeBillPdf(options.billsDir, bill));
  const asked = askedFor(bill, outstanding_paise);
  const letter = letterOf(asked, notice.notification_id, recipient, pdf, state.kind);
  const provider_id = await options.mail.send(letter);
  return { provider_id, template_id: null, segments: null };
}

async function sendText(
  options: SendOptions,
  bill: BillDocument,
  { notice, state, created_at_ms, outstanding_paise }: Loaded,
  recipient: string,
  mayHaveLeft: boolean,
): Promise<Sent> {
  const { sms, smsRules, statusCallback } = options;
  if (sms === null) throw new TerminalError("no SMS service is configured");
  // Who has no mailbox has the bill's PDF in the folder all the same.
  if (bill.consumer.email === null) {
    await mayPass("Bill's file", writeBillPdf(options.billsDir, bill));
  }
  const rules = smsRules ??
    { templates: builtInTemplates(options.utility.name), segments_max: SEGMENTS_MAX };
  const { body, template, segments } = smsTextOf(
    askedFor(bill, outstanding_paise),
    state.kind,
    rules,
  );
  const { template_id, header } = template;
  // An attempt before this one ended without an answer: no text of it is older than the intent.
  const isOurs = (other: string) => other === body || isAbout(template, bill.number, other);
  const found = mayHaveLeft ? await sms.find(recipient, isOurs, created_at_ms) : undefined;
  const provider_id = found ?? await sms.send(recipient, body, {
    from: header,
    status_callback: statusCallback?.(notice.notification_id, state.drive) ?? null,
  });
  return { provider_id, template_id, segments };
}
