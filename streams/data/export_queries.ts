/**
 * Exports page by page, each behind the last row of the one before: memory is that of a page on either
 * side, however long the export is.
 */
import { type Kysely, type RawBuilder, sql } from "../database/kysely.ts";
import type { Database } from "../database/schema.ts";

type Db = Kysely<Database>;

/** One meter at one account, from one moment to another: what an export of readings goes through. */
export interface ExportPoint {
  readonly installation_id: number;
  readonly account_id: string;
  readonly meter_id: string;
  readonly tariff_id: string;
  readonly multiplying_factor: number;
  readonly installed_at_ms: number;
  /** Null: it stands. */
  readonly removed_at_ms: number | null;
}

export interface PointsAsked {
  readonly account_id?: string | undefined;
  readonly meter_id?: string | undefined;
  readonly from_ms: number;
  readonly to_ms: number;
  readonly after?: { readonly account_id: string; readonly installation_id: number } | undefined;
  readonly limit: number;
}

/** Installations that stood within the span, by account and then in the order they were made. */
export async function exportPoints(db: Db, asked: PointsAsked): Promise<ExportPoint[]> {
  const { account_id = null, meter_id = null, from_ms, to_ms, limit } = asked;
  const { account_id: after = "", installation_id = 0 } = asked.after ?? {};
  const { rows } = await sql<ExportPoint>`
    select installation_id, account_id, meter_id, account.tariff_id, multiplying_factor,
      (extract(epoch from installed_at) * 1000)::bigint as installed_at_ms,
      (extract(epoch from removed_at) * 1000)::bigint as removed_at_ms
    from installation join account using (account_id)
    where (account_id, installation_id) > (${after}::text, ${installation_id}::bigint)
      and (${account_id}::text is null or account_id = ${account_id})
      and (${meter_id}::text is null or meter_id = ${meter_id})
      and installed_at < to_timestamp(${to_ms}::float8 / 1000)
      and (removed_at is null or removed_at > to_timestamp(${from_ms}::float8 / 1000))
    order by account_id, installation_id limit ${limit}`.execute(db);
  return rows;
}

/** One register at one moment, as exports give it. */
export interface ExportReading {
  readonly meter_id: string;
  readonly obis: string;
  readonly read_at_ms: number;
  /** What billing uses; null where the reading may not be used. Before the multiplying factor. */
  readonly value: number | null;
  /** As it arrived; null for a value that a rule or a person put where there was no reading. */
  readonly raw_value: number | null;
  readonly unit: string;
  /** measured, estimated, substituted or edited; quarantined or rejected where it is not used. */
  readonly quality: string;
  readonly rule: string | null;
  readonly decided_by: string | null;
  readonly source: string;
  readonly flags: readonly string[];
  readonly frame_sequence: number | null;
  /** Of the installation that stood then. */
  readonly account_id: string | null;
  readonly multiplying_factor: number | null;
}

export interface ReadingsAsked {
  readonly meter_id?: string | undefined;
  /** Every register where none is named. */
  readonly obis?: string | undefined;
  readonly from_ms: number;
  /** Exclusive. */
  readonly to_ms: number;
  readonly after?: {
    readonly meter_id: string;
    readonly obis: string;
    readonly read_at_ms: number;
  } | undefined;
  readonly limit: number;
}

const fromMs = (at_ms: number) => sql`to_timestamp(${at_ms}::float8 / 1000)`;

/**
 * Readings in the order of meter, register and time, with what was decided about them; and the values
 * that a rule or a person put where there was no reading. As the view `validated_reading`, a page at a
 * time along its keys.
 */
export async function exportReadings(db: Db, asked: ReadingsAsked): Promise<ExportReading[]> {
  const { limit } = asked;
  const order = sql`order by reading.meter_id, reading.obis, reading.read_at limit ${limit}`;
  const { rows } = await sql<ExportReading>`
    select reading.meter_id, reading.obis,
      (extract(epoch from reading.read_at) * 1000)::bigint as read_at_ms,
      case when reading.status is null then reading.raw_value
        when reading.status = 'accepted' then reading.decided end as value,
      reading.raw_value, reading.unit,
      case when coalesce(reading.status, 'accepted') = 'accepted'
        then coalesce(reading.quality, 'measured') else reading.status end as quality,
      reading.rule, reading.decided_by, reading.source, reading.flags, reading.frame_sequence,
      place.account_id, place.multiplying_factor
    from (
      (
        select reading.meter_id, reading.obis, reading.read_at, reading.value as raw_value,
          reading.unit, reading.source, reading.flags, reading.frame_sequence, decision.status,
          decision.quality, decision.value as decided, decision.rule, decision.decided_by
        from raw_reading as reading
        left join lateral (
          select * from reading_decision as one
          where one.meter_id = reading.meter_id and one.obis = reading.obis
            and one.read_at = reading.read_at
          order by one.decision_id desc limit 1
        ) as decision on true
        where ${within(asked)} ${order}
      )
      union all
      (
        select reading.meter_id, reading.obis, reading.read_at, null, 'Wh', 'decision',
          '[]'::jsonb, null, reading.status, reading.quality, reading.value, reading.rule,
          reading.decided_by
        from latest_reading_decision as reading
        where ${within(asked)} and not exists (
          select 1 from raw_reading as raw where raw.meter_id = reading.meter_id
            and raw.obis = reading.obis and raw.read_at = reading.read_at
        ) ${order}
      )
    ) as reading
    left join lateral (
      select account_id, multiplying_factor from installation
      where installation.meter_id = reading.meter_id and installed_at <= reading.read_at
        and (removed_at is null or removed_at > reading.read_at)
      order by installed_at desc limit 1
    ) as place on true
    ${order}`.execute(db);
  return rows;
}

/** Each condition only where it is asked: a plan for "this or nothing" would read every row. */
function within({ meter_id, obis, from_ms, to_ms, after }: ReadingsAsked): RawBuilder<unknown> {
  const ofMeter = meter_id === undefined ? sql`` : sql`and reading.meter_id = ${meter_id}`;
  const ofObis = obis === undefined ? sql`` : sql`and reading.obis = ${obis}`;
  const behind = after === undefined ? sql`` : sql`
    and (reading.meter_id, reading.obis, reading.read_at) >
      (${after.meter_id}, ${after.obis}, ${fromMs(after.read_at_ms)})`;
  return sql`reading.read_at >= ${fromMs(from_ms)} and reading.read_at < ${fromMs(to_ms)}
    ${ofMeter} ${ofObis} ${behind}`;
}
