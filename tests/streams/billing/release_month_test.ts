/** All drafts of a month at once: part by part, each with its line in the audit. */
import assert from "node:assert/strict";
import { CYCLE_RULES } from "../../../actors/billing/rules.ts";
import { countDrafts, RELEASE_MAX, releaseMonth } from "../../../streams/billing/drafts.ts";
import { stepCycles } from "../../../streams/billing/step.ts";
import { sql } from "../../../streams/database/kysely.ts";
import { draftVerbs } from "../../../streams/office/draft_verbs.ts";
import { command as draft } from "../../../streams/terminal/commands/bill_draft.ts";
import { runCommand as run, usage } from "../../support/command_line.ts";
import { testOnEachDatabase } from "../../support/database.ts";
import { withOffice } from "../../support/office.ts";
import { addAccount, addReading, at, type Db } from "./fixture.ts";

const APRIL = "2026-04";
const NOW = at("2026-05-02T10:00:00+05:30");
const rules = { ...CYCLE_RULES, draft_grace_ms: 86_400_000 };
const by = { actor: "asha", reason: "all looked at", rules, now_ms: () => NOW + 1_000 };

/** Drafts of accounts A101 and up. */
async function addDrafts(db: Db, count: number): Promise<void> {
  const keys: { account_id: string; period: string }[] = [];
  for (let n = 101; n < 101 + count; n++) {
    keys.push({ account_id: await addAccount(db, n), period: APRIL });
    await addReading(db, n, at("2026-04-30T23:00:00+05:30"), 1_250_900);
  }
  const context = { db, rules, now_ms: () => NOW };
  const close = { step: "close", requested_at_ms: NOW } as const;
  await db.transaction().execute((trx) => stepCycles(trx, context, keys, close));
}

const released = async (db: Db) =>
  (await db.selectFrom("audit").select(["subject", "actor"])
    .where("action", "=", "draft.released").execute()).length;

testOnEachDatabase("The drafts of a month", {
  "go out part by part, each with its line in the audit; one that changed stays": async (db) => {
    const count = RELEASE_MAX + 2;
    await addDrafts(db, count);
    assert.equal(await countDrafts(db, APRIL), count);
    await db.updateTable("account").set({ municipal: true })
      .where("account_id", "=", "A102").execute();
    const first = await releaseMonth(db, APRIL, "", by);
    assert.deepEqual([first.released, first.kept], [RELEASE_MAX - 1, 1]);
    assert.equal(first.after, `A${100 + RELEASE_MAX}`);
    assert.match(first.told[0]!.reason, /changed since it was drafted/);
    const last = await releaseMonth(db, APRIL, first.after!, by);
    assert.deepEqual([last.released, last.kept, last.after], [2, 0, null]);
    assert.equal(await countDrafts(db, APRIL), 1);
    assert.equal(await released(db), count);
  },

  "one whose account the database refuses holds up no other": async (db) => {
    await addDrafts(db, 3);
    await sql`
      alter table invoice add constraint refused check (account_id <> 'A102') not valid`
      .execute(db);
    try {
      const part = await releaseMonth(db, APRIL, "", by);
      assert.deepEqual([part.released, part.kept, part.told[0]!.account_id], [2, 1, "A102"]);
      assert.equal(await released(db), 2);
      assert.equal(await countDrafts(db, APRIL), 1);
    } finally {
      await sql`alter table invoice drop constraint refused`.execute(db);
    }
  },
});

Deno.test("samay bill draft release --period says how many, and wants a yes", async () => {
  const context = { now_ms: () => NOW + 1_000, cycle_rules: rules };
  await withOffice(draftVerbs, context, async ({ db }) => {
    await addDrafts(db, 3);
    const all = ["release", "--period", APRIL, "--reason", "looked at"];
    await assert.rejects(run(draft, ...all), usage(/3 drafts of 2026-04 would go out.*--yes/));
    assert.equal(await countDrafts(db, APRIL), 3);
    await assert.rejects(run(draft, "drop", "--period", APRIL), usage(/to release a month/));
    assert.match(await run(draft, ...all, "--yes"), /^2026-04: 3 drafts released$/m);
    assert.match(await run(draft, ...all), /^2026-04: 0 drafts released$/m);
  });
});
