import assert from "node:assert/strict";
import { billableTariffOf, tariffOf, tariffs } from "../../../actors/billing/tariff/catalogue.ts";
import { TerminalError } from "../../../protocol/errors.ts";
import { stepCycle } from "../../../streams/billing/step.ts";
import { loadTariffs } from "../../../streams/billing/tariff_folder.ts";
import { rowSchema } from "../../../streams/data/import_rows.ts";
import { enrolInput, rowsOfEnrolment } from "../../../streams/office/enrol_input.ts";
import { cycleRulesOf } from "../../../streams/roles/cycle_rules.ts";
import { command as list } from "../../../streams/terminal/commands/tariff_list.ts";
import { command as show } from "../../../streams/terminal/commands/tariff_show.ts";
import { withDatabase } from "../../support/database.ts";
import { runCommand } from "../../support/command_line.ts";
import { addAccount, addReading, at, contextOf } from "./fixture.ts";

/** The tariff that docs/tariffs.md shows how to write. */
async function village(): Promise<Record<string, unknown>> {
  const page = await Deno.readTextFile(new URL("../../../docs/tariffs.md", import.meta.url));
  return JSON.parse(page.split("```json\n")[1]!.split("```")[0]!);
}

async function withFolder(
  files: Readonly<Record<string, string>>,
  body: (folder: string) => Promise<void>,
): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    for (const [name, text] of Object.entries(files)) {
      await Deno.writeTextFile(`${folder}/${name}`, text);
    }
    await body(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

const HOURS = { draftGraceHours: 0, estimateAfterHours: null };

Deno.test("a tariff of a utility's own folder bills from its readings on", async () => {
  const own = JSON.stringify(await village());
  await withFolder({ "village.json": own, "notes.txt": "not one" }, async (folder) => {
    const rules = await cycleRulesOf({ ...HOURS, tariffsDir: folder });
    assert.equal(rules.tariffs.length, tariffs().length + 1);
    await withDatabase(async (db) => {
      await addAccount(db, 1, { tariff_id: "my-village-grid" });
      await db.insertInto("billing_cycle").values({
        ...{ account_id: "A1", period: "2026-05", state: "imported", meter_id: "M1" },
        ...{ to_date: "2026-06-01", closing_wh: 1_000_900 },
        closing_read_at: new Date(at("2026-06-01T09:00:00+05:30")),
      }).execute();
      await addReading(db, 1, at("2026-06-30T18:00:00+05:30"), 1_080_950);
      const later = at("2026-07-02T10:00:00+05:30");
      const step = (of: Partial<typeof rules>) =>
        stepCycle({ ...contextOf(db, later), rules: { ...rules, ...of } }, "A1", "2026-06", {
          ...{ step: "close", requested_at_ms: later },
        });
      // A head-end that does not know it parks the cycle, and says what it knows.
      const unknown = await step({ tariffs: tariffs() });
      assert.deepEqual([unknown.state, unknown.issued], ["parked", null]);
      assert.match(unknown.reason!, /No tariff "my-village-grid": known are example/);
      const later_still = { requested_at_ms: later + 1 };
      const done = await stepCycle(
        { ...contextOf(db, later + 1), rules },
        ...["A1", "2026-06", { step: "close", ...later_still }] as const,
      );
      assert.equal(done.state, "issued", done.reason ?? "");
      const bill = await db.selectFrom("invoice").selectAll().executeTakeFirstOrThrow();
      // 29 days, 0.97 months: 49 x 3.50, 31 x 6.25, 60.00, 5 % of 425.25; to the rupee.
      assert.equal(bill.total_paise, 44_651);
      assert.equal(bill.payable_paise, 44_700);
    });
  });
});

Deno.test("an account can be enrolled and imported under it, and not without it", async () => {
  await withFolder({ "village.json": JSON.stringify(await village()) }, async (folder) => {
    const known = await loadTariffs(folder);
    const given = enrolInput.parse({
      ...{ meter_id: "M1", slave_id: "SL1", consumer_number: "C1", name: "Asha Patil" },
      tariff_id: "my-village-grid",
    });
    assert.equal(rowsOfEnrolment(given, 0, known).account.tariff_id, "my-village-grid");
    assert.throws(() => rowsOfEnrolment(given, 0, tariffs()), /No tariff "my-village-grid"/);
    const row = {
      ...{ consumer_number: "C1", name: "Asha", address: "", phone: "", email: "", language: "" },
      ...{ account_id: "", tariff_id: "my-village-grid", phase: "", municipal: "" },
      ...{ sanctioned_load_w: "", contract_va: "", opened_on: "2026-04-01" },
    };
    assert.equal(rowSchema("consumers", known).safeParse(row).success, true);
    assert.equal(rowSchema("consumers", tariffs()).safeParse(row).success, false);
  });
});

Deno.test("a folder with a fault is refused, with every fault of every file", async () => {
  const own = { ...structuredClone(tariffOf("karnataka-lt-1")), id: "my-village-grid" };
  const wrong = structuredClone(own.versions);
  wrong[0]!.examples[0]!.total_paise++;
  const files = {
    "a.json": JSON.stringify({ ...own, name: 7, colour: "red" }),
    "b.json": JSON.stringify({ ...own, id: "msedcl-lt-1b" }),
    "c.json": JSON.stringify(own),
    "d.json": JSON.stringify(own),
    "e.json": "{",
    "f.json": JSON.stringify({ ...own, id: "other", versions: wrong }),
  };
  await withFolder(files, async (folder) => {
    await assert.rejects(cycleRulesOf({ ...HOURS, tariffsDir: folder }), (error: Error) => {
      assert.ok(error instanceof TerminalError);
      for (
        const said of [
          /SAMAY_TARIFFS_DIR/,
          /a\.json: name: /,
          /a\.json: colour: /,
          /b\.json: id: msedcl-lt-1b is the id of a tariff of the product/,
          /d\.json: id: my-village-grid is the id of c\.json/,
          /e\.json: \(file\): not JSON/,
          /f\.json: versions\[0\]\.examples\[0\]\.total_paise: does not come out/,
        ]
      ) assert.match(error.message, said);
      return true;
    });
  });
  await assert.rejects(loadTariffs("/nowhere/at/all"), /cannot be read/);
});

Deno.test("the catalogue takes tariffs from outside, none under an id that is taken", () => {
  const own = { ...tariffOf("karnataka-lt-1"), id: "another" };
  assert.equal(tariffs([own])[0]!.id, "another");
  assert.equal(billableTariffOf("another", tariffs([own])), own);
  assert.throws(() => tariffOf("another"), /No tariff "another"/);
  assert.throws(() => tariffs([tariffOf("karnataka-lt-1")]), /Two tariffs are called karnataka/);
});

Deno.test("tariff list and show know the folder", async () => {
  await withFolder({ "village.json": JSON.stringify(await village()) }, async (folder) => {
    Deno.env.set("SAMAY_TARIFFS_DIR", folder);
    try {
      assert.match(await runCommand(list), /my-village-grid/);
      assert.match(await runCommand(show, "my-village-grid"), /Village grid, households/);
    } finally {
      Deno.env.delete("SAMAY_TARIFFS_DIR");
    }
    assert.doesNotMatch(await runCommand(list), /my-village-grid/);
  });
});
