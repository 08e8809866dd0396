/** 0010 on a database with cycles that wait. */
import assert from "node:assert/strict";
import { migrations } from "../../../migrations/mod.ts";
import { embeddedDatabase } from "../../../streams/database/connect.ts";
import { sql } from "../../../streams/database/kysely.ts";
import { startEmbedded } from "../../../streams/database/pglite.ts";

Deno.test("0010 gives cycles that wait five days, and has no meter read for them by itself", async () => {
  const db = await embeddedDatabase(await startEmbedded());
  for (const [name, migration] of Object.entries(migrations)) {
    if (name < "0010") await migration.up(db);
  }
  await sql`insert into consumer (consumer_number, name, address, language)
    values ('C1', 'Asha', 'Pune', 'mr')`.execute(db);
  await sql`insert into account (account_id, consumer_number, tariff_id, phase, municipal,
      sanctioned_load_w, status, opened_on)
    values ('A1', 'C1', 'msedcl-lt-1b', 1, false, 0, 'active', '2026-01-01')`.execute(db);
  // April ends in India at 18:30 UTC.
  await sql`insert into billing_cycle (account_id, period, state, requested_at) values
    ('A1', '2026-03', 'awaiting_reading', '2026-04-01T04:30:00Z'),
    ('A1', '2026-04', 'awaiting_reading', '2026-04-30T18:29:59Z'),
    ('A1', '2026-06', 'issued', '2026-06-30T10:00:00Z')`.execute(db);
  await migrations["0010_cycles"]!.up(db);
  const { rows } = await sql<{ period: string; asks: number; deadline_at: Date | null }>`
    select period, asks, deadline_at from billing_cycle order by period`.execute(db);
  const days = (at: Date | null) => at === null ? null : (at.getTime() - Date.now()) / 86_400_000;
  assert.deepEqual(
    rows.map((row) => [row.period, row.asks, Math.round(days(row.deadline_at) ?? -1)]),
    [
      ["2026-03", 0, 5],
      ["2026-04", 0, 5],
      ["2026-06", 0, -1],
    ],
  );
  await db.destroy();
});
