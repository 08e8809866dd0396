/** One word of a person about many readings: those that one rule has put into quarantine in a month. */
import { boundsOf } from "../../actors/billing/calendar.ts";
import type { RuleCode } from "../../actors/validation/rules.ts";
import { TerminalError } from "../../protocol/errors.ts";
import { inIndia } from "../../protocol/indian_time.ts";
import { lockAccountsOfMeters } from "../billing/facts_rows.ts";
import { writeAudit } from "../database/audit.ts";
import { type Kysely, sql, type Transaction } from "../database/kysely.ts";
import { ENERGY } from "../database/readings.ts";
import type { Database } from "../database/schema.ts";
import { lockDecisions, lookAgain, PERSON } from "./decisions.ts";
import { WORDS } from "./person.ts";

/** In one transaction, which holds the accounts of their meters. */
const READINGS_MAX = 5_000;

export interface ManyAsked {
  readonly deed: "approve" | "reject";
  readonly rule: RuleCode;
  readonly period: string;
  /** Of one meter alone. */
  readonly meter_id?: string;
  readonly reason: string;
  readonly actor: string;
  /** Says what would be decided, and decides nothing. */
  readonly dry_run: boolean;
}

export interface ManyDecided {
  readonly readings: number;
  readonly meters: number;
  /** Readings of this rule and month that wait still: more than go into one transaction. */
  readonly left: number;
  /** Cycles that look for their reading again. */
  readonly requeued: number;
}

interface Waiting {
  readonly meter_id: string;
  readonly read_at: Date;
  /** Account whose issued bill ends with it, or null. */
  readonly billed: string | null;
}

/**
 * Decides about the readings that `rule` has quarantined in `period`, the oldest first: all of them or
 * nothing, each with a row of its own, audited as one deed. Throws `TerminalError` where an issued bill
 * ends with a reading that is to be rejected.
 */
export async function decideMany(
  db: Kysely<Database>,
  asked: ManyAsked,
  now_ms: number,
  readings_max = READINGS_MAX,
): Promise<ManyDecided> {
  return await db.transaction().execute(async (trx) => {
    const { total, rows } = await waitingOf(trx, asked, readings_max);
    const seen = [...new Set(rows.map(({ meter_id }) => meter_id))];
    if (asked.dry_run || rows.length === 0) {
      const left = total - rows.length;
      return { readings: rows.length, meters: seen.length, left, requeued: 0 };
    }
    await lockAccountsOfMeters(trx, seen);
    await lockDecisions(trx, seen);
    // Only now: what others decided while this one waited is theirs.
    const held = await waitingOf(trx, asked, readings_max, seen);
    if (asked.deed === "reject") refuseBilled(held.rows);
    await write(trx, asked, held.rows);
    const meter_ids = [...new Set(held.rows.map(({ meter_id }) => meter_id))];
    const requeued = (await lookAgain(trx, { meter_ids }, now_ms, "measured")).length;
    const readings = held.rows.length;
    const { actor, rule, period, meter_id = null, reason } = asked;
    await writeAudit(trx, {
      actor,
      action: `readings.${WORDS[asked.deed]}`,
      subject: `readings of rule ${rule} in ${period}`,
      detail: { reason, meter_id, readings, meters: meter_ids.length, requeued },
    });
    return { readings, meters: meter_ids.length, left: total - readings, requeued };
  });
}

async function waitingOf(
  trx: Transaction<Database>,
  { rule, period, meter_id }: ManyAsked,
  limit: number,
  among?: readonly string[],
): Promise<{ total: number; rows: Waiting[] }> {
  const { start_ms, end_ms } = boundsOf(period);
  const meters = meter_id === undefined ? among : [meter_id];
  const { rows } = await sql<Waiting & { readonly total: number }>`
    select held.meter_id, held.read_at, count(*) over () as total, (
      select cycle.account_id from billing_cycle as cycle
      where cycle.meter_id = held.meter_id and cycle.closing_read_at = held.read_at
        and cycle.state = 'issued' limit 1
    ) as billed
    from latest_reading_decision as held
    where held.status = 'quarantined' and held.rule = ${rule} and held.obis = ${ENERGY}
      and held.read_at >= ${new Date(start_ms)}::timestamptz
      and held.read_at < ${new Date(end_ms)}::timestamptz
      and ${meters === undefined ? sql`true` : sql`held.meter_id = any(${meters}::text[])`}
    order by held.read_at, held.meter_id limit ${limit}`.execute(trx);
  return { total: rows[0]?.total ?? 0, rows };
}

function refuseBilled(rows: readonly Waiting[]): void {
  const one = rows.find(({ billed }) => billed !== null);
  if (one === undefined) return;
  throw new TerminalError(
    `A bill of ${one.billed} ends with the reading of meter ${one.meter_id} at ${
      inIndia(one.read_at.getTime())
    }: void it first, or decide about the others by --meter; nothing was decided`,
  );
}

async function write(
  trx: Transaction<Database>,
  { deed, reason, actor }: ManyAsked,
  rows: readonly Waiting[],
): Promise<void> {
  const [status, value] = deed === "approve"
    ? ["accepted", sql`raw.value`]
    : ["rejected", sql`null::bigint`];
  await sql`
    insert into reading_decision
      (meter_id, obis, read_at, status, quality, value, rule, detail, decided_by, reason)
    select raw.meter_id, raw.obis, raw.read_at, ${status}, 'measured', ${value}, ${PERSON},
      ${WORDS[deed]}, ${actor}, ${reason}
    from unnest(
      ${rows.map(({ meter_id }) => meter_id)}::text[],
      ${rows.map(({ read_at }) => read_at.toISOString())}::timestamptz[]
    ) as given(meter_id, read_at)
    join raw_reading as raw on raw.meter_id = given.meter_id and raw.obis = ${ENERGY}
      and raw.read_at = given.read_at`.execute(trx);
}
