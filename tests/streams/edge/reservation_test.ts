import assert from "node:assert/strict";
import { type Database, openDatabase } from "../../../streams/edge/database.ts";
import { MeterKeys } from "../../../streams/edge/meter_keys.ts";
import { countBoot, Sequences } from "../../../streams/edge/sequences.ts";
import { type Crashing, crashing } from "./crashing_database.ts";
import { inFolder, keyFileOf } from "./head_end.ts";

/** Past the first block of reserved numbers. */
const NUMBERS = 300;

function reservedOn(database: Database): number {
  return Number(database.prepare("select sequence_reserved as n from meter_key").get()!.n);
}

/** What a life of a slave uses up: a start, a key, numbers, a newer key, more numbers. */
function live({ database }: Pick<Crashing, "database">, use: (number: string) => void): void {
  const boot = countBoot(database);
  const keys = new MeterKeys(database);
  const sequences = new Sequences(database, boot);
  const generation = () => keys.get("M1")!.generation;
  if (keys.get("M1") === undefined) keys.enrol(keyFileOf("M1"));
  const seal = () => use(`${generation()}/${boot}/${sequences.next("M1")}`);
  for (let i = 0; i < NUMBERS; i++) seal();
  keys.enrol(keyFileOf("M1", 7, generation() + 1));
  for (let i = 0; i < 10; i++) seal();
}

/** Runs a life that ends, or fails once, at statement `at`; returns how many statements it began. */
async function lifeIn(
  folder: string,
  use: (number: string) => void,
  at = Infinity,
  when: "before" | "after" = "before",
): Promise<number> {
  const database = await openDatabase(folder);
  const crash = crashing(database, at, when, true);
  try {
    live(crash, use);
  } catch (error) {
    if (at === Infinity) throw error;
  } finally {
    database.close(); // What was not committed is gone, as after a kill.
  }
  return crash.count();
}

Deno.test("Sequences and countBoot() reuse no number when the process dies at any statement", async () => {
  await inFolder(async (folder) => {
    const statements = await lifeIn(`${folder}/whole`, () => {});
    assert.ok(statements >= 12, `${statements} statements`);
    for (const when of ["before", "after"] as const) {
      for (let at = 1; at <= statements; at++) {
        const used = new Set<string>();
        const use = (number: string) => {
          assert.ok(!used.has(number), `${number} twice: died ${when} statement ${at}`);
          used.add(number);
        };
        for (const death of [at, at, Infinity]) {
          await lifeIn(`${folder}/${when}${at}`, use, death, when);
        }
        assert.ok(used.size >= NUMBERS);
      }
    }
  });
});

Deno.test("Sequences reuses no number when the disk fails once at any statement and the slave lives on", async () => {
  await inFolder(async (folder) => {
    for (const when of ["before", "after"] as const) {
      for (let at = 1; at <= 4; at++) {
        const database = await openDatabase(`${folder}/${when}${at}`);
        const boot = countBoot(database);
        new MeterKeys(database).enrol(keyFileOf("M1"));
        const failing = crashing(database, at, when, false);
        const sequences = new Sequences(failing.database, boot);
        const used = new Set<number>();
        let failures = 0;
        for (let i = 0; i < 3 * NUMBERS; i++) {
          try {
            const number = sequences.next("M1");
            assert.ok(!used.has(number), `${number} twice: failed ${when} statement ${at}`);
            used.add(number);
            assert.ok(number <= reservedOn(database), `${number} is not reserved on the disk`);
          } catch (error) {
            if (error instanceof assert.AssertionError) throw error;
            failures++;
          }
        }
        assert.equal(failures, 1);
        database.close();
      }
    }
  });
});
