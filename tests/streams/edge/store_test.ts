import assert from "node:assert/strict";
import { toHex } from "../../../protocol/bytes.ts";
import { HeadEndKeys } from "../../../protocol/tves/keys.ts";
import { takeKeyFile } from "../../../streams/edge/key_file.ts";
import { OutboxFullError } from "../../../streams/edge/outbox.ts";
import { openDatabase } from "../../../streams/edge/database.ts";
import { Sequences } from "../../../streams/edge/sequences.ts";
import { openStore } from "../../../streams/edge/store.ts";
import { silentLog } from "../../../streams/terminal/log.ts";
import { inFolder, keyFileOf, SLAVE_ID } from "./head_end.ts";

const clock = { quality: 2, offset_ms: 0 } as const;
const readingAt = (read_at_ms: number, meter_id = "M1") => ({
  meter_id,
  read_at_ms,
  registers: [{ obis: "1-0:1.8.0", value: 5, unit: "Wh", read_at_ms }],
});

/** Processes that are killed, one after the other, on the same data. */
const ROUNDS = 10;

/** Lines that a child which is killed while it works says before, however busy the machine is. */
const LINES_MIN = 24;

/** Runs the child and kills it at a random moment: while it works, or while it starts. */
async function runAndKill(folder: string, starting: boolean): Promise<string[]> {
  const child = new Deno.Command(Deno.execPath(), {
    args: [
      "run",
      "--no-check",
      `--allow-read=${folder},.`,
      `--allow-write=${folder}`,
      new URL("store_child.ts", import.meta.url).pathname,
      folder,
    ],
    stdin: "null",
    stdout: "piped",
    stderr: "inherit",
  }).spawn();
  let text = "";
  const killIn = (delay_ms: number) => setTimeout(() => child.kill("SIGKILL"), delay_ms);
  let timer = starting ? killIn(80 + Math.random() * 150) : undefined;
  for await (const part of child.stdout.pipeThrough(new TextDecoderStream())) {
    text += part;
    if (text.split("\n").length > LINES_MIN) timer ??= killIn(Math.random() * 80);
  }
  clearTimeout(timer);
  const status = await child.status;
  assert.equal(status.signal, "SIGKILL", "the child ended before it was killed");
  // The last line may be cut short by the kill.
  return text.split("\n").slice(0, -1);
}

/** Kills process after process on the data in `folder`, then looks at what stands there. */
async function outlive(folder: string): Promise<void> {
  const kept = new Set<number>();
  const perhaps = new Set<number>();
  const numbers = new Set<string>();
  for (let round = 0; round < ROUNDS; round++) {
    for (const line of await runAndKill(folder, round % 3 === 2)) {
      const [word, value] = line.split(" ") as [string, string];
      if (word === "put") kept.add(Number(value));
      if (word === "deleting" && kept.delete(Number(value))) perhaps.add(Number(value));
      if (word !== "sequence") continue;
      assert.ok(!numbers.has(value), `(generation, boot, sequence) ${value} was used twice`);
      numbers.add(value);
    }
  }
  assert.ok(kept.size > 20, `only ${kept.size} readings`);
  const store = await openStore(folder);
  assert.ok(store.boot > ROUNDS / 2 && store.boot <= ROUNDS + 1, `boot ${store.boot}`);
  const found = new Set(store.outbox.moments("M1", Number.MAX_SAFE_INTEGER, 1_000_000, []));
  for (const read_at_ms of kept) assert.ok(found.has(read_at_ms), `${read_at_ms} is lost`);
  assert.ok(found.size - kept.size <= perhaps.size + ROUNDS);
  assert.equal(store.outbox.count, found.size);
  store.close();
}

Deno.test("openStore() keeps every reading and reuses no number when the process is killed at random", async () => {
  await inFolder(async (folder) => {
    const folders = ["a", "b", "c"].map((name) => `${folder}/${name}`);
    for (const each of folders) await Deno.mkdir(each);
    await Promise.all(folders.map(outlive));
  });
});

Deno.test("openStore() refuses a second slave on the same data directory", async () => {
  await inFolder(async (folder) => {
    const store = await openStore(folder);
    await assert.rejects(openStore(folder), /in use: another slave/);
    store.close();
    (await openStore(folder)).close();
  });
});

Deno.test("openStore() keeps all of it from other users of the machine", async () => {
  await inFolder(async (folder) => {
    const store = await openStore(`${folder}/data`);
    store.outbox.put(readingAt(1), clock);
    for await (const { name } of Deno.readDir(`${folder}/data`)) {
      assert.equal((await Deno.stat(`${folder}/data/${name}`)).mode! & 0o777, 0o600, name);
    }
    assert.equal((await Deno.stat(`${folder}/data`)).mode! & 0o777, 0o700);
    store.close();
  });
});

Deno.test("Outbox refuses what is too much and never drops the oldest", async () => {
  await inFolder(async (folder) => {
    const store = await openStore(folder, 3);
    for (const at of [1, 2, 3]) assert.equal(store.outbox.put(readingAt(at), clock), true);
    assert.throws(() => store.outbox.put(readingAt(4), clock), OutboxFullError);
    assert.deepEqual(store.outbox.moments("M1", 10, 10, []), [1, 2, 3]);
    store.outbox.delete([{ meter_id: "M1", read_at_ms: 2 }, { meter_id: "M1", read_at_ms: 99 }]);
    assert.equal(store.outbox.count, 2);
    assert.equal(store.outbox.put(readingAt(3), clock), false, "the same reading is kept once");
    assert.equal(store.outbox.put(readingAt(4), clock), true);
    assert.deepEqual(store.outbox.moments("M1", 3, 10, [1]), [3]);
    assert.deepEqual(store.outbox.get({ meter_id: "M1", read_at_ms: 4 }), readingAt(4));
    assert.equal(store.outbox.get({ meter_id: "M1", read_at_ms: 2 }), undefined);
    store.close();
  });
});

Deno.test("takeKeyFile() keeps no key that opens the past, and deletes the file", async () => {
  await inFolder(async (folder) => {
    const file = keyFileOf("M1");
    const path = `${folder}/M1.json`;
    await Deno.writeTextFile(path, JSON.stringify(file));
    const store = await openStore(`${folder}/data`);
    await takeKeyFile(path, SLAVE_ID, store.keys, silentLog);
    await assert.rejects(Deno.stat(path), Deno.errors.NotFound);
    await takeKeyFile(path, SLAVE_ID, store.keys, silentLog);
    const now_s = Math.floor(Date.now() / 1_000);
    const first = JSON.stringify(store.keys.get("M1")!.keys.state());
    assert.deepEqual(store.keys.advance(now_s), []);
    // Nothing of the beginning may stand in any file: not the key, not the first links.
    const bytes: string[] = [file.key, ...first.match(/[0-9a-f]{64}/g)!];
    store.keys.get("M1");
    for await (const { name } of Deno.readDir(`${folder}/data`)) {
      const text = new TextDecoder("latin1").decode(await Deno.readFile(`${folder}/data/${name}`));
      for (const secret of bytes) assert.ok(!text.includes(secret), `${name} holds an old key`);
    }
    store.close();
    const again = await openStore(`${folder}/data`);
    const headEnd = new HeadEndKeys({
      key: Uint8Array.from(file.key.match(/../g)!, (pair) => parseInt(pair, 16)),
      generation: file.generation,
      enrolmentDay: file.enrolment_day,
      meterId: "M1",
    });
    const edge = again.keys.get("M1")!.keys;
    assert.equal(toHex(edge.secondKey(now_s)), toHex(headEnd.secondKey(now_s)!));
    again.close();
  });
});

Deno.test("takeKeyFile() refuses a file that is not for this slave, malformed, or not newer", async () => {
  await inFolder(async (folder) => {
    const store = await openStore(`${folder}/data`);
    const path = `${folder}/key.json`;
    const take = async (content: unknown) => {
      await Deno.writeTextFile(path, JSON.stringify(content));
      await takeKeyFile(path, SLAVE_ID, store.keys, silentLog);
    };
    await assert.rejects(take({ ...keyFileOf("M1"), slave_id: "north" }), /is for slave north/);
    await assert.rejects(take({ ...keyFileOf("M1"), key: "00" }), /key: 64 hexadecimal digits/);
    assert.ok(await Deno.stat(path), "a refused file is not deleted");
    await take(keyFileOf("M1", 7, 2));
    await assert.rejects(take(keyFileOf("M1", 7, 1)), /would set it back/);
    await take(keyFileOf("M1", 7, 3));
    assert.equal(store.keys.get("M1")!.generation, 3);
    store.close();
  });
});

Deno.test("openStore() refuses to start once the count of starts is used up", async () => {
  await inFolder(async (folder) => {
    const store = await openStore(folder);
    store.close();
    const { DatabaseSync } = await import("node:sqlite");
    const database = new DatabaseSync(`${folder}/slave.db`);
    database.exec("update slave set value = '65535' where name = 'boot'");
    database.close();
    await assert.rejects(openStore(folder), /started 65535 times/);
  });
});

Deno.test("Sequences hands out what was not reserved before, even if the count of starts stood still", async () => {
  await inFolder(async (folder) => {
    const store = await openStore(folder);
    store.keys.enrol(keyFileOf("M1"));
    const used = [store.sequences.next("M1"), store.sequences.next("M1")];
    assert.deepEqual(used, [1, 2]);
    store.close();
    const database = await openDatabase(folder);
    const again = new Sequences(database, store.boot).next("M1");
    assert.ok(again > 2, `${again} may have been used`);
    assert.equal(new Sequences(database, store.boot + 1).next("M1"), 1);
    assert.throws(() => new Sequences(database, 1).next("M9"), /no key/);
    database.close();
  });
});

Deno.test("Outbox.delete() leaves nothing of a consumption on the disk", async () => {
  await inFolder(async (folder) => {
    const store = await openStore(folder);
    for (let i = 0; i < 200; i++) store.outbox.put(readingAt(1_000 + i, "SECRET"), clock);
    store.outbox.delete(Array.from({ length: 200 }, (_, i) => readingAt(1_000 + i, "SECRET")));
    store.close();
    for await (const { name } of Deno.readDir(folder)) {
      const text = new TextDecoder("latin1").decode(await Deno.readFile(`${folder}/${name}`));
      assert.ok(!text.includes("SECRET"), name);
    }
  });
});
