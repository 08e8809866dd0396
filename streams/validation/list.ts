/** Readings about which something was decided, as people ask for them. */
import { inIndia } from "../../protocol/indian_time.ts";
import { type Kysely, sql } from "../database/kysely.ts";
import type { Database, DecisionStatus, ReadingQuality } from "../database/schema.ts";
import { formatTable } from "../terminal/table.ts";

export interface ListedReading {
  readonly meter_id: string;
  readonly read_at: string;
  /** What was measured; null where nothing was. */
  readonly raw_wh: number | null;
  /** What billing uses; null while it waits or is rejected. */
  readonly value_wh: number | null;
  readonly status: DecisionStatus;
  readonly quality: ReadingQuality;
  readonly rule: string;
  readonly detail: string;
  readonly decided_by: string;
  readonly decided_at: string;
  readonly reason: string | null;
  /** The period of the cycle that waits for it, or null. */
  readonly parked_period: string | null;
}

export interface ReadingList {
  readonly readings: readonly ListedReading[];
  /** Of all that is in quarantine, and not only of what is listed. */
  readonly quarantined: number;
  /** Journal records that are not validated yet. */
  readonly behind: number;
}

/** What waits in quarantine, or with `all` every decision that counts; the latest first. */
export async function listDecisions(
  db: Kysely<Database>,
  { meter_id, all, limit }: { meter_id?: string; all: boolean; limit: number },
): Promise<ListedReading[]> {
  const ofMeter = meter_id === undefined ? sql`true` : sql`decision.meter_id = ${meter_id}`;
  const waiting = all ? sql`true` : sql`decision.status = 'quarantined'`;
  const { rows } = await sql<ListedReading>`
    select decision.meter_id, decision.read_at, raw.value as raw_wh, decision.value as value_wh,
      decision.status, decision.quality, decision.rule, decision.detail, decision.decided_by,
      decision.decided_at, decision.reason, (
        select cycle.period from billing_cycle as cycle
        where cycle.meter_id = decision.meter_id and cycle.state = 'parked'
          and cycle.parked_reading_at = decision.read_at limit 1
      ) as parked_period
    from latest_reading_decision as decision
    left join raw_reading as raw on raw.meter_id = decision.meter_id and raw.obis = decision.obis
      and raw.read_at = decision.read_at
    where ${ofMeter} and ${waiting}
    order by decision.decision_id desc limit ${limit}`.execute(db);
  return rows;
}

/** Readings that wait for a person. */
export async function countQuarantined(db: Kysely<Database>): Promise<number> {
  const { n } = await db.selectFrom("latest_reading_decision")
    .select((of) => of.fn.countAll<number>().as("n"))
    .where("status", "=", "quarantined").executeTakeFirstOrThrow();
  return n;
}

const inKwh = (wh: number | null) => wh === null ? "" : (wh / 1000).toFixed(3);

/** The list for a terminal of `width` columns. */
export function listText({ readings, quarantined, behind }: ReadingList, width: number): string {
  const lines: string[] = [];
  if (readings.length > 0) {
    const rows = readings.map((one) => [
      one.meter_id,
      inIndia(one.read_at),
      inKwh(one.raw_wh),
      inKwh(one.value_wh),
      one.status,
      one.rule === "person" ? `${one.quality} by ${one.decided_by}` : one.rule,
      one.reason ?? one.detail,
      one.parked_period ?? "",
    ]);
    lines.push(formatTable(
      [
        { title: "Meter" },
        { title: "Read at" },
        { title: "Measured kWh", align: "right" },
        { title: "Billed kWh", align: "right" },
        { title: "Status" },
        { title: "Rule" },
        { title: "Why", flexible: true },
        { title: "Holds up" },
      ],
      rows,
      { width },
    ));
  }
  lines.push(
    quarantined === 0
      ? "No reading waits in quarantine"
      : `${quarantined === 1 ? "1 reading waits" : `${quarantined} readings wait`} in quarantine`,
  );
  if (behind > 0) lines.push(`Validation is ${behind} journal records behind the ledger`);
  return lines.join("\n");
}
