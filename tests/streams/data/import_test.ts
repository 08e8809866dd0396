/** Imports over the real verbs, on both databases, with a real broker where meters get keys. */
import assert from "node:assert/strict";
import { enrolment } from "../../../protocol/messages/enrolment.ts";
import { parseJson } from "../../../protocol/schema.ts";
import { toHex } from "../../../protocol/bytes.ts";
import { unwrapKey } from "../../../protocol/tves/wrap.ts";
import type { CsvFault } from "../../../streams/csv/faults.ts";
import { ENERGY } from "../../../streams/database/readings.ts";
import { sql } from "../../../streams/database/kysely.ts";
import { importFile, type ImportResult } from "../../../streams/data/import_file.ts";
import type { GivenKey } from "../../../streams/data/import_meters.ts";
import { IMPORT_KINDS, type ImportKind, IMPORTS } from "../../../streams/data/import_rows.ts";
import { openImport } from "../../../streams/data/import_stage.ts";
import { templateOf } from "../../../streams/data/template.ts";
import type { Broker } from "../../../streams/jetstream/broker.ts";
import { enrol, ENROLMENTS } from "../../../streams/office/enrol.ts";
import { enrolInput } from "../../../streams/office/enrol_input.ts";
import type { OfficeContext } from "../../../streams/office/office.ts";
import { silentLog } from "../../../streams/terminal/log.ts";
import type { Progress } from "../../../streams/terminal/progress.ts";
import { partitionOf, PARTITIONS } from "../../../protocol/subjects.ts";
import { fleetMeterOf } from "../../../streams/fleet/enrol.ts";
import { sealedFrame } from "../../../streams/fleet/frames.ts";
import { StreamJournal } from "../../../streams/jetstream/journal.ts";
import { startMaster } from "../../../streams/masters/master.ts";
import { withBroker } from "../../support/broker.ts";
import { eventually } from "../../support/eventually.ts";
import { emptyTables, testOnEachDatabase, withDatabase } from "../../support/database.ts";
import { type Db } from "../billing/fixture.ts";
import { askOf } from "./asking.ts";

/** Keys are of the present day: frames are sealed with them. */
const NOW = Math.max(Date.now(), Date.parse("2026-05-01T12:00:00+05:30"));
const KEK = new Uint8Array(32).fill(9);
const quiet: Progress = { stage() {}, update() {}, count() {}, end() {} };

/** Masters that know no meter. */
const nobody = { bucket: () => Promise.resolve({ get: () => Promise.resolve(undefined) }) };

const contextOf = (db: Db, broker: Broker = nobody as unknown as Broker) =>
  ({ db, broker, log: silentLog, now_ms: () => NOW, kek: KEK }) as unknown as OfficeContext;

interface Given {
  readonly dry_run?: boolean;
  readonly broker?: Broker;
  readonly keys?: GivenKey[];
  readonly context?: OfficeContext;
}

type Came = Omit<ImportResult, "faults"> & { faults: CsvFault[] };

/** Imports `text` as a file. */
async function bring(db: Db, kind: ImportKind, text: string, given: Given = {}): Promise<Came> {
  const path = await Deno.makeTempFile({ suffix: ".csv" });
  await Deno.writeTextFile(path, text);
  const ask = askOf(given.context ?? contextOf(db, given.broker));
  const deed = { actor: "asha", reason: "a test" };
  const onKeys = (keys: readonly GivenKey[]) => void given.keys?.push(...keys);
  const asked = { kind, path, dry_run: given.dry_run ?? false, deed, onKeys };
  try {
    return await importFile(ask, asked, quiet, async ({ faults, ...result }) => {
      const all: CsvFault[] = [];
      for await (const fault of faults) all.push(fault);
      return { ...result, faults: all };
    });
  } finally {
    await Deno.remove(path);
  }
}

const CONSUMERS = "consumer_number,name,account_id,tariff_id,opened_on,phone,address\n";
const consumer = (n: number, name = `Consumer ${n}`) =>
  `C${n},${name},A${n},msedcl-lt-1b,2026-04-01,+9198000000${String(n).padStart(2, "0")},Pune\n`;

const addMeter = (db: Db, n: number) =>
  db.insertInto("meter").values({
    ...{ meter_id: `M${n}`, serial_number: `S${n}`, slave_id: "SL1", alias: n },
  }).execute();

const rowsOf = async (db: Db) => {
  const count = async (table: "consumer" | "account" | "meter" | "installation" | "raw_reading") =>
    (await db.selectFrom(table).select((of) => of.fn.countAll<number>().as("n"))
      .executeTakeFirstOrThrow()).n;
  return [
    await count("consumer"),
    await count("account"),
    await count("meter"),
    await count("installation"),
    await count("raw_reading"),
  ];
};

const said = ({ faults }: Came) =>
  faults.map(({ row, field, reason }) => `${row} ${field}: ${reason}`);

testOnEachDatabase("imports", {
  "take a contract demand where a file has one, and refuse another one later": async (db) => {
    const file = (va: string) =>
      CONSUMERS.trimEnd() + ",contract_va\n" + consumer(1).trimEnd() + `,${va}\n`;
    assert.match((await bring(db, "consumers", file("0"))).faults[0]!.reason, /more than 0/);
    assert.equal((await bring(db, "consumers", file("60000"))).added, 1);
    const { contract_va } = await db.selectFrom("account").selectAll().executeTakeFirstOrThrow();
    assert.equal(contract_va, 60_000);
    const [fault] = (await bring(db, "consumers", file("70000"))).faults;
    assert.deepEqual([fault!.field, /70000.*60000/.test(fault!.reason)], ["contract_va", true]);
  },

  "take consumers with their accounts, and the same file again changes nothing": async (db) => {
    const text = CONSUMERS + consumer(1) + consumer(2, '"Patil, Asha"');
    const first = await bring(db, "consumers", text);
    assert.deepEqual([first.added, first.unchanged, first.written], [2, 0, true]);
    const account = await db.selectFrom("account").selectAll().where("account_id", "=", "A2")
      .executeTakeFirstOrThrow();
    assert.equal(account.opened_on, "2026-04-01");
    assert.equal(account.phase, 1);
    const again = await bring(db, "consumers", text + consumer(3));
    assert.deepEqual([again.added, again.unchanged, again.refused], [1, 2, 0]);
    assert.deepEqual(await rowsOf(db), [3, 3, 0, 0, 0]);
    const audit = await db.selectFrom("audit").selectAll().orderBy("audit_id").execute();
    assert.deepEqual(audit.map(({ action, actor }) => `${action} ${actor}`), [
      ...["account.imported asha", "account.imported asha", "data.imported asha"],
      ...["account.imported asha", "data.imported asha"],
    ]);
    assert.equal((audit[2]!.detail as { reason: string }).reason, "a test");
  },

  "write nothing of a file with one wrong row, and name every row, field and reason": async (
    db,
  ) => {
    await bring(db, "consumers", CONSUMERS + consumer(1));
    const came = await bring(
      ...[db, "consumers"] as const,
      CONSUMERS + consumer(2) + consumer(1, "Somebody Else") +
        "C4,,A 4,no-tariff,2026-02-30,12345,\n" + consumer(2) + "C9,too,few\n",
    );
    assert.deepEqual([came.written, came.rows, came.refused, came.added], [false, 5, 4, 1]);
    assert.deepEqual(said(came).map((line) => line.slice(0, 60)), [
      "6 null: has 3 values, the header 7",
      '3 name: is "Somebody Else", and what stands is "Consumer 1"',
      "4 name: is empty: must be there",
      '4 phone: "12345": a number as +919800000001',
      '4 account_id: "A 4": 1 to 32 letters, digits, - or _',
      '4 tariff_id: "no-tariff": No tariff "no-tariff": known are e',
      '4 opened_on: "2026-02-30": a day as 2026-04-01',
      "5 account_id: is in row 2 already",
    ]);
    assert.deepEqual(await rowsOf(db), [1, 1, 0, 0, 0]);
  },

  "look without a trace on a dry run": async (db) => {
    const came = await bring(db, "consumers", CONSUMERS + consumer(1), { dry_run: true });
    assert.deepEqual([came.added, came.refused, came.written], [1, 0, false]);
    assert.deepEqual(await rowsOf(db), [0, 0, 0, 0, 0]);
    for (const table of ["audit", "data_import", "data_import_row", "data_import_fault"] as const) {
      assert.deepEqual(await db.selectFrom(table).selectAll().execute(), [], table);
    }
  },

  "refuse two names for one consumer": async (db) => {
    const other = consumer(1, "Another").replace("A1", "A2");
    const came = await bring(db, "consumers", CONSUMERS + consumer(1) + other);
    assert.deepEqual(said(came), [
      '3 name: is "Another", and an earlier row of this consumer has "Consumer 1"',
    ]);
    const same = consumer(1).replace("A1", "A2");
    assert.equal((await bring(db, "consumers", CONSUMERS + consumer(1) + same)).added, 2);
    assert.deepEqual(await rowsOf(db), [1, 2, 0, 0, 0]);
  },

  "hang meters up with their opening readings, once": async (db) => {
    await bring(db, "consumers", CONSUMERS + consumer(1) + consumer(2));
    await addMeter(db, 1);
    await addMeter(db, 2);
    const header = "account_id,meter_id,installed_at,opening_kwh,multiplying_factor\n";
    const text = `${header}A1,M1,2026-04-01,1234.5,20\nA2,M2,2026-04-02 10:30,0,\n`;
    assert.equal((await bring(db, "installations", text)).added, 2);
    const row = await db.selectFrom("installation").selectAll().where("meter_id", "=", "M1")
      .executeTakeFirstOrThrow();
    assert.deepEqual([row.opening_reading_wh, row.multiplying_factor, row.premises], [
      ...[1_234_500, 20, "Pune"],
    ]);
    assert.equal(row.installed_at.toISOString(), "2026-03-31T18:30:00.000Z");
    assert.deepEqual((await bring(db, "installations", text)).unchanged, 2);
    const other = `${header}A2,M1,2026-04-01,1234.6,20\nA3,M9,2098-01-01,0,0\n`;
    assert.deepEqual(said(await bring(db, "installations", other)), [
      '2 account_id: is "A2", and what stands is "A1"',
      '2 opening_kwh: is "1234.6", and what stands is "1234.5"',
      '3 multiplying_factor: "0": more than 0',
    ]);
    const unknown =
      `${header}A3,M9,2098-01-01,0,1\nA1,M2,2026-04-02 10:30,0,1\nA1,M2,2026-04-03,0,1\n`;
    assert.deepEqual(
      said(await bring(db, "installations", unknown)),
      [
        '2 account_id: "A3" is no account that is known',
        '2 meter_id: "M9" is no meter that is known',
        "2 installed_at: lies in the future",
        '3 account_id: is "A1", and what stands is "A2"',
        "4 meter_id: is in row 3 already",
        '4 account_id: is "A1", and what stands is "A2"',
        '4 installed_at: is "2026-04-03 00:00:00", and what stands is "2026-04-02 10:30:00"',
      ].sort((a, b) => Number(a[0]) - Number(b[0])),
    );
  },

  "take past readings, in their months, and never over one that stands": async (db) => {
    await addMeter(db, 1);
    const header = "meter_id,read_at,value,unit,obis\n";
    const text = `${header}M1,2026-03-31 23:59:59,1000.125,kWh,\n` +
      "M1,2026-04-01T00:15:00+05:30,1000250,Wh,1.8.0\nM1,2026-04-01,7,kvarh,1-0:3.8.0\n";
    assert.equal((await bring(db, "readings", text)).added, 3);
    const { rows } = await sql<{ place: string; value: number; source: string; obis: string }>`
      select tableoid::regclass::text as place, value, source, obis from raw_reading
      order by read_at, obis`.execute(db);
    assert.deepEqual(rows.map((row) => Object.values(row).join(" ")), [
      `raw_reading_2026_03 1000125 import ${ENERGY}`,
      "raw_reading_2026_03 7000 import 1-0:3.8.0",
      `raw_reading_2026_03 1000250 import ${ENERGY}`,
    ]);
    assert.equal((await bring(db, "readings", text)).unchanged, 3);
    const waiting = await db.selectFrom("reading_unvalidated").select("obis").execute();
    assert.deepEqual(waiting.map(({ obis }) => obis), [ENERGY, ENERGY], "for the sweep");
    const other = `${header}M1,2026-04-01 00:15,1000.251,kWh,\nM2,2026-04-01,1,kWh,\n` +
      "M1,2098-06-01,1,kWh,\nM1,01-04-2026,1,kWh,\nM1,2026-04-05,1.2345,kWh,\nM1,2026-04-05,5,kvarh,\n";
    const came = await bring(db, "readings", other);
    assert.deepEqual([came.written, came.refused], [false, 6]);
    assert.deepEqual(said(came), [
      '2 value: is "1000251 Wh", and what stands is "1000250 Wh"',
      '3 meter_id: "M2" is no meter that is known',
      "4 read_at: lies in the future",
      '5 read_at: "01-04-2026": a time as 2026-04-01 00:15 (Indian), 2026-04-01T00:15:00+05:30 or 2026-04-01',
      '6 value: "1.2345": a number such as 1234.5 (in kWh)',
      '7 unit: "kvarh": register 1-0:1.8.0 counts kWh or Wh',
    ]);
    assert.equal((await rowsOf(db))[4], 3);
  },

  "write nothing where the transaction fails at its end": async (db) => {
    await sql`create function spoil() returns trigger language plpgsql as $$
      begin raise exception 'spoilt' using errcode = '23505'; end $$`.execute(db);
    await sql`create trigger spoil before insert on audit for each row
      when (new.action = 'data.imported') execute function spoil()`.execute(db);
    try {
      await assert.rejects(bring(db, "consumers", CONSUMERS + consumer(1)), /Nothing is written/);
      assert.deepEqual(await rowsOf(db), [0, 0, 0, 0, 0]);
    } finally {
      await sql`drop trigger spoil on audit`.execute(db);
      await sql`drop function spoil()`.execute(db);
    }
  },

  "are bounded in number, and what lies for a day is put away": async (db) => {
    for (let i = 0; i < 20; i++) await openImport(db, "readings");
    await assert.rejects(openImport(db, "readings"), /20 imports are under way/);
    await db.updateTable("data_import").set({ taken_at: null } as never).execute();
    await sql`update data_import set opened_at = now() - interval '25 hours'`.execute(db);
    assert.ok(await openImport(db, "readings") > 0);
  },

  "tell a file that is none without asking the office": async (db) => {
    const came = await bring(db, "readings", "meter;read_at\nM1;1\n");
    assert.deepEqual(said(came), [
      "1 null: columns are separated by something else than a comma",
    ]);
    assert.equal(came.written, false);
  },
});

Deno.test("docs/data.md has every column of every file that is imported", async () => {
  const text = await Deno.readTextFile(new URL("../../../docs/data.md", import.meta.url));
  const cells = text.split("\n").filter((line) => line.startsWith("|"))
    .map((line) => line.split("|").slice(1, -1).map((cell) => cell.trim()).join(" | "));
  for (const kind of IMPORT_KINDS) {
    for (const [name, { required, example, says }] of Object.entries(IMPORTS[kind].columns)) {
      const row = `\`${name}\` | ${required ? "must" : "may"} | ${example} | ${says}`;
      assert.ok(cells.includes(row), `${kind}: ${row}`);
    }
  }
});

Deno.test("templates are taken as they are, one kind after the other", async () => {
  await withBroker(({ broker }) =>
    withDatabase(async (db) => {
      for (const kind of IMPORT_KINDS) {
        const came = await bring(db, kind, templateOf(kind), { broker });
        assert.deepEqual([came.faults, came.added, came.written], [[], 1, true], kind);
      }
    })
  );
});

Deno.test("imported meters", async (t) => {
  await withBroker(({ broker }) =>
    withDatabase(async (db) => {
      const bucket = await broker.bucket(ENROLMENTS);
      const step = (name: string, fn: () => Promise<void>) =>
        t.step(name, async () => {
          await emptyTables(db);
          for (const key of await bucket.keys()) await bucket.delete(key);
          await fn();
        });
      const header = "meter_id,slave_id,consumer_number,suite\n";
      const meters = (from: number, to: number) =>
        Array.from({ length: to - from + 1 }, (_, i) => `MH${from + i},SL1,C${from + i},\n`)
          .join("");
      const entryOf = async (meter_id: string) => {
        const entry = await bucket.get(meter_id);
        return entry && parseJson(enrolment, new TextDecoder().decode(entry.value), meter_id);
      };

      await step("have an entry for the masters and a key file, like an enrolled one", async () => {
        const keys: GivenKey[] = [];
        const came = await bring(db, "meters", header + meters(1, 250), { broker, keys });
        assert.deepEqual([came.added, keys.length], [250, 250]);
        const { key_file } = keys[249]!;
        const entry = (await entryOf("MH250"))!;
        const { wrapped_key: wrapped, generation } = entry.keys[0]!;
        assert.equal(
          toHex(unwrapKey({ kek: KEK, wrapped, meterId: "MH250", generation })),
          key_file!.key,
        );
        assert.deepEqual([entry.alias, entry.slave_id, entry.consumer_number, entry.suite], [
          ...[250, "SL1", "C250", undefined],
        ]);
        assert.equal(new Set(keys.map(({ key_file }) => key_file!.key)).size, 250);
        const row = await db.selectFrom("meter").selectAll().where("meter_id", "=", "MH250")
          .executeTakeFirstOrThrow();
        assert.deepEqual([row.alias, row.serial_number], [250, "MH250"]);
        // No key is anywhere but in its file.
        const audit = JSON.stringify(await db.selectFrom("audit").selectAll().execute());
        assert.ok(!audit.includes(key_file!.key));
        // What enrolling the same meter by hand gives is the same key.
        const enrolled = await enrol(
          enrolInput.parse({
            meter_id: "MH250",
            slave_id: "SL1",
            consumer_number: "C250",
            name: "A",
          }),
          contextOf(db, broker),
        );
        assert.deepEqual(enrolled.key_file, key_file);
      });

      await step("are opened by a master, sealed with the key of their file", async () => {
        const keys: GivenKey[] = [];
        await bring(db, "meters", "meter_id,slave_id,suite\nMH1,SL1,3\n", { broker, keys });
        const master = await startMaster({
          ...{ broker, name: "alpha", kek: KEK, lease_ms: 1_000, log: silentLog },
        });
        try {
          await master.untilHolding(PARTITIONS);
          const now_ms = Date.now();
          const reading = { boot: 1, sequence: 1, sealedAt_ms: now_ms, read_at_ms: now_ms - 500 };
          const meter = fleetMeterOf(keys[0]!.key_file!);
          const frame = sealedFrame(meter, { ...reading, energy_wh: 5_000 });
          await broker.publish(frame.subject, frame.payload);
          await eventually(async () => {
            const journal = new StreamJournal(broker, "meter", partitionOf("MH1"), silentLog);
            const events = [];
            for await (const { record } of journal.read(0)) events.push(...record.events);
            const [event] = events;
            assert.ok(event?.event === "reading", JSON.stringify(events));
            assert.equal(event.registers[0]!.value, 5_000);
          }, 10_000);
        } finally {
          await master.stop();
        }
      });

      await step("get the same keys from the same file again", async () => {
        const [first, second]: GivenKey[][] = [[], []];
        await bring(db, "meters", header + meters(1, 3), { broker, keys: first! });
        const came = await bring(db, "meters", header + meters(1, 3), { broker, keys: second! });
        assert.deepEqual([came.added, came.unchanged], [0, 3]);
        assert.deepEqual(second, first);
      });

      await step(
        "get what is missing when the first try broke off before the entries",
        async () => {
          const broken = {
            ...broker,
            bucket: () => Promise.reject(new Error("the broker went away")),
          };
          const gone = askBroken(db, broker, broken as unknown as Broker);
          await assert.rejects(gone, /went away/);
          assert.equal((await rowsOf(db))[2], 2);
          assert.equal(await entryOf("MH1"), undefined);
          const keys: GivenKey[] = [];
          await bring(db, "meters", header + meters(1, 2), { broker, keys });
          assert.equal(keys.length, 2);
          assert.equal((await entryOf("MH2"))!.alias, 2);
        },
      );

      await step(
        "keep the alias that masters know, and are refused where they know another",
        async () => {
          const before = await enrolOne(db, broker, "MH7");
          await enrolOne(db, broker, "MH8");
          await emptyTables(db);
          const keys: GivenKey[] = [];
          const text = header + "MH9,SL1,C9,\nMH8,SL1,C8,\nMH7,SL1,C7,\n";
          await bring(db, "meters", text, { broker, keys });
          const rows = await db.selectFrom("meter").select(["meter_id", "alias"]).orderBy("alias")
            .execute();
          assert.deepEqual(rows.map(({ meter_id, alias }) => `${meter_id} ${alias}`), [
            ...["MH7 1", "MH8 2", "MH9 3"],
          ]);
          assert.deepEqual(keys.at(-1)!.key_file, before.key_file);
          await emptyTables(db);
          const came = await bring(db, "meters", header + "MH7,SL2,C8,2\n", { broker });
          assert.deepEqual(said(came), [
            '2 slave_id: is "SL2", and masters know it as "SL1"',
            '2 consumer_number: is "C8", and masters know it as "C7"',
            '2 suite: is "2", and masters know it as "1"',
          ]);
          assert.equal((await rowsOf(db))[2], 0);
        },
      );

      await step("are not begun without the key that wraps theirs", async () => {
        const { kek: _, ...context } = contextOf(db, broker);
        await assert.rejects(bring(db, "meters", header + meters(1, 1), { context }), /KEK/);
        assert.equal((await rowsOf(db))[2], 0);
      });
    })
  );
});

Deno.test("imported installations", async () => {
  await withBroker(({ broker }) =>
    withDatabase(async (db) => {
      const header = "account_id,meter_id,installed_at,opening_kwh,multiplying_factor\n";
      await bring(db, "consumers", CONSUMERS + consumer(1) + consumer(2) + consumer(3));
      // M1 is C1's; M2 tells nobody; M3 tells its own serial number.
      const meters = "M1,SL1,C1,\nM2,SL1,,\nM3,SL1,S3,S3\nM5,SL1,C1,\n";
      const columns = "meter_id,slave_id,consumer_number,serial_number\n";
      assert.equal((await bring(db, "meters", columns + meters, { broker })).added, 4);
      const hang = (rows: string, given: Given = {}) =>
        bring(db, "installations", header + rows, { broker, ...given });

      const wrong = "A2,M1,2026-04-01,0,1\nA2,M2,2026-04-01,0,1\nA2,M3,2026-04-01,0,1\n";
      for (const dry_run of [true, false]) {
        const came = await hang(wrong, { dry_run });
        assert.deepEqual(said(came), [
          "2 account_id: is consumer C2's, and masters know meter M1 as consumer C1's: " +
          "see which meter is where",
        ]);
        assert.deepEqual([came.written, came.refused, came.note_count], [false, 1, 0]);
      }
      assert.equal((await rowsOf(db))[3], 0);

      const right = wrong.replace("A2,M1", "A1,M1");
      assert.deepEqual([(await hang(right)).added, (await rowsOf(db))[3]], [3, 3]);
      // Consumer C1 moves out, C2 moves in: the meter goes on telling C1.
      await db.updateTable("installation").set({ removed_at: new Date("2026-04-20T00:00:00Z") })
        .where("meter_id", "=", "M1").execute();
      const moved = "A2,M1,2026-04-21,0,1\n";
      const came = await hang(moved);
      assert.deepEqual([came.faults, came.added, came.note_count], [[], 1, 1]);
      assert.deepEqual(came.notes, [{
        ...{ row: 2, field: "account_id" },
        says: "meter M1 goes on telling consumer C1, for whom it was enrolled; the account is " +
          "consumer C2's",
      }]);
      const again = await hang(moved);
      assert.deepEqual([again.unchanged, again.refused, again.note_count], [1, 0, 0]);

      // One that asks past the command is told the same.
      const ask = askOf(contextOf(db, broker));
      const { import_id } = await ask("data-import-open", { kind: "installations" }) as {
        import_id: number;
      };
      const values = {
        ...{ account_id: "A2", meter_id: "M5", installed_at: "2026-04-01", opening_kwh: "0" },
        ...{ multiplying_factor: "1", premises: "" },
      };
      await ask("data-import-rows", { import_id, rows: [{ row: 2, values }] });
      const take = { import_id, dry_run: false, file: "f", reason: "a test" };
      await assert.rejects(ask("data-import-take", take), /was not asked/);
    })
  );
});

const enrolOne = (db: Db, broker: Broker, meter_id: string) =>
  enrol(
    enrolInput.parse({
      ...{ meter_id, slave_id: "SL1", consumer_number: meter_id.replace("MH", "C"), name: "A" },
    }),
    contextOf(db, broker),
  );

/** An import of two meters whose office loses the broker once the rows are written. */
async function askBroken(db: Db, broker: Broker, broken: Broker): Promise<void> {
  const [well, ill] = [askOf(contextOf(db, broker)), askOf(contextOf(db, broken))];
  const path = await Deno.makeTempFile({ suffix: ".csv" });
  await Deno.writeTextFile(path, "meter_id,slave_id,consumer_number\nMH1,SL1,C1\nMH2,SL1,C2\n");
  const asked = {
    ...{ kind: "meters" as const, path, dry_run: false, onKeys: () => {} },
    deed: { actor: "asha", reason: "a test" },
  };
  try {
    await importFile(
      (verb, input) => (verb === "data-import-keys" ? ill : well)(verb, input),
      ...[asked, quiet, () => Promise.resolve()] as const,
    );
  } finally {
    await Deno.remove(path);
  }
}
