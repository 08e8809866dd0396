/** Addresses to which nothing is sent: their provider refused them for good. */
import { TerminalError } from "../../protocol/errors.ts";
import { writeAudit } from "../database/audit.ts";
import type { Kysely } from "../database/kysely.ts";
import type { Database } from "../database/schema.ts";

export type Channel = "email" | "sms";

/** How an address is kept: mailboxes are told apart without regard to case. */
export function suppressedAs(channel: Channel, recipient: string): string {
  return channel === "email" ? recipient.trim().toLowerCase() : recipient.trim();
}

export interface SuppressionEntry {
  readonly channel: Channel;
  readonly recipient: string;
  readonly reason: string;
  readonly notification_id: number | null;
}

/** Keeps an address from getting more, in the caller's transaction. The first reason stands. */
export async function suppress(trx: Kysely<Database>, entry: SuppressionEntry): Promise<void> {
  const recipient = suppressedAs(entry.channel, entry.recipient);
  const added = await trx.insertInto("suppression").values({ ...entry, recipient })
    .onConflict((conflict) => conflict.columns(["channel", "recipient"]).doNothing())
    .executeTakeFirst();
  if (added.numInsertedOrUpdatedRows === 0n) return;
  await writeAudit(trx, {
    actor: "billing",
    action: "address.suppressed",
    subject: recipient,
    detail: { channel: entry.channel, reason: entry.reason },
  });
}

/** Why nothing goes to `recipient`; null when it is well. */
export async function suppressionOf(
  db: Kysely<Database>,
  channel: Channel,
  recipient: string | null,
): Promise<string | null> {
  if (recipient === null) return null;
  const found = await db.selectFrom("suppression").select(["reason", "since"])
    .where("channel", "=", channel).where("recipient", "=", suppressedAs(channel, recipient))
    .executeTakeFirst();
  return found === undefined
    ? null
    : `${recipient} is suppressed (${found.reason}); lift it with samay notice lift`;
}

export interface LiftRequest {
  readonly address: string;
  readonly reason: string;
  readonly actor: string;
}

/** Lifts the suppression of an address, audited. Throws `TerminalError` when there is none. */
export async function liftSuppression(
  db: Kysely<Database>,
  { address, reason, actor }: LiftRequest,
): Promise<{ readonly channel: Channel; readonly recipient: string }> {
  const channel: Channel = address.includes("@") ? "email" : "sms";
  const recipient = suppressedAs(channel, address);
  return await db.transaction().execute(async (trx) => {
    const lifted = await trx.deleteFrom("suppression").where("channel", "=", channel)
      .where("recipient", "=", recipient).returning(["reason", "since"]).executeTakeFirst();
    if (lifted === undefined) {
      throw new TerminalError(
        `${recipient} is not suppressed; see: samay notice list --suppressed`,
      );
    }
    await writeAudit(trx, {
      actor,
      action: "address.lifted",
      subject: recipient,
      detail: { channel, reason, was: lifted.reason, since: lifted.since.toISOString() },
    });
    return { channel, recipient };
  });
}

const LIST_MAX = 500;

/** Suppressed addresses, the newest first, at most 500. */
export async function suppressions(db: Kysely<Database>) {
  return await db.selectFrom("suppression").selectAll().orderBy("since", "desc").limit(LIST_MAX)
    .execute();
}
