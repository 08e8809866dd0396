/** Mail and SMS as the configuration has them: real services, or none, said plainly. */
import { createMailer, type Mailer } from "../delivery/mail.ts";
import { createTexter, type Texter } from "../delivery/sms.ts";
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
