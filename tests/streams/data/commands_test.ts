/** The commands as a person types them, over a real broker: exit codes, files, what is said. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { dataVerbs } from "../../../streams/office/data_verbs.ts";
import { samay } from "../../support/command_line.ts";
import { withOffice } from "../../support/office.ts";
import { issueBill } from "../delivery/issued.ts";
import type { Db } from "../billing/fixture.ts";

async function withFiles(body: (db: Db, folder: string) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir();
  const kek = new Uint8Array(32).fill(5);
  await withOffice(dataVerbs, { kek }, async ({ db }) => await body(db, folder));
  await Deno.remove(folder, { recursive: true });
}

Deno.test("data import and export from the command line", async (t) => {
  await withFiles(async (db, folder) => {
    const at = (name: string) => join(folder, name);
    const consumers = at("consumers.csv");
    const header = "consumer_number,name,tariff_id,opened_on\n";

    await t.step(
      "a file with a wrong row: exit 1, every row in the report, nothing written",
      async () => {
        const wrong = Array.from({ length: 30 }, (_, i) => `C${i},,msedcl-lt-1b,2026-04-01\n`);
        await Deno.writeTextFile(
          consumers,
          header + "C99,Asha,msedcl-lt-1b,2026-04-01\n" + wrong.join(""),
        );
        const words = ["data", "import", "consumers", consumers];
        const came = await samay(...words, "--reason", "a test", "--report", at("refused.csv"));
        assert.equal(came.code, 1);
        assert.equal(came.out, "31 rows: 30 refused, 1 new, 0 stand already. Nothing is written.");
        assert.match(came.error, /^row 3, name: is empty: must be there\n/);
        assert.match(came.error, /and 10 more faults: all are in .*refused\.csv/);
        const report = (await Deno.readTextFile(at("refused.csv"))).trim().split("\r\n");
        assert.equal(report.length, 31);
        assert.deepEqual(report.slice(0, 2), [
          "row,field,reason",
          "3,name,is empty: must be there",
        ]);
        assert.deepEqual(await db.selectFrom("consumer").selectAll().execute(), []);
        assert.deepEqual(await db.selectFrom("data_import").selectAll().execute(), []);
      },
    );

    await t.step("a dry run needs no reason; the real one does", async () => {
      await Deno.writeTextFile(consumers, header + "C1,Asha,msedcl-lt-1b,2026-04-01\n");
      const words = ["data", "import", "consumers", consumers];
      const dry = await samay(...words, "--dry-run");
      assert.deepEqual([dry.code, dry.out], [
        ...[
          0,
          "1 row: 0 refused, 1 new, 0 stand already. Nothing is written: this was a dry run.",
        ],
      ]);
      assert.equal((await samay(...words)).code, 2);
      const real = await samay(...words, "--reason", "a test", "--json");
      assert.equal(real.code, 0);
      assert.equal(JSON.parse(real.out).added, 1);
    });

    await t.step(
      "accounts under a tariff that bills nobody are taken, and it is said",
      async () => {
        const file = at("unbilled.csv");
        const row = (n: number, tariff: string) => `U${n},Asha,${tariff},2026-04-01\n`;
        const two = row(1, "karnataka-lt-1") + row(2, "karnataka-lt-1");
        await Deno.writeTextFile(file, header + two + row(3, "msedcl-lt-1b"));
        const words = ["data", "import", "consumers", file];
        const warned = /2 accounts of it get no bill: tariff karnataka-lt-1 is not whole and bills/;
        const dry = await samay(...words, "--dry-run");
        assert.match(dry.out, warned);
        assert.doesNotMatch(dry.out, /msedcl/);
        const real = await samay(...words, "--reason", "a test");
        assert.match(real.out, warned);
        assert.deepEqual([real.code, /3 written/.test(real.out)], [0, true]);
        const { unbilled } = JSON.parse((await samay(...words, "--dry-run", "--json")).out);
        assert.deepEqual([unbilled[0].tariff_id, unbilled[0].accounts], ["karnataka-lt-1", 2]);
      },
    );

    await t.step("meters: their keys in files for their owner alone, the same again", async () => {
      const meters = at("meters.csv");
      await Deno.writeTextFile(meters, "meter_id,slave_id\nMH1,SL1\nMH2,SL1\n");
      const words = ["data", "import", "meters", meters, "--reason", "a test"];
      assert.match((await samay(...words)).error, /--keys FOLDER/);
      const came = await samay(...words, "--keys", at("keys"));
      assert.equal(came.code, 0, came.error);
      assert.match(came.out, /2 key files are in .*keys: carry each to its slave and keep no copy/);
      const { mode } = await Deno.stat(at("keys/MH1.key.json"));
      assert.equal(mode! & 0o777, 0o600);
      const key = JSON.parse(await Deno.readTextFile(at("keys/MH1.key.json")));
      assert.match(key.key, /^[0-9a-f]{64}$/);
      // Lost on the way: the same file again gives what is missing.
      await Deno.remove(at("keys/MH1.key.json"));
      const again = await samay(...words, "--keys", at("keys"));
      assert.match(
        again.out,
        /2 rows: 0 written, 2 stand already\.\n1 key files .* 1 were there already/,
      );
      assert.equal(JSON.parse(await Deno.readTextFile(at("keys/MH1.key.json"))).key, key.key);
      // Another key of that name is not overwritten.
      await Deno.writeTextFile(at("keys/MH2.key.json"), "another");
      const other = await samay(...words, "--keys", at("keys"));
      assert.equal(other.code, 1);
      assert.match(other.error, /MH2\.key\.json exists already and is not overwritten/);
    });

    await t.step("exports are whole, and overwrite nothing", async () => {
      const number = await issueBill(db, 7);
      const out = at("bills.csv");
      const came = await samay("data", "export", "invoices", "--out", out, "--json");
      assert.deepEqual(JSON.parse(came.out), { file: out, rows: 1 });
      assert.ok((await Deno.readTextFile(out)).includes(number));
      assert.equal((await Deno.stat(out)).mode! & 0o777, 0o600);
      const again = await samay("data", "export", "invoices", "--out", out);
      assert.match(again.error, /exists already and is not overwritten/);
      const xml = await samay(
        "data",
        "export",
        "readings",
        "--format",
        "espi",
        "--out",
        at("a.xml"),
      );
      assert.match(xml.out, /a\.xml: 1 usage points, 0 intervals, 0 missing, 1 bills/);
      assert.deepEqual(
        [...Deno.readDirSync(folder)].filter(({ name }) => name.endsWith(".part")),
        [],
      );
    });

    await t.step("what cannot be asked is refused before anything is asked", async () => {
      for (
        const words of [
          ["export", "readings"],
          ["export", "meters", "--out", at("x")],
          ["export", "readings", "--out", at("x"), "--from", "2026-02-30"],
          ["export", "readings", "--out", at("x"), "--from", "2026-05-02", "--to", "2026-05-01"],
          ["export", "invoices", "--out", at("x"), "--format", "espi"],
          ["export", "invoices", "--out", at("x"), "--meter", "M1"],
          ["export", "readings", "--out", at("x"), "--meter", "M1", "--account", "A1"],
          ["import", "money", consumers, "--dry-run"],
          ["import", "readings", consumers],
          ["import", "readings", consumers, "--reason", "x", "--keys", at("keys")],
          ["template", "money"],
        ]
      ) assert.equal((await samay("data", ...words)).code, 2, words.join(" "));
      await assert.rejects(Deno.stat(at("x")), Deno.errors.NotFound);
    });
  });
});
