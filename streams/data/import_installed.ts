/**
 * The masters' side of imported installations: a meter tells the consumer for whom it was enrolled,
 * and is to hang at that consumer's account, or at one into which somebody moved since.
 */
import { bareNumber } from "../../actors/validation/identity_rules.ts";
import { sql } from "../database/kysely.ts";
import { ENROLMENTS, findEntry } from "../office/meter_entry.ts";
import type { OfficeContext } from "../office/office.ts";
import { given } from "./import_checks.ts";
import { inTurns, LOOKED_UP_MAX } from "./import_meters.ts";

/** A row that is taken although something is to be known about it. */
export interface ImportNote {
  readonly row: number;
  readonly field: string;
  readonly says: string;
}

interface InstallationRow {
  readonly line: number;
  readonly meter_id: string;
  /** Null where there is nothing to hold against the entry: unknown, or hanging there already. */
  readonly consumer_number: string | null;
  readonly serial_number: string | null;
  /** Of the account at which the meter hung first; null where it hung nowhere yet. */
  readonly first_consumer: string | null;
}

/**
 * Looks up the meters of the next installations behind row `after` among those that masters know: one
 * that was enrolled for another consumer is a fault, after a move-in a note. Returns the last row
 * looked at; null when all are.
 */
export async function lookUpInstallations(
  { db, broker }: OfficeContext,
  import_id: number,
  after: number,
): Promise<{ next: number | null; notes: ImportNote[] }> {
  const bucket = await broker.bucket(ENROLMENTS);
  const { rows } = await sql<InstallationRow>`
    select given.line, given.meter_id, meter.serial_number, first.consumer_number as first_consumer,
      case when live.installation_id is null then account.consumer_number end as consumer_number
    from ${given("installations", import_id)}
    left join account on account.account_id = given.account_id
    left join meter on meter.meter_id = given.meter_id
    left join installation as live on live.meter_id = given.meter_id
      and live.account_id = given.account_id and live.removed_at is null
    left join lateral (
      select one.consumer_number from installation join account as one using (account_id)
      where installation.meter_id = given.meter_id
      order by installation.installed_at limit 1
    ) as first on true
    where given.line > ${after} order by given.line limit ${LOOKED_UP_MAX}`.execute(db);
  const found = await inTurns(rows, async (row) => {
    if (row.consumer_number === null) return [];
    const entry = (await findEntry(bucket, row.meter_id))?.entry;
    return entry === undefined ? [] : heldAgainst(row, entry.consumer_number);
  });
  const notes = found.flat();
  await db.transaction().execute(async (trx) => {
    const faults = notes.filter(({ moved_in }) => !moved_in);
    if (faults.length > 0) {
      await trx.insertInto("data_import_fault").values(
        faults.map(({ row: line, field, says: reason }) => ({ import_id, line, field, reason })),
      ).execute();
    }
    await trx.updateTable("data_import_row").set({ looked_up: true })
      .where("import_id", "=", import_id)
      .where("line", "in", [0, ...rows.map(({ line }) => line)]).execute();
  });
  return {
    next: rows.length < LOOKED_UP_MAX ? null : rows.at(-1)!.line,
    notes: notes.filter(({ moved_in }) => moved_in)
      .map(({ row, field, says }) => ({ row, field, says })),
  };
}

/** As validation holds a told number against the account: what it would refuse is refused here. */
function heldAgainst(
  { line: row, meter_id, consumer_number, serial_number, first_consumer }: InstallationRow,
  enrolled: string,
): (ImportNote & { readonly moved_in: boolean })[] {
  if (enrolled === "") return []; // It tells none, or its own is not held against it.
  const same = (one: string | null) => one !== null && bareNumber(one) === bareNumber(enrolled);
  // Many meters show their own number there.
  if ([consumer_number, serial_number, meter_id].some(same)) return [];
  const moved_in = same(first_consumer);
  const says = moved_in
    ? `meter ${meter_id} goes on telling consumer ${enrolled}, for whom it was enrolled; the ` +
      `account is consumer ${consumer_number}'s`
    : `is consumer ${consumer_number}'s, and masters know meter ${meter_id} as consumer ` +
      `${enrolled}'s: see which meter is where`;
  return [{ row, field: "account_id", says, moved_in }];
}
