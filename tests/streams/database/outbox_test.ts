import assert from "node:assert/strict";
import { RetryableError } from "../../../protocol/errors.ts";
import { subjects } from "../../../protocol/subjects.ts";
import { nextNumber } from "../../../streams/database/invoice_series.ts";
import type { Kysely } from "../../../streams/database/kysely.ts";
import { enqueue, runOutbox } from "../../../streams/database/outbox.ts";
import type { Database } from "../../../streams/database/schema.ts";
import type { Broker } from "../../../streams/jetstream/broker.ts";
import { silentLog } from "../../../streams/terminal/log.ts";
import { withBroker } from "../../support/broker.ts";
import { testOnEachDatabase, withDatabase } from "../../support/database.ts";
import { eventually } from "../../support/eventually.ts";

type Db = Kysely<Database>;

const waiting = async (db: Db) =>
  (await db.selectFrom("outbox").select("message_id").orderBy("outbox_id").execute())
    .map(({ message_id }) => message_id);

const notice = (n: number) => ({
  subject: subjects.notice("sms", n),
  message_id: `notice-${n}`,
  payload: { notification_id: n, invoice_id: n, channel: "sms" },
});

/** A broker of which only `publish` is there. */
function publisher(publish: Broker["publish"]): Broker {
  return { publish } as Broker;
}

testOnEachDatabase("the outbox", {
  "enqueue() leaves nothing when its transaction is rolled back": async (db) => {
    await assert.rejects(
      db.transaction().execute(async (trx) => {
        await enqueue(trx, notice(1));
        throw new Error("no");
      }),
      /no/,
    );
    await db.transaction().execute(async (trx) => {
      await enqueue(trx, notice(2));
      await enqueue(trx, notice(2));
    });
    assert.deepEqual(await waiting(db), ["notice-2"]);
  },

  "runOutbox() publishes in order and deletes only what was acknowledged": async (db) => {
    await db.transaction().execute(async (trx) => {
      for (const n of [1, 2, 3]) await enqueue(trx, notice(n));
    });
    const seen: (string | undefined)[] = [];
    let down = true;
    const broker = publisher((_subject, _payload, options) => {
      seen.push(options?.messageId);
      if (down && options?.messageId === "notice-2") throw new RetryableError("away");
      return Promise.resolve({ stream: "NOTICES", sequence: seen.length, duplicate: false });
    });
    const outbox = runOutbox(db, broker, silentLog, { poll_ms: 10_000 });
    try {
      await eventually(async () => assert.deepEqual(await waiting(db), ["notice-2"]));
      assert.deepEqual(seen.slice(0, 3), ["notice-1", "notice-2", "notice-3"]);
      down = false;
      await eventually(async () => assert.deepEqual(await waiting(db), []));
      await db.transaction().execute((trx) => enqueue(trx, notice(4)));
      outbox.nudge();
      await eventually(async () => assert.deepEqual(await waiting(db), []), 2_000);
    } finally {
      await outbox.stop();
    }
  },

  "nextNumber() has no gaps under rollback and race": async (db) => {
    const outcomes = await Promise.allSettled(
      Array.from({ length: 30 }, (_, i) =>
        db.transaction().execute(async (trx) => {
          const number = await nextNumber(trx, "MH-2026-27");
          if (i % 3 === 0) throw new Error("rolled back");
          return number;
        })),
    );
    const numbers = outcomes.flatMap((o) => o.status === "fulfilled" ? [o.value] : []);
    assert.deepEqual(
      numbers.sort((a, b) => a - b),
      Array.from({ length: 20 }, (_, i) => i + 1),
    );
    const other = await db.transaction().execute((trx) => nextNumber(trx, "MH-2027-28"));
    assert.equal(other, 1);
  },
});

Deno.test("runOutbox() has one message in the stream after a crash behind the acknowledgement", () =>
  withBroker(({ broker }) =>
    withDatabase(async (db) => {
      await db.transaction().execute((trx) => enqueue(trx, notice(1)));
      // The crash: the broker has it, the row still stands.
      const { payload } = notice(1);
      await broker.publish(
        notice(1).subject,
        new TextEncoder().encode(JSON.stringify(payload)),
        { messageId: "notice-1" },
      );
      const outbox = runOutbox(db, broker, silentLog);
      try {
        await eventually(async () => assert.deepEqual(await waiting(db), []));
      } finally {
        await outbox.stop();
      }
      const ack = await broker.publish(notice(2).subject, new Uint8Array(), { messageId: "n-2" });
      assert.equal(ack.sequence, 2);
    })
  ));
