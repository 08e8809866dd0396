import assert from "node:assert/strict";
import fc from "fast-check";
import { numberArray, textArray } from "../../../streams/database/array_literal.ts";
import { sql } from "../../../streams/database/kysely.ts";
import { testOnEachDatabase } from "../../support/database.ts";

testOnEachDatabase("array literals", {
  "textArray() gives PostgreSQL every text as it is": async (db) => {
    const texts = [
      "",
      "NULL",
      "null",
      "1-0:1.8.0",
      "Wh",
      "a,b",
      "{}",
      '"',
      "\\",
      "[]",
      " ",
      "मीटर",
    ];
    const any = fc.sample(fc.string({ unit: "grapheme" }), { seed: 1, numRuns: 500 })
      .filter((text) => !text.includes("\0")); // No text of PostgreSQL holds it.
    const given = [...texts, ...texts, ...any];
    const literal = textArray(given, (text) => text);
    const { rows } = await sql<{ read: string[] }>`
      select ${literal}::text::text[] as read`.execute(db);
    assert.deepEqual(rows[0]!.read, given);
  },
  "numberArray() gives PostgreSQL every number as it is": async (db) => {
    const given = [0, -1, 1.5, 1e21, 1e-7, Number.MAX_SAFE_INTEGER, 1_790_000_000_123];
    const { rows } = await sql<{ read: number[] }>`
      select ${numberArray(given, (value) => value)}::text::float8[] as read`.execute(db);
    assert.deepEqual(rows[0]!.read.map(Number), given);
  },
  "numberArray() refuses what is no number": () => {
    assert.throws(() => numberArray([NaN], (value) => value), RangeError);
    assert.throws(() => numberArray([undefined as unknown as number], (v) => v), RangeError);
    return Promise.resolve();
  },
});
