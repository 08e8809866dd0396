/** Loads what the rules must know of readings, many at a time, as the tables have it now. */
import type {
  ArrivalFacts,
  DecisionFacts,
  InstallationFacts,
  RegisterAt,
} from "../../actors/validation/facts.ts";
import { CONSUMER_REGISTER } from "../../protocol/iec62056/obis.ts";
import { readingFlag } from "../../protocol/messages/journal.ts";
import { parseOrExplain, z } from "../../protocol/schema.ts";
import { type Kysely, sql } from "../database/kysely.ts";
import { ENERGY } from "../database/readings.ts";
import type { Database } from "../database/schema.ts";

/** Cycles that tell what is usual. */
const HISTORY_MAX = 12;

/** An energy reading by its meter and its time. */
export interface ReadingAt {
  readonly meter_id: string;
  readonly read_at_ms: number;
}

interface Row {
  readonly place: number;
  readonly value: number;
  readonly flags: unknown;
  readonly arrived_at: Date | null;
  readonly known: boolean;
  readonly register_digits: number | null;
  readonly installation: StoredInstallation | null;
  readonly previous: StoredRegister | null;
  readonly previous_usable: StoredRegister | null;
  readonly next: StoredRegister | null;
  readonly still_since: Date | null;
  readonly told: number | null;
  readonly others: number[] | null;
  readonly decision: DecisionFacts | null;
  readonly history: { units_kwh: number; days: number }[] | null;
}
type StoredRegister = { read_at: string; value: number };
type StoredInstallation = {
  consumer_number: string;
  enrolled_consumer: string;
  serial_number: string;
  sanctioned_load_w: number;
  multiplying_factor: number;
  installed_at: string;
  removed_at: string | null;
  opening_reading_wh: number;
};

/**
 * The facts of each of `readings`, in their order; undefined where there is no such reading. A
 * register that stands is followed back for twice `still_h` hours. Not for thousands: each costs the
 * database some ten look-ups.
 */
export async function loadReadingFacts(
  db: Kysely<Database>,
  readings: readonly ReadingAt[],
  now_ms: number,
  still_h: number,
): Promise<(ArrivalFacts | undefined)[]> {
  const loaded = new Array<ArrivalFacts | undefined>(readings.length).fill(undefined);
  if (readings.length === 0) return loaded;
  for (const row of await rowsOf(db, readings, still_h)) {
    loaded[row.place] = factsOf(readings[row.place]!, row, now_ms);
  }
  return loaded;
}

/** The reading before, on the same wall; `usable`: the last one that neither waits nor is rejected. */
function before(usable: boolean) {
  const isHeld = sql`exists (
    select 1 from latest_reading_decision as held where held.meter_id = one.meter_id
      and held.obis = one.obis and held.read_at = one.read_at and held.status <> 'accepted')`;
  return sql`
    select one.read_at, one.value from raw_reading as one
    where one.meter_id = raw.meter_id and one.obis = raw.obis and one.read_at < raw.read_at
      and one.read_at >= coalesce(installation.installed_at, '-infinity')
      and ${usable ? sql`not ${isHeld}` : sql`true`}
    order by one.read_at desc limit 1`;
}

/** What the account used in its latest cycles, and what the meter told beside the register. */
const BESIDE = sql`
  (select one.value from raw_reading as one where one.meter_id = raw.meter_id
    and one.obis = ${CONSUMER_REGISTER} and one.read_at = raw.read_at) as told,
  (select jsonb_agg(one.value) from reading_conflict as one where one.meter_id = raw.meter_id
    and one.obis = raw.obis and one.read_at = raw.read_at) as others,
  (select jsonb_agg(jsonb_build_object('units_kwh', cycle.units_kwh, 'days',
      greatest(1, coalesce(cycle.to_date - cycle.from_date, 30))) order by cycle.period)
    from (select * from billing_cycle as billed where billed.account_id = installation.account_id
      and billed.state in ('issued', 'imported') and billed.units_kwh is not null
      order by billed.period desc limit ${HISTORY_MAX}) as cycle) as history`;

async function rowsOf(
  db: Kysely<Database>,
  readings: readonly ReadingAt[],
  still_h: number,
): Promise<Row[]> {
  const { rows } = await sql<Row>`
    select given.place, raw.value, raw.flags, raw.arrived_at,
      meter.meter_id is not null as known, meter.register_digits,
      to_jsonb(installation) as installation, to_jsonb(previous) as previous,
      to_jsonb(usable) as previous_usable, to_jsonb(next) as next,
      to_jsonb(decision) as decision, ${BESIDE},
      (select min(one.read_at) from raw_reading as one
        where previous.value = raw.value and one.meter_id = raw.meter_id and one.obis = raw.obis
          and one.read_at >= raw.read_at - make_interval(secs => ${2 * still_h * 3_600}::float8)
          and one.read_at <= raw.read_at and one.value = raw.value) as still_since
    from unnest(
      ${readings.map((_, place) => place)}::int[], ${readings.map((one) => one.meter_id)}::text[],
      ${readings.map((one) => one.read_at_ms)}::float8[]
    ) as given(place, meter_id, read_at_ms)
    join raw_reading as raw on raw.meter_id = given.meter_id and raw.obis = ${ENERGY}
      and raw.read_at = to_timestamp(given.read_at_ms / 1000)
    left join meter on meter.meter_id = raw.meter_id
    left join lateral (
      select hung.account_id, account.consumer_number, meter.serial_number,
        account.sanctioned_load_w, hung.multiplying_factor, hung.installed_at, hung.removed_at,
        hung.opening_reading_wh,
        (select enrolled.consumer_number
          from installation as first join account as enrolled using (account_id)
          where first.meter_id = hung.meter_id order by first.installed_at limit 1
        ) as enrolled_consumer
      from installation as hung join account on account.account_id = hung.account_id
      where hung.meter_id = raw.meter_id and hung.installed_at <= raw.read_at
        and (hung.removed_at is null or hung.removed_at >= raw.read_at)
      order by hung.installed_at desc limit 1
    ) as installation on true
    left join lateral (${before(false)}) as previous on true
    left join lateral (${before(true)}) as usable on true
    left join lateral (
      select one.read_at, one.value from raw_reading as one
      where one.meter_id = raw.meter_id and one.obis = raw.obis and one.read_at > raw.read_at
        and one.journal_sequence < raw.journal_sequence
      order by one.read_at limit 1
    ) as next on true
    left join lateral (
      select one.status, one.rule, one.detail, one.decided_by, one.reason
      from reading_decision as one
      where one.meter_id = raw.meter_id and one.obis = raw.obis and one.read_at = raw.read_at
      order by one.decision_id desc limit 1
    ) as decision on true`.execute(db);
  return rows;
}

function factsOf({ meter_id, read_at_ms }: ReadingAt, row: Row, now_ms: number): ArrivalFacts {
  const installation = installationOf(row.installation);
  const start = installation === null
    ? null
    : { read_at_ms: installation.installed_at_ms, value_wh: installation.start_wh };
  return {
    facts: {
      meter_id,
      reading: {
        read_at_ms,
        value_wh: row.value,
        flags: parseOrExplain(z.array(readingFlag), row.flags, `Flags of a reading of ${meter_id}`),
        arrived_at_ms: row.arrived_at?.getTime() ?? null,
        told_consumer: row.told === null ? null : String(row.told),
        other_values_wh: row.others ?? [],
      },
      now_ms,
      meter: row.known ? { register_digits: row.register_digits } : null,
      installation,
      previous: registerOf(row.previous) ?? start,
      next: registerOf(row.next),
      unchanged_since_ms: row.still_since?.getTime() ?? null,
      went_back_at_ms: null,
      history: row.history ?? [],
      boundary_ms: null,
      factor_used: null,
      decision: row.decision,
    },
    previous_usable: registerOf(row.previous_usable) ?? start,
  };
}

function registerOf(stored: StoredRegister | null): RegisterAt | null {
  if (stored === null) return null;
  return { read_at_ms: Date.parse(stored.read_at), value_wh: stored.value };
}

function installationOf(stored: StoredInstallation | null): InstallationFacts | null {
  if (stored === null) return null;
  const { consumer_number, enrolled_consumer, serial_number } = stored;
  const { sanctioned_load_w, multiplying_factor } = stored;
  return {
    consumer_number,
    enrolled_consumer,
    serial_number,
    sanctioned_load_w,
    multiplying_factor,
    installed_at_ms: Date.parse(stored.installed_at),
    removed_at_ms: stored.removed_at === null ? null : Date.parse(stored.removed_at),
    start_wh: stored.opening_reading_wh,
  };
}
