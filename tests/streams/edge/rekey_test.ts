import assert from "node:assert/strict";
import { toHex } from "../../../protocol/bytes.ts";
import { openDatabase } from "../../../streams/edge/database.ts";
import { takeKeyFile } from "../../../streams/edge/key_file.ts";
import { StaleError } from "../../../streams/edge/meter_keys.ts";
import { rekeyMeter } from "../../../streams/edge/rekey.ts";
import { Sequences } from "../../../streams/edge/sequences.ts";
import { openStore, type Store } from "../../../streams/edge/store.ts";
import { silentLog } from "../../../streams/terminal/log.ts";
import { inFolder, SLAVE_ID } from "./head_end.ts";
import { commandFor, generationOf, headEndKeys } from "./rekeys.ts";

const HOUR = 3_600;
/** The middle of an hour of the day behind the enrolment. */
const NOW_S = (generationOf("M1", 0).enrolment_day + 1) * 86_400 + 9 * HOUR + 1_800;

/** A store whose meter M1 has generation 0 and stands at `NOW_S`. */
async function storeIn(folder: string): Promise<Store> {
  const store = await openStore(folder);
  store.keys.enrol(generationOf("M1", 0));
  store.keys.advance(NOW_S);
  return store;
}

async function withStore(body: (store: Store, folder: string) => Promise<void> | void) {
  await inFolder(async (folder) => {
    const store = await storeIn(folder);
    await body(store, folder);
    store.close();
  });
}

const secondOf = (store: Store, t_s: number) => toHex(store.keys.get("M1")!.keys.secondKey(t_s));
const expected = (generation: number, t_s: number) =>
  toHex(headEndKeys(generationOf("M1", generation)).secondKey(t_s)!);

/** Text of every file of the store: keys are kept there as hexadecimal digits. */
async function filesOf(folder: string): Promise<string> {
  let text = "";
  for await (const { name } of Deno.readDir(folder)) {
    text += new TextDecoder("latin1").decode(await Deno.readFile(`${folder}/${name}`));
  }
  return text;
}

const secretsOf = (store: Store) =>
  JSON.stringify(store.keys.get("M1")!.keys.state()).match(/[0-9a-f]{64}/g)!;

Deno.test("MeterKeys.rekey() seals with the new generation at once, and after a restart", async () => {
  await inFolder(async (folder) => {
    const store = await storeIn(folder);
    assert.equal(secondOf(store, NOW_S), expected(0, NOW_S));
    assert.equal(store.keys.rekey(commandFor("M1", 1, NOW_S)), 1);
    assert.equal(store.keys.get("M1")!.generation, 1);
    assert.equal(secondOf(store, NOW_S), expected(1, NOW_S));
    // What a killed process leaves: a stop in good order would write the keys once more.
    const left = `${folder}/left`;
    await Deno.mkdir(left);
    await Deno.copyFile(`${folder}/slave.db`, `${left}/slave.db`);
    store.close();
    const again = await openStore(left);
    assert.equal(again.keys.get("M1")!.generation, 1);
    assert.deepEqual(again.keys.advance(NOW_S + HOUR), []);
    assert.equal(secondOf(again, NOW_S + HOUR), expected(1, NOW_S + HOUR));
    again.close();
  });
});

Deno.test("MeterKeys.rekey() leaves nothing of the old key, on disk or in memory, nor the new one itself", async () => {
  await withStore(async (store, folder) => {
    const old = store.keys.get("M1")!.keys;
    const secrets = secretsOf(store);
    store.keys.rekey(commandFor("M1", 1, NOW_S));
    const text = await filesOf(folder);
    for (const secret of [...secrets, generationOf("M1", 1).key]) assert.ok(!text.includes(secret));
    assert.ok(secretsOf(store).every((secret) => text.includes(secret)), "the search finds keys");
    assert.throws(() => old.secondKey(NOW_S), /erased/);
    // The new chain begins here too: what was sealed before the switch stays shut.
    assert.throws(() => secondOf(store, NOW_S - 2 * HOUR), /erased/);
  });
});

Deno.test("MeterKeys.rekey() changes nothing when the command comes again, or one of before", async () => {
  await withStore((store) => {
    const commands = [1, 2].map((generation) => commandFor("M1", generation, NOW_S));
    for (const command of commands) store.keys.rekey(command);
    const before = JSON.stringify(store.keys.get("M1")!.keys.state());
    for (const command of commands) assert.equal(store.keys.rekey(command), 2);
    assert.equal(JSON.stringify(store.keys.get("M1")!.keys.state()), before);
    assert.equal(rekeyMeter(store.keys, commands[0]!).outcome, "done");
  });
});

Deno.test("MeterKeys.rekey() opens nothing that was wrapped for an hour that is past", async () => {
  await withStore((store) => {
    const command = commandFor("M1", 1, NOW_S - HOUR);
    assert.throws(() => store.keys.rekey(command), StaleError);
    const { outcome, reason } = rekeyMeter(store.keys, command);
    assert.equal(outcome, "expired");
    assert.match(reason!, /its hour is past/);
    assert.equal(store.keys.get("M1")!.generation, 0);
    assert.equal(secondOf(store, NOW_S), expected(0, NOW_S));
    // The head-end asks again, now.
    assert.equal(store.keys.rekey(commandFor("M1", 1, NOW_S)), 1);
  });
});

Deno.test("MeterKeys.rekey() opens what was wrapped for the next hour, and for a slave that was away", async () => {
  for (const ahead of [1, 15, 100]) {
    await withStore((store) => {
      assert.equal(store.keys.rekey(commandFor("M1", 1, NOW_S + ahead * HOUR)), 1);
      assert.equal(secondOf(store, NOW_S), expected(1, NOW_S), "it still seals in its own hour");
    });
  }
});

Deno.test("MeterKeys.rekey() refuses what is not for it, and goes on with the key it has", async () => {
  await withStore((store) => {
    const good = commandFor("M1", 1, NOW_S);
    const flipped = (good.wrapped_key[0] === "0" ? "1" : "0") + good.wrapped_key.slice(1);
    for (
      const changes of [
        { alias: 8 },
        { generation: 2 },
        { enrolment_day: good.enrolment_day - 1 },
        { hour: good.hour + 1 },
        { wrapped_key: flipped },
      ]
    ) {
      assert.throws(() => store.keys.rekey({ ...good, ...changes }), /does not open/);
    }
    assert.throws(() => store.keys.rekey(commandFor("M1", 2, NOW_S)), /wrapped under generation 1/);
    assert.throws(() => store.keys.rekey(commandFor("M2", 1, NOW_S)), /no key that could open/);
    assert.equal(rekeyMeter(store.keys, { ...good, alias: 8 }).outcome, "failed");
    assert.equal(secondOf(store, NOW_S), expected(0, NOW_S));
    store.keys.rekey(good);
  });
});

Deno.test("MeterKeys.rekey() keeps the numbers that were reserved, and so does a key file", async () => {
  await inFolder(async (folder) => {
    const store = await storeIn(folder);
    assert.deepEqual([store.sequences.next("M1"), store.sequences.next("M1")], [1, 2]);
    store.keys.rekey(commandFor("M1", 1, NOW_S));
    assert.equal(store.sequences.next("M1"), 3);
    const path = `${folder}/next.json`;
    await Deno.writeTextFile(path, JSON.stringify(generationOf("M1", 2)));
    await takeKeyFile(path, SLAVE_ID, store.keys, silentLog);
    store.keys.advance(NOW_S);
    assert.equal(secondOf(store, NOW_S), expected(2, NOW_S));
    assert.equal(store.sequences.next("M1"), 4);
    const { boot } = store;
    store.close();
    const database = await openDatabase(folder);
    // Even a count of starts that stood still would hand out no number twice.
    assert.ok(new Sequences(database, boot).next("M1") > 4);
    database.close();
  });
});

/** Runs the child until it has switched twice, then kills it after a random moment. */
async function runAndKill(folder: string): Promise<string[]> {
  const child = new Deno.Command(Deno.execPath(), {
    args: [
      "run",
      "--no-check",
      `--allow-read=${folder},.`,
      `--allow-write=${folder}`,
      new URL("rekey_child.ts", import.meta.url).pathname,
      folder,
      String(NOW_S),
    ],
    stdin: "null",
    stdout: "piped",
    stderr: "inherit",
  }).spawn();
  let text = "";
  let timer: ReturnType<typeof setTimeout> | undefined;
  for await (const part of child.stdout.pipeThrough(new TextDecoderStream())) {
    text += part;
    if (text.split("stands").length < 4) continue;
    timer ??= setTimeout(() => child.kill("SIGKILL"), Math.random() * 40);
  }
  clearTimeout(timer);
  assert.equal((await child.status).signal, "SIGKILL", "the child ended before it was killed");
  // The last line may be cut short by the kill.
  return text.split("\n").slice(0, -1);
}

Deno.test("MeterKeys.rekey() has the old key or the new one when the process is killed, and repeats no number", async () => {
  await inFolder(async (folder) => {
    const numbers = new Set<string>();
    let stands = 0;
    let switching = 0;
    for (let round = 0; round < 8; round++) {
      const lines = await runAndKill(folder);
      assert.ok(lines.length > 0);
      for (const line of lines) {
        const [word, value, secret] = line.split(" ") as [string, string, string?];
        if (word === "switching") switching = Number(value);
        if (word === "stands") {
          const isOneOfBoth = Number(value) === stands || Number(value) === switching;
          assert.ok(isOneOfBoth, `${value} stands, ${stands} stood and ${switching} was coming`);
          stands = Number(value);
        }
        if (word !== "sealed") continue;
        assert.ok(!numbers.has(value), `${value} was used twice`);
        numbers.add(value);
        const key = headEndKeys(generationOf("M1", Number(value.split("/")[0]))).secondKey(NOW_S)!;
        assert.equal(secret, [...key.subarray(0, 4)].join("."), value);
      }
    }
    assert.ok(stands > 8, `only ${stands} switches`);
    const store = await openStore(folder);
    const { generation } = store.keys.get("M1")!;
    assert.ok(generation === stands || generation === switching);
    assert.equal(store.keys.rekey(commandFor("M1", generation + 1, NOW_S)), generation + 1);
    store.close();
    const text = await filesOf(folder);
    for (let old = 0; old <= generation; old++) {
      const keys = headEndKeys(generationOf("M1", old));
      assert.ok(!text.includes(toHex(keys.hourKey(Math.floor(NOW_S / HOUR))!)), `${old}`);
    }
  });
});
