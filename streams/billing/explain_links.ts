/** What a bill hangs together with, as the database has it now: other bills, and openings of old. */
import { type Kysely, sql } from "../database/kysely.ts";
import { ENERGY } from "../database/readings.ts";
import type { Database } from "../database/schema.ts";
import type { InvoiceSheet } from "./invoices.ts";

type Db = Kysely<Database>;

/** Where a reading came from, as far as the table of readings tells. */
export interface FrameOfReading {
  readonly frame_sequence: number | null;
  readonly journal_sequence: number | null;
  readonly sealed_at_ms: number | null;
  readonly arrived_at_ms: number | null;
  readonly second_found_s: number | null;
  readonly trials: number | null;
  readonly clock_quality: number | null;
  readonly clock_offset_ms: number | null;
}

/** What had been decided of a reading when the bill was made, and what the meter had said. */
export interface DecisionLink {
  readonly status: string;
  readonly quality: string;
  readonly rule: string;
  readonly detail: string;
  readonly decided_by: string;
  readonly reason: string | null;
  readonly decided_at: Date;
  /** Null: there was no reading. */
  readonly raw_value_wh: number | null;
}

export interface BillLink {
  readonly number: string;
  readonly period: string;
  readonly state: string;
}

export interface ExplainLinks {
  /** The bill that this one takes the place of, and the one that took its place. */
  readonly replaces: BillLink | null;
  readonly replaced_by: BillLink | null;
  /** By meter and time of an opening reading: the bill that it closed. */
  readonly closed: ReadonlyMap<string, BillLink>;
  /** By meter and time: the frame of a reading of which the bill kept none. */
  readonly frames: ReadonlyMap<string, FrameOfReading>;
  /** By meter and time: what was decided of a reading, where anything was. */
  readonly decisions: ReadonlyMap<string, DecisionLink>;
  /** By number: the estimated bills that this one gives back. */
  readonly estimated: ReadonlyMap<string, BillLink>;
}

/** Nothing is known beside the bill itself. */
export const NO_LINKS: ExplainLinks = {
  replaces: null,
  replaced_by: null,
  closed: new Map(),
  frames: new Map(),
  decisions: new Map(),
  estimated: new Map(),
};

/** The key of a reading in the maps above. */
export const readingKey = (meter_id: string, read_at_ms: number) => `${meter_id} ${read_at_ms}`;

/** The meters of a bill with their two readings, the one that closes it last. */
export function segmentsOf({ inputs }: InvoiceSheet) {
  const { meter, opening, closing, rollover, earlier_meters = [] } = inputs;
  const before = earlier_meters.reduce((sum, { units_kwh }) => sum + units_kwh, 0);
  return [
    ...earlier_meters,
    { meter, opening, closing, rollover, units_kwh: inputs.units_kwh - before },
  ];
}

/** All that hangs together with `sheet`. A handful of look-ups by key. */
export async function linksOf(db: Db, sheet: InvoiceSheet): Promise<ExplainLinks> {
  const { account_id, number, inputs } = sheet;
  const openings = segmentsOf(sheet).map(({ meter, opening }) => ({
    meter_id: meter.meter_id,
    opening,
  }));
  const closed = new Map<string, BillLink>();
  const frames = new Map<string, FrameOfReading>();
  for (const { meter_id, opening } of openings) {
    const key = readingKey(meter_id, opening.read_at_ms);
    const bill = await billClosedBy(db, account_id, number, meter_id, opening.read_at_ms);
    if (bill !== undefined) closed.set(key, bill);
    if (opening.source !== "frame" || typeof opening.frame_sequence === "number") continue;
    const frame = await frameOf(db, meter_id, opening.read_at_ms);
    if (frame !== undefined) frames.set(key, frame);
  }
  const decisions = new Map<string, DecisionLink>();
  for (const { meter: { meter_id }, opening, closing } of segmentsOf(sheet)) {
    for (const { read_at_ms } of [opening, closing]) {
      const decision = await decisionOn(db, meter_id, read_at_ms, sheet.issued_at);
      if (decision !== undefined) decisions.set(readingKey(meter_id, read_at_ms), decision);
    }
  }
  const estimated = new Map<string, BillLink>();
  for (const { number } of inputs.true_up?.estimated ?? []) {
    const bill = await billCalled(db, number);
    if (bill !== undefined) estimated.set(number, bill);
  }
  return {
    replaces: await predecessorOf(db, sheet) ?? null,
    replaced_by: await successorOf(db, number) ?? null,
    ...{ closed, frames, decisions, estimated },
  };
}

const link = (db: Db) => db.selectFrom("invoice").select(["number", "period", "state"]);

async function billCalled(db: Db, number: string): Promise<BillLink | undefined> {
  return await link(db).where("number", "=", number).executeTakeFirst();
}

async function successorOf(db: Db, number: string): Promise<BillLink | undefined> {
  return await link(db).where("replaces", "=", number).executeTakeFirst();
}

/** By the bill's inputs, or by its row: bills that were made anew before inputs told it. */
async function predecessorOf(db: Db, { number, inputs }: InvoiceSheet) {
  const before = inputs.replaces ?? (await db.selectFrom("invoice").select("replaces")
    .where("number", "=", number).executeTakeFirst())?.replaces;
  return before === null || before === undefined ? undefined : await billCalled(db, before);
}

/** The bill, other than this one, of which the reading was the closing one. */
async function billClosedBy(
  db: Db,
  account_id: string,
  number: string,
  meter_id: string,
  read_at_ms: number,
): Promise<BillLink | undefined> {
  return await link(db).where("account_id", "=", account_id).where("number", "<>", number)
    .where("state", "=", "issued")
    .where(sql<boolean>`inputs #>> '{meter,meter_id}' = ${meter_id}`)
    .where(sql<boolean>`(inputs #>> '{closing,read_at_ms}')::bigint = ${read_at_ms}::bigint`)
    .orderBy("invoice_id", "desc").limit(1).executeTakeFirst();
}

async function frameOf(db: Db, meter_id: string, read_at_ms: number) {
  const row = await db.selectFrom("raw_reading")
    .select(["frame_sequence", "journal_sequence", "sealed_at", "arrived_at", "second_found_s"])
    .select(["trials", "clock_quality"])
    .where("meter_id", "=", meter_id).where("obis", "=", ENERGY)
    .where("read_at", "=", new Date(read_at_ms)).executeTakeFirst();
  if (row === undefined) return undefined;
  const { sealed_at, arrived_at, ...rest } = row;
  const [sealed_at_ms, arrived_at_ms] = [sealed_at, arrived_at].map((at) => at?.getTime() ?? null);
  return {
    ...rest,
    sealed_at_ms: sealed_at_ms!,
    arrived_at_ms: arrived_at_ms!,
    clock_offset_ms: sealed_at && arrived_at ? sealed_at.getTime() - arrived_at.getTime() : null,
  };
}

/** The database's clock dates decisions, the office's the bill. */
const CLOCKS_APART_MS = 2_000;

/** What was decided later is of no bill from before. */
async function decisionOn(
  db: Db,
  meter_id: string,
  read_at_ms: number,
  issued_at: Date,
): Promise<DecisionLink | undefined> {
  const read_at = new Date(read_at_ms);
  return await db.selectFrom("reading_decision as decision")
    .select(["status", "quality", "rule", "detail", "decided_by", "reason", "decided_at"])
    .select((of) =>
      of.selectFrom("raw_reading as raw").select("value")
        .whereRef("raw.meter_id", "=", "decision.meter_id")
        .whereRef("raw.obis", "=", "decision.obis")
        .whereRef("raw.read_at", "=", "decision.read_at").as("raw_value_wh")
    )
    .where("meter_id", "=", meter_id).where("obis", "=", ENERGY).where("read_at", "=", read_at)
    .where("decided_at", "<=", new Date(issued_at.getTime() + CLOCKS_APART_MS))
    .orderBy("decision_id", "desc").limit(1).executeTakeFirst();
}
