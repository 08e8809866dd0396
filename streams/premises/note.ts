/** A reading that was noted wrongly, or not at all, as a meter went up or came down. */
import { periodOf } from "../../actors/billing/calendar.ts";
import type { RuleCode } from "../../actors/validation/rules.ts";
import { TerminalError } from "../../protocol/errors.ts";
import { indianDateOf, inIndia } from "../../protocol/indian_time.ts";
import { isDated } from "../billing/candidate.ts";
import { closeCommand } from "../billing/close_account.ts";
import { lockAccountsOfMeters } from "../billing/facts_rows.ts";
import { writeAudit } from "../database/audit.ts";
import { type Kysely, sql, type Transaction } from "../database/kysely.ts";
import { enqueueAll } from "../database/outbox.ts";
import { ENERGY } from "../database/readings.ts";
import type { Database } from "../database/schema.ts";
import { lockDecisions } from "../validation/decisions.ts";
import { checkFinalReading, type Deed, type Installation } from "./standing.ts";

export interface Note extends Deed {
  readonly meter_id: string;
  readonly account_id: string;
  /** Of the two that are noted: as the meter came down (or the account ended), as it went up. */
  readonly which: "final" | "start";
  readonly value_wh: number;
}

export interface Noted {
  readonly account_id: string;
  readonly meter_id: string;
  /** When the meter showed it: that stays. */
  readonly at_ms: number;
  /** Null: nobody had noted it. */
  readonly before_wh: number | null;
  readonly value_wh: number;
  /** Months that were parked for it, and are closed anew. */
  readonly periods: readonly string[];
}

/** What these find hangs on the reading with which a meter's use begins. */
const OPENING_RULES: readonly RuleCode[] = [
  ...["meter_exchange", "register_reset", "negative", "spike"] as const,
  ...["high_use", "low_use", "zero_use"] as const,
];

/**
 * One transaction: the reading is another one, months that were parked for it are closed anew, and
 * the audit has it as it was and as it is. Of several times at one account the last one is meant.
 * Throws `TerminalError` where a bill rests on it, or what the meter told says otherwise.
 */
export async function noteReading(db: Kysely<Database>, given: Note): Promise<Noted> {
  const { meter_id, account_id, which, value_wh, actor, reason } = given;
  return await db.transaction().execute(async (trx) => {
    // What one account ends with, the next one begins with.
    await lockAccountsOfMeters(trx, [meter_id]);
    const found = await installationOf(trx, given);
    const at_ms = (which === "final" ? found.removed_at! : found.installed_at).getTime();
    const before_wh = which === "final" ? found.final_reading_wh : found.opening_reading_wh;
    if (before_wh === value_wh) {
      throw new TerminalError(
        `The ${which} reading of meter ${meter_id} is noted as ${value_wh / 1000} kWh already`,
      );
    }
    await refuseBilled(trx, given, at_ms);
    await (which === "final" ? checkFinal : checkStart)(trx, found, value_wh);
    await trx.updateTable("installation")
      .set(which === "final" ? { final_reading_wh: value_wh } : { opening_reading_wh: value_wh })
      .where("installation_id", "=", found.installation_id).execute();
    const periods = await closeAnew(trx, given, found, { at_ms, before_wh });
    for (const subject of [meter_id, account_id]) {
      await writeAudit(trx, {
        ...{ actor, action: "meter.noted", subject },
        detail: { account_id, meter_id, which, at_ms, before_wh, value_wh, reason, periods },
      });
    }
    return { account_id, meter_id, at_ms, before_wh, value_wh, periods };
  });
}

async function installationOf(
  trx: Transaction<Database>,
  { meter_id, account_id, which }: Note,
): Promise<Installation> {
  const found = await trx.selectFrom("installation").selectAll()
    .where("meter_id", "=", meter_id).where("account_id", "=", account_id)
    .orderBy("installed_at", "desc").execute();
  if (found.length === 0) {
    throw new TerminalError(`Meter ${meter_id} never hung at an account ${account_id}`);
  }
  if (which === "start") return found[0]!;
  const ended = found.find((one) => one.removed_at !== null);
  if (ended !== undefined) return ended;
  throw new TerminalError(
    `Meter ${meter_id} hangs at account ${account_id} still: its final reading is noted by ` +
      "samay meter exchange or samay account close",
  );
}

/** What a bill was made of does not change under it. */
async function refuseBilled(
  trx: Transaction<Database>,
  { account_id, meter_id, which }: Note,
  at_ms: number,
): Promise<void> {
  const billed = await trx.selectFrom("billing_cycle").select(["period", "state"])
    .where("account_id", "=", account_id).where("state", "in", ["issued", "imported"])
    .where("closing_wh", "is not", null)
    .where((where) =>
      where.or([
        where("closing_read_at", ">=", new Date(at_ms)),
        // A month that came with the account may have the day alone, which ends as it begins.
        where.and([
          where("closing_read_at", "is", null),
          where("to_date", ">", indianDateOf(at_ms - 1)),
        ]),
      ])
    ).orderBy("period", "desc").execute();
  const [last] = billed;
  if (last === undefined) return;
  const what = `The ${which} reading of meter ${meter_id} of ${inIndia(at_ms)}`;
  const months = billed.map(({ period }) => period).reverse();
  const shown = months.length > 3 ? [months[0], "...", months.at(-1)] : months;
  throw new TerminalError(
    last.state === "imported"
      ? `${what} is behind ${last.period}, which came billed with account ${account_id}`
      : `${what} is in the bill of ${account_id} for ${shown.join(", ")}: void ` +
        (months.length > 1 ? "them first, the last one first" : "it first"),
  );
}

async function checkFinal(
  trx: Transaction<Database>,
  found: Installation,
  value_wh: number,
): Promise<void> {
  const { meter_id, removed_at } = found;
  await checkFinalReading(trx, found, removed_at!.getTime(), value_wh);
  const next = await trx.selectFrom("installation")
    .select(["account_id", "opening_reading_wh as start_wh"])
    .where("meter_id", "=", meter_id).where("installed_at", ">=", removed_at!)
    .orderBy("installed_at").limit(1).executeTakeFirst();
  if (next === undefined || next.start_wh >= value_wh) return;
  throw new TerminalError(
    `Account ${next.account_id} begins at meter ${meter_id} with ${next.start_wh / 1000} kWh: ` +
      `${value_wh / 1000} kWh would bill that use twice; note the start reading first`,
  );
}

/** A register whose digits are known may run over: the rules of validation judge that at billing. */
async function checkStart(
  trx: Transaction<Database>,
  { meter_id, installed_at, removed_at, final_reading_wh }: Installation,
  value_wh: number,
): Promise<void> {
  const last = await trx.selectFrom("installation")
    .select(["account_id", "final_reading_wh as final_wh"])
    .where("meter_id", "=", meter_id).where("removed_at", "<=", installed_at)
    .orderBy("removed_at", "desc").limit(1).executeTakeFirst();
  if (last !== undefined && (last.final_wh ?? 0) > value_wh) {
    throw new TerminalError(
      `Account ${last.account_id} ended at meter ${meter_id} with ${last.final_wh! / 1000} kWh: ` +
        `${value_wh / 1000} kWh would bill that use twice`,
    );
  }
  const { register_digits } = await trx.selectFrom("meter").select("register_digits")
    .where("meter_id", "=", meter_id).executeTakeFirstOrThrow();
  if (register_digits !== null) return;
  let told = trx.selectFrom("validated_reading").select(["value", "read_at"])
    .where("meter_id", "=", meter_id).where("obis", "=", ENERGY).where("status", "<>", "rejected")
    .where(isDated("flags"))
    .where("read_at", ">=", installed_at);
  if (removed_at !== null) told = told.where("read_at", "<=", removed_at);
  const first = await told.orderBy("read_at").limit(1).executeTakeFirst() ??
    (final_reading_wh === null ? undefined : { value: final_reading_wh, read_at: removed_at! });
  if (first === undefined || first.value! >= value_wh) return;
  throw new TerminalError(
    `The start reading ${value_wh / 1000} kWh of meter ${meter_id} is more than the ${
      first.value! / 1000
    } kWh that it showed at ${inIndia(first.read_at.getTime())}: look at both again`,
  );
}

/**
 * Commands a close of each month that is parked for this reading, or is a draft that stands on it;
 * returns the months.
 */
async function closeAnew(
  trx: Transaction<Database>,
  given: Note,
  found: Installation,
  { at_ms, before_wh }: { at_ms: number; before_wh: number | null },
): Promise<string[]> {
  const { account_id, which, now_ms } = given;
  let parked = trx.selectFrom("billing_cycle").select(["period", "parked_reading_at"])
    .where("account_id", "=", account_id).where("state", "=", "parked")
    .where("period", ">=", periodOf(at_ms));
  if (which === "start") {
    // Refused readings of this meter: no other hung there at the same time.
    parked = parked.where("parked_rule", "in", OPENING_RULES)
      .where("parked_reading_at", ">=", found.installed_at);
    if (found.removed_at !== null) {
      parked = parked.where("parked_reading_at", "<=", found.removed_at);
    }
  } else if (before_wh !== null) {
    parked = parked.where("parked_reading_at", "=", found.removed_at);
  }
  const months = await parked.orderBy("period").execute();
  const refused = months.flatMap(({ parked_reading_at }) => parked_reading_at ?? []);
  if (which === "start" && refused.length > 0) await holdAnew(trx, given, refused);
  const drafts = await trx.updateTable("billing_cycle")
    .set({ state: "awaiting_reading", draft: null, asks: 0, deadline_at: null })
    .where("account_id", "=", account_id).where("state", "=", "draft")
    .where("period", ">=", periodOf(at_ms))
    // No final reading is in an estimate.
    .where(which === "start" ? sql<boolean>`true` : sql<boolean>`draft -> 'candidate' <> 'null'`)
    .returning("period").execute();
  const periods = [...months, ...drafts].map(({ period }) => period).sort();
  await enqueueAll(
    trx,
    periods.map((period) => ({
      ...closeCommand(account_id, period, now_ms),
      message_id: `noted-${account_id}-${period}-${now_ms}`,
    })),
  );
  return periods;
}

/**
 * Lifts the quarantine of readings that were refused against the start reading as it was: billing
 * holds them against the rules anew, and what fails then waits for a person once more.
 */
async function holdAnew(
  trx: Transaction<Database>,
  { meter_id, value_wh, actor, reason }: Note,
  read_at: readonly Date[],
): Promise<void> {
  await lockDecisions(trx, [meter_id]);
  const detail = `to be held against the rules anew: the start reading is ${value_wh / 1000} kWh`;
  await sql`
    insert into reading_decision
      (meter_id, obis, read_at, status, quality, value, rule, detail, decided_by, reason)
    select raw.meter_id, raw.obis, raw.read_at, 'accepted', 'measured', raw.value, latest.rule,
      ${detail}, ${actor}, ${reason}
    from latest_reading_decision as latest join raw_reading as raw using (meter_id, obis, read_at)
    where latest.meter_id = ${meter_id} and latest.obis = ${ENERGY}
      and latest.read_at = any(${read_at.map((one) => one.toISOString())}::timestamptz[])
      and latest.status = 'quarantined' and latest.rule = any(${OPENING_RULES}::text[])`
    .execute(trx);
}
