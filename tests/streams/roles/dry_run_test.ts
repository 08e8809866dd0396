import assert from "node:assert/strict";
import { tariffOf } from "../../../actors/billing/tariff/catalogue.ts";
import { VALIDATION_RULES } from "../../../actors/validation/rules.ts";
import { cycleRulesOf } from "../../../streams/roles/cycle_rules.ts";
import { startBillingRole } from "../../../streams/roles/billing_role.ts";
import { silentLog } from "../../../streams/terminal/log.ts";
import { loadRules } from "../../../streams/validation/rules_file.ts";
import { withBroker } from "../../support/broker.ts";
import { samay } from "../../support/command_line.ts";
import { addAccount, addReading, at } from "../billing/fixture.ts";

Deno.test("a dry run goes by what the head-end is configured with", async () => {
  const folder = await Deno.makeTempDir({ prefix: "samay-dry-run-" });
  try {
    await Deno.mkdir(`${folder}/tariffs`);
    const own = { ...structuredClone(tariffOf("msedcl-lt-1b")), id: "our-grid" };
    await Deno.writeTextFile(`${folder}/tariffs/our-grid.json`, JSON.stringify(own));
    const strict = structuredClone(VALIDATION_RULES);
    strict.rules.stale.boundary_hours = 1;
    await Deno.writeTextFile(`${folder}/rules.json`, JSON.stringify(strict));
    await withBroker(async ({ broker }) => {
      const hours = { draftGraceHours: 24, estimateAfterHours: null };
      const role = await startBillingRole({
        ...{ broker, dataDir: folder, billsDir: `${folder}/bills`, log: silentLog },
        ...{ kek: new Uint8Array(32), month_end: false, utility: { name: "Utility" } },
        ...{ mail: null, sms: null, rules: await loadRules(`${folder}/rules.json`) },
        cycleRules: await cycleRulesOf({ ...hours, tariffsDir: `${folder}/tariffs` }),
      });
      Deno.env.set("SAMAY_NATS_URL", broker.url);
      try {
        await addAccount(role.db, 1);
        await addAccount(role.db, 2, { tariff_id: "our-grid" });
        await addAccount(role.db, 3);
        await addReading(role.db, 1, at("2026-04-30T23:30:00+05:30"), 1_250_000);
        await addReading(role.db, 2, at("2026-04-30T23:30:00+05:30"), 1_250_000);
        await addReading(role.db, 3, at("2026-04-30T20:00:00+05:30"), 1_250_000);
        const dry = ["bill", "run", "--period", "2026-04", "--dry-run"];
        const { code, out } = await samay(...dry, "--json");
        assert.equal(code, 0, out);
        const { accounts, totals } = JSON.parse(out);
        const [one, two, three] = accounts;
        assert.deepEqual([one.would, one.units_kwh], ["draft", 250]);
        assert.deepEqual({ ...two, account_id: "A1" }, one, "the same tariff under a name of ours");
        assert.equal(three.would, "park");
        assert.match(three.reason, /before the end of the cycle \(1 hours are allowed\)/);
        assert.deepEqual([totals.drafts, totals.issued, totals.parked, totals.waiting], [
          ...[2, 0, 1, 0],
        ]);
        assert.match((await samay(...dry)).out, /2 drafts of 500 kWh, .*; 1 would park/);
      } finally {
        Deno.env.delete("SAMAY_NATS_URL");
        await role.stop();
      }
    });
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
