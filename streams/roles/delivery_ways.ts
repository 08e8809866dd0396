/** Mail and SMS as the configuration has them: real services, or none, said plainly. */
import { NOTIFICATION_POLICY, type NotificationPolicy } from "../../actors/notification/state.ts";
import type { QuietHours } from "../../actors/notification/quiet_hours.ts";
import type { DueRules } from "../accounts/due_sweeps.ts";
import type { CallbackOptions } from "../delivery/callbacks.ts";
import { ChannelLimit } from "../delivery/channel_limit.ts";
import type { DeliveryOptions } from "../delivery/deliver.ts";
import { loadDltBook } from "../delivery/dlt_file.ts";
import { createMailer, type Mailer } from "../delivery/mail.ts";
import { createTexter, type Texter } from "../delivery/sms.ts";
import { builtInTemplates, type SmsRules } from "../delivery/sms_text.ts";
import type { Log } from "../terminal/log.ts";

export interface DeliveryConfiguration {
  readonly smtpUrl?: string | undefined;
  readonly mailFrom?: string | undefined;
  readonly twilioAccountSid?: string | undefined;
  readonly twilioAuthToken?: string | undefined;
  readonly twilioFrom?: string | undefined;
  readonly twilioMessagingServiceSid?: string | undefined;
  readonly twilioUrl?: string | undefined;
}

export function mailerOf(configuration: DeliveryConfiguration, log: Log): Mailer | null {
  const { smtpUrl, mailFrom } = configuration;
  if (smtpUrl === undefined || mailFrom === undefined) {
    log.warn("no mail server: bills are not sent by e-mail until SAMAY_SMTP_URL is set");
    return null;
  }
  return createMailer({ url: smtpUrl, from: mailFrom });
}

export function texterOf(configuration: DeliveryConfiguration, log: Log): Texter | null {
  const { twilioAccountSid, twilioAuthToken, twilioFrom, twilioMessagingServiceSid, twilioUrl } =
    configuration;
  if (twilioAccountSid === undefined || twilioAuthToken === undefined) {
    log.warn("no SMS service: bills are not sent by SMS until TWILIO_ACCOUNT_SID is set");
    return null;
  }
  return createTexter({
    account_sid: twilioAccountSid,
    auth_token: twilioAuthToken,
    sender: twilioMessagingServiceSid === undefined
      ? { from: twilioFrom ?? "" }
      : { messaging_service_sid: twilioMessagingServiceSid },
    ...(twilioUrl && { base_url: twilioUrl }),
  });
}

/** What happens around due dates, as configured. */
export function dueRulesOf(given: {
  readonly reminders: readonly number[];
  readonly lateChargeAfterDays: number;
}): DueRules {
  return {
    reminder_days: given.reminders,
    late_charge_after_days: given.lateChargeAfterDays,
  };
}

/** How notices are sent, beyond by whom. */
export interface Sending {
  readonly policy: NotificationPolicy;
  readonly limits: NonNullable<DeliveryOptions["limits"]>;
  readonly smsRules: SmsRules;
  /** Where Twilio reports; null: nowhere. */
  readonly callbacks:
    | Pick<
      CallbackOptions,
      "hostname" | "port" | "public_url" | "account_sid" | "auth_token"
    >
    | null;
}

export interface SendingConfiguration {
  readonly twilioAccountSid?: string | undefined;
  readonly twilioAuthToken?: string | undefined;
  readonly callbackListen?: { readonly hostname: string; readonly port: number } | undefined;
  readonly callbackUrl?: string | undefined;
  readonly dltFile?: string | undefined;
  readonly smsSegmentsMax: number;
  readonly smsPerMinute: number;
  readonly mailsPerMinute: number;
  readonly quietHours: QuietHours | null;
  readonly quietBills?: string | undefined;
  readonly utilityName: string;
}

/** Limits, hours, texts and reports as configured. Throws `TerminalError` on a bad file of texts. */
export async function sendingOf(given: SendingConfiguration, log: Log): Promise<Sending> {
  const { callbackListen, callbackUrl, twilioAccountSid, twilioAuthToken } = given;
  const book = given.dltFile === undefined ? undefined : await loadDltBook(given.dltFile);
  if (book !== undefined) {
    log.info("registered texts", { entity: book.entity_id, templates: book.templates.length });
  }
  return {
    policy: {
      ...NOTIFICATION_POLICY,
      quiet: given.quietHours,
      quiet_bills: given.quietBills !== undefined,
    },
    limits: {
      email: new ChannelLimit(given.mailsPerMinute),
      sms: new ChannelLimit(given.smsPerMinute),
    },
    smsRules: {
      templates: book?.templates ?? builtInTemplates(given.utilityName),
      segments_max: given.smsSegmentsMax,
    },
    callbacks: callbackListen && callbackUrl && twilioAccountSid && twilioAuthToken
      ? {
        ...callbackListen,
        public_url: callbackUrl,
        account_sid: twilioAccountSid,
        auth_token: twilioAuthToken,
      }
      : null,
  };
}
