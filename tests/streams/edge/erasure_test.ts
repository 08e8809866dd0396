import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { fromHex, toHex } from "../../../protocol/bytes.ts";
import { parseFrame } from "../../../protocol/tves/frame.ts";
import { openFrame } from "../../../protocol/tves/open.ts";
import {
  firstDayKey,
  firstHourKey,
  frameKeys,
  HOURS_A_DAY,
  nextDayKey,
  nextHourKey,
  secondKeyOf,
  SECONDS_A_DAY,
  SECONDS_A_HOUR,
} from "../../../protocol/tves/schedule.ts";
import { takeKeyFile } from "../../../streams/edge/key_file.ts";
import { openStore } from "../../../streams/edge/store.ts";
import { silentLog } from "../../../streams/terminal/log.ts";
import { inFolder, keyFileOf, SLAVE_ID, until } from "./head_end.ts";
import { withSimulatedSlave } from "./simulated_slave.ts";

const FILE = keyFileOf("M1");
/** Two days after the enrolment. */
const DAY = FILE.enrolment_day + 2;
const DAY_S = DAY * SECONDS_A_DAY;

/** Every key of the chain from the enrolment to the end of `lastDay`, by name. */
function chain(lastDay: number): Map<string, Uint8Array> {
  const found = new Map([["K", fromHex(FILE.key)]]);
  let dayKey = firstDayKey(fromHex(FILE.key), FILE.generation, FILE.enrolment_day, "M1");
  for (let day = FILE.enrolment_day; day <= lastDay; day++) {
    found.set(`D[${day - DAY}]`, dayKey);
    let hourKey = firstHourKey(dayKey);
    for (let hour = 0; hour < HOURS_A_DAY; hour++) {
      found.set(`H[${day - DAY},${hour}]`, hourKey);
      hourKey = nextHourKey(hourKey);
    }
    dayKey = nextDayKey(dayKey);
  }
  return found;
}

/** All bytes of all files in `folder`: database, log, free pages. */
async function allBytes(folder: string): Promise<Buffer> {
  const parts: Uint8Array[] = [];
  for await (const { name } of Deno.readDir(folder)) {
    parts.push(await Deno.readFile(`${folder}/${name}`));
  }
  return Buffer.concat(parts);
}

/** Whether `secret`, or a third of it, stands in `bytes` as it is, in hexadecimal or in base64. */
function holds(bytes: Buffer, secret: Uint8Array): boolean {
  const hex = toHex(secret);
  const parts = [hex.slice(0, 20), hex.slice(22, 42), hex.slice(44)];
  return parts.some((part) =>
    bytes.includes(part) || bytes.includes(part.toUpperCase()) ||
    bytes.includes(Buffer.from(part, "hex"))
  ) || bytes.includes(Buffer.from(secret).toString("base64").slice(0, 24));
}

/** The names of the chain's keys that stand in `folder`. */
async function keysIn(folder: string): Promise<string[]> {
  const bytes = await allBytes(folder);
  return [...chain(DAY + 2)].filter(([, key]) => holds(bytes, key)).map(([name]) => name);
}

/** Every key of an hour that can be made from what stands in `folder`, whatever it is taken for. */
async function hourKeys(folder: string): Promise<Uint8Array[]> {
  const text = (await allBytes(folder)).toString("latin1");
  const stored = new Set([...text.matchAll(/[0-9a-f]{64}/g)].map(([hex]) => hex));
  const found: Uint8Array[] = [];
  const addHours = (first: Uint8Array) => {
    for (let key = first, hour = 0; hour < HOURS_A_DAY; hour++, key = nextHourKey(key)) {
      found.push(key);
    }
  };
  for (const hex of stored) {
    addHours(fromHex(hex));
    for (let key = fromHex(hex), day = 0; day < 3; day++, key = nextDayKey(key)) {
      addHours(firstHourKey(key));
    }
  }
  return found;
}

/** Whether anything that stands in `folder` opens `frame`, which was sealed soon after `t_s`. */
async function opens(folder: string, frame: Uint8Array, t_s: number): Promise<boolean> {
  const parsed = parseFrame(frame);
  assert.ok(parsed.ok);
  const hours = await hourKeys(folder);
  for (let second = t_s; second < t_s + 30; second++) {
    for (const hour of hours) {
      const key = secondKeyOf(hour, second);
      const com = toHex(frameKeys(key, parsed.frame.header).commitment);
      if (com !== toHex(parsed.frame.commitment)) continue;
      const keys = { secondKey: () => key };
      return openFrame(parsed.frame, keys as never, [second]).opened;
    }
  }
  return false;
}

Deno.test("startSlave() keeps nothing that opens a frame of a past hour, in no file, at no moment", async () => {
  await withSimulatedSlave(async ({ dataDir, sync, broker }) => {
    const at = (day_s: number) => sync.adopt((DAY_S + day_s) * 1_000);
    const ten = 10 * SECONDS_A_HOUR + 3_500;
    at(ten);
    await until("a frame of hour 10", () => broker.frames.length > 0);
    const early = broker.frames[0]!;
    assert.deepEqual(await keysIn(dataDir), ["H[0,10]", "D[1]"]);
    assert.ok(await opens(dataDir, early, DAY_S + ten), "in its own hour it can be opened");

    const eleven = 11 * SECONDS_A_HOUR;
    at(eleven + 30);
    assert.deepEqual(await keysIn(dataDir), ["H[0,10]", "H[0,11]", "D[1]"]);
    at(eleven + 60);
    assert.deepEqual(await keysIn(dataDir), ["H[0,11]", "D[1]"]);
    assert.ok(!await opens(dataDir, early, DAY_S + ten), "an hour later nothing opens it");

    const before = broker.frames.length;
    at(SECONDS_A_DAY - 100);
    await until("a frame before midnight", () => broker.frames.length > before);
    const late = broker.frames.at(-1)!;
    assert.ok(await opens(dataDir, late, DAY_S + SECONDS_A_DAY - 100));
    at(SECONDS_A_DAY + 30);
    assert.deepEqual(await keysIn(dataDir), ["H[0,23]", "H[1,0]", "D[2]"]);
    at(SECONDS_A_DAY + 60);
    assert.deepEqual(await keysIn(dataDir), ["H[1,0]", "D[2]"]);
    assert.ok(!await opens(dataDir, late, DAY_S + SECONDS_A_DAY - 100));
    assert.ok(!await opens(dataDir, early, DAY_S + ten));
  });
});

Deno.test("startSlave() brings keys forward with the hour though nothing is read or sent", async () => {
  await withSimulatedSlave(({ dataDir, sync }) => {
    sync.adopt((DAY_S + 10 * SECONDS_A_HOUR + 90) * 1_000);
    sync.adopt((DAY_S + 11 * SECONDS_A_HOUR + 90) * 1_000);
    return keysIn(dataDir).then((left) => assert.deepEqual(left, ["H[0,11]", "D[1]"]));
  }, { interval_s: 31 * 86_400 });
});

Deno.test("MeterKeys leaves no old key in the free space of the database's pages", async () => {
  await inFolder(async (folder) => {
    const store = await openStore(folder);
    // Rows that grow and shrink, many to a page, and rows that are replaced.
    const ids = Array.from({ length: 40 }, (_, i) => `M${i}`);
    for (const meter_id of ids) store.keys.enrol({ ...FILE, meter_id });
    const old: Uint8Array[] = [];
    const remember = () => {
      for (const meter_id of ids) {
        const { hour_key, previous_hour_key } = store.keys.get(meter_id)!.keys.state();
        old.push(fromHex(hour_key), ...previous_hour_key ? [fromHex(previous_hour_key)] : []);
      }
    };
    for (let hour = 0; hour < 5; hour++) {
      store.keys.advance(DAY_S + hour * SECONDS_A_HOUR);
      remember();
      store.keys.advance(DAY_S + hour * SECONDS_A_HOUR + 60);
    }
    const longer = "C".repeat(60);
    for (const meter_id of ids) {
      store.keys.enrol({ ...FILE, meter_id, generation: 2, consumer_number: longer });
    }
    const bytes = await allBytes(folder);
    assert.equal(old.filter((key) => holds(bytes, key)).length, 0);
    store.close();
  });
});

Deno.test("startSlave() erases the hour that passed while it was off, as soon as it knows the time", async () => {
  await inFolder(async (folder) => {
    const store = await openStore(folder);
    store.keys.enrol(FILE);
    store.keys.advance(DAY_S + 5);
    store.close();
    assert.deepEqual(await keysIn(folder), ["H[0,0]", "D[1]"]);
    const again = await openStore(folder);
    again.keys.advance(DAY_S + SECONDS_A_DAY + 5 * SECONDS_A_HOUR + 90);
    assert.deepEqual(await keysIn(folder), ["H[1,5]", "D[2]"]);
    again.close();
    assert.deepEqual(await keysIn(folder), ["H[1,5]", "D[2]"]);
  });
});

Deno.test("takeKeyFile() overwrites the key before it deletes the file", async () => {
  await inFolder(async (folder) => {
    const path = `${folder}/M1.json`;
    await Deno.writeTextFile(path, JSON.stringify(FILE));
    await Deno.link(path, `${folder}/other-name`); // What the blocks of the file hold afterwards.
    const store = await openStore(`${folder}/data`);
    await takeKeyFile(path, SLAVE_ID, store.keys, silentLog);
    store.close();
    const left = await Deno.readFile(`${folder}/other-name`);
    assert.ok(left.length > 0 && left.every((byte) => byte === 0));
  });
});
