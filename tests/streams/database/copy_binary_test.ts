import assert from "node:assert/strict";
import fc from "fast-check";
import { CopyWriter } from "../../../streams/database/copy_binary.ts";
import { CompiledQuery, sql } from "../../../streams/database/kysely.ts";
import { testOnEachDatabase } from "../../support/database.ts";

const TEXTS = ["", "NULL", "\\.", "a\tb\nc", '"', "मीटर", "1-0:1.8.0", "x".repeat(70_000)];
const INSTANTS_MS = [0, -1, 1_790_000_000_125, 946_684_800_000, 8_000_000_000_000];
const WHOLE = [0, -1, 2 ** 31, -(2 ** 32) - 1, Number.MAX_SAFE_INTEGER, Number.MIN_SAFE_INTEGER];

testOnEachDatabase("COPY in binary", {
  "every text, number and instant arrives as it is": async (db) => {
    const texts = [
      ...TEXTS,
      ...fc.sample(fc.string({ unit: "grapheme" }), { seed: 1, numRuns: 300 })
        .filter((text) => !text.includes("\0")), // No text of PostgreSQL holds it.
    ];
    const given = texts.map((a, n) => ({
      ...{ n, a, big: WHOLE[n % WHOLE.length]!, j: [a], small: (n % 5) - 2 },
      at: INSTANTS_MS[n % INSTANTS_MS.length]!,
    }));
    const copy = new CopyWriter(6);
    for (const { n, a, j, big, small, at } of given) {
      copy.row();
      copy.integer(n);
      copy.text(a);
      copy.json(JSON.stringify(j));
      copy.bigint(big);
      copy.smallint(small);
      copy.timestamptz(at);
    }
    await db.transaction().execute(async (trx) => {
      await sql`create temporary table copied (
        n integer, a text, j jsonb, big bigint, small smallint, at timestamptz
      ) on commit drop`.execute(trx);
      await trx.executeQuery(
        CompiledQuery.raw("copy copied from stdin (format binary)", [copy.end()]),
      );
      const { rows } = await sql<{ at: Date }>`select * from copied order by n`.execute(trx);
      assert.deepEqual(rows.map((row) => ({ ...row, at: row.at.getTime() })), given);
    });
  },
  "an error of a COPY carries its SQLSTATE, and the connection goes on": async (db) => {
    const copy = new CopyWriter(1);
    copy.row();
    copy.text("a\0b");
    await assert.rejects(
      db.transaction().execute(async (trx) => {
        await sql`create temporary table copied (a text)`.execute(trx);
        await trx.executeQuery(
          CompiledQuery.raw("copy copied from stdin (format binary)", [copy.end()]),
        );
      }),
      { code: "22021" },
    );
    assert.equal((await sql<{ n: number }>`select 1 as n`.execute(db)).rows[0]!.n, 1);
  },
});

Deno.test("CopyWriter refuses what no column holds", () => {
  const copy = new CopyWriter(1);
  assert.throws(() => copy.smallint(2 ** 15), RangeError);
  assert.throws(() => copy.integer(2 ** 31), RangeError);
  assert.throws(() => copy.bigint(1.5), RangeError);
  assert.throws(() => copy.bigint(2 ** 53), RangeError);
  assert.throws(() => copy.timestamptz(NaN), RangeError);
});
