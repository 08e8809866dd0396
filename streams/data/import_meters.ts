/**
 * The masters' side of imported meters: the entries with their keys, in the same bucket and made as by
 * `meter enrol`. Keys are made here and leave in key files; no file of meters brings any.
 */
import { RetryableError, TerminalError } from "../../protocol/errors.ts";
import type { SlaveKeyFile } from "../../protocol/messages/enrolment.ts";
import { SUITE_USUAL } from "../../protocol/messages/enrolment.ts";
import { sql } from "../database/kysely.ts";
import type { Bucket } from "../jetstream/broker.ts";
import { ensureEntry } from "../office/enrol.ts";
import { ENROLMENTS, findEntry, keyFileOf, requireKek } from "../office/meter_entry.ts";
import type { OfficeContext } from "../office/office.ts";
import { given } from "./import_checks.ts";
import { findImport } from "./import_stage.ts";

/** Meters of one request, and installations. */
export const LOOKED_UP_MAX = 200;
/** Questions to the bucket at the same time. */
const AT_ONCE = 64;

interface MeterRow {
  readonly line: number;
  readonly meter_id: string;
  readonly slave_id: string;
  readonly consumer_number: string;
  readonly suite: 1 | 2 | 3;
  /** Of the meter's row, once it is written. */
  readonly alias: number | null;
}

/** The meters of an import in the order of its rows, behind row `after`. */
async function metersOf({ db }: OfficeContext, import_id: number, after: number) {
  const { kind } = await findImport(db, import_id);
  if (kind !== "meters") throw new TerminalError(`Import ${import_id} is one of ${kind}`);
  const { rows } = await sql<MeterRow>`
    select given.line, given.meter_id, given.slave_id, given.consumer_number, given.suite,
      meter.alias
    from ${given("meters", import_id)} left join meter on meter.meter_id = given.meter_id
    where given.line > ${after} order by given.line limit ${LOOKED_UP_MAX}`.execute(db);
  return rows;
}

/**
 * Looks up the next meters behind row `after` among those that masters know: the alias that they have
 * there is kept, and what differs is a fault. Returns the last row looked at; null when all are.
 */
export async function lookUpMeters(
  context: OfficeContext,
  import_id: number,
  after: number,
): Promise<number | null> {
  const bucket = await context.broker.bucket(ENROLMENTS);
  const rows = await metersOf(context, import_id, after);
  const found = await inTurns(rows, async (row) => ({ row, ...await standing(bucket, row) }));
  await context.db.transaction().execute(async (trx) => {
    for (const { row: { line }, alias, faults } of found) {
      if (alias !== null) {
        await trx.updateTable("data_import_row").set({ alias })
          .where("import_id", "=", import_id).where("line", "=", line).execute();
      }
      if (faults.length === 0) continue;
      await trx.insertInto("data_import_fault")
        .values(faults.map((fault) => ({ import_id, line, ...fault }))).execute();
    }
    await trx.updateTable("data_import_row").set({ looked_up: true })
      .where("import_id", "=", import_id)
      .where("line", "in", [0, ...rows.map(({ line }) => line)]).execute();
  });
  return rows.length < LOOKED_UP_MAX ? null : rows.at(-1)!.line;
}

async function standing(bucket: Bucket, row: MeterRow) {
  const entry = (await findEntry(bucket, row.meter_id))?.entry;
  if (entry === undefined) return { alias: null, faults: [] };
  const { slave_id, consumer_number, suite } = { suite: SUITE_USUAL, ...entry };
  const faults = Object.entries({ slave_id, consumer_number, suite })
    .filter(([field, stands]) => row[field as keyof MeterRow] !== stands)
    .map(([field, stands]) => ({
      field,
      reason: `is "${row[field as keyof MeterRow]}", and masters know it as "${stands}"`,
    }));
  return { alias: entry.alias, faults };
}

export interface GivenKey {
  readonly meter_id: string;
  /** Null where the key is not given in a file any more; `why` says it. */
  readonly key_file: SlaveKeyFile | null;
  readonly why: string | null;
}

export interface GivenKeys {
  readonly keys: readonly GivenKey[];
  /** The last row of them; null when these were the last. */
  readonly next: number | null;
}

/**
 * The next meters of an import that was taken: their entries are made where they are missing, and
 * their keys given. The same again gives the same keys.
 */
export async function keysOfMeters(
  context: OfficeContext,
  import_id: number,
  after: number,
): Promise<GivenKeys> {
  const { taken_at } = await findImport(context.db, import_id);
  if (taken_at === null) {
    throw new TerminalError(`Import ${import_id} is not taken: it has no keys`);
  }
  const kek = requireKek(context, "give meters their keys");
  const bucket = await context.broker.bucket(ENROLMENTS);
  const rows = await metersOf(context, import_id, after);
  const now_ms = context.now_ms();
  const keys = await inTurns(rows, async ({ meter_id, alias, ...row }): Promise<GivenKey> => {
    if (alias === null) {
      throw new RetryableError(`Meter ${meter_id} is not in the database any more`);
    }
    const { slave_id, consumer_number, suite } = row;
    const asked = {
      ...{ meter_id, slave_id, consumer_number },
      suite: suite === SUITE_USUAL ? undefined : suite,
    };
    const entry = await ensureEntry(bucket, asked, alias, kek, now_ms);
    try {
      return { meter_id, key_file: keyFileOf(entry, kek, now_ms), why: null };
    } catch (error) {
      if (!(error instanceof TerminalError)) throw error;
      return { meter_id, key_file: null, why: error.message };
    }
  });
  return { keys, next: rows.length < LOOKED_UP_MAX ? null : rows.at(-1)!.line };
}

/** `work` on every row, in their order, a few at a time. */
export async function inTurns<Row, T>(
  rows: readonly Row[],
  work: (row: Row) => Promise<T>,
): Promise<T[]> {
  const results: T[] = [];
  for (let i = 0; i < rows.length; i += AT_ONCE) {
    results.push(...await Promise.all(rows.slice(i, i + AT_ONCE).map(work)));
  }
  return results;
}
