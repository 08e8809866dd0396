/**
 * E-mail over SMTP (RFC 5321), through one pool of connections. The only file that knows the library.
 *
 * A message carries a Message-ID that is made from the notification's id: when a crash makes us send
 * it twice, servers and mailboxes see the same message twice and can tell (RFC 5322 section 3.6.4).
 */
import { Buffer } from "node:buffer";
import { createTransport } from "nodemailer";
import { AddressError, NoAnswerError } from "../../actors/notification/failures.ts";
import { refusesMailbox } from "../../actors/notification/provider_word.ts";
import { RetryableError, TerminalError } from "../../protocol/errors.ts";
import type { Letter } from "./letter.ts";

export interface MailConfiguration {
  /** `smtp://user:password@host:587` (STARTTLS where offered) or `smtps://...:465` (TLS at once). */
  readonly url: string;
  /** `Name <address>` or an address. */
  readonly from: string;
  readonly connections_max?: number;
  /** Longest wait for a connection, a greeting or an answer. */
  readonly timeout_ms?: number;
}

export interface Mailer {
  /** Returns the Message-ID. Throws `RetryableError` or `TerminalError` with the server's words. */
  send(letter: Letter): Promise<string>;
  close(): void;
}

const TIMEOUT_MS = 20_000;
const CONNECTIONS_MAX = 4;
/** Letters over one connection, and then a new one: servers count. */
const MESSAGES_A_CONNECTION_MAX = 100;
/** A refused password is our fault and no letter's: wait for somebody to mend it. */
const AUTHENTICATION_AFTER_MS = 60_000;

const LOOPBACK = /^(?:localhost|127\.\d+\.\d+\.\d+|\[?::1\]?)$/;

/** What the transport is made with. A password never leaves the machine without TLS. */
export function transportOptions(configuration: MailConfiguration) {
  const url = new URL(configuration.url);
  const timeout_ms = configuration.timeout_ms ?? TIMEOUT_MS;
  return {
    url: configuration.url,
    pool: true as const,
    maxConnections: configuration.connections_max ?? CONNECTIONS_MAX,
    maxMessages: MESSAGES_A_CONNECTION_MAX,
    connectionTimeout: timeout_ms,
    greetingTimeout: timeout_ms,
    socketTimeout: timeout_ms,
    dnsTimeout: timeout_ms,
    requireTLS: url.protocol === "smtp:" && url.username !== "" && !LOOPBACK.test(url.hostname),
    // A letter is made of what we give it: never of files or URLs that somebody named in it.
    disableFileAccess: true,
    disableUrlAccess: true,
  };
}

/** The Message-ID of a notification, stable over every attempt. */
export function messageIdOf(notification_id: number, from: string): string {
  const domain = from.match(/@([A-Za-z0-9.-]+)>?\s*$/)?.[1] ?? "samay.invalid";
  return `<samay-notification-${notification_id}@${domain}>`;
}

/** A mailer over a pool; connects at the first letter. */
export function createMailer(configuration: MailConfiguration): Mailer {
  const transport = createTransport(transportOptions(configuration));
  return {
    async send(letter) {
      const messageId = messageIdOf(letter.notification_id, configuration.from);
      try {
        await transport.sendMail({
          from: configuration.from,
          to: { name: letter.to_name, address: letter.to },
          subject: letter.subject,
          text: letter.text,
          html: letter.html,
          messageId,
          date: new Date(letter.date_ms),
          headers: { "Auto-Submitted": "auto-generated" }, // RFC 3834: no holiday replies, please
          attachments: [{
            filename: letter.pdf_name,
            content: Buffer.from(letter.pdf),
            contentType: "application/pdf",
          }],
        });
      } catch (error) {
        throw sortSmtpError(error);
      }
      return messageId;
    },
    close: () => transport.close(),
  };
}

type SmtpError = Error & { code?: string; responseCode?: number; command?: string };

/**
 * Which of the two kinds a failed send is: RFC 5321 section 4.2.1 has 4yz for "may pass" and 5yz for
 * "do not repeat". Without an answer (timeouts, lost connections) it may pass, and the letter may have
 * left; where no connection was made, it did not.
 */
export function sortSmtpError(error: unknown): RetryableError | TerminalError {
  const { message, code, responseCode, command } = error as SmtpError;
  const words = `Mail: ${message}`.replaceAll(/\s+/g, " ").slice(0, 300);
  if (code === "EAUTH" || code === "ENOAUTH") {
    return new RetryableError(
      `${words} (check user and password in SAMAY_SMTP_URL)`,
      AUTHENTICATION_AFTER_MS,
      { cause: error },
    );
  }
  if (responseCode !== undefined && responseCode >= 500) {
    const mailbox = refusesMailbox({ code: responseCode, words: message, command });
    return new (mailbox ? AddressError : TerminalError)(words, { cause: error });
  }
  // The library refuses an address or a letter before it speaks to the server.
  if (responseCode === undefined && (code === "EENVELOPE" || code === "EMESSAGE")) {
    return new TerminalError(words, { cause: error });
  }
  // The library calls every lost connection by one name, so only what never connected is certain.
  const left = responseCode === undefined && code !== "EDNS" && !/^connect\b/.test(message);
  return new (left ? NoAnswerError : RetryableError)(words, undefined, { cause: error });
}
