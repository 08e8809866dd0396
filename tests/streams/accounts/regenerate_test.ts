/** The ledger and the bills: arrears on the next bill, a bill made anew, payments beside a run. */
import assert from "node:assert/strict";
import { creditBill } from "../../../streams/accounts/credit.ts";
import { billText } from "../../../streams/billing/bill_text.ts";
import { explain } from "../../../streams/billing/explain.ts";
import { explanationText } from "../../../streams/billing/explain_text.ts";
import { formatRupees } from "../../../streams/billing/money.ts";
import { voidInvoice } from "../../../streams/billing/void.ts";
import { loadBill } from "../../../streams/delivery/bills.ts";
import { labelsOf } from "../../../streams/delivery/labels.ts";
import { renderBillPdf } from "../../../streams/delivery/pdf/bill_pdf.ts";
import { sumsOf } from "../../../streams/delivery/pdf/sums.ts";
import { billView } from "../../../streams/delivery/pdf/view.ts";
import { checkLedger } from "../../../streams/accounts/check.ts";
import { recordOne } from "../../../streams/accounts/import_payments.ts";
import { lockAccounts } from "../../../streams/billing/facts_rows.ts";
import { findInvoice, invoiceSheet } from "../../../streams/billing/invoices.ts";
import { regenerateBill } from "../../../streams/billing/regenerate.ts";
import { stepCycle } from "../../../streams/billing/step.ts";
import { openDatabase } from "../../../streams/database/connect.ts";
import { sql } from "../../../streams/database/kysely.ts";
import { testOnEachDatabase, withPostgres } from "../../support/database.ts";
import { postgresBinaries } from "../../support/postgres.ts";
import { addAccount, addReading, at, contextOf, counts, type Db, NOW } from "../billing/fixture.ts";
import { bill as billRow, entries } from "./booked.ts";

const MAY_END = at("2026-05-31T18:00:00+05:30");
const who = { actor: "desk", now_ms: NOW + 86_400_000 };

async function bill(db: Db, period: string, asked_ms: number, value: number): Promise<string> {
  const request = { step: "close" as const, requested_at_ms: asked_ms };
  await stepCycle(contextOf(db, asked_ms), "A1", period, request);
  await addReading(db, 1, asked_ms + 2_000, value);
  const { issued } = await stepCycle(contextOf(db, asked_ms + 3_000), "A1", period, {
    step: "look",
  });
  return issued!;
}

function pay(db: Db, reference: string, amount_paise: number) {
  const of = { account_id: "A1", source: "counter", method: "cash" as const, note: null };
  return recordOne(db, { ...of, reference, amount_paise, paid_on: "2026-05-01" }, who);
}

const regenerate = (db: Db, number: string, now = MAY_END) =>
  regenerateBill(contextOf(db, now), {
    ...{ bill: number, reason: "reading was wrong", actor: "desk", now_ms: now },
  });

testOnEachDatabase("bills and their accounts", {
  "the next bill says what was owed, what was paid since and what is due in all": async (db) => {
    await addAccount(db, 1);
    const april = await bill(db, "2026-04", NOW, 1_250_100);
    const first = await invoiceSheet(db, april);
    assert.deepEqual(first.inputs.balance, {
      ...{ before_paise: 0, payments_paise: 0, amount_due_paise: first.payable_paise },
    });
    await pay(db, "R-1", 100_000);
    const may = await invoiceSheet(db, await bill(db, "2026-05", MAY_END, 1_350_100));
    const before_paise = first.payable_paise;
    assert.deepEqual(may.inputs.balance, {
      ...{ before_paise, payments_paise: 100_000 },
      amount_due_paise: before_paise - 100_000 + may.payable_paise,
    });
    const { rows } = await sql<{ balance: number }>`
      select sum(amount_paise)::bigint as balance from account_entry`.execute(db);
    assert.equal(rows[0]!.balance, may.inputs.balance!.amount_due_paise);
    assert.deepEqual((await checkLedger(db)).faults, []);
  },

  "a bill is made anew in one transaction: the old one void, the new one linked": async (db) => {
    await addAccount(db, 1);
    const number = await bill(db, "2026-04", NOW, 1_250_100);
    const old = await invoiceSheet(db, number);
    await db.updateTable("account").set({ municipal: true }).execute();
    const done = await regenerate(db, number);
    assert.deepEqual([done.replaces, done.number], [number, "MH/2026-27/000002"]);
    const made = await invoiceSheet(db, done.number!);
    assert.equal(made.inputs.replaces, number);
    assert.deepEqual(made.inputs.closing, old.inputs.closing);
    assert.ok(made.payable_paise > old.payable_paise);
    assert.deepEqual(await entries(db), [
      ...[`invoice ${old.payable_paise}`, `void ${-old.payable_paise}`],
      `invoice ${made.payable_paise}`,
    ]);
    const { replaces } = await db.selectFrom("invoice").select("replaces")
      .where("number", "=", done.number!).executeTakeFirstOrThrow();
    assert.equal(replaces, number);
    await assert.rejects(regenerate(db, number), /void already/);
    const again = await regenerate(db, done.number!);
    assert.equal(again.replaces, done.number);
    assert.deepEqual((await checkLedger(db)).faults, []);
  },

  "a void bill whose month is billed anew is named by the new bill": async (db) => {
    await addAccount(db, 1);
    const number = await bill(db, "2026-04", NOW, 1_250_100);
    await voidInvoice(db, { bill: number, reason: "wrong", actor: "desk", now_ms: NOW + 5_000 });
    const anew = await bill(db, "2026-04", NOW + 60_000, 1_251_100);
    assert.equal((await invoiceSheet(db, anew)).inputs.replaces, number);
    const { replaces } = await db.selectFrom("invoice").select("replaces")
      .where("number", "=", anew).executeTakeFirstOrThrow();
    assert.equal(replaces, number);
  },

  "a credit note stands on its bill: shown, explained, and the page asks for what is left": async (
    db,
  ) => {
    await addAccount(db, 1);
    const number = await bill(db, "2026-04", NOW, 1_250_100);
    const whole = await invoiceSheet(db, number);
    const utility = { name: "Samay Vidyut", upi_id: "samay@upi" };
    const load = async () => (await loadBill(db, whole.invoice_id, utility)).bill;
    const before = await load();
    await creditBill(db, number, 50_000, { ...who, reason: "fan at the desk" });
    const sheet = await invoiceSheet(db, number);
    assert.deepEqual(sheet.credits.map(({ amount_paise, reason }) => [amount_paise, reason]), [
      [50_000, "fan at the desk"],
    ]);
    const shown = billText(JSON.parse(JSON.stringify(sheet)), 100);
    const left = formatRupees(whole.payable_paise - 50_000);
    assert.match(shown, /Credited 2026-05-01, MH\/CN\/2026-27\/000001: fan at the desk +-500\.00/);
    assert.ok(shown.includes(`Left of this bill`) && shown.includes(left), shown);
    const { inputs } = await findInvoice(db, number);
    const explained = explanationText(explain(sheet, inputs), 100);
    assert.match(explained, /500\.00 rupees on 2026-05-01 by MH\/CN\/2026-27\/000001: fan/);
    assert.ok(explained.includes(`${left} rupees are left of this bill`), explained);
    const page = await load();
    assert.equal(page.amount_due_paise, before.amount_due_paise - 50_000);
    const paise = String((whole.payable_paise - 50_000) / 100);
    assert.ok(billView(page).payment!.link.includes(`&am=${paise}`));
    const rows = sumsOf(page, labelsOf("en"));
    assert.deepEqual(rows.slice(-3).map(({ label }) => label), [
      ...["This bill", "Credited on this bill since", "Amount payable"],
    ]);
    assert.ok(renderBillPdf(page).length < 100_000);
    await creditBill(db, number, whole.payable_paise - 50_000, { ...who, reason: "all of it" });
    assert.equal(billView(await load()).payment, null);
  },

  "where no bill comes out, the old one stands as it was": async (db) => {
    await addAccount(db, 1);
    const number = await bill(db, "2026-04", NOW, 1_250_100);
    await db.updateTable("account").set({ tariff_id: "unheard-of" }).execute();
    const before = await counts(db);
    await assert.rejects(regenerate(db, number), /cannot be made anew: .*nothing is changed/);
    assert.equal((await invoiceSheet(db, number)).state, "issued");
    assert.deepEqual(await counts(db), before);
    assert.equal((await entries(db)).length, 1);
    await db.updateTable("account").set({ tariff_id: "msedcl-lt-1b" }).execute();
    await bill(db, "2026-05", MAY_END, 1_350_100);
    await assert.rejects(regenerate(db, number), /void that one first/);
  },
});

Deno.test({
  name: "a payment waits for the bill that is being issued, and stands after it",
  ignore: postgresBinaries() === undefined,
  fn: async () => {
    await withPostgres(async (db, url) => {
      await addAccount(db, 1);
      const other = await openDatabase({ url });
      try {
        let paying: Promise<unknown> = Promise.resolve();
        await db.transaction().execute(async (trx) => {
          await lockAccounts(trx, ["A1"]);
          paying = pay(other, "R-1", 5_000);
          // It must not take its place in the order now: it would come before the bill that leaves it out.
          await new Promise((resolve) => setTimeout(resolve, 300));
          await billRow(trx, "MH/1", { period: "2026-05" });
        });
        await paying;
        assert.deepEqual(await entries(db), ["invoice 100000", "payment -5000"]);
      } finally {
        await other.destroy();
      }
    });
  },
});
