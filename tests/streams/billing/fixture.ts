/** Accounts with meters and readings, for tests of the billing room. */
import { CYCLE_RULES } from "../../../actors/billing/rules.ts";
import type { Kysely } from "../../../streams/database/kysely.ts";
import { enrolMeter } from "../../../streams/database/meters.ts";
import { ENERGY } from "../../../streams/database/readings.ts";
import type { Database } from "../../../streams/database/schema.ts";
import type { StepContext } from "../../../streams/billing/step.ts";

export type Db = Kysely<Database>;

export const at = (text: string) => Date.parse(text);
/** The evening of 30 April 2026 in India. */
export const NOW = at("2026-04-30T18:00:00+05:30");
export const INSTALLED = at("2026-03-31T18:00:00+05:30");

export function contextOf(db: Db, now = NOW): StepContext {
  return { db, rules: CYCLE_RULES, now_ms: () => now };
}

interface Who {
  readonly phone?: string | null;
  readonly email?: string | null;
  readonly phase?: 1 | 3;
  readonly tariff_id?: string;
  readonly sanctioned_load_w?: number;
}

/** Account A`n` of consumer C`n` with meter M`n` at 1000.900 kWh, read by slave SL1. */
export async function addAccount(db: Db, n: number, who: Who = {}): Promise<string> {
  const { phone = `+9198000000${String(n).padStart(2, "0")}`, phase = 1 } = who;
  const { email = `c${n}@example.org` } = who;
  const { tariff_id = "msedcl-lt-1b", sanctioned_load_w = 3_000 } = who;
  await db.transaction().execute((trx) =>
    enrolMeter(trx, {
      consumer: {
        consumer_number: `C${n}`,
        name: `Consumer ${n}`,
        address: "Pune",
        phone,
        email,
        language: "en",
      },
      account: {
        account_id: `A${n}`,
        consumer_number: `C${n}`,
        tariff_id,
        phase,
        municipal: false,
        sanctioned_load_w,
        status: "active",
        opened_on: "2026-03-31",
      },
      meter: { meter_id: `M${n}`, serial_number: `S${n}`, slave_id: "SL1" },
      installation: {
        premises: "Pune",
        installed_at: new Date(INSTALLED),
        multiplying_factor: 1,
        opening_reading_wh: 1_000_900,
      },
    })
  );
  return `A${n}`;
}

/** A reading of meter M`n` as the ledger writes it. */
export async function addReading(
  db: Db,
  n: number,
  read_at_ms: number,
  value: number,
  flags: readonly string[] = [],
): Promise<void> {
  await db.insertInto("raw_reading").values({
    meter_id: `M${n}`,
    obis: ENERGY,
    read_at: new Date(read_at_ms),
    value,
    unit: "Wh",
    source: "frame",
    flags: JSON.stringify(flags),
    frame_sequence: 70 + n,
    journal_sequence: 30 + n,
    arrived_at: new Date(read_at_ms + 200),
    sealed_at: new Date(read_at_ms + 100),
    second_found_s: Math.floor(read_at_ms / 1000),
    trials: 1,
    clock_quality: 3,
  }).execute();
}

/** How many rows each table of billing holds. */
export async function counts(db: Db) {
  const of = async (table: "billing_cycle" | "invoice" | "notification" | "outbox" | "audit") =>
    (await db.selectFrom(table).select((f) => f.fn.countAll<number>().as("n"))
      .executeTakeFirstOrThrow()).n;
  return {
    cycles: await of("billing_cycle"),
    invoices: await of("invoice"),
    notifications: await of("notification"),
    outbox: await of("outbox"),
    audit: await of("audit"),
  };
}
