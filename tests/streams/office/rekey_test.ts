import assert from "node:assert/strict";
import { fromHex, toHex, utf8 } from "../../../protocol/bytes.ts";
import { RetryableError } from "../../../protocol/errors.ts";
import {
  command as commandMessage,
  type RekeyCommand,
} from "../../../protocol/messages/command.ts";
import { type Enrolment, enrolment } from "../../../protocol/messages/enrolment.ts";
import { parseJson } from "../../../protocol/schema.ts";
import { subjects } from "../../../protocol/subjects.ts";
import { HeadEndKeys } from "../../../protocol/tves/keys.ts";
import { openRekey } from "../../../protocol/tves/rekey.ts";
import { unwrapKey } from "../../../protocol/tves/wrap.ts";
import { auditOf } from "../../../streams/database/audit.ts";
import type { Kysely } from "../../../streams/database/kysely.ts";
import type { Database } from "../../../streams/database/schema.ts";
import type { NatsBroker } from "../../../streams/jetstream/connection.ts";
import { enrol, ENROLMENTS } from "../../../streams/office/enrol.ts";
import { enrolInput } from "../../../streams/office/enrol_input.ts";
import type { MeterSheet } from "../../../streams/office/meters.ts";
import { meterVerbs } from "../../../streams/office/meter_verbs.ts";
import type { OfficeContext } from "../../../streams/office/office.ts";
import type { Rekeyed, RekeyInput } from "../../../streams/office/rekey.ts";
import { silentLog } from "../../../streams/terminal/log.ts";
import { withBroker } from "../../support/broker.ts";
import { emptyTables, withDatabase } from "../../support/database.ts";

const NOW_MS = Date.UTC(2026, 9, 1, 20, 30, 0);
const KEK = new Uint8Array(32).fill(7);

const ask = async <T>(verb: string, input: unknown, context: OfficeContext) =>
  await meterVerbs[verb]!.handle(utf8(JSON.stringify(input)), verb, context) as T;
const rekey = (input: RekeyInput, context: OfficeContext) =>
  ask<Rekeyed>("meter-rekey", input, context);
const inFile = (context: OfficeContext, more: Partial<RekeyInput> = {}) =>
  rekey({ meter_id: "MH1", key_file: true, ...more }, context);

async function heard(db: Kysely<Database>): Promise<void> {
  const clock = { quality: 2, offset_s: 0, delay_s: 0, dispersion_s: 0, stratum: 2, source: "b" };
  const report = JSON.stringify({
    ...{ kind: "heartbeat", slave_id: "edge-1", at_ms: NOW_MS, boot: 1, meters: 1, outbox: 0 },
    ...{ clock, faults: [{ meter_id: "MH1", reason: "key generation 1 not taken: too late" }] },
  });
  await db.insertInto("slave")
    .values({ slave_id: "edge-1", last_seen_at: new Date(NOW_MS), report }).execute();
}

Deno.test("meter-rekey", async (t) => {
  await withBroker(({ broker }) => withDatabase((db) => cases(t, broker, db)));
});

async function cases(t: Deno.TestContext, broker: NatsBroker, db: Kysely<Database>): Promise<void> {
  const context = { db, broker, log: silentLog, now_ms: () => NOW_MS, kek: KEK };
  const entries = await broker.bucket(ENROLMENTS);
  const views = await broker.bucket("samay_meters");
  const entryOf = async () =>
    parseJson(enrolment, new TextDecoder().decode((await entries.get("MH1"))!.value), "MH1");
  const used = (generation: number, first_t_s?: number) =>
    views.put(
      "MH1",
      utf8(JSON.stringify({ replay: { generation, boot: 1, highest: 1, first_t_s } })),
    );
  const generations = (entry: Enrolment) => entry.keys.map(({ generation }) => generation);
  const step = (name: string, fn: () => Promise<void>) =>
    t.step(name, async () => {
      await emptyTables(db);
      for (const bucket of [entries, views]) {
        for (const key of await bucket.keys()) await bucket.delete(key);
      }
      const given = {
        ...{ meter_id: "MH1", slave_id: "edge-1", consumer_number: "17", name: "Asha" },
      };
      await enrol(enrolInput.parse(given), context);
      await fn();
    });

  await step("adds a generation with a key of its own, and gives it in a file", async () => {
    const old = (await entryOf()).keys[0]!;
    const { generation, created, retired, key_file } = await inFile(context);
    assert.deepEqual([generation, created, retired], [1, true, []]);
    const entry = await entryOf();
    assert.deepEqual(entry.keys[0], old);
    const { wrapped_key } = entry.keys[1]!;
    const key = toHex(unwrapKey({ kek: KEK, wrapped: wrapped_key, meterId: "MH1", generation: 1 }));
    assert.equal(key, key_file!.key);
    assert.equal(key_file!.generation, 1);
    assert.equal(key_file!.enrolment_day, Math.floor(NOW_MS / 86_400_000));
    const wrapped = old.wrapped_key;
    const before = unwrapKey({ kek: KEK, wrapped, meterId: "MH1", generation: 0 });
    assert.notEqual(key, toHex(before));
    const audit = await auditOf(db, "MH1");
    const detail = { generation: 1, way: "hand", retired: [] };
    assert.deepEqual([audit[0]!.action, audit[0]!.detail], ["meter.rekeyed", detail]);
    assert.doesNotMatch(JSON.stringify([audit, entry]), new RegExp(key));
  });

  await step(
    "gives the same generation again until it was seen in use, also to many at once",
    async () => {
      await used(0);
      const all = await Promise.all([1, 2, 3].map(() => inFile(context)));
      all.push(await inFile({ ...context, now_ms: () => NOW_MS + 86_400_000 }));
      assert.equal(new Set(all.map(({ key_file }) => JSON.stringify(key_file))).size, 1);
      assert.equal(all.filter(({ created }) => created).length, 1);
      assert.deepEqual(generations(await entryOf()), [0, 1]);
      const actions = (await auditOf(db, "MH1")).map(({ action }) => action);
      const count = (wanted: string) => actions.filter((action) => action === wanted).length;
      // Who was outrun had said that a key is made, and says that it was not.
      assert.equal(count("meter.rekeyed") - count("meter.keys-unchanged"), 1);
      assert.equal(count("meter.rekey-repeated"), 3);
      await used(1);
      const next = await inFile(context);
      assert.deepEqual([next.generation, next.created], [2, true]);
    },
  );

  await step(
    "writes no entry over one that was changed meanwhile, and says so in the history",
    async () => {
      const bucket: OfficeContext["broker"]["bucket"] = async (name) => {
        const real = await broker.bucket(name);
        let interfered = name !== ENROLMENTS;
        return {
          ...real,
          update: async (key, value, revision) => {
            if (!interfered) {
              interfered = true;
              const changed = { ...await entryOf(), consumer_number: "18" };
              await real.put(key, utf8(JSON.stringify(changed)));
            }
            return await real.update(key, value, revision);
          },
        };
      };
      await inFile({ ...context, broker: { ...broker, bucket } as NatsBroker });
      const { consumer_number, ...entry } = await entryOf();
      assert.equal(consumer_number, "18");
      assert.deepEqual(generations({ ...entry, consumer_number }), [0, 1]);
      const audit = (await auditOf(db, "MH1")).map(({ action }) => action);
      assert.deepEqual(audit, [
        ...["meter.rekeyed", "meter.keys-unchanged", "meter.rekeyed", "meter.enrolled"],
      ]);
    },
  );

  await step("makes no key without its line of history, whatever breaks off", async () => {
    const bucket: OfficeContext["broker"]["bucket"] = async (name) => {
      const real = await broker.bucket(name);
      const update: typeof real.update = async (...given) => {
        await real.update(...given);
        throw new RetryableError("the answer was lost");
      };
      return name === ENROLMENTS ? { ...real, update } : real;
    };
    const asked = inFile({ ...context, broker: { ...broker, bucket } as NatsBroker });
    await assert.rejects(asked, /the answer was lost/);
    assert.deepEqual(generations(await entryOf()), [0, 1]);
    assert.equal((await auditOf(db, "MH1"))[0]!.action, "meter.rekeyed");
  });

  await step("air then file: a key that went over the air is never given by hand", async () => {
    await heard(db);
    await assert.rejects(rekey({ meter_id: "MH1", wait_s: 0.3 }, context), /not seen/);
    // Whoever has stolen the slave meanwhile opens the command, and has this key.
    const { wrapped_key } = (await entryOf()).keys[1]!;
    const sent = unwrapKey({ kek: KEK, wrapped: wrapped_key, meterId: "MH1", generation: 1 });
    const { key_file, created, generation, retired } = await inFile(context, { retire_old: true });
    assert.deepEqual([created, generation, retired], [true, 2, [0, 1]]);
    assert.notEqual(key_file!.key, toHex(sent));
    assert.deepEqual((await inFile(context)).key_file, key_file, "and the file comes again");
    const { keys } = await entryOf();
    assert.deepEqual(keys.map(({ not_after_ms }) => not_after_ms), [NOW_MS, NOW_MS, undefined]);
  });

  await step(
    "an enrolment that comes again gives no key that went over the air either",
    async () => {
      await heard(db);
      await assert.rejects(rekey({ meter_id: "MH1", wait_s: 0.3 }, context), /not seen/);
      const given = {
        ...{ meter_id: "MH1", slave_id: "edge-1", consumer_number: "17", name: "Asha" },
      };
      await assert.rejects(enrol(enrolInput.parse(given), context), /is given in no file/);
      await inFile(context);
      const { key_file } = await enrol(enrolInput.parse(given), context);
      assert.equal(key_file.generation, 2);
    },
  );

  await step("sends nothing under a retired generation, nor what is in a file", async () => {
    await heard(db);
    const sentUntilNow = async () =>
      (await (await broker.manager()).streams.info("COMMANDS")).state.messages;
    const before = await sentUntilNow();
    await inFile(context);
    const byAir = { meter_id: "MH1", wait_s: 0.3 };
    await assert.rejects(rekey(byAir, context), /generation 1 waits in a key file.*--file-lost/);
    await inFile(context, { retire_old: true });
    await assert.rejects(rekey(byAir, context), /present key is retired.*--key-file/);
    await assert.rejects(rekey({ ...byAir, file_lost: true }, context), /present key is retired/);
    assert.deepEqual(generations(await entryOf()), [0, 1]);
    assert.equal(await sentUntilNow(), before);
  });

  await step("makes another key where the file of the one that waits is lost", async () => {
    const { key_file: first } = await inFile(context);
    const second = await inFile(context, { file_lost: true });
    assert.deepEqual([second.generation, second.created, second.retired], [2, true, [1]]);
    assert.notEqual(second.key_file!.key, first!.key);
  });

  await step("hands out no chain that begins in the future, once the clock is right", async () => {
    await heard(db);
    const ahead = { ...context, now_ms: () => NOW_MS + 8 * 86_400_000 };
    await inFile(ahead);
    const { key_file, retired } = await inFile(context);
    assert.deepEqual([key_file!.generation, retired], [2, [1]]);
    assert.equal(key_file!.enrolment_day, Math.floor(NOW_MS / 86_400_000));
    await used(2);
    await assert.rejects(rekey({ meter_id: "MH1", wait_s: 0.3 }, ahead), /not seen with .* 3/);
    await assert.rejects(rekey({ meter_id: "MH1", wait_s: 0.3 }, context), /not seen with .* 4/);
    const { keys } = await entryOf();
    assert.equal(keys.at(-1)!.enrolment_day, Math.floor(NOW_MS / 86_400_000));
    assert.ok(keys.find(({ generation }) => generation === 3)!.not_after_ms);
  });

  await step("keeps the generation in use, however often air and file alternate", async () => {
    await heard(db);
    await used(0);
    for (let turn = 0; turn < 4; turn++) {
      const byAir = { meter_id: "MH1", wait_s: 0.05, file_lost: true };
      await assert.rejects(rekey(byAir, context), /not seen/);
      await inFile(context);
    }
    const { keys } = await entryOf();
    assert.deepEqual(generations(await entryOf()), [0, 6, 7, 8]);
    assert.deepEqual(keys.map(({ not_after_ms }) => not_after_ms === undefined), [
      ...[true, false, false, true],
    ]);
  });

  await step("keeps a few generations, and ends with the last one", async () => {
    for (let generation = 1; generation <= 6; generation++) {
      await inFile(context);
      await used(generation);
    }
    assert.deepEqual(generations(await entryOf()), [3, 4, 5, 6]);
    const entry = await entryOf();
    const last = entry.keys.map((key, i) => ({ ...key, generation: 252 + i }));
    await entries.put("MH1", utf8(JSON.stringify({ ...entry, keys: last })));
    await used(255);
    await assert.rejects(inFile(context), /used its last key generation, 255: enrol it anew under/);
  });

  await step("retires the older generations at once where the key goes by hand", async () => {
    const { retired } = await inFile(context, { retire_old: true });
    assert.deepEqual(retired, [0]);
    const [old, next] = (await entryOf()).keys;
    assert.deepEqual([old!.not_after_ms, next!.not_after_ms], [NOW_MS, undefined]);
    const later = { ...context, now_ms: () => NOW_MS + 5 };
    assert.deepEqual((await inFile(later, { retire_old: true })).retired, []);
    assert.equal((await entryOf()).keys[0]!.not_after_ms, NOW_MS);
    assert.deepEqual((await auditOf(db, "MH1"))[1]!.detail, {
      ...{ generation: 1, way: "hand", retired: [0] },
    });
  });

  await step(
    "sends the key wrapped for this hour, asks for a reading, and tells why none came",
    async () => {
      await heard(db);
      await assert.rejects(
        rekey({ meter_id: "MH1", wait_s: 0.3, retire_old: true }, context),
        /not seen with key generation 1 within 0\.3 s\. Slave edge-1: it says: key generation 1 not taken: too late\. Its old key goes on working/,
      );
      assert.equal((await entryOf()).keys[0]!.not_after_ms, undefined, "not retired: not in use");
      const manager = await broker.manager();
      const { messages } = (await manager.streams.info("COMMANDS")).state;
      const commands = await Promise.all([1, 2].map(async (n) => {
        const seq = messages - 2 + n;
        const stored = await manager.streams.getMessage("COMMANDS", { seq });
        assert.equal(stored.subject, subjects.command("edge-1"));
        return parseJson(commandMessage, stored.string(), "Command");
      }));
      assert.deepEqual(commands.map(({ command }) => command), ["rekey", "read-now"]);
      const sent = commands[0] as RekeyCommand;
      const { keys, alias } = await entryOf();
      const keyOf = (i: number) =>
        unwrapKey({ kek: KEK, wrapped: keys[i]!.wrapped_key, meterId: "MH1", generation: i });
      const headEnd = new HeadEndKeys({
        ...{ key: keyOf(0), generation: 0, enrolmentDay: keys[0]!.enrolment_day, meterId: "MH1" },
      });
      assert.equal(sent.hour, Math.floor(NOW_MS / 3_600_000));
      const opened = openRekey({
        ...{ meterId: "MH1", alias, underGeneration: 0, generation: 1, hour: sent.hour },
        enrolmentDay: sent.enrolment_day,
        hourKey: headEnd.hourKey(sent.hour)!,
        wrapped: sent.wrapped_key,
      });
      assert.equal(toHex(opened!), toHex(keyOf(1)));
      assert.notDeepEqual(fromHex(sent.wrapped_key), fromHex(keys[1]!.wrapped_key));
    },
  );

  await step("is done, and retires, once a frame of the new generation was opened", async () => {
    await heard(db);
    const asked = rekey({ meter_id: "MH1", wait_s: 5, retire_old: true }, context);
    setTimeout(() => void used(1), 300);
    const { generation, retired, key_file } = await asked;
    assert.deepEqual([generation, retired, key_file], [1, [0], undefined]);
  });

  await step("says in one line what is missing", async () => {
    await assert.rejects(rekey({ meter_id: "MH1" }, context), /edge-1 was never heard.*--key-file/);
    assert.deepEqual(generations(await entryOf()), [0], "no key is made for nothing");
    const { kek: _, ...without } = context;
    await assert.rejects(inFile(without), /cannot re-key meters: set SAMAY_KEK_FILE/);
    await assert.rejects(inFile(context, { meter_id: "MH9" }), /No meter MH9 is enrolled/);
    await entries.delete("MH1");
    await assert.rejects(inFile(context), /has no key to replace: enrol it again/);
  });

  await step("shows the generations of a meter in meter-show", async () => {
    const shown = async () => (await ask<MeterSheet>("meter-show", { meter_id: "MH1" }, context));
    assert.deepEqual((await shown()).generations.map(({ state }) => state), ["waiting"]);
    await used(0);
    await inFile(context, { retire_old: true });
    assert.deepEqual((await shown()).generations.map(({ state }) => state), ["waiting", "retired"]);
    await used(1, 1_790_000_000);
    assert.deepEqual((await shown()).generations[0], {
      ...{ generation: 1, begins_on: "2026-10-01", way: "hand", state: "in use" },
      retired_at: null,
      first_used_at: new Date(1_790_000_000_000).toISOString(),
    });
  });
}
