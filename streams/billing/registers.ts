/** Reads the registers that some tariffs need beside kWh, at the moments of a cycle's two readings. */
import type { CandidateReading, CycleFacts, RegisterReading } from "../../actors/billing/facts.ts";
import { registersOf } from "../../actors/billing/registers.ts";
import type { TariffDocument } from "../../actors/billing/tariff/document.ts";
import { indianDateOf } from "../../protocol/indian_time.ts";
import { type Kysely, sql } from "../database/kysely.ts";
import type { Database } from "../database/schema.ts";

export interface Closing {
  readonly candidate: CandidateReading;
  readonly facts: CycleFacts;
}

/**
 * `closings` with the other registers of their meters, for those whose tariff needs some: by primary
 * key, in one statement for all. Where no tariff does, nothing is asked.
 */
export async function withRegisters(
  db: Kysely<Database>,
  closings: readonly Closing[],
  tariffs: readonly TariffDocument[],
): Promise<CandidateReading[]> {
  const known = new Map(tariffs.map((document) => [document.id, document]));
  const wanted = closings.flatMap((closing, place) => wantedBy(closing, place, known));
  const found = wanted.length === 0 ? new Map() : Map.groupBy(
    await registerRows(db, wanted),
    (row) => row.place,
  ) as Map<number, Row[]>;
  return closings.map(({ candidate }, place) => {
    if (!wanted.some((one) => one.place === place)) return candidate;
    const registers = (found.get(place) ?? []).map((
      { obis, read_at, value, unit }: Row,
    ): RegisterReading => ({ obis, read_at_ms: read_at.getTime(), value, unit }));
    return { ...candidate, registers };
  });
}

interface Wanted {
  readonly place: number;
  readonly meter_id: string;
  readonly obis: string;
  readonly at_ms: number;
}

interface Row {
  readonly place: number;
  readonly obis: string;
  readonly read_at: Date;
  /** Null: it waits for a decision, or was rejected. */
  readonly value: number | null;
  readonly unit: string;
}

function wantedBy(
  { candidate, facts }: Closing,
  place: number,
  known: ReadonlyMap<string, TariffDocument>,
): Wanted[] {
  const document = known.get(facts.account.tariff_id);
  const installation = facts.installations.findLast((one) =>
    one.installed_at_ms <= candidate.reading.read_at_ms
  );
  // The actor says why such a cycle cannot be billed.
  if (document === undefined || installation === undefined) return [];
  const { meter_id, opening } = installation;
  const closed_ms = candidate.reading.read_at_ms;
  return soughtOf(document, indianDateOf(opening.read_at_ms), indianDateOf(closed_ms))
    .flatMap(({ obis, at }) =>
      (at === "both" ? [opening.read_at_ms, closed_ms] : [closed_ms])
        .map((at_ms) => ({ place, meter_id, obis, at_ms }))
    );
}

function soughtOf(document: TariffDocument, from: string, to: string) {
  try {
    return registersOf(document, from, to);
  } catch {
    // A band without a register: the actor parks the cycle with these very words.
    return [];
  }
}

async function registerRows(db: Kysely<Database>, wanted: readonly Wanted[]): Promise<Row[]> {
  const { rows } = await sql<Row>`
    select given.place, reading.obis, reading.read_at, reading.unit,
      case when decision.status is null then reading.value else decision.value end as value
    from unnest(
      ${wanted.map((one) => one.place)}::int[], ${wanted.map((one) => one.meter_id)}::text[],
      ${wanted.map((one) => one.obis)}::text[], ${wanted.map((one) => one.at_ms)}::float8[]
    ) as given(place, meter_id, obis, at_ms)
    join raw_reading as reading on reading.meter_id = given.meter_id
      and reading.obis = given.obis
      and reading.read_at = to_timestamp(given.at_ms / 1000)
    left join lateral (
      select one.status, one.value from reading_decision as one
      where one.meter_id = reading.meter_id and one.obis = reading.obis
        and one.read_at = reading.read_at
      order by one.decision_id desc limit 1
    ) as decision on true
    order by given.place, reading.obis, reading.read_at`.execute(db);
  return rows;
}
