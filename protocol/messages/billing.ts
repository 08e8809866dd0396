/** What is asked of a billing cycle: `samay.billing.<partition>.<accountId>`, JSON. */
import { z } from "../schema.ts";
import { id, instant_ms } from "./common.ts";

export const period = z.string().regex(/^\d{4}-(0[1-9]|1[0-2])$/, "a month as YYYY-MM");

export const billingCommand = z.discriminatedUnion("command", [
  z.object({
    /** Close the cycle of `period`: ask for a reading, compute, issue. */
    command: z.literal("close"),
    account_id: id,
    period,
    requested_at_ms: instant_ms,
  }),
]);
export type BillingCommand = z.infer<typeof billingCommand>;

/** One message to one customer: `samay.notice.<channel>.<notificationId>`, JSON. */
export const notice = z.object({
  notification_id: z.int().positive(),
  invoice_id: z.int().positive(),
  channel: z.enum(["email", "sms"]),
});
export type Notice = z.infer<typeof notice>;
