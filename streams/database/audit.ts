/** Who did what to whom. Rows are never changed or removed: a trigger refuses both. */
import type { Kysely } from "./kysely.ts";
import type { Database } from "./schema.ts";

export interface AuditEntry {
  /** Who: `office`, `billing`, or the name that an operator gave. */
  readonly actor: string;
  /** What: `meter.enrolled`, `invoice.void`, ... */
  readonly action: string;
  /** To whom or what: a meter, an account, an invoice number. */
  readonly subject: string;
  /** Without secrets. */
  readonly detail: Readonly<Record<string, unknown>>;
}

/** Writes `entry` in the caller's transaction, so that it stands only if the deed does. */
export async function writeAudit(db: Kysely<Database>, entry: AuditEntry): Promise<void> {
  await db.insertInto("audit")
    .values({ ...entry, detail: JSON.stringify(entry.detail) }).execute();
}

/** What was done to `subject`, newest first. */
export async function auditOf(db: Kysely<Database>, subject: string, limit = 50) {
  return await db.selectFrom("audit").selectAll().where("subject", "=", subject)
    .orderBy("audit_id", "desc").limit(limit).execute();
}
