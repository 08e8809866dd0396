/** A reminder says what is left on the day it leaves, and is not sent of what was paid meanwhile. */
import assert from "node:assert/strict";
import { NOTIFICATION_POLICY } from "../../../actors/notification/state.ts";
import { TerminalError } from "../../../protocol/errors.ts";
import { recordOne } from "../../../streams/accounts/import_payments.ts";
import { outstandingOf } from "../../../streams/accounts/ledger_rows.ts";
import { writeAdjustment } from "../../../streams/accounts/adjust.ts";
import { deliver, type DeliveryOptions } from "../../../streams/delivery/deliver.ts";
import type { Letter } from "../../../streams/delivery/letter.ts";
import { intendReminder } from "../../../streams/delivery/redrive.ts";
import { silentLog } from "../../../streams/terminal/log.ts";
import { withDatabase } from "../../support/database.ts";
import { issueBill } from "../delivery/issued.ts";
import { utility } from "../delivery/sample.ts";
import type { Db } from "./booked.ts";

const NOON = Date.parse("2026-05-18T12:00:00+05:30");
const DAY_MS = 86_400_000;

async function pay(db: Db, reference: string, amount_paise: number): Promise<void> {
  await recordOne(db, {
    ...{ account_id: "A1", source: "upi", reference, amount_paise, paid_on: "2026-05-17" },
    ...{ method: "upi", note: null },
  }, { actor: "test", now_ms: NOON });
}

/** Intends a reminder on `day` and hands its mail out then; the letters that left. */
async function remind(db: Db, invoice_id: number, letters: Letter[], now_ms: number) {
  const ids = await db.transaction().execute((trx) => intendReminder(trx, invoice_id, now_ms));
  const billsDir = await Deno.makeTempDir({ prefix: "samay-bills-" });
  const options: DeliveryOptions = {
    ...{ db, billsDir, utility, log: silentLog, sms: null, broker: undefined as never },
    policy: NOTIFICATION_POLICY,
    now_ms: () => now_ms,
    mail: {
      send: (letter) => Promise.resolve(`m${letters.push(letter)}`),
      close: () => {},
    },
  };
  try {
    const notice = { notification_id: Math.min(...ids), invoice_id, channel: "email" } as const;
    return { deliver: () => deliver(options, notice), notification_id: notice.notification_id };
  } finally {
    await Deno.remove(billsDir, { recursive: true });
  }
}

const stateOf = async (db: Db, notification_id: number) => {
  const row = await db.selectFrom("notification").select(["state", "last_error"])
    .where("notification_id", "=", notification_id).executeTakeFirstOrThrow();
  return [row.state, row.last_error];
};

Deno.test("a reminder asks for what is left, and one of a bill that was paid meanwhile is not sent", () =>
  withDatabase(async (db) => {
    await issueBill(db, 1, { phone: null });
    const { invoice_id, payable_paise } = await db.selectFrom("invoice").selectAll()
      .executeTakeFirstOrThrow();
    await db.updateTable("notification").set({ state: "sent" }).execute();
    await pay(db, "R-1", payable_paise - 12_300);
    // What fell due before the bill is asked for with it, and what came since is not.
    await writeAdjustment(db, {
      ...{ account_id: "A1", amount_paise: 500, opening: true, reason: "r", actor: "test" },
    }, Date.parse("2026-05-01T12:00:00+05:30"));
    await writeAdjustment(db, {
      ...{ account_id: "A1", amount_paise: 700, opening: false, reason: "r", actor: "test" },
    }, NOON + 90 * DAY_MS);
    assert.equal(await outstandingOf(db, "A1", invoice_id), 12_800);
    const letters: Letter[] = [];
    const first = await remind(db, invoice_id, letters, NOON);
    await first.deliver();
    assert.equal(letters.length, 1);
    assert.match(letters[0]!.subject, /Reminder: .*₹ 128\.00$/);
    assert.deepEqual(await stateOf(db, first.notification_id), ["sent", null]);
    // It is intended, and waits; then the rest is paid.
    const second = await remind(db, invoice_id, letters, NOON + DAY_MS);
    await pay(db, "R-2", 12_800);
    await second.deliver().catch((error) => assert.ok(error instanceof TerminalError));
    assert.equal(letters.length, 1);
    assert.deepEqual(await stateOf(db, second.notification_id), ["skipped", "the invoice is paid"]);
  }));
