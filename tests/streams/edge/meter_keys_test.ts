import assert from "node:assert/strict";
import { openDatabase } from "../../../streams/edge/database.ts";
import type { Database } from "../../../streams/edge/database.ts";
import { MeterKeys } from "../../../streams/edge/meter_keys.ts";
import { rekeyMeter } from "../../../streams/edge/rekey.ts";
import { openStore } from "../../../streams/edge/store.ts";
import { inFolder } from "./head_end.ts";
import { commandFor, generationOf } from "./rekeys.ts";

const HOUR_S = 3_600;
/** The beginning of an hour of the day behind the enrolment. */
const NOW_S = (generationOf("M1", 0).enrolment_day + 1) * 86_400 + 9 * HOUR_S;

/** The keys on a disk that fails where the statement has `failing` in it. */
class Disk {
  failing: string | undefined;
  readonly database: Database;
  readonly keys: MeterKeys;

  constructor(real: Database) {
    const attempt = (sql: string) => {
      if (this.failing !== undefined && sql.includes(this.failing)) throw new Error("disk full");
    };
    this.database = real;
    this.keys = new MeterKeys({
      exec: (sql: string) => {
        attempt(sql);
        real.exec(sql);
      },
      prepare: (sql: string) => {
        attempt(sql);
        return real.prepare(sql);
      },
    } as unknown as Database);
    this.keys.enrol(generationOf("M1", 0));
    this.keys.advance(NOW_S - 10);
  }

  get stored(): string {
    return String(this.database.prepare("select state from meter_key").get()!.state);
  }

  get inMemory(): string {
    return JSON.stringify(this.keys.get("M1")!.keys.state());
  }
}

async function withDisk(body: (disk: Disk, folder: string) => Promise<void> | void) {
  await inFolder(async (folder) => {
    const disk = new Disk(await openDatabase(folder));
    try {
      await body(disk, folder);
    } finally {
      disk.database.close();
    }
  });
}

Deno.test("MeterKeys.advance() makes up for a write that failed at the turn of the hour", async () => {
  await withDisk((disk) => {
    disk.failing = "commit";
    assert.throws(() => disk.keys.advance(NOW_S + 70), /disk full/);
    disk.failing = undefined;
    assert.deepEqual(disk.keys.advance(NOW_S + 71), []);
    assert.equal(disk.stored, disk.inMemory, "no key of the past hour is left on the disk");
  });
});

Deno.test("MeterKeys.rekey() has switched though the log could not be cleared, and clears it later", async () => {
  await withDisk(async (disk, folder) => {
    const secrets = disk.inMemory.match(/[0-9a-f]{64}/g)!;
    const log = () => Deno.readFile(`${folder}/slave.db-wal`).then((bytes) => bytes.length);
    disk.failing = "wal_checkpoint";
    const told = rekeyMeter(disk.keys, commandFor("M1", 1, NOW_S - 10));
    assert.deepEqual([told.outcome, told.reason, told.generation], ["done", undefined, 1]);
    assert.equal(disk.keys.get("M1")!.generation, 1);
    assert.ok(await log() > 0);
    assert.throws(() => disk.keys.advance(NOW_S - 9), /disk full/);
    disk.failing = undefined;
    disk.keys.advance(NOW_S - 9);
    assert.equal(await log(), 0);
    const file = new TextDecoder("latin1").decode(await Deno.readFile(`${folder}/slave.db`));
    assert.ok(secrets.every((secret) => !file.includes(secret)));
  });
});

Deno.test("MeterKeys keeps the previous hour's key over no end of the slave, and no loss of its time", async () => {
  await withDisk((disk) => {
    disk.keys.advance(NOW_S + 10);
    assert.match(disk.stored, /"previous_hour_key":"/);
    disk.keys.erasePrevious();
    assert.equal(disk.stored, disk.inMemory);
    assert.match(disk.stored, /"previous_hour_key":null/, "the time was lost");
    disk.keys.advance(NOW_S + HOUR_S + 10);
    assert.match(disk.stored, /"previous_hour_key":"/);
    new MeterKeys(disk.database); // The next start of a process that was killed.
    assert.match(disk.stored, /"previous_hour_key":null/);
  });
  await inFolder(async (folder) => {
    const store = await openStore(folder);
    store.keys.enrol(generationOf("M1", 0));
    store.keys.advance(NOW_S - 10);
    store.keys.advance(NOW_S + 10);
    store.close();
    const database = await openDatabase(folder);
    const state = String(database.prepare("select state from meter_key").get()!.state);
    database.close();
    assert.match(state, /"previous_hour_key":null/, "the slave was stopped");
  });
});

Deno.test("MeterKeys.rekey() refuses a chain that begins in the future, and goes on with the one it has", async () => {
  await withDisk(({ keys }) => {
    const days = Math.floor(NOW_S / 86_400) - generationOf("M1", 1).enrolment_day;
    const chain = (ahead_days: number) =>
      rekeyMeter(
        keys,
        commandFor("M1", 1, NOW_S + ahead_days * 86_400, {}, days + ahead_days),
      );
    for (const ahead_days of [1, 5]) {
      const { outcome, reason } = chain(ahead_days);
      assert.equal(outcome, "failed");
      assert.match(reason!, /begins in the future: set the head-end's clock/);
    }
    assert.equal(keys.get("M1")!.generation, 0);
    keys.get("M1")!.keys.secondKey(NOW_S - 10);
    assert.equal(chain(0).outcome, "done");
    // Right behind another switch too.
    const again = commandFor("M1", 2, NOW_S + 5 * 86_400, {}, days + 5);
    assert.match(rekeyMeter(keys, again).reason!, /begins in the future/);
  });
});
