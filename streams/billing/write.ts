/** Writes what steps of cycles decided: one statement a kind of row, in the caller's transaction. */
import type { Bill } from "../../actors/billing/bill.ts";
import type { Cycle, CycleEffect } from "../../actors/billing/cycle.ts";
import type { CycleFacts } from "../../actors/billing/facts.ts";
import { metersOf } from "../../actors/billing/segments.ts";
import type { Command } from "../../protocol/messages/command.ts";
import { subjects } from "../../protocol/subjects.ts";
import { copyRows, type CopyValue } from "../database/copy_text.ts";
import { takeIdentities } from "../database/identities.ts";
import { sql, type Transaction } from "../database/kysely.ts";
import { enqueueAll, type OutboxMessage } from "../database/outbox.ts";
import type { Database } from "../database/schema.ts";
import { ENERGY } from "../database/readings.ts";
import { quarantine } from "../validation/decisions.ts";
import { writeInvoices } from "./issue.ts";

type Quarantine = Extract<CycleEffect, { effect: "quarantine" }>;
type Ask = Extract<CycleEffect, { effect: "ask" }>;

/** What a step decided about one cycle. */
export interface Decided {
  /** As it was. */
  readonly before: Cycle;
  readonly cycle: Cycle;
  /** Its row; null where it has none yet, or begins anew. */
  readonly cycle_id: number | null;
  /** Whether the cycle is another one than before. */
  readonly changed: boolean;
  readonly facts: CycleFacts;
  readonly ask: Ask | null;
  readonly bill: Bill | null;
  /** Readings that a rule refused: they wait for a person. */
  readonly quarantines: readonly Quarantine[];
}

/** Writes all of `decided`; returns the number of each one's invoice, null where there is none. */
export async function writeDecided(
  trx: Transaction<Database>,
  decided: readonly Decided[],
): Promise<(string | null)[]> {
  const cycle_ids = await writeCycles(trx, decided);
  await enqueueAll(trx, decided.flatMap((one) => one.ask === null ? [] : [asking(one, one.ask)]));
  const refused = decided.flatMap((one) => one.quarantines);
  if (refused.length > 0) {
    const faults = refused.map(({ meter_id, read_at_ms, rule, detail }) => ({
      ...{ meter_id, obis: ENERGY, read_at: new Date(read_at_ms), rule, detail },
    }));
    await quarantine(trx, faults, "billing");
  }
  const billed = [...decided.keys()].filter((place) => decided[place]!.bill !== null);
  const numbers: (string | null)[] = decided.map(() => null);
  const issued = await writeInvoices(
    trx,
    billed.map((place) => ({ cycle_id: cycle_ids[place]!, bill: decided[place]!.bill! })),
  );
  for (const [i, place] of billed.entries()) numbers[place] = issued[i]!;
  return numbers;
}

const COLUMNS = [
  "cycle_id",
  "state",
  "reason",
  "requested_at",
  "asks",
  "deadline_at",
  "draft",
  "estimated",
  "parked_reading_at",
  "parked_rule",
  "meter_id",
  "opening_wh",
  "from_date",
  "to_date",
  "closing_wh",
  "closing_read_at",
  "units_kwh",
] as const;

/** Rows of the cycles that changed; returns the row's number of each of `decided`. */
async function writeCycles(
  trx: Transaction<Database>,
  decided: readonly Decided[],
): Promise<(number | null)[]> {
  const ids = decided.map((one) => one.cycle_id);
  const changed = [...decided.keys()].filter((place) =>
    decided[place]!.changed && decided[place]!.cycle.state !== "none"
  );
  const fresh = changed.filter((place) => ids[place] === null);
  const known = changed.filter((place) => ids[place] !== null);
  const taken = await takeIdentities(trx, "billing_cycle", fresh.length);
  for (const [i, place] of fresh.entries()) ids[place] = taken[i]!;
  await copyRows(
    trx,
    "billing_cycle",
    ["account_id", "period", ...COLUMNS],
    fresh.map((place) => {
      const { account_id, period } = decided[place]!.cycle;
      return [account_id, period, ...cycleRow(ids[place]!, decided[place]!)];
    }),
  );
  await updateCycles(trx, known.map((place) => cycleRow(ids[place]!, decided[place]!)));
  return ids;
}

/** In the order of `COLUMNS`. */
function cycleRow(cycle_id: number, { cycle, facts, bill }: Decided): CopyValue[] {
  const { state, reason, requested_at_ms, asks, deadline_at_ms, draft, parked_on } = cycle;
  const meter = metersOf(facts, cycle.period, requested_at_ms ?? 0).at(-1);
  const head = [
    ...[cycle_id, state, reason, dateOrNull(requested_at_ms), asks, dateOrNull(deadline_at_ms)],
    draft === null ? null : JSON.stringify(draft),
    ...[bill?.inputs.estimate !== undefined, dateOrNull(parked_on?.read_at_ms ?? null)],
    ...[parked_on?.rule ?? null, meter?.meter_id ?? null],
  ];
  if (bill === null) {
    return [...head, meter?.opening.value_wh ?? null, null, null, null, null, null];
  }
  const { opening, closing, from, to, units_kwh } = bill.inputs;
  const read_at = new Date(closing.read_at_ms);
  return [...head, opening.value_wh, from, to, closing.value_wh, read_at, units_kwh];
}

function dateOrNull(at_ms: number | null): Date | null {
  return at_ms === null ? null : new Date(at_ms);
}

async function updateCycles(trx: Transaction<Database>, rows: readonly CopyValue[][]) {
  if (rows.length === 0) return;
  const values = rows.map((row) => Object.fromEntries(COLUMNS.map((name, i) => [name, row[i]])));
  await sql`
    update billing_cycle as cycle set state = given.state, reason = given.reason,
      requested_at = given.requested_at, asks = given.asks, deadline_at = given.deadline_at,
      draft = given.draft::jsonb, estimated = given.estimated, parked_reading_at = given.parked_reading_at,
      parked_rule = given.parked_rule, meter_id = given.meter_id, opening_wh = given.opening_wh,
      from_date = given.from_date, to_date = given.to_date, closing_wh = given.closing_wh,
      closing_read_at = given.closing_read_at, units_kwh = given.units_kwh
    from jsonb_to_recordset(${JSON.stringify(values)}::jsonb) as given(
      cycle_id bigint, state text, reason text, requested_at timestamptz, asks integer,
      deadline_at timestamptz, draft text, estimated boolean, parked_reading_at timestamptz,
      parked_rule text, meter_id text,
      opening_wh bigint, from_date date, to_date date, closing_wh bigint,
      closing_read_at timestamptz, units_kwh bigint
    )
    where cycle.cycle_id = given.cycle_id`.execute(trx);
}

function asking({ cycle }: Decided, ask: Ask): OutboxMessage {
  const { meter_id, slave_id, requested_at_ms, expires_at_ms } = ask;
  const request_id = `bill-${cycle.account_id}-${cycle.period}-${requested_at_ms}`;
  const payload: Command = {
    command: "read-now",
    request_id,
    meter_id,
    requested_at_ms,
    expires_at_ms,
  };
  return { subject: subjects.command(slave_id), message_id: request_id, payload };
}
