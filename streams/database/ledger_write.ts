/** Writes the ledger's rows, many at a time, inside the ledger's transaction. */
import { numberArray, textArray } from "./array_literal.ts";
import { CopyWriter } from "./copy_binary.ts";
import { isDataFault } from "./faults.ts";
import { CompiledQuery, sql, type Transaction } from "./kysely.ts";
import type { ReadingRow, SlaveRow } from "./ledger_rows.ts";
import type { ReadingConflict } from "./ledger_store.ts";
import { keepConflicts } from "./reading_conflicts.ts";
import type { Database } from "./schema.ts";

/** Rows in one statement: bounds the memory of the statement's parameters. */
const ROWS_MAX = 5_000;
const DAY_MS = 86_400_000;
/** A month's table is made so long before its first reading: then nobody waits for it. */
const AHEAD_MS = 3 * DAY_MS;
/** After a batch that COPY did not take the next ones are sent again as well, most likely. */
const INSERT_FOR_MS = 5_000;
/** Beyond 2100 no month has a table, and some instants are none of PostgreSQL's. */
const MONTHS_END_S = 4_102_444_800;

/** What one ledger remembers of how its batches were taken. */
export interface WriteWays {
  /** Until then COPY is not tried: a batch of which one row stands costs several times as much by it. */
  insertUntil_ms: number;
}

/**
 * Writes `rows`; those that stand already are left as they are. Returns how many were new, and the
 * ones whose value differs from the row that stands.
 */
export async function writeReadings(
  trx: Transaction<Database>,
  rows: readonly ReadingRow[],
  ways: WriteWays = { insertUntil_ms: 0 },
): Promise<{ inserted: number; conflicts: ReadingConflict[] }> {
  const conflicts: ReadingConflict[] = [];
  let inserted = 0;
  if (rows.length === 0) return { inserted, conflicts };
  await makeMonths(trx, rows);
  for (let start = 0; start < rows.length; start += ROWS_MAX) {
    const part = rows.slice(start, start + ROWS_MAX);
    if (performance.now() >= ways.insertUntil_ms) {
      if (await copyReadings(trx, part)) {
        inserted += part.length;
        continue;
      }
      ways.insertUntil_ms = performance.now() + INSERT_FOR_MS;
    }
    const count = await insertReadings(trx, part);
    inserted += count;
    if (count < part.length) conflicts.push(...await conflictsOf(trx, part));
  }
  await keepConflicts(trx, conflicts);
  return { inserted, conflicts };
}

/** A table for each month that `rows` are of, where it is not there yet. */
async function makeMonths(trx: Transaction<Database>, rows: readonly ReadingRow[]): Promise<void> {
  // Days are enough to find the months, and cheap to tell apart.
  const days = new Set(
    rows.flatMap(({ read_at_ms, arrived_at_ms }) =>
      [read_at_ms, arrived_at_ms + AHEAD_MS].map((time_ms) => Math.floor(time_ms / DAY_MS))
    ),
  );
  const seconds = numberArray([...days], (day) => day * DAY_MS / 1_000);
  await sql`
    select make_reading_month(month) from (
      select distinct date_trunc('month', to_timestamp(day), 'UTC') as month
      from unnest(${seconds}::text::float8[]) as day
      where day between 0 and ${MONTHS_END_S}::float8
    ) as months`.execute(trx);
}

const COPY = `copy raw_reading (
  meter_id, obis, read_at, value, unit, source, flags, frame_sequence, journal_sequence, arrived_at,
  sealed_at, second_found_s, trials, clock_quality
) from stdin (format binary)`;
const COPY_COLUMNS = 14;

/**
 * Writes `rows` the fast way, which is all or nothing: COPY knows no "on conflict". False when one
 * stands already or cannot be taken; then nothing was written and the slow way finds out which.
 */
export async function copyReadings(
  trx: Transaction<Database>,
  rows: readonly ReadingRow[],
): Promise<boolean> {
  const bytes = copyOf(rows);
  if (bytes === undefined) return false;
  await sql`savepoint before_copy`.execute(trx);
  try {
    await trx.executeQuery(CompiledQuery.raw(COPY, [bytes]));
  } catch (error) {
    if (!isDataFault(error)) throw error;
    await sql`rollback to savepoint before_copy`.execute(trx);
    return false;
  }
  await sql`release savepoint before_copy`.execute(trx);
  return true;
}

/** Undefined where a number does not fit its column: the slow way has PostgreSQL say so. */
function copyOf(rows: readonly ReadingRow[]): Uint8Array | undefined {
  try {
    const copy = new CopyWriter(COPY_COLUMNS);
    for (const row of rows) writeRow(copy, row);
    return copy.end();
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    return undefined;
  }
}

function writeRow(copy: CopyWriter, row: ReadingRow): void {
  copy.row();
  copy.text(row.meter_id);
  copy.text(row.obis);
  copy.timestamptz(row.read_at_ms);
  copy.bigint(row.value);
  copy.text(row.unit);
  copy.text("frame");
  copy.json(flagsOf(row));
  copy.bigint(row.frame_sequence);
  copy.bigint(row.journal_sequence);
  copy.timestamptz(row.arrived_at_ms);
  copy.timestamptz(row.sealed_at_ms);
  copy.bigint(row.second_found_s);
  copy.integer(row.trials);
  copy.smallint(row.clock_quality);
}

/** Both drivers take a text as it is: the arrays are read by PostgreSQL. */
async function insertReadings(
  trx: Transaction<Database>,
  rows: readonly ReadingRow[],
): Promise<number> {
  const numbers = (valueOf: (row: ReadingRow) => number) => numberArray(rows, valueOf);
  const texts = (valueOf: (row: ReadingRow) => string) => textArray(rows, valueOf);
  const { numAffectedRows } = await sql`
    insert into raw_reading (
      meter_id, obis, read_at, value, unit, source, flags, frame_sequence, journal_sequence,
      arrived_at, sealed_at, second_found_s, trials, clock_quality
    )
    select meter_id, obis, to_timestamp(read_at_ms / 1000), value, unit, 'frame', flags::jsonb,
      frame_sequence, journal_sequence, to_timestamp(arrived_at_ms / 1000),
      to_timestamp(sealed_at_ms / 1000), second_found_s, trials, clock_quality
    from unnest(
      ${texts((row) => row.meter_id)}::text::text[], ${texts((row) => row.obis)}::text::text[],
      ${numbers((row) => row.read_at_ms)}::text::float8[],
      ${numbers((row) => row.value)}::text::bigint[],
      ${texts((row) => row.unit)}::text::text[], ${texts(flagsOf)}::text::text[],
      ${numbers((row) => row.frame_sequence)}::text::bigint[],
      ${numbers((row) => row.journal_sequence)}::text::bigint[],
      ${numbers((row) => row.arrived_at_ms)}::text::float8[],
      ${numbers((row) => row.sealed_at_ms)}::text::float8[],
      ${numbers((row) => row.second_found_s)}::text::bigint[],
      ${numbers((row) => row.trials)}::text::int[],
      ${numbers((row) => row.clock_quality)}::text::int[]
    ) with ordinality as given(
      meter_id, obis, read_at_ms, value, unit, flags, frame_sequence, journal_sequence,
      arrived_at_ms, sealed_at_ms, second_found_s, trials, clock_quality, place
    )
    order by place
    on conflict do nothing`.execute(trx);
  return Number(numAffectedRows ?? 0);
}

const flagsOf = ({ flags }: ReadingRow) => flags.length === 0 ? "[]" : JSON.stringify(flags);

/** A reading that was sent twice is no conflict; one with another value at the same moment is. */
async function conflictsOf(
  trx: Transaction<Database>,
  rows: readonly ReadingRow[],
): Promise<ReadingConflict[]> {
  const { rows: found } = await sql<ReadingConflict>`
    select stands.meter_id, stands.obis, stands.read_at, stands.value as kept,
      given.value as refused, given.journal_sequence
    from unnest(
      ${rows.map((row) => row.meter_id)}::text[], ${rows.map((row) => row.obis)}::text[],
      ${rows.map((row) => row.read_at_ms)}::float8[], ${rows.map((row) => row.value)}::bigint[],
      ${rows.map((row) => row.journal_sequence)}::bigint[]
    ) as given(meter_id, obis, read_at_ms, value, journal_sequence)
    join raw_reading as stands on stands.meter_id = given.meter_id
      and stands.obis = given.obis and stands.read_at = to_timestamp(given.read_at_ms / 1000)
    where stands.value <> given.value
    order by given.journal_sequence`.execute(trx);
  return found;
}

/** Writes what each slave last said; an older report never replaces a newer one. */
export async function writeSlaves(
  trx: Transaction<Database>,
  rows: readonly SlaveRow[],
): Promise<void> {
  if (rows.length === 0) return;
  await sql`
    insert into slave (slave_id, last_seen_at, report)
    select slave_id, to_timestamp(last_seen_at_ms / 1000), report::jsonb
    from unnest(
      ${rows.map((row) => row.slave_id)}::text[],
      ${rows.map((row) => row.last_seen_at_ms)}::float8[],
      ${rows.map((row) => JSON.stringify(row.report))}::text[]
    ) as given(slave_id, last_seen_at_ms, report)
    on conflict (slave_id) do update
      set last_seen_at = excluded.last_seen_at, report = excluded.report
      where slave.last_seen_at <= excluded.last_seen_at`.execute(trx);
}
