/** Exports over the real verbs and both databases; Green Button files held against a schema. */
import assert from "node:assert/strict";
import { silentLog } from "../../../streams/terminal/log.ts";
import { ENERGY } from "../../../streams/database/readings.ts";
import { exportEspi } from "../../../streams/data/export_espi.ts";
import { exportReadings } from "../../../streams/data/export_queries.ts";
import {
  accountsTable,
  invoiceLinesTable,
  invoicesTable,
  readingsTable,
  type TableText,
} from "../../../streams/data/export_tables.ts";
import type { OfficeContext } from "../../../streams/office/office.ts";
import { issueBill } from "../delivery/issued.ts";
import { testOnEachDatabase } from "../../support/database.ts";
import { OFFICIAL_SCHEMA, validateEspi } from "../../support/espi/validate.ts";
import { addAccount, at, type Db, INSTALLED } from "../billing/fixture.ts";
import { askOf } from "./asking.ts";

const FROM = at("2026-04-01T00:00:00+05:30");
const TO = at("2026-05-01T00:00:00+05:30");
const QUARTER_MS = 900_000;
const ALL = { from_ms: 0, to_ms: at("2099-01-01T00:00:00Z") };

const asking = (db: Db) =>
  askOf({ db, log: silentLog, now_ms: () => TO, broker: undefined } as unknown as OfficeContext);

/** `count` readings of meter M`n` a quarter of an hour apart, 250 Wh each, without those in `not`. */
async function addQuarters(db: Db, n: number, from_ms: number, count: number, not: number[] = []) {
  const rows = Array.from({ length: count }, (_, i) => i).filter((i) => !not.includes(i))
    .map((i) => ({
      ...{ meter_id: `M${n}`, obis: ENERGY, value: 1_001_000 + 250 * i, unit: "Wh" },
      ...{ read_at: new Date(from_ms + i * QUARTER_MS), source: "frame" as const, flags: "[]" },
      ...{ frame_sequence: 70 + i, journal_sequence: 30 + i, trials: 1, clock_quality: 3 },
      ...{ arrived_at: null, sealed_at: null, second_found_s: null },
    }));
  for (let i = 0; i < rows.length; i += 1_000) {
    await db.insertInto("raw_reading").values(rows.slice(i, i + 1_000)).execute();
  }
}

async function textOf(table: TableText): Promise<{ text: string; rows: number }> {
  let [text, rows] = ["", 0];
  for await (const part of table) {
    text += part.text;
    rows += part.rows;
  }
  return { text, rows };
}

async function espiOf(db: Db, asked: object = {}) {
  let xml = "";
  const input = { from_ms: FROM, to_ms: TO, now_ms: TO, ...asked };
  const written = await exportEspi(asking(db), input, (text) => void (xml += text));
  validateEspi(xml);
  if (OFFICIAL_SCHEMA !== undefined) validateEspi(xml, OFFICIAL_SCHEMA);
  return { xml, written };
}

const valuesOf = (xml: string) =>
  [...xml.matchAll(/<espi:IntervalReading>.*?<espi:value>(\d+)<.*?<\/espi:IntervalReading>/g)]
    .map(([, value]) => Number(value));

testOnEachDatabase("exports", {
  "give readings with the account and factor of their time, page by page": async (db) => {
    await addAccount(db, 1);
    await addQuarters(db, 1, FROM, 5_000);
    const { text, rows } = await textOf(readingsTable(asking(db), { account_id: "A1", ...ALL }));
    assert.equal(rows, 5_000);
    const lines = text.split("\r\n");
    assert.equal(lines.length, 5_002);
    assert.equal(new Set(lines).size, 5_002);
    assert.equal(
      lines[1],
      "A1,M1,1-0:1.8.0,2026-04-01T00:00:00.000+05:30,1001000,Wh,measured,1001000,1,frame,,,,70",
    );
    await addAccount(db, 2);
    const none = await textOf(readingsTable(asking(db), { account_id: "A2", ...ALL }));
    assert.equal(none.rows, 0);
  },

  "refuse an account or a meter that nobody knows, instead of an empty file": async (db) => {
    const unknown = { account_id: "A9", ...ALL };
    for (const table of [readingsTable, invoicesTable, accountsTable]) {
      const asked = { from: "2026-04-01", to: "2026-04-30", ...unknown };
      await assert.rejects(textOf(table(asking(db), asked)), /There is no account A9/);
    }
    const meter = readingsTable(asking(db), { meter_id: "M9", ...ALL });
    await assert.rejects(textOf(meter), /No meter M9 is enrolled/);
    await assert.rejects(espiOf(db, { account_id: "A9" }), /There is no account A9/);
  },

  "give what was decided of a reading, and values where there was none": async (db) => {
    await addAccount(db, 1);
    await addQuarters(db, 1, FROM, 6, [3]);
    const decide = (quarter: number, status: string, quality: string, value: number | null) =>
      db.insertInto("reading_decision").values({
        ...{ meter_id: "M1", obis: ENERGY, read_at: new Date(FROM + quarter * QUARTER_MS) },
        ...{ status: status as never, quality: quality as never, value, rule: "person" },
        ...{ detail: "", decided_by: "asha", reason: "seen" },
      }).execute();
    await decide(1, "quarantined", "measured", null);
    await decide(1, "accepted", "edited", 1_001_260);
    await decide(3, "accepted", "estimated", 1_001_750);
    await decide(5, "rejected", "measured", null);
    const rows = await exportReadings(db, { ...ALL, limit: 10 });
    assert.deepEqual(
      rows.map(({ value, raw_value, quality, source }) => [value, raw_value, quality, source]),
      [
        [1_001_000, 1_001_000, "measured", "frame"],
        [1_001_260, 1_001_250, "edited", "frame"],
        [1_001_500, 1_001_500, "measured", "frame"],
        [1_001_750, null, "estimated", "decision"],
        [1_002_000, 1_002_000, "measured", "frame"],
        [null, 1_002_250, "rejected", "frame"],
      ],
    );
    const pages: typeof rows = [];
    while (pages.length < rows.length) {
      const after = pages.at(-1);
      pages.push(...await exportReadings(db, { ...ALL, limit: 1, after }));
    }
    assert.deepEqual(pages, rows);
    const { xml, written } = await espiOf(db);
    assert.deepEqual([written.intervals, written.missing], [4, 1]);
    assert.deepEqual(valuesOf(xml), [260, 240, 250, 250]);
    assert.deepEqual([...xml.matchAll(/<espi:quality>(\d+)</g)].map(([, code]) => code), [
      ...["7", "7", "8", "8"],
    ]);
  },

  "name nobody as the owner of what was read before the meter hung there": async (db) => {
    await addAccount(db, 1);
    await addQuarters(db, 1, INSTALLED - QUARTER_MS, 2);
    const rows = await exportReadings(db, { ...ALL, limit: 10 });
    assert.deepEqual(rows.map(({ account_id }) => account_id), [null, "A1"]);
  },

  "write Green Button that is valid, with the factor, and missing intervals for gaps": async (
    db,
  ) => {
    await addAccount(db, 1);
    await db.updateTable("installation").set({ multiplying_factor: 20 }).execute();
    // Of 100 readings the 10th is missing, and so are two intervals.
    await addQuarters(db, 1, FROM, 100, [10]);
    const { xml, written } = await espiOf(db, { account_id: "A1" });
    assert.deepEqual(written, { usage_points: 1, intervals: 97, missing: 1, bills: 0 });
    const values = valuesOf(xml);
    assert.equal(values.length, 97);
    assert.ok(values.every((value) => value === 5_000));
    assert.match(xml, /<espi:intervalLength>900<\/espi:intervalLength>/);
    // A block a day of India.
    assert.equal(xml.match(/<espi:IntervalBlock>/g)!.length, 2);
    assert.doesNotMatch(xml, /Consumer 1|example\.org|98000000/);
  },

  "give each interval once in files of spans that follow one another": async (db) => {
    await addAccount(db, 1);
    await addQuarters(db, 1, FROM, 300);
    const middle = FROM + 100 * QUARTER_MS + 60_000;
    const [first, second, whole] = [
      await espiOf(db, { to_ms: middle }),
      await espiOf(db, { from_ms: middle }),
      await espiOf(db),
    ];
    assert.equal(first.written.intervals, 101);
    assert.equal(second.written.intervals, 198);
    assert.equal(whole.written.intervals, 299);
  },

  "tell of readings whose time is uncertain, and skip a register that went back": async (db) => {
    await addAccount(db, 1);
    await addQuarters(db, 1, FROM, 3);
    const row = { meter_id: "M1", obis: ENERGY, unit: "Wh", source: "frame" as const };
    const none = { frame_sequence: 1, journal_sequence: 1, arrived_at: null, sealed_at: null };
    const rest = { second_found_s: null, trials: 1, clock_quality: 3 };
    await db.insertInto("raw_reading").values([
      {
        ...{ ...row, ...none, ...rest, read_at: new Date(FROM + 3 * QUARTER_MS) },
        ...{ value: 1_001_900, flags: '["time_uncertain"]' },
      },
      {
        ...{ ...row, ...none, ...rest, read_at: new Date(FROM + 4 * QUARTER_MS) },
        ...{ value: 1_000, flags: '["register_went_back"]' },
      },
    ]).execute();
    const { xml, written } = await espiOf(db);
    assert.deepEqual([written.intervals, written.missing], [3, 1]);
    assert.deepEqual(valuesOf(xml), [250, 250, 400]);
    assert.equal(xml.match(/<espi:quality>10</g)!.length, 1);
  },

  "put bills in Green Button, in CSV, and their lines": async (db) => {
    const number = await issueBill(db, 1);
    const { xml, written } = await espiOf(db, { to_ms: ALL.to_ms });
    assert.equal(written.bills, 1);
    assert.match(xml, /<espi:overallConsumptionLastPeriod>.*<espi:value>250<\/espi:value>/);
    const invoices = await textOf(invoicesTable(asking(db), ALL));
    assert.equal(invoices.rows, 1);
    assert.ok(invoices.text.includes(`${number},A1,C1,2026-04,issued,`), invoices.text);
    const lines = await textOf(invoiceLinesTable(asking(db), ALL));
    const { payable_paise } = await db.selectFrom("invoice").select("payable_paise")
      .executeTakeFirstOrThrow();
    const sum = lines.text.trim().split("\r\n").slice(1)
      .reduce((total, line) => total + Math.round(Number(line.split(",").at(-1)) * 100), 0);
    assert.equal(sum, payable_paise);
    const total = xml.match(/<espi:billLastPeriod>(\d+)</)![1];
    assert.equal(Number(total), payable_paise * 1_000);
  },

  "give accounts without letting a spreadsheet compute a name": async (db) => {
    await addAccount(db, 1);
    await db.updateTable("consumer").set({ name: "=HYPERLINK(1)", address: 'A "B", Pune' })
      .execute();
    const { text } = await textOf(accountsTable(asking(db), { ...ALL }));
    assert.match(text.split("\r\n")[1]!, /^C1,'=HYPERLINK\(1\),"A ""B"", Pune",\+91/);
  },
});

Deno.test("the schema of Green Button files refuses what is not valid", () => {
  assert.throws(() => validateEspi("<feed xmlns='http://www.w3.org/2005/Atom'/>"), /feed/);
});

Deno.test({
  name: "Green Button files are valid by the standard's own schema",
  // Every file above is held against it too, where SAMAY_TEST_ESPI_SCHEMA names its folder.
  ignore: OFFICIAL_SCHEMA === undefined,
  fn: () => {
    const wrong = '<espi:UsagePoint xmlns:espi="http://naesb.org/espi"><espi:uom>72</espi:uom>' +
      "</espi:UsagePoint>";
    assert.throws(() => validateEspi(wrong, OFFICIAL_SCHEMA), /uom/);
  },
});
