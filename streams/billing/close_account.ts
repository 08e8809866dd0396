/** Closing the cycle of one account: a command in the BILLING stream, done by whichever billing runs. */
import { utf8 } from "../../protocol/bytes.ts";
import { TerminalError } from "../../protocol/errors.ts";
import type { BillingCommand } from "../../protocol/messages/billing.ts";
import { subjects } from "../../protocol/subjects.ts";
import type { Kysely } from "../database/kysely.ts";
import type { Database } from "../database/schema.ts";
import type { Broker } from "../jetstream/broker.ts";
import { checkPeriod } from "./close_period.ts";

/** The command as the BILLING stream has it: whether it is published, or waits in the outbox. */
export function closeCommand(account_id: string, period: string, requested_at_ms: number) {
  const payload: BillingCommand = { command: "close", account_id, period, requested_at_ms };
  return { subject: subjects.billing(account_id), payload };
}

/** Asking twice for the same moment is one command. Throws `TerminalError` for no such account. */
export async function closeAccount(
  db: Kysely<Database>,
  broker: Broker,
  { account_id, period }: { readonly account_id: string; readonly period: string },
  requested_at_ms: number,
): Promise<void> {
  checkPeriod(period, requested_at_ms);
  const account = await db.selectFrom("account").select("account_id")
    .where("account_id", "=", account_id).executeTakeFirst();
  if (account === undefined) throw new TerminalError(`There is no account ${account_id}`);
  const { subject, payload } = closeCommand(account_id, period, requested_at_ms);
  await broker.publish(subject, utf8(JSON.stringify(payload)), {
    messageId: `close-${account_id}-${period}-${requested_at_ms}`,
  });
}
