/** Bills that billing issued, with their notifications and the notices in the outbox. */
import { stepCycle } from "../../../streams/billing/step.ts";
import { addAccount, addReading, contextOf, type Db, NOW } from "../billing/fixture.ts";

/** Issues April of account A`n`, whose customer has `c<n>@example.org`; returns the bill's number. */
export async function issueBill(
  db: Db,
  n: number,
  who: Parameters<typeof addAccount>[2] = {},
): Promise<string> {
  await addAccount(db, n, who);
  const close = { step: "close" as const, requested_at_ms: NOW };
  await stepCycle(contextOf(db), `A${n}`, "2026-04", close);
  await addReading(db, n, NOW + 2_000, 1_250_100);
  const look = { step: "look" as const };
  return (await stepCycle(contextOf(db, NOW + 3_000), `A${n}`, "2026-04", look)).issued!;
}

/** The notification of account A`n` by `channel`. */
export async function noticeOf(db: Db, n: number, channel: "email" | "sms") {
  return await db.selectFrom("notification")
    .innerJoin("invoice", "invoice.invoice_id", "notification.invoice_id")
    .selectAll("notification").where("account_id", "=", `A${n}`).where("channel", "=", channel)
    .where("kind", "=", "bill").executeTakeFirstOrThrow();
}
