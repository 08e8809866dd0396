/** Fuel adjustment (FAC) as people enter it, month by month. Versions are added, never changed. */
import { checkFac } from "../../actors/billing/fac.ts";
import type { FacFact } from "../../actors/billing/facts.ts";
import type { TariffDocument } from "../../actors/billing/tariff/document.ts";
import { TerminalError } from "../../protocol/errors.ts";
import { writeAudit } from "../database/audit.ts";
import { type Kysely, type Selectable, sql } from "../database/kysely.ts";
import type { Database, FacRateTable } from "../database/schema.ts";
import { counted } from "../terminal/counted.ts";
import { formatRate } from "./money.ts";

export interface NewFac {
  /** `YYYY-MM`. */
  readonly month: string;
  /** 1/10,000 rupee a unit: one for every slab, or one a slab. */
  readonly rates: readonly number[];
  /** Who published them, and where. */
  readonly source: string;
  readonly reason: string;
  readonly actor: string;
  /** Bills of the month that are issued stay as they are, and somebody knows it. */
  readonly bills_stand: boolean;
}

export interface FacSet {
  readonly tariff_id: string;
  readonly month: string;
  /** What held before; null where none was given. */
  readonly before: readonly number[] | null;
  /** Nothing was written: it stands so already. */
  readonly unchanged: boolean;
  /** Bills of the month, issued before. */
  readonly issued: number;
}

/**
 * A new version of the rates of a month. Throws `TerminalError` where they do not fit the slabs, and
 * where bills of that month are issued and nobody said that they are to stand.
 */
export async function setFac(
  db: Kysely<Database>,
  document: TariffDocument,
  { month, rates, source, reason, actor, bills_stand }: NewFac,
): Promise<FacSet> {
  checkFac(document, month, rates);
  const tariff_id = document.id;
  return await db.transaction().execute(async (trx) => {
    const [found] = await facRows(trx, [tariff_id], [month]);
    const before = found?.rates ?? null;
    const issued = await countIssued(trx, tariff_id, month);
    const done = { tariff_id, month, before, issued };
    if (found !== undefined && found.source === source && String(before) === String(rates)) {
      return { ...done, unchanged: true };
    }
    if (issued > 0 && !bills_stand) {
      throw new TerminalError(
        `${counted(issued, "bill")} of ${month} by ${tariff_id} ${
          issued === 1 ? "is" : "are"
        } issued, with ${facWords(before)}, and will not change: void them first, or say ` +
          "--bills-stand, and the new rates hold for bills that are still to come",
      );
    }
    await trx.insertInto("fac_rate").values({
      ...{ tariff_id, month, rates: JSON.stringify(rates), source, reason },
      set_by: actor,
    }).execute();
    await writeAudit(trx, {
      actor,
      action: "fac.set",
      subject: `${tariff_id} ${month}`,
      detail: { tariff_id, month, rates, source, before, reason, issued },
    });
    return { ...done, unchanged: false };
  });
}

/** `FAC 0.50, 0.60` or `no FAC`. */
export function facWords(rates: readonly number[] | null): string {
  return rates === null ? "no FAC" : `FAC ${rates.map(formatRate).join(", ")}`;
}

async function countIssued(db: Kysely<Database>, tariff_id: string, month: string) {
  const { n } = await db.selectFrom("invoice").select((of) => of.fn.countAll<number>().as("n"))
    .where("period", "=", month).where("state", "=", "issued")
    // As it was billed: an account may be under another tariff by now.
    .where(sql<boolean>`inputs->'account'->>'tariff_id' = ${tariff_id}`)
    .executeTakeFirstOrThrow();
  return n;
}

/** What holds of each tariff for each month; nothing where none was given. */
export async function facRows(
  db: Kysely<Database>,
  tariff_ids: readonly string[],
  months: readonly string[],
): Promise<(FacFact & { readonly tariff_id: string })[]> {
  const { rows } = await sql<FacFact & { readonly tariff_id: string }>`
    select distinct on (tariff_id, month) tariff_id, month, rates, source from fac_rate
    where tariff_id = any(${tariff_ids}::text[]) and month = any(${months}::text[])
    order by tariff_id, month, fac_id desc`.execute(db);
  return rows;
}

/** Latest months first; every version with `all`, else the one that holds. */
export async function listFac(
  db: Kysely<Database>,
  { tariff_id, all, limit }: {
    readonly tariff_id?: string | undefined;
    readonly all: boolean;
    readonly limit: number;
  },
): Promise<(Selectable<FacRateTable> & { readonly holds: boolean })[]> {
  const holds = sql<boolean>`not exists (
    select 1 from fac_rate as later where later.tariff_id = fac_rate.tariff_id
      and later.month = fac_rate.month and later.fac_id > fac_rate.fac_id)`;
  let query = db.selectFrom("fac_rate").selectAll().select(holds.as("holds"));
  if (tariff_id !== undefined) query = query.where("tariff_id", "=", tariff_id);
  if (!all) query = query.where(holds);
  return await query.orderBy("month", "desc").orderBy("tariff_id").orderBy("fac_id", "desc")
    .limit(limit).execute();
}
export type FacLine = Awaited<ReturnType<typeof listFac>>[number];
