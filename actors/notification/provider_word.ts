/**
 * What a provider says of a message that it has, in the order in which the words can come true.
 *
 *     accepted -> queued -> sending -> sent -> failed | undelivered | bounced -> delivered
 *
 * Words come late, twice and out of order. The greatest one heard stands, so the end does not depend
 * on the order, and what stands never goes back. `delivered` is the greatest: a customer who has the
 * message has it, whatever else was said.
 */
export const PROVIDER_WORDS = [
  "accepted",
  "queued",
  "sending",
  "sent",
  "failed",
  "undelivered",
  "bounced",
  "delivered",
] as const;

export type ProviderWord = typeof PROVIDER_WORDS[number];

/** What stands after `heard` came to `standing`. */
export function greaterWord(standing: ProviderWord | null, heard: ProviderWord): ProviderWord {
  if (standing === null) return heard;
  return PROVIDER_WORDS.indexOf(heard) > PROVIDER_WORDS.indexOf(standing) ? heard : standing;
}

/** Whether a customer with this word standing has not got the message, and will not by itself. */
export function isFailure(word: ProviderWord): boolean {
  return word === "failed" || word === "undelivered" || word === "bounced";
}

/** Twilio's `MessageStatus`, those of messages that we receive left out. */
const TWILIO_STATUSES: Readonly<Record<string, ProviderWord>> = {
  accepted: "accepted",
  scheduled: "accepted",
  queued: "queued",
  sending: "sending",
  sent: "sent",
  failed: "failed",
  canceled: "failed",
  undelivered: "undelivered",
  partially_delivered: "undelivered",
  delivered: "delivered",
  read: "delivered",
};

/**
 * Twilio's codes that speak of the telephone and not of this one text: not a number, not a mobile,
 * unsubscribed, unknown, a landline. The next text to it would end in the same way.
 */
const NUMBER_CODES: ReadonlySet<number> = new Set([21211, 21610, 21614, 30005, 30006]);

/** Whether Twilio's error `code` means that the number takes no text. */
export function refusesNumber(code: number | undefined): boolean {
  return code !== undefined && NUMBER_CODES.has(code);
}

/** Twilio's status and error code as a word; undefined where it says nothing of a message of ours. */
export function twilioWord(status: string, code: number | undefined): ProviderWord | undefined {
  const word = TWILIO_STATUSES[status];
  return word !== undefined && isFailure(word) && refusesNumber(code) ? "bounced" : word;
}

/**
 * Whether a refusal by SMTP is about the mailbox: enhanced codes of the addressing and mailbox
 * classes that last (RFC 3463 sections 3.2 and 3.3); where a server gives none, 550, 551 and 553 to
 * RCPT (RFC 5321 section 4.2.3). A refused letter (spam, size, policy) leaves the mailbox alone.
 */
export function refusesMailbox(
  { code, words, command }: { code: number; words: string; command: string | undefined },
): boolean {
  const enhanced = words.match(/\b5\.(\d{1,3})\.(\d{1,3})\b/);
  if (code < 500) return false;
  if (enhanced === null) return command === "RCPT TO" && [550, 551, 553].includes(code);
  const [, subject, detail] = enhanced.map(Number);
  // 5.1.7 and 5.1.8 are about our own address; 5.2.2 is a full mailbox, 5.2.3 a letter too large.
  if (subject === 1) return ![7, 8].includes(detail!);
  return subject === 2 && ![2, 3].includes(detail!);
}
