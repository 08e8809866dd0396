/**
 * What is wrong with the rows of an import, seen together and against what stands: one query a kind,
 * each giving a line, a field and a reason. Nothing is changed here.
 */
import { type RawBuilder, sql } from "../database/kysely.ts";
import type { ImportKind } from "./import_rows.ts";

type Sql = RawBuilder<unknown>;

/** The rows of an import as columns. */
const GIVEN: Readonly<Record<ImportKind, string>> = {
  consumers: "consumer_number text, name text, address text, phone text, email text, " +
    "language text, account_id text, tariff_id text, phase smallint, municipal boolean, " +
    "sanctioned_load_w bigint, contract_va bigint, opened_on date",
  meters: "meter_id text, slave_id text, serial_number text, consumer_number text, " +
    "suite smallint, register_digits smallint",
  installations:
    "account_id text, meter_id text, installed_at_ms bigint, opening_reading_wh bigint, " +
    "premises text, multiplying_factor numeric",
  readings: "meter_id text, obis text, read_at_ms bigint, value bigint, unit text",
};

/** `from` item of an import's rows, called `given`. */
export function given(kind: ImportKind, import_id: number): Sql {
  return sql`(
    select staged.line, staged.alias, row.*
    from data_import_row as staged, jsonb_to_record(staged.content) as row(${sql.raw(GIVEN[kind])})
    where staged.import_id = ${import_id}
  ) as given`;
}

/** An instant in milliseconds as PostgreSQL's. */
export const instant = (column: string) => sql.raw(`to_timestamp(${column}::float8 / 1000)`);

/** Rows whose `columns` an earlier row of the file has too. */
function twice(kind: ImportKind, import_id: number, columns: string, field: string): Sql {
  return sql`
    select line, ${field}::text as field, 'is in row ' || first || ' already' as reason
    from (select line, min(line) over (partition by ${sql.raw(columns)}) as first
      from ${given(kind, import_id)}) as numbered
    where line > first`;
}

/** Rows of which `field` names nothing that is known. */
function unknown(kind: ImportKind, import_id: number, table: string, field: string): Sql {
  return sql`
    select line, ${field}::text as field, '"' || given.${sql.raw(field)} || '" is no ${
    sql.raw(table)
  } that is known' as reason
    from ${given(kind, import_id)} left join ${sql.raw(table)} as known
      on known.${sql.raw(field)} = given.${sql.raw(field)}
    where known.${sql.raw(field)} is null`;
}

/**
 * Each field in which a row and what stands differ. `pairs` are a field's name in the file, what the
 * row says, and what stands, as SQL that gives text.
 */
function differs(
  from: Sql,
  pairs: readonly (readonly [string, string, string])[],
  other = "what stands is",
): Sql {
  const values = pairs.map(([field, here, there]) => `('${field}', ${here}, ${there})`).join(", ");
  return sql`
    select line, pair.field, 'is ' || coalesce('"' || pair.here || '"', 'empty') ||
      ', and ' || ${other}::text || ' ' || coalesce('"' || pair.there || '"', 'empty') as reason
    from ${from} cross join lateral (values ${sql.raw(values)}) as pair(field, here, there)
    where pair.here is distinct from pair.there`;
}

const same = (table: string, columns: readonly string[]) =>
  columns.map((column) => [column, `given.${column}::text`, `${table}.${column}::text`] as const);

const CONSUMER = ["name", "address", "phone", "email", "language"];
const ACCOUNT = [
  ...[
    "consumer_number",
    "tariff_id",
    "phase",
    "municipal",
    "sanctioned_load_w",
    "contract_va",
    "opened_on",
  ],
];
/** Watt-hours as people wrote them. */
const kwh = (column: string) => `trim_scale(${column}::numeric / 1000)::text`;
const india = (instant: string) =>
  `to_char(${instant} at time zone interval '05:30', 'YYYY-MM-DD HH24:MI:SS')`;

/** The queries of `kind`, each of which gives faults. */
export function checksOf(kind: ImportKind, import_id: number, now_ms: number): readonly Sql[] {
  return CHECKS[kind](given(kind, import_id), import_id, now_ms);
}

const CHECKS: Readonly<Record<ImportKind, (from: Sql, id: number, now_ms: number) => Sql[]>> = {
  consumers: (from, id) => [
    twice("consumers", id, "account_id", "account_id"),
    // Two accounts of one consumer: his name cannot be two.
    differs(
      sql`(
        select line, ${
        sql.raw(
          CONSUMER.map((one) => `${one}, first_value(${one}) over same as first_${one}`).join(", "),
        )
      }
        from ${from} window same as (partition by consumer_number order by line)
      ) as given`,
      CONSUMER.map((one) => [one, `given.${one}`, `given.first_${one}`] as const),
      "an earlier row of this consumer has",
    ),
    differs(
      sql`${from} join consumer on consumer.consumer_number = given.consumer_number`,
      same("consumer", CONSUMER),
    ),
    differs(
      sql`${from} join account on account.account_id = given.account_id`,
      same("account", ACCOUNT),
    ),
  ],
  meters: (from, id) => [
    twice("meters", id, "meter_id", "meter_id"),
    differs(
      sql`${from} join meter on meter.meter_id = given.meter_id`,
      same("meter", ["slave_id", "serial_number", "register_digits"]),
    ),
    sql`
      select line, 'meter_id'::text as field, 'its alias ' || given.alias || ', by which masters ' ||
        'know it, is that of meter ' || meter.meter_id as reason
      from ${from} join meter on meter.alias = given.alias and meter.meter_id <> given.meter_id`,
    sql`
      select line, 'meter_id'::text as field, 'its alias ' || given.alias || ', by which masters ' ||
        'know it, is ' || meter.alias || ' in the database' as reason
      from ${from} join meter on meter.alias <> given.alias and meter.meter_id = given.meter_id`,
  ],
  installations: (from, id, now_ms) => [
    unknown("installations", id, "account", "account_id"),
    unknown("installations", id, "meter", "meter_id"),
    twice("installations", id, "meter_id", "meter_id"),
    sql`select line, 'account_id'::text as field, 'account ' || account_id || ' is closed' as reason
      from ${from} join account using (account_id) where status = 'closed'`,
    sql`select line, 'installed_at'::text as field, 'lies in the future' as reason
      from ${from} where installed_at_ms > ${now_ms}::float8`,
    differs(
      sql`${from} join account using (account_id) join consumer using (consumer_number)
        join installation on installation.meter_id = given.meter_id
          and installation.removed_at is null`,
      [
        ["account_id", "given.account_id", "installation.account_id"],
        [
          "installed_at",
          india("to_timestamp(given.installed_at_ms::float8 / 1000)"),
          india("installation.installed_at"),
        ],
        ["opening_kwh", kwh("given.opening_reading_wh"), kwh("installation.opening_reading_wh")],
        [
          "premises",
          "coalesce(nullif(given.premises, ''), consumer.address)",
          "installation.premises",
        ],
        [
          "multiplying_factor",
          "trim_scale(given.multiplying_factor)::text",
          "trim_scale(installation.multiplying_factor)::text",
        ],
      ],
    ),
    sql`
      select line, 'installed_at'::text as field, 'meter ' || given.meter_id ||
        ' hung at account ' || installation.account_id || ' until ' || ${
      sql.raw(india("installation.removed_at"))
    } as reason
      from ${from} join installation on installation.meter_id = given.meter_id
        and installation.removed_at > ${instant("given.installed_at_ms")}
      where not exists (select 1 from installation as live
        where live.meter_id = given.meter_id and live.removed_at is null)`,
  ],
  readings: (from, id, now_ms) => [
    unknown("readings", id, "meter", "meter_id"),
    twice("readings", id, "meter_id, obis, read_at_ms", "read_at"),
    sql`select line, 'read_at'::text as field, 'lies in the future' as reason
      from ${from} where read_at_ms > ${now_ms}::float8`,
    differs(
      sql`${from} join raw_reading as reading on reading.meter_id = given.meter_id
        and reading.obis = given.obis and reading.read_at = ${instant("given.read_at_ms")}`,
      [
        ["value", "given.value || ' ' || given.unit", "reading.value || ' ' || reading.unit"],
      ],
    ),
  ],
};
