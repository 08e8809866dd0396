/** Which waiting cycles have something to do: their reading has come, or their time is over. */
import { type Kysely, sql } from "../database/kysely.ts";
import { ENERGY } from "../database/readings.ts";
import type { Database } from "../database/schema.ts";
import { isNotRejected } from "../validation/decisions.ts";
import { isDated } from "./candidate.ts";
import type { CycleKey } from "./facts_rows.ts";

/** Month bounds in Indian time (UTC +05:30 all year), as instants. */
const MONTH_START = sql`((cycle.period || '-01')::timestamp - interval '330 minutes')
  at time zone 'UTC'`;
const MONTH_END = sql`((cycle.period || '-01')::timestamp + interval '1 month'
  - interval '330 minutes') at time zone 'UTC'`;

/**
 * The condition on `cycle` that no halt holds it: where a run of its month has halted, nothing that a
 * run commanded there goes out until a person resumes it. What a person commands by itself does.
 */
const NOT_HALTED = sql<boolean>`not (
  exists (
    select 1 from billing_run as run where run.period = cycle.period and run.state = 'halted')
  and exists (
    select 1 from billing_run as run
    where run.period = cycle.period and run.requested_at = cycle.requested_at))`;

/** Waiting cycles that are looked at in one statement: a city without readings costs no more. */
const WINDOW = 5_000;

export interface Looked {
  /** Whose meter has a reading that may close them. */
  readonly ready: readonly CycleKey[];
  /** The last cycle that was looked at; null where there are no more behind it. */
  readonly last_id: number | null;
}

/**
 * Of the waiting cycles behind `after_id`, a window of them, those whose meter has a reading that may
 * close them. It is only a hint, a little generous: the step itself decides, under its lock.
 */
export async function cyclesWithReading(
  db: Kysely<Database>,
  after_id = 0,
  window = WINDOW,
): Promise<Looked> {
  const { rows } = await sql<CycleKey & { cycle_id: number; ready: boolean }>`
    select cycle.cycle_id, cycle.account_id, cycle.period, ${NOT_HALTED} and exists (
      select 1 from (
        select raw.read_at from raw_reading as raw
        where raw.meter_id = cycle.meter_id and raw.obis = ${ENERGY}
          and ${isDated("raw.flags")} and ${isNotRejected("raw")}
        union all
        select put.read_at from latest_reading_decision as put
        where put.meter_id = cycle.meter_id and put.obis = ${ENERGY} and put.status = 'accepted'
      ) as reading
      where reading.read_at >= case when cycle.requested_at < ${MONTH_END}
          then cycle.requested_at - interval '1 second' else ${MONTH_START} end
        and (cycle.requested_at < ${MONTH_END} or reading.read_at < ${MONTH_END})
        and reading.read_at > coalesce((
          select max(before.closing_read_at) from billing_cycle as before
          where before.account_id = cycle.account_id and before.period < cycle.period
            and before.state in ('issued', 'imported')
        ), '-infinity')
    ) as ready
    from (
      select * from billing_cycle
      where state = 'awaiting_reading' and cycle_id > ${after_id}
      order by cycle_id limit ${window}
    ) as cycle
    order by cycle.cycle_id`.execute(db);
  return {
    ready: rows.filter((row) => row.ready).map(({ account_id, period }) => ({
      account_id,
      period,
    })),
    last_id: rows.length < window ? null : rows.at(-1)!.cycle_id,
  };
}

/** Cycles whose deadline has come at `now_ms`: to ask again, to estimate, or to let a draft go. */
export async function cyclesDue(
  db: Kysely<Database>,
  now_ms: number,
  limit: number,
): Promise<CycleKey[]> {
  return await db.selectFrom("billing_cycle as cycle").select(["account_id", "period"])
    .where("deadline_at", "<=", new Date(now_ms))
    .where("state", "in", ["awaiting_reading", "draft", "parked"]).where(NOT_HALTED)
    .orderBy("deadline_at").orderBy("cycle_id").limit(limit).execute();
}
