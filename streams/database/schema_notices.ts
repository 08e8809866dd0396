/** Tables of what is sent to customers: see `schema.ts`. */
import type { ColumnType, Generated } from "./kysely.ts";
import type { BigInteger, CreatedAt, Optional } from "./schema_columns.ts";

export type NotificationState =
  | "intended"
  | "sending"
  | "sent"
  | "delivered"
  | "parked"
  | "skipped";

/** What the provider says of a message; see `actors/notification/provider_word.ts`. */
export type ProviderWord =
  | "accepted"
  | "queued"
  | "sending"
  | "sent"
  | "failed"
  | "undelivered"
  | "bounced"
  | "delivered";

/** One bill or reminder to one customer over one channel: written before anything is sent. */
export interface NotificationTable {
  notification_id: Generated<BigInteger>;
  invoice_id: BigInteger;
  channel: "email" | "sms";
  kind: Generated<"bill" | "reminder">;
  /** Empty for the bill; of a reminder the calendar date, in India, that it is of. */
  occasion: Generated<string>;
  recipient: string | null;
  state: NotificationState;
  attempts: number;
  /** Attempts that may have left without an answer. */
  unanswered: Generated<number>;
  /** How often a person had it sent anew. */
  drive: Generated<number>;
  provider_id: string | null;
  delivery: Optional<ProviderWord>;
  last_error: string | null;
  /** It waits outside of the queue until then; of a text that was sent: when Twilio is asked. */
  due_at: Optional<Date>;
  /** Of the registered text that was sent (DLT). */
  template_id: Optional<string>;
  /** Of an SMS. */
  segments: Optional<number>;
  created_at: CreatedAt;
  updated_at: ColumnType<Date, Date | undefined, Date>;
}

/** An address that its provider refused for good: nothing is sent there until a person lifts it. */
export interface SuppressionTable {
  channel: "email" | "sms";
  /** As `suppressedAs()` writes it. */
  recipient: string;
  reason: string;
  notification_id: BigInteger | null;
  since: CreatedAt;
}
