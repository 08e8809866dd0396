import assert from "node:assert/strict";
import { enrolment } from "../../../protocol/messages/enrolment.ts";
import { parseJson } from "../../../protocol/schema.ts";
import { toHex } from "../../../protocol/bytes.ts";
import { unwrapKey } from "../../../protocol/tves/wrap.ts";
import type { Kysely } from "../../../streams/database/kysely.ts";
import type { Database } from "../../../streams/database/schema.ts";
import type { Broker } from "../../../streams/jetstream/broker.ts";
import { enrol, ENROLMENTS } from "../../../streams/office/enrol.ts";
import { type EnrolInput, enrolInput } from "../../../streams/office/enrol_input.ts";
import type { OfficeContext } from "../../../streams/office/office.ts";
import { silentLog } from "../../../streams/terminal/log.ts";
import { withBroker } from "../../support/broker.ts";
import { emptyTables, withDatabase, withPostgres } from "../../support/database.ts";
import { postgresBinaries } from "../../support/postgres.ts";

const NOW_MS = Date.UTC(2026, 9, 1, 20, 0, 0);
const KEK = new Uint8Array(32).fill(7);

const ASHA: EnrolInput = {
  meter_id: "MH1",
  slave_id: "edge-1",
  consumer_number: "170012345678",
  name: "Asha Patil",
  address: "12 Tilak Road, Pune",
  phone: "+919800000001",
  language: "mr",
  opening_reading_wh: 1_234_500,
};

const contextOf = (db: Kysely<Database>, broker: Broker): OfficeContext => ({
  ...{ db, broker, log: silentLog, now_ms: () => NOW_MS, kek: KEK },
});

const ask = (input: EnrolInput, context: OfficeContext) => enrol(enrolInput.parse(input), context);

async function entryOf(broker: Broker, meter_id: string) {
  const entry = await (await broker.bucket(ENROLMENTS)).get(meter_id);
  return entry && parseJson(enrolment, new TextDecoder().decode(entry.value), meter_id);
}

Deno.test("enrol() on the embedded database", async (t) => {
  await withBroker(({ broker }) => withDatabase((db) => cases(t, broker, db)));
});

// Only a server has transactions that run at the same time.
Deno.test({
  name: "enrol() on PostgreSQL",
  ignore: postgresBinaries() === undefined,
  fn: (t) =>
    withBroker(async ({ broker }) => {
      await withPostgres((db) => cases(t, broker, db));
    }),
});

async function cases(t: Deno.TestContext, broker: Broker, db: Kysely<Database>): Promise<void> {
  const context = contextOf(db, broker);
  const bucket = await broker.bucket(ENROLMENTS);
  const step = (name: string, fn: () => Promise<void>) =>
    t.step(name, async () => {
      await emptyTables(db);
      for (const key of await bucket.keys()) await bucket.delete(key);
      await fn();
    });

  await step("says where the tariff of an account bills nobody yet", async () => {
    assert.equal((await ask(ASHA, context)).bills_nobody, null);
    const other = { meter_id: "MH2", consumer_number: "C2", tariff_id: "karnataka-lt-1" };
    assert.match((await ask({ ...ASHA, ...other }, context)).bills_nobody!, /not whole and bills/);
  });

  await step(
    "writes the rows, the entry for the masters, and the same key in both",
    async () => {
      const { created, account_id, key_file } = await ask(ASHA, context);
      assert.deepEqual([created, account_id, key_file.alias], [true, "170012345678", 1]);
      const entry = (await entryOf(broker, "MH1"))!;
      const { generation, wrapped_key, enrolment_day } = entry.keys[0]!;
      const key = unwrapKey({ kek: KEK, wrapped: wrapped_key, meterId: "MH1", generation });
      assert.equal(toHex(key), key_file.key);
      assert.equal(enrolment_day, Math.floor(NOW_MS / 86_400_000));
      assert.equal(key_file.enrolment_day, enrolment_day);
      assert.doesNotMatch(JSON.stringify(entry), new RegExp(key_file.key));
      const account = await db.selectFrom("account").selectAll().executeTakeFirstOrThrow();
      // Half past one at night in India is the next day.
      assert.equal(account.opened_on, "2026-10-02");
      const installation = await db.selectFrom("installation").selectAll()
        .executeTakeFirstOrThrow();
      assert.equal(installation.opening_reading_wh, 1_234_500);
      assert.equal(installation.installed_at.getTime(), NOW_MS);
      const audit = await db.selectFrom("audit").selectAll().executeTakeFirstOrThrow();
      assert.doesNotMatch(JSON.stringify(audit), new RegExp(key_file.key));
    },
  );

  await step(
    "gives the same key again when the same is asked again, even at once",
    async () => {
      const all = await Promise.all([1, 2, 3].map(() => ask(ASHA, context)));
      all.push(await ask(ASHA, context));
      assert.equal(new Set(all.map(({ key_file }) => JSON.stringify(key_file))).size, 1);
      assert.equal(all.at(-1)!.created, false);
    },
  );

  await step("gives a meter the suite that is asked for, and no other later", async () => {
    const { key_file } = await ask({ ...ASHA, suite: 2 }, context);
    assert.equal(key_file.suite, 2);
    assert.equal((await ask(ASHA, context)).key_file.suite, 2);
    await assert.rejects(ask({ ...ASHA, suite: 3 }, context), /suite/);
  });

  await step("completes an enrolment of which only the rows were written", async () => {
    await assert.rejects(
      ask(ASHA, { ...context, broker: { ...broker, bucket: brokenAfterGet(broker) } }),
      /broker went away/,
    );
    assert.equal(await entryOf(broker, "MH1"), undefined);
    const { created, key_file } = await ask(ASHA, context);
    assert.deepEqual([created, key_file.alias], [true, 1]);
  });

  await step("takes the masters' alias when the database was lost", async () => {
    await ask({ ...ASHA, meter_id: "MH0" }, context);
    const before = await ask(ASHA, context);
    await emptyTables(db);
    assert.deepEqual((await ask(ASHA, context)).key_file, before.key_file);
    assert.equal(before.key_file.alias, 2);
  });

  await step("refuses what differs, names it, and changes nothing", async () => {
    await ask(ASHA, context);
    await assert.rejects(
      ask({ ...ASHA, name: "Asha P.", phone: "+919800000002" }, context),
      /Consumer 170012345678 is known already and differs: name is "Asha Patil", not "Asha P\."; phone/,
    );
    await assert.rejects(ask({ ...ASHA, slave_id: "edge-2" }, context), /slave_id is "edge-1"/);
    await assert.rejects(
      ask({ ...ASHA, opening_reading_wh: 5 }, context),
      /Installation of meter MH1 .* opening_reading_wh is 1234500, not 5/,
    );
    await assert.rejects(
      ask({ ...ASHA, consumer_number: "9", name: "Other" }, context),
      /Enrolment of meter MH1 .* consumer_number/,
    );
    await assert.rejects(
      ask({ ...ASHA, meter_id: "MH2", tariff_id: "none" }, context),
      /No tariff "none"/,
    );
    await assert.rejects(
      ask({ ...ASHA, meter_id: "MH2", tariff_id: "example-commercial-tod" }, context),
      /bills nobody: its rates are made up/,
    );
    assert.equal((await db.selectFrom("consumer").selectAll().execute()).length, 1);
    assert.deepEqual(await bucket.keys(), ["MH1"]);
  });

  await step("digits of the register may be told later, and then stand", async () => {
    const digits = async () =>
      (await db.selectFrom("meter").selectAll().executeTakeFirstOrThrow()).register_digits;
    await ask(ASHA, context);
    assert.equal(await digits(), null);
    await ask({ ...ASHA, register_digits: 6 }, context);
    assert.equal(await digits(), 6);
    await ask(ASHA, context);
    assert.equal(await digits(), 6, "not told is no other number");
    await assert.rejects(
      ask({ ...ASHA, register_digits: 5 }, context),
      /register_digits is 6, not 5/,
    );
  });

  await step("takes a contract demand that was not known, and refuses to change one", async () => {
    await ask({ ...ASHA, contract_va: 60_000 }, context);
    const { contract_va } = await db.selectFrom("account").selectAll().executeTakeFirstOrThrow();
    assert.equal(contract_va, 60_000);
    await assert.rejects(
      ask({ ...ASHA, contract_va: 70_000 }, context),
      /contract_va is 60000, not 70000/,
    );
    // Not told again, it stands.
    await ask(ASHA, context);
  });

  await step("takes a sanctioned load that was not known, and refuses to change one", async () => {
    const load_w = async () =>
      (await db.selectFrom("account").selectAll().executeTakeFirstOrThrow()).sanctioned_load_w;
    await ask(ASHA, context);
    assert.equal(await load_w(), 0);
    await ask({ ...ASHA, sanctioned_load_w: 5_000 }, context);
    assert.equal(await load_w(), 5_000);
    await ask(ASHA, context); // Without a word about the load: nothing differs.
    assert.equal(await load_w(), 5_000);
    await assert.rejects(
      ask({ ...ASHA, sanctioned_load_w: 4_000 }, context),
      /sanctioned_load_w is 5000, not 4000/,
    );
  });

  await step("gives every meter its own alias, also to many at once", async () => {
    const all = await Promise.all(
      Array.from(
        { length: 12 },
        (_, i) => ask({ ...ASHA, meter_id: `MH${i}`, account_id: `A${i}` }, context),
      ),
    );
    assert.equal(new Set(all.map(({ key_file }) => key_file.alias)).size, 12);
  });

  await step("asks for a key-encryption key, and for a name the account can have", async () => {
    const { kek: _, ...without } = context;
    await assert.rejects(ask(ASHA, without), /set SAMAY_KEK_FILE/);
    await assert.rejects(
      ask({ ...ASHA, consumer_number: "17/0012" }, context),
      /cannot name an account.*--account/,
    );
  });
}

/** Buckets that answer questions but take nothing. */
function brokenAfterGet(broker: Broker): Broker["bucket"] {
  return async (name) => ({
    ...await broker.bucket(name),
    create: () => Promise.reject(new Error("broker went away")),
  });
}
