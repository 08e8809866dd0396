/** Every reading that was generated against every row in the database, value by value. */
import { type Kysely, sql } from "../../streams/database/kysely.ts";
import type { Database } from "../../streams/database/schema.ts";

export interface Comparison {
  readonly generated: number;
  readonly rows: number;
  /** Generated, and in no row. */
  readonly lost: readonly string[];
  /** In more rows than one. */
  readonly doubled: readonly string[];
  /** In a row, and never generated: another value or another moment. */
  readonly strange: readonly string[];
}

/** As many as are worth printing. */
const SHOWN_MAX = 5;

/** `generatedFile` has one line a reading: meter, moment in Unix milliseconds, value. */
export async function compare(generatedFile: string, db: Kysely<Database>): Promise<Comparison> {
  const text = await Deno.readTextFile(generatedFile);
  const generated = new Set(text.split("\n").filter((line) => line !== ""));
  const { rows } = await sql<{ meter_id: string; at_ms: string; value: string }>`
    select meter_id, (extract(epoch from read_at) * 1000)::bigint::text as at_ms,
      value::bigint::text as value
    from raw_reading`.execute(db);
  const seen = new Set<string>();
  const byValue = new Set<string>();
  const doubled: string[] = [];
  const strange: string[] = [];
  for (const { meter_id, at_ms, value } of rows) {
    const line = `${meter_id}\t${at_ms}\t${value}`;
    // A value occurs once a meter: twice under two moments is one reading billed twice.
    const thing = `${meter_id}\t${value}`;
    if (byValue.has(thing)) doubled.push(line);
    byValue.add(thing);
    seen.add(line);
    if (!generated.has(line)) strange.push(line);
  }
  const lost = [...generated].filter((line) => !seen.has(line));
  return { generated: generated.size, rows: rows.length, lost, doubled, strange };
}

/** In words, what is wrong; empty when nothing is. */
export function differences({ lost, doubled, strange }: Comparison): string[] {
  const say = (what: string, lines: readonly string[]) =>
    lines.length === 0
      ? []
      : [`${lines.length} readings ${what}: ${lines.slice(0, SHOWN_MAX).join("; ")}`];
  return [
    ...say("lost", lost),
    ...say("doubled", doubled),
    ...say("never generated", strange),
  ];
}
