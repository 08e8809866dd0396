/** Takes an import: all of it in one transaction, or nothing with every row that is in the way. */
import { tariffOf } from "../../actors/billing/tariff/catalogue.ts";
import type { TariffDocument } from "../../actors/billing/tariff/document.ts";
import { whyBillsNobody } from "../../actors/billing/tariff/whole.ts";
import { TerminalError } from "../../protocol/errors.ts";
import { indianDateOf } from "../../protocol/indian_time.ts";
import { writeAudit } from "../database/audit.ts";
import { ENERGY } from "../database/readings.ts";
import { isUniqueViolation } from "../database/faults.ts";
import { type Kysely, type RawBuilder, sql, type Transaction } from "../database/kysely.ts";
import type { Database } from "../database/schema.ts";
import { checksOf, given, instant } from "./import_checks.ts";
import type { ImportKind } from "./import_rows.ts";
import { findImport } from "./import_stage.ts";

type Db = Kysely<Database>;

export interface TakeAsked {
  readonly import_id: number;
  /** Look only. */
  readonly dry_run: boolean;
  readonly actor: string;
  readonly reason: string;
  /** Name of the file, for the audit trail. */
  readonly file: string;
  readonly now_ms: number;
  /** Those that accounts may be under. */
  readonly tariffs: readonly TariffDocument[];
}

/** Accounts of a file whose tariff bills nobody: they are taken all the same. */
export interface Unbilled {
  readonly tariff_id: string;
  readonly accounts: number;
  readonly why: string;
}

export interface TakeResult {
  readonly rows: number;
  /** Rows with a fault; with one nothing is written. */
  readonly refused: number;
  /** Rows that were new: written, unless this was a dry run or one was refused. */
  readonly added: number;
  /** Rows that stand already, just so. */
  readonly unchanged: number;
  readonly written: boolean;
  /** Of consumers; one a tariff. */
  readonly unbilled: readonly Unbilled[];
}

/**
 * Looks at the rows of an import together, and writes them where all of them can be taken. Throws
 * `TerminalError` where something else was written under one of their names meanwhile.
 */
export async function takeImport(db: Db, asked: TakeAsked): Promise<TakeResult> {
  try {
    return await db.transaction().execute((trx) => take(trx, asked));
  } catch (error) {
    // Unnamed: any of the names of this import that somebody else took between look and write.
    if (!isUniqueViolation(error)) throw error;
    throw new TerminalError(
      "Nothing is written: others wrote one of these rows at the same moment. Import it again",
    );
  }
}

async function take(trx: Transaction<Database>, asked: TakeAsked): Promise<TakeResult> {
  const { import_id, dry_run, actor, reason, file, now_ms } = asked;
  await sql`select 1 from data_import where import_id = ${import_id} for update`.execute(trx);
  const { kind, taken_at } = await findImport(trx, import_id);
  if (taken_at !== null) throw new TerminalError(`Import ${import_id} was taken already`);
  if (kind === "meters" || kind === "installations") await requireLookedUp(trx, import_id);
  for (const check of checksOf(kind, import_id, now_ms)) {
    await sql`
      insert into data_import_fault (import_id, line, field, reason)
      select ${import_id}, line, field, reason from (${check}) as fault order by line`.execute(trx);
  }
  const { rows, refused } = await countsOf(trx, import_id);
  const counted = { rows, refused };
  const written = refused === 0 && !dry_run;
  if (written && kind === "readings") await makeMonths(trx, import_id);
  if (written && kind === "meters") {
    // As an enrolment does: the next free alias is a question about every row.
    await sql`select pg_advisory_xact_lock(hashtext('samay meter alias'))`.execute(trx);
  }
  const unbilled = kind === "consumers" ? await unbilledOf(trx, asked) : [];
  const added = written ? await write(trx, kind, asked) : await newRows(trx, kind, import_id);
  if (written) {
    await writeAudit(trx, {
      ...{ actor, action: `data.imported`, subject: `import ${import_id}` },
      detail: { kind, file, reason, rows, added },
    });
    await trx.updateTable("data_import").set({ taken_at: new Date(now_ms) })
      .where("import_id", "=", import_id).execute();
  }
  return { ...counted, added, unchanged: Math.max(0, rows - refused - added), written, unbilled };
}

/** The tariffs of the file's consumers that bill nobody, each with the accounts that it is given. */
async function unbilledOf(
  trx: Transaction<Database>,
  { import_id, tariffs, now_ms }: TakeAsked,
): Promise<Unbilled[]> {
  const { rows } = await sql<{ tariff_id: string; accounts: number }>`
    select tariff_id, count(*)::bigint as accounts from ${given("consumers", import_id)}
    group by tariff_id order by tariff_id`.execute(trx);
  return rows.flatMap(({ tariff_id, accounts }) => {
    const why = whyBillsNobody(tariffOf(tariff_id, tariffs), indianDateOf(now_ms));
    return why === null ? [] : [{ tariff_id, accounts, why }];
  });
}

async function requireLookedUp(trx: Transaction<Database>, import_id: number): Promise<void> {
  const left = await trx.selectFrom("data_import_row").select("line")
    .where("import_id", "=", import_id).where("looked_up", "=", false).limit(1).executeTakeFirst();
  if (left === undefined) return;
  throw new TerminalError("Whether the masters know these meters was not asked: import them again");
}

async function countsOf(trx: Transaction<Database>, import_id: number) {
  const { rows: [counts] } = await sql<{ rows: number; refused: number }>`
    select count(*)::bigint as rows, count(*) filter (where faulty)::bigint as refused from (
      select line, bool_or(faulty) as faulty from (
        select line, false as faulty from data_import_row where import_id = ${import_id}
        union all
        select line, true from data_import_fault where import_id = ${import_id}
      ) as each_one group by line
    ) as lines`.execute(trx);
  return counts!;
}

/** A table for each month of the readings, as the ledger makes them. */
async function makeMonths(trx: Transaction<Database>, import_id: number): Promise<void> {
  await sql`
    select make_reading_month(month) from (
      select distinct date_trunc('month', ${instant("given.read_at_ms")}, 'UTC') as month
      from ${given("readings", import_id)}
    ) as months`.execute(trx);
}

type Of = (from: RawBuilder<unknown>) => RawBuilder<unknown>;

/** Of each kind: rows that are not there yet. */
const NEW: Readonly<Record<ImportKind, Of>> = {
  consumers: (from) =>
    sql`${from} where not exists (
      select 1 from account where account.account_id = given.account_id)`,
  meters: (from) =>
    sql`${from} where not exists (select 1 from meter where meter.meter_id = given.meter_id)`,
  installations: (from) =>
    sql`${from} where not exists (select 1 from installation
      where installation.meter_id = given.meter_id and installation.removed_at is null)`,
  readings: (from) =>
    sql`${from} where not exists (select 1 from raw_reading as reading
      where reading.meter_id = given.meter_id and reading.obis = given.obis
        and reading.read_at = ${instant("given.read_at_ms")})`,
};

async function newRows(trx: Transaction<Database>, kind: ImportKind, import_id: number) {
  const { rows: [found] } = await sql<{ count: number }>`
    select count(*)::bigint as count from ${NEW[kind](given(kind, import_id))}
      and not exists (select 1 from data_import_fault as fault
        where fault.import_id = ${import_id} and fault.line = given.line)`.execute(trx);
  return found!.count;
}

/** Writes what is new, with its line of history where a row has a name; returns how many rows. */
async function write(trx: Transaction<Database>, kind: ImportKind, asked: TakeAsked) {
  const { import_id } = asked;
  const { rows: [done] } = await sql<{ count: number }>`${
    WRITES[kind](NEW[kind](given(kind, import_id)), asked)
  }`.execute(trx);
  return done!.count;
}

const history = (action: string, subject: string, { actor, import_id }: TakeAsked) =>
  sql`
    history as (
      insert into audit (actor, action, subject, detail)
      select ${actor}::text, ${action}::text, ${sql.raw(subject)},
        jsonb_build_object('import', ${import_id}::bigint)
      from added returning 1
    ) select count(*)::bigint as count from added`;

const WRITES: Readonly<
  Record<ImportKind, (fresh: RawBuilder<unknown>, asked: TakeAsked) => RawBuilder<unknown>>
> = {
  consumers: (fresh, asked) =>
    sql`
    with fresh as (select given.* from ${fresh}),
    persons as (
      insert into consumer (consumer_number, name, address, phone, email, language)
      select distinct on (consumer_number) consumer_number, name, address, phone, email, language
      from fresh where not exists (
        select 1 from consumer where consumer.consumer_number = fresh.consumer_number)
      order by consumer_number, line
      returning 1
    ),
    added as (
      insert into account (account_id, consumer_number, tariff_id, phase, municipal,
        sanctioned_load_w, contract_va, status, opened_on)
      select account_id, consumer_number, tariff_id, phase, municipal, sanctioned_load_w,
        contract_va, 'active', opened_on from fresh order by line
      returning account_id
    ), ${history("account.imported", "account_id", asked)}`,
  meters: (fresh, asked) =>
    sql`
    with fresh as (select given.* from ${fresh}),
    added as (
      insert into meter (meter_id, serial_number, slave_id, register_digits, alias)
      select meter_id, serial_number, slave_id, register_digits, coalesce(alias, (
        select greatest((select coalesce(max(alias), 0) from meter),
          (select coalesce(max(alias), 0) from fresh))
      ) + row_number() over (partition by alias is null order by line))
      from fresh
      returning meter_id
    ), ${history("meter.imported", "meter_id", asked)}`,
  installations: (fresh, asked) =>
    sql`
    with added as (
      insert into installation (account_id, meter_id, premises, installed_at, multiplying_factor,
        opening_reading_wh)
      select given.account_id, meter_id, coalesce(nullif(premises, ''), (
          select address from consumer join account using (consumer_number)
          where account.account_id = given.account_id
        )), ${instant("installed_at_ms")}, multiplying_factor, opening_reading_wh
      from ${fresh} order by line
      returning meter_id, account_id
    ), ${history("meter.installed", "meter_id", asked)}`,
  readings: (fresh) =>
    sql`
    with added as (
      insert into raw_reading (meter_id, obis, read_at, value, unit, source, flags)
      select meter_id, obis, ${instant("read_at_ms")}, value, unit, 'import', '[]'
      from ${fresh} order by line
      returning meter_id, obis, read_at
    ), unvalidated as (
      insert into reading_unvalidated (meter_id, obis, read_at)
      select meter_id, obis, read_at from added where obis = ${ENERGY}
    ) select count(*)::bigint as count from added`,
};
