/** Finds the readings that close cycles, many at a time. */
import type { CandidateReading } from "../../actors/billing/facts.ts";
import { NO_FRAME } from "../../actors/billing/segments.ts";
import type { ClosingWindow } from "../../actors/billing/sought.ts";
import type { ReadingFlag } from "../../protocol/messages/journal.ts";
import { readingFlag } from "../../protocol/messages/journal.ts";
import { parseOrExplain, z } from "../../protocol/schema.ts";
import { type Kysely, type Selectable, sql } from "../database/kysely.ts";
import { ENERGY } from "../database/readings.ts";
import type { Database, RawReadingTable, ReadingDecisionTable } from "../database/schema.ts";
import { JOURNAL_STREAM } from "../database/ledger.ts";
import { isNotRejected, PERSON } from "../validation/decisions.ts";
import { loadReadingFacts } from "../validation/facts.ts";

const UNCERTAIN: ReadingFlag = "time_uncertain";
/** Written as the index of such readings has it. */
const WENT_BACK = sql`'["register_went_back"]'::jsonb`;

/** Whether the time of a reading is known, by its `flags` column: one that is not closes no month. */
export function isDated(flags: string) {
  return sql<boolean>`not ${sql.ref(flags)} @> ${JSON.stringify([UNCERTAIN])}::jsonb`;
}

/** Readings whose facts are asked for at once. */
const ARRIVALS_MAX = 250;

/** For which meter, in which window, and after which opening a reading is looked for. */
export interface Wanted {
  readonly meter_id: string;
  readonly opened_at_ms: number;
  readonly window: ClosingWindow;
}

/**
 * Of each of `wanted` the first or the last energy reading in its window and after its opening, in
 * the same order; null while there is none. One whose time nobody knows may belong to another month:
 * it closes none. What lies between the opening and the reading is not read, but for the few readings
 * at which a register went back, which have an index of their own.
 *
 * What was decided counts: a rejected reading is none, an edited one has its new value, and a value
 * that was put where no reading is stands as one. One in quarantine comes with its decision, and is
 * not to be billed. One that the sweep has not judged yet comes with all that the sweep would judge it
 * by; whether it has is told by the same statement that tells what was decided, so that no reading is
 * taken for a good one in between. `still_h`: a register that stood for so many hours is told.
 */
export async function findCandidates(
  db: Kysely<Database>,
  wanted: readonly Wanted[],
  still_h: number,
  now_ms: number,
): Promise<(CandidateReading | null)[]> {
  const found: (CandidateReading | null)[] = wanted.map(() => null);
  const unjudged: Row[] = [];
  const places = Map.groupBy(wanted.keys(), (place) => JSON.stringify(wanted[place]!.window));
  for (const some of places.values()) {
    const window = wanted[some[0]!]!.window;
    for (const row of await candidateRows(db, window, wanted, some, still_h)) {
      found[row.place] = candidateOf(row);
      if (row.unjudged) unjudged.push(row);
    }
  }
  for (let start = 0; start < unjudged.length; start += ARRIVALS_MAX) {
    const part = unjudged.slice(start, start + ARRIVALS_MAX);
    const keys = part.map(({ meter_id, read_at }) => ({ meter_id, read_at_ms: read_at.getTime() }));
    for (const [i, arrival] of (await loadReadingFacts(db, keys, now_ms, still_h)).entries()) {
      const { place } = part[i]!;
      found[place] = { ...found[place]!, arrival: arrival! };
    }
  }
  return found;
}

type Row =
  & Pick<Selectable<RawReadingTable>, "meter_id" | "read_at" | "flags" | "sealed_at" | "arrived_at">
  & Pick<
    Selectable<RawReadingTable>,
    "frame_sequence" | "journal_sequence" | "second_found_s" | "trials" | "clock_quality"
  >
  & {
    readonly place: number;
    readonly raw_value: number | null;
    readonly source: "frame" | "import" | "decision";
    readonly went_back_at: Date | null;
    readonly still_since: Date | null;
    /** Whether the sweep has yet to hold it against the rules. */
    readonly unjudged: boolean;
    readonly decision:
      | Pick<
        Selectable<ReadingDecisionTable>,
        "status" | "quality" | "value" | "rule" | "detail" | "decided_by" | "reason"
      >
      | null;
  };

/** What a person has said of a register that stands holds for as long as it stands. */
const STILL_SINCE = sql`case when earlier.value = closing.raw_value and not exists (
    select 1 from reading_decision as word where word.meter_id = closing.meter_id
      and word.obis = ${ENERGY} and word.read_at <= closing.read_at and word.rule = ${PERSON}
      and word.status = 'accepted' and word.value = closing.raw_value)
  then earlier.read_at end`;
/** By the journal up to the sweep's cursor; imported ones wait in a table until it has seen them. */
const UNJUDGED = sql`coalesce(
  closing.journal_sequence > (
    select cursor.sequence from validation_cursor as cursor where cursor.stream = ${JOURNAL_STREAM}),
  closing.source = 'import' and exists (
    select 1 from reading_unvalidated as waiting where waiting.meter_id = closing.meter_id
      and waiting.obis = ${ENERGY} and waiting.read_at = closing.read_at))`;

/** The bounds that all have in common stand in the query by themselves: other months are left out. */
async function candidateRows(
  db: Kysely<Database>,
  window: ClosingWindow,
  wanted: readonly Wanted[],
  places: readonly number[],
  still_h: number,
): Promise<Row[]> {
  const meters = places.map((place) => wanted[place]!.meter_id);
  const opened = places.map((place) => wanted[place]!.opened_at_ms);
  const oldest = new Date(opened.reduce((a, b) => Math.min(a, b)));
  const order = sql.raw(window.take === "first" ? "asc" : "desc");
  const before = (reading: string) =>
    window.to_ms === null
      ? sql`true`
      : sql`${sql.ref(`${reading}.read_at`)} < ${new Date(window.to_ms)}::timestamptz`;
  const within = (reading: string) =>
    sql`${sql.ref(`${reading}.meter_id`)} = given.meter_id
      and ${sql.ref(`${reading}.obis`)} = ${ENERGY}
      and ${sql.ref(`${reading}.read_at`)} >= ${new Date(window.from_ms)}::timestamptz
      and ${before(reading)}
      and ${sql.ref(`${reading}.read_at`)} > to_timestamp(given.opened_at_ms / 1000)`;
  const { rows } = await sql<Row>`
    select given.place, closing.*, back.read_at as went_back_at,
      to_jsonb(decision) as decision, ${STILL_SINCE} as still_since, ${UNJUDGED} as unjudged
    from unnest(${meters}::text[], ${opened}::float8[], ${places}::int[])
      as given(meter_id, opened_at_ms, place)
    cross join lateral (
      select * from (
        (select reading.meter_id, reading.read_at, reading.value as raw_value, reading.source,
          reading.flags, reading.frame_sequence, reading.journal_sequence, reading.sealed_at,
          reading.arrived_at, reading.second_found_s, reading.trials, reading.clock_quality
        from raw_reading as reading
        where ${within("reading")} and ${isDated("reading.flags")} and ${isNotRejected("reading")}
        order by reading.read_at ${order} limit 1)
        union all
        (select put.meter_id, put.read_at, null, 'decision', '[]'::jsonb, null, null, null, null,
          null, null, null
        from latest_reading_decision as put
        where ${within("put")} and put.status = 'accepted' and not exists (
          select 1 from raw_reading as raw where raw.meter_id = put.meter_id
            and raw.obis = put.obis and raw.read_at = put.read_at)
        order by put.read_at ${order} limit 1)
      ) as either order by read_at ${order} limit 1
    ) as closing
    left join lateral (
      select one.status, one.quality, one.value, one.rule, one.detail, one.decided_by, one.reason
      from reading_decision as one
      where one.meter_id = closing.meter_id and one.obis = ${ENERGY}
        and one.read_at = closing.read_at
      order by one.decision_id desc limit 1
    ) as decision on true
    left join lateral (
      select reading.read_at from raw_reading as reading
      where reading.meter_id = given.meter_id and reading.obis = ${ENERGY}
        and reading.read_at > ${oldest}::timestamptz and ${before("reading")}
        and reading.read_at > to_timestamp(given.opened_at_ms / 1000)
        and reading.read_at <= closing.read_at
        and reading.flags @> ${WENT_BACK}
        and not exists (
          select 1 from reading_decision as word where word.meter_id = reading.meter_id
            and word.obis = reading.obis and word.read_at = reading.read_at
            and word.rule = ${PERSON})
      order by reading.read_at limit 1
    ) as back on true
    left join lateral (
      select one.read_at, one.value from raw_reading as one
      where one.meter_id = given.meter_id and one.obis = ${ENERGY}
        and one.read_at >= ${oldest}::timestamptz and ${before("one")}
        and one.read_at >= to_timestamp(given.opened_at_ms / 1000)
        and one.read_at <= closing.read_at - make_interval(secs => ${still_h * 3_600}::float8)
      order by one.read_at desc limit 1
    ) as earlier on true`.execute(db);
  return rows;
}

function candidateOf(row: Row): CandidateReading {
  const { decision, raw_value, read_at, went_back_at } = row;
  const decided_wh = decision?.status === "accepted" ? decision.value : null;
  return {
    reading: {
      read_at_ms: read_at.getTime(),
      value_wh: (decided_wh ?? raw_value)!,
      ...(row.source === "decision"
        ? { source: decision?.quality === "estimated" ? "estimate" : "import", ...NO_FRAME }
        : wayOf(row, row.source)),
      quality: decision?.quality ?? "measured",
    },
    flags: parseOrExplain(z.array(readingFlag), row.flags, `Flags of a reading of ${row.meter_id}`),
    went_back_at_ms: went_back_at?.getTime() ?? null,
    unchanged_since_ms: row.still_since?.getTime() ?? null,
    decision,
  };
}

/** How a measured reading came here. */
function wayOf(row: Row, source: "frame" | "import") {
  const { sealed_at, arrived_at } = row;
  return {
    source,
    frame_sequence: row.frame_sequence,
    journal_sequence: row.journal_sequence,
    sealed_at_ms: sealed_at?.getTime() ?? null,
    arrived_at_ms: arrived_at?.getTime() ?? null,
    second_found_s: row.second_found_s,
    trials: row.trials,
    clock_quality: row.clock_quality,
    clock_offset_ms: sealed_at && arrived_at ? sealed_at.getTime() - arrived_at.getTime() : null,
  };
}
