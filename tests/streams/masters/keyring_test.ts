import assert from "node:assert/strict";
import { utf8 } from "../../../protocol/bytes.ts";
import type { Enrolment } from "../../../protocol/messages/enrolment.ts";
import { HeadEndKeys } from "../../../protocol/tves/keys.ts";
import { wrapKey } from "../../../protocol/tves/wrap.ts";
import type { Bucket } from "../../../streams/jetstream/broker.ts";
import { Keyring } from "../../../streams/masters/keyring.ts";
import { createLog, silentLog } from "../../../streams/terminal/log.ts";

const KEK = new Uint8Array(32).fill(3);
const DAY = 20_500;
const T_S = DAY * 86_400 + 500;
const NOW_MS = T_S * 1_000;

const rootOf = (generation: number) => new Uint8Array(32).fill(generation + 1);
const wrapped = (generation: number) => ({
  generation,
  enrolment_day: DAY,
  wrapped_key: wrapKey({
    ...{ kek: KEK, key: rootOf(generation), meterId: "M1", generation },
    nonce: new Uint8Array(12).fill(generation),
  }),
});

/** A bucket with one entry, which can be changed under its watcher. */
async function ringWith(...keys: Enrolment["keys"]) {
  const said: string[] = [];
  let tell: Parameters<Bucket["watch"]>[0] = () => {};
  let revision = 0;
  const put = (keys: Enrolment["keys"]) => {
    const entry = { meter_id: "M1", alias: 7, slave_id: "s", consumer_number: "C", keys };
    tell("M1", utf8(JSON.stringify({ ...entry, enrolled_at_ms: 0 })), ++revision);
  };
  const putText = (text: string) => tell("M1", utf8(text), ++revision);
  const remove = () => tell("M1", undefined, ++revision);
  const watch: Bucket["watch"] = (onEntry) => {
    tell = onEntry;
    put(keys);
    return Promise.resolve({ stop: () => Promise.resolve() });
  };
  const log = createLog("test", (text) => void said.push(text));
  const ring = new Keyring({ watch } as Bucket, KEK, log);
  await ring.start();
  return { ring, put, putText, remove, said };
}

const secondOf = (ring: Keyring, generation: number, arrival_ms = NOW_MS) =>
  ring.find(7)!.keysOf(generation, arrival_ms)?.secondKey(T_S);
const expected = (generation: number) =>
  new HeadEndKeys({ key: rootOf(generation), generation, enrolmentDay: DAY, meterId: "M1" })
    .secondKey(T_S);

Deno.test("Keyring knows a new generation as soon as the bucket has it, and the old one still", async () => {
  const { ring, put } = await ringWith(wrapped(0));
  assert.deepEqual(secondOf(ring, 0), expected(0));
  assert.equal(secondOf(ring, 1), undefined);
  put([wrapped(0), wrapped(1)]);
  assert.deepEqual(secondOf(ring, 1), expected(1));
  assert.deepEqual(secondOf(ring, 0), expected(0));
});

Deno.test("Keyring has no key for what arrives under a retired generation, and the key for what came before", async () => {
  const { ring, put } = await ringWith(wrapped(0), wrapped(1));
  assert.deepEqual(secondOf(ring, 0, NOW_MS + 1), expected(0));
  put([{ ...wrapped(0), not_after_ms: NOW_MS }, wrapped(1)]);
  assert.equal(secondOf(ring, 0, NOW_MS + 1), undefined);
  assert.deepEqual(secondOf(ring, 0, NOW_MS), expected(0));
  assert.equal(secondOf(ring, 0, NOW_MS + 1), undefined, "also once it was unwrapped");
  assert.deepEqual(secondOf(ring, 1, NOW_MS + 1), expected(1));
});

Deno.test("Keyring starts when all that it tries first is retired: a retired key still proves the file", async () => {
  const retired = { ...wrapped(0), not_after_ms: 1 };
  const { ring } = await ringWith(retired);
  assert.equal(ring.size, 1);
  assert.equal(secondOf(ring, 0), undefined);
});

Deno.test("Keyring keeps each meter's keys apart, also where one took the place of another's", async () => {
  let tell: Parameters<Bucket["watch"]>[0] = () => {};
  const watch: Bucket["watch"] = (onEntry) => {
    tell = onEntry;
    return Promise.resolve({ stop: () => Promise.resolve() });
  };
  const ring = new Keyring({ watch } as Bucket, KEK, silentLog);
  await ring.start();
  const put = (alias: number, revision: number, keys?: Enrolment["keys"]) => {
    const entry = { meter_id: "M1", alias, slave_id: "s", consumer_number: "C", keys };
    const text = JSON.stringify({ ...entry, enrolled_at_ms: 0 });
    tell("M1", keys && utf8(text), revision);
  };
  const second = (alias: number, generation: number) =>
    ring.find(alias)?.keysOf(generation, NOW_MS)?.secondKey(T_S);
  put(7, 1, [wrapped(0), wrapped(1)]);
  for (const generation of [0, 1, 0, 1]) {
    assert.deepEqual(second(7, generation), expected(generation));
  }
  assert.equal(ring.slaveOf("M1"), "s");
  put(7, 2, [wrapped(0)]); // What was unwrapped of the entry before is wiped.
  assert.deepEqual([second(7, 0), second(7, 1)], [expected(0), undefined]);
  put(2 ** 32 - 1, 3, [wrapped(1), wrapped(0)]);
  assert.equal(second(7, 0), undefined);
  for (const generation of [1, 0]) {
    assert.deepEqual(second(2 ** 32 - 1, generation), expected(generation));
  }
  put(7, 1, [wrapped(0)]); // Older than what is known.
  assert.equal(ring.find(7), undefined);
  put(0, 4);
  assert.deepEqual([ring.size, ring.slaveOf("M1"), second(2 ** 32 - 1, 0)], [0, ...none, ...none]);
});

const none = [undefined] as const;

Deno.test("Keyring looks an unknown meter up once in a while, a batch at a time, and forgets them again", async () => {
  let looks = 0;
  let atOnce = 0;
  const bucket = {
    watch: () => Promise.resolve({ stop: () => Promise.resolve() }),
    get: async () => {
      looks += 1;
      atOnce += 1;
      await Promise.resolve();
      assert.ok(atOnce <= 128);
      atOnce -= 1;
      return undefined;
    },
  } as unknown as Bucket;
  const ring = new Keyring(bucket, KEK, silentLog, Infinity);
  await ring.start();
  const inputsOf = (from: number) =>
    Array.from({ length: 128 }, (_, i) => ({
      ...{ sequence: 1, id: `M${from + i}`, payload: new Uint8Array(), arrival_ms: 0 },
    }));
  await ring.refresh(inputsOf(0));
  await ring.refresh(inputsOf(0));
  await ring.refresh([{ ...inputsOf(0)[0]!, id: "not a name.*" }]);
  assert.equal(looks, 128, "the second time they are known to be unknown");
  for (let from = 0; from < 12_800; from += 128) {
    await ring.refresh(inputsOf(from));
    assert.ok(ring.unknown <= 10_000);
  }
});

Deno.test("Keyring looks up a bounded number a second, whatever comes, and finds the rest later", async () => {
  let looks = 0;
  const entry = { meter_id: "M29", alias: 7, slave_id: "s", consumer_number: "C" };
  const value = utf8(JSON.stringify({ ...entry, keys: [wrapped(0)], enrolled_at_ms: 0 }));
  const bucket = {
    watch: () => Promise.resolve({ stop: () => Promise.resolve() }),
    get: (key: string) => {
      looks += 1;
      return Promise.resolve(key === "M29" ? { key, value, revision: 1 } : undefined);
    },
  } as unknown as Bucket;
  const ring = new Keyring(bucket, KEK, silentLog);
  await ring.start();
  const inputs = Array.from({ length: 30 }, (_, i) => ({
    ...{ sequence: 1, id: `M${i}`, payload: new Uint8Array(), arrival_ms: 0 },
  }));
  const begin_ms = performance.now();
  for (let i = 0; i < 20; i++) await ring.refresh(inputs);
  assert.ok(performance.now() - begin_ms >= 1_000 || looks === 16, `${looks} look-ups`);
  while (performance.now() - begin_ms < 1_010) await new Promise((go) => setTimeout(go, 50));
  await ring.refresh(inputs);
  assert.equal(looks, 30);
  assert.equal(ring.size, 1);
});

Deno.test("Keyring keeps what it knows of a meter when its entry becomes unreadable, and says so", async () => {
  const { ring, put, putText, remove, said } = await ringWith(wrapped(0));
  for (const broken of ["{", '{"meter_id":"M1"}']) {
    putText(broken);
    assert.deepEqual(secondOf(ring, 0), expected(0), broken);
  }
  assert.equal(said.filter((line) => /enrolment not readable.*M1/s.test(line)).length, 2);
  put([wrapped(0), wrapped(1)]);
  assert.deepEqual(secondOf(ring, 1), expected(1), "and takes the next one that is readable");
  remove();
  assert.equal(ring.find(7), undefined);
});
