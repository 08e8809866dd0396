/** Writes and reads what is decided about readings. The raw reading itself is never touched. */
import { type Kysely, type Selectable, sql, type Transaction } from "../database/kysely.ts";
import type { Database, ReadingDecisionTable } from "../database/schema.ts";

export type ReadingDecision = Selectable<ReadingDecisionTable>;

/** One reading: of one register of one meter at one moment. */
export interface ReadingKey {
  readonly meter_id: string;
  readonly obis: string;
  readonly read_at: Date;
}

/** What a rule found wrong with a reading. */
export interface Fault extends ReadingKey {
  readonly rule: string;
  readonly detail: string;
}

/** The rule of a decision that a person took. */
export const PERSON = "person";

const DETAIL_LENGTH_MAX = 500;
/** Rows in one statement: bounds the memory of its parameters. */
const ROWS_MAX = 1_000;

/** The server has room for some thousands of locks in all, and a batch may be of more meters. */
const LOCKS = 256;

/**
 * Keeps everybody else from deciding about readings of these meters until the transaction ends. Who
 * locks accounts as well locks them first.
 */
export async function lockDecisions(
  trx: Transaction<Database>,
  meter_ids: readonly string[],
): Promise<void> {
  await sql`
    select pg_advisory_xact_lock(hashtext('samay reading decision'), place) from (
      select distinct mod(abs(hashtext(meter_id)::bigint), ${LOCKS}::bigint)::int as place
      from unnest(${meter_ids}::text[]) as given(meter_id) order by place
    ) as places`.execute(trx);
}

/**
 * Quarantines readings in the caller's transaction; `decided_by` is who held them against the rules.
 * A reading about which a person has decided, or that waits in quarantine already, is left as it is.
 * Returns how many were new.
 */
export async function quarantine(
  trx: Transaction<Database>,
  faults: readonly Fault[],
  decided_by: string,
): Promise<number> {
  return await decideByRule(trx, faults, decided_by, "quarantined");
}

/**
 * Notes a fault of readings that are used all the same, with the measured value. One about which
 * anything is decided already gets no note. Returns how many were new.
 */
export async function note(
  trx: Transaction<Database>,
  faults: readonly (Fault & { readonly value_wh: number })[],
  decided_by: string,
): Promise<number> {
  return await decideByRule(trx, faults, decided_by, "accepted");
}

async function decideByRule(
  trx: Transaction<Database>,
  faults: readonly (Fault & { readonly value_wh?: number })[],
  decided_by: string,
  status: "quarantined" | "accepted",
): Promise<number> {
  let written = 0;
  for (let start = 0; start < faults.length; start += ROWS_MAX) {
    const part = faults.slice(start, start + ROWS_MAX);
    await lockDecisions(trx, part.map((fault) => fault.meter_id));
    // A statement of its own behind the lock: it sees what was decided while this one waited.
    const { numAffectedRows } = await sql`
      insert into reading_decision
        (meter_id, obis, read_at, status, quality, value, rule, detail, decided_by)
      select distinct on (given.meter_id, given.obis, given.read_at)
        given.meter_id, given.obis, given.read_at, ${status}, 'measured', given.value, given.rule,
        given.detail, ${decided_by}
      from unnest(
        ${part.map((fault) => fault.meter_id)}::text[], ${part.map((fault) => fault.obis)}::text[],
        ${part.map((fault) => fault.read_at.toISOString())}::timestamptz[],
        ${part.map((fault) => fault.value_wh ?? null)}::bigint[],
        ${part.map((fault) => fault.rule)}::text[],
        ${part.map((fault) => fault.detail.slice(0, DETAIL_LENGTH_MAX))}::text[]
      ) as given(meter_id, obis, read_at, value, rule, detail)
      where not exists (
        select 1 from reading_decision as stands
        where stands.meter_id = given.meter_id and stands.obis = given.obis
          and stands.read_at = given.read_at
          and (${status} = 'accepted' or stands.rule = ${PERSON}
            or stands.status = 'quarantined' and not exists (
              select 1 from reading_decision as later where later.meter_id = stands.meter_id
                and later.obis = stands.obis and later.read_at = stands.read_at
                and later.decision_id > stands.decision_id))
      )`.execute(trx);
    written += Number(numAffectedRows ?? 0);
  }
  return written;
}

/** The latest decision about each of `keys`; none where nothing is decided. At most 1,000 keys. */
export async function decisionsAbout(
  db: Kysely<Database>,
  keys: readonly ReadingKey[],
): Promise<ReadingDecision[]> {
  if (keys.length === 0) return [];
  const { rows } = await sql<ReadingDecision>`
    select distinct on (decision.meter_id, decision.obis, decision.read_at) decision.*
    from reading_decision as decision
    join unnest(
      ${keys.map((key) => key.meter_id)}::text[], ${keys.map((key) => key.obis)}::text[],
      ${keys.map((key) => key.read_at.toISOString())}::timestamptz[]
    ) as given(meter_id, obis, read_at) using (meter_id, obis, read_at)
    order by decision.meter_id, decision.obis, decision.read_at, decision.decision_id desc
  `.execute(db);
  return rows;
}

/**
 * Lets cycles of some meters look for their reading again, in the transaction of what changed: those
 * that are parked on a reading, and drafts, which stand on what was known before. `drafts` says whether
 * estimated ones are among them. Returns the accounts and periods.
 */
export async function lookAgain(
  trx: Transaction<Database>,
  of: { readonly meter_ids: readonly string[]; readonly account_id?: string },
  now_ms: number,
  drafts: "measured" | "all",
): Promise<{ account_id: string; period: string }[]> {
  const isDraft = drafts === "all"
    ? sql<boolean>`true`
    : sql<boolean>`draft -> 'candidate' <> 'null'`;
  const { meter_ids, account_id } = of;
  const isOne = sql<boolean>`meter_id = any(${meter_ids}::text[])`;
  let query = trx.updateTable("billing_cycle")
    .set({
      ...{ state: "awaiting_reading", reason: null, parked_reading_at: null, parked_rule: null },
      // Where no other reading is found, the cycle waits on, or is estimated, as its rules have it.
      ...{ draft: null, asks: 0, deadline_at: new Date(now_ms) },
    })
    .where(isOne).where("requested_at", "is not", null)
    // By the accounts that have or had the meter: they are few, and their live cycles have an index.
    .where(
      "account_id",
      "in",
      (of) => of.selectFrom("installation").select("account_id").where(isOne),
    )
    .where("state", "<>", "void")
    .where((is) =>
      is.or([
        is.and([is("state", "=", "parked"), is("parked_reading_at", "is not", null)]),
        is.and([is("state", "=", "draft"), isDraft]),
      ])
    );
  if (account_id !== undefined) query = query.where("account_id", "=", account_id);
  return await query.returning(["account_id", "period"]).execute();
}

/** Whether the reading called `reading` in a query counts: nobody has rejected it. */
export function isNotRejected(reading: string) {
  return statusIsNot(reading, sql`'rejected'`);
}

/** Whether the reading called `reading` in a query may be billed: neither quarantined nor rejected. */
export function isUsable(reading: string) {
  return statusIsNot(reading, sql`'quarantined', 'rejected'`);
}

function statusIsNot(reading: string, statuses: ReturnType<typeof sql>) {
  const of = (column: string) => sql.ref(`${reading}.${column}`);
  return sql<boolean>`not exists (
    select 1 from reading_decision as decided
    where decided.meter_id = ${of("meter_id")} and decided.obis = ${of("obis")}
      and decided.read_at = ${of("read_at")} and decided.status in (${statuses})
      and not exists (
        select 1 from reading_decision as later
        where later.meter_id = decided.meter_id and later.obis = decided.obis
          and later.read_at = decided.read_at and later.decision_id > decided.decision_id
      )
  )`;
}
