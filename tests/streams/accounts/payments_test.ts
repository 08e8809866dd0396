/** Payments by row and by file: once each, all of a file or nothing, and undone at most once. */
import assert from "node:assert/strict";
import { utf8 } from "../../../protocol/bytes.ts";
import { checkLedger } from "../../../streams/accounts/check.ts";
import { creditBill } from "../../../streams/accounts/credit.ts";
import { arrearsPage } from "../../../streams/accounts/arrears.ts";
import { writeAdjustment } from "../../../streams/accounts/adjust.ts";
import { importPayments, recordOne } from "../../../streams/accounts/import_payments.ts";
import { type Payment, recordPayments } from "../../../streams/accounts/payments.ts";
import { reversePayment } from "../../../streams/accounts/reverse.ts";
import { statementOf } from "../../../streams/accounts/statement.ts";
import { csvFaultText } from "../../../streams/csv/faults.ts";
import { openDatabase } from "../../../streams/database/connect.ts";
import { testOnEachDatabase, withPostgres } from "../../support/database.ts";
import { postgresBinaries } from "../../support/postgres.ts";
import { accounts, bill, type Db, entries } from "./booked.ts";

const NOW = Date.parse("2026-06-01T12:00:00+05:30");
const who = { actor: "desk", now_ms: NOW };
const deed = { reason: "cheque returned", ...who };

const one: Payment = {
  ...{ account_id: "A1", source: "counter", reference: "R-1", amount_paise: 40_000 },
  ...{ paid_on: "2026-05-20", method: "cash", note: null },
};

function importCsv(db: Db, text: string, of: { source?: string | null; dry_run?: boolean } = {}) {
  const { source = "hdfc", dry_run = false } = of;
  return importPayments(db, { bytes: utf8(text), file: "p.csv", source, dry_run, ...who });
}

const rowsOf = async (db: Db) =>
  (await db.selectFrom("payment").select(["source", "reference"]).orderBy("payment_id").execute())
    .map(({ source, reference }) => `${source} ${reference}`);

const audits = async (db: Db) =>
  (await db.selectFrom("audit").select("action").orderBy("audit_id").execute())
    .map(({ action }) => action).filter((action) => !action.startsWith("meter"));

const refused = (pattern: RegExp) => (error: unknown) =>
  (error as Error).name === "TerminalError" && pattern.test((error as Error).message);

testOnEachDatabase("payments", {
  "the accounts of a file are locked by one statement, in the order that billing has": async (
    db,
  ) => {
    const locks: string[] = [];
    const watched = db.withPlugin({
      transformQuery: ({ node }) => {
        const text = node.kind === "RawNode" ? node.sqlFragments.join("") : "";
        if (text.includes("for share")) locks.push(text);
        return node;
      },
      transformResult: ({ result }) => Promise.resolve(result),
    });
    // Nobody has them: each is refused, in its own row, once all were looked for.
    const many = Array.from({ length: 4_500 }, (_, i) => ({
      ...{ ...one, account_id: `x-${i}`, reference: `R-${i}` },
    }));
    const { refused } = await watched.transaction().execute((trx) =>
      recordPayments(trx, many, "desk", NOW)
    );
    assert.equal(refused.length, 4_500);
    assert.equal(locks.length, 1);
    assert.match(locks[0]!, /order by account_id collate "C" for share$/);
  },

  "a payment said again changes nothing, and with another content it is refused": async (db) => {
    await accounts(db, 2);
    await bill(db, "MH/1");
    const first = await recordOne(db, one, who);
    assert.deepEqual([first.recorded, first.balance_paise], [true, 60_000]);
    const again = await recordOne(db, one, who);
    assert.deepEqual([again.recorded, again.payment_id], [false, first.payment_id]);
    for (
      const other of [{ amount_paise: 1 }, { paid_on: "2026-05-21" }, { account_id: "A2" }] as const
    ) {
      await assert.rejects(
        recordOne(db, { ...one, ...other }, who),
        refused(/counter R-1 is recorded already, of Rs 400\.00 on 2026-05-20 for account A1/),
      );
    }
    await assert.rejects(
      recordOne(db, { ...one, account_id: "A9" }, who),
      refused(/no account A9/),
    );
    await assert.rejects(
      recordOne(db, { ...one, reference: "R-2", paid_on: "2026-06-02" }, who),
      refused(/still to come: today is 2026-06-01/),
    );
    assert.deepEqual(await rowsOf(db), ["counter R-1"]);
    assert.deepEqual(await entries(db), ["invoice 100000", "payment -40000"]);
    assert.deepEqual(await audits(db), ["payment.recorded"]);
  },

  "a file is recorded as a whole, and a second time it adds nothing": async (db) => {
    await accounts(db, 2);
    await bill(db, "MH/1");
    const text = "\ufeffReference,Amount,Paid_on,Account,Bill,Method\r\n" +
      "U1,400,2026-05-20,A1,,upi\r\nU2,100.50,2026-05-21,,MH/1,\r\nU3,7,2026-05-22,A2,,bank\r\n";
    const dry = await importCsv(db, text, { dry_run: true });
    assert.deepEqual([dry.recorded, dry.amount_paise, await rowsOf(db)], [3, 50_750, []]);
    const report = await importCsv(db, text);
    assert.deepEqual(report, {
      ...{ rows: 3, recorded: 3, stood: 0, amount_paise: 50_750, faults: [], more: 0 },
    });
    assert.deepEqual(await entries(db), ["invoice 100000", "payment -40000", "payment -10050"]);
    const more = await importCsv(db, `${text}U4,1,2026-05-23,A2,,\r\n`);
    assert.deepEqual([more.recorded, more.stood, more.amount_paise], [1, 3, 100]);
    assert.deepEqual(await rowsOf(db), ["hdfc U1", "hdfc U2", "hdfc U3", "hdfc U4"]);
    assert.deepEqual(await audits(db), ["payments.imported", "payments.imported"]);
    assert.deepEqual((await checkLedger(db)).faults, []);
  },

  "a file with faults names each by row, field and reason, and nothing of it is recorded": async (
    db,
  ) => {
    await accounts(db, 2);
    await bill(db, "MH/1");
    await recordOne(db, { ...one, source: "hdfc", reference: "U0" }, who);
    const { faults, recorded } = await importCsv(
      db,
      [
        "reference,amount,paid_on,account,bill,method",
        "U1,5,2026-05-20,A1,,upi",
        "U2,5.123,2026-02-30,A1,,paytm",
        "U3,5,2026-05-20,A9,,",
        "U4,5,2026-05-20,,MH/7,",
        "U5,5,2026-05-20,A2,MH/1,",
        "U6,5,2026-05-20,,,",
        "U1,5,2026-05-20,A1,,",
        "U8,5,2026-06-02,A1,,",
        "U0,5,2026-05-20,A1,,",
        ",-5,2026-05-20,A1,,",
      ].join("\n"),
    );
    assert.equal(recorded, 0);
    assert.deepEqual(faults.map(csvFaultText), [
      'row 3, amount: "5.123": rupees above 0 with at most 2 decimals, such as 1250.50',
      'row 3, paid_on: "2026-02-30": a date as YYYY-MM-DD',
      faults.map(csvFaultText)[2],
      "row 4, account: there is no account A9",
      "row 5, bill: there is no bill MH/7",
      "row 6, account: bill MH/1 is of account A1, not A2",
      "row 7, account: neither an account nor a bill is given",
      "row 8, reference: payment hdfc U1 is there twice",
      "row 9, paid_on: 2026-06-02 is still to come: today is 2026-06-01",
      "row 11, reference: is empty: 1 to 64 characters, as the source names the payment",
      'row 11, amount: "-5": rupees above 0 with at most 2 decimals, such as 1250.50',
    ]);
    assert.match(csvFaultText(faults[2]!), /^row 3, method: "paytm": /);
    const stood = await importCsv(
      db,
      "reference,amount,paid_on,account\nU1,5,2026-05-20,A1\n" +
        "U0,5,2026-05-20,A1\n",
    );
    assert.match(
      stood.faults.map(csvFaultText).join(),
      /^row 3, reference: payment hdfc U0 is recorded already, of Rs 400\.00/,
    );
    const none = await importCsv(db, "reference,amount,paid_on,account\nU1,5,2026-05-20,A1\n", {
      source: null,
    });
    assert.match(csvFaultText(none.faults[0]!), /^row 2, source: is empty: give a column source/);
    assert.deepEqual(await rowsOf(db), ["hdfc U0"]);
    assert.deepEqual(await audits(db), ["payment.recorded"]);
  },

  "a payment is reversed once, by its number or by its name, and its bill is open again": async (
    db,
  ) => {
    await accounts(db, 1);
    await bill(db, "MH/1", { due_on: "2026-05-22" });
    const { payment_id } = await recordOne(db, { ...one, amount_paise: 100_000 }, who);
    await assert.rejects(
      reversePayment(db, "counter R-9", deed),
      refused(/no payment counter R-9/),
    );
    const done = await reversePayment(db, "counter R-1", deed);
    assert.equal(done.payment_id, payment_id);
    await assert.rejects(reversePayment(db, String(payment_id), deed), refused(/reversed already/));
    const { balance_paise, open, entries, aging } = await statementOf(db, "A1", 100, NOW);
    assert.equal(balance_paise, 100_000);
    assert.deepEqual(open, [{
      ...{ kind: "invoice", bill: "MH/1", due_on: "2026-05-22" },
      ...{ amount_paise: 100_000, outstanding_paise: 100_000 },
    }]);
    assert.deepEqual(entries.map((entry) => [entry.kind, entry.balance_paise]), [
      ...[["invoice", 100_000], ["payment", 0], ["payment_reversal", 100_000]],
    ]);
    assert.deepEqual([aging.overdue_paise, aging.oldest_due_on], [100_000, "2026-05-22"]);
    assert.deepEqual(
      (await statementOf(db, "A1", 1, NOW)).entries.map((one) => one.balance_paise),
      [
        100_000,
      ],
    );
    assert.deepEqual(await audits(db), ["payment.recorded", "payment.reversed"]);
    assert.deepEqual((await checkLedger(db)).faults, []);
  },

  "credit notes have numbers of their own without gaps, and end at what the bill asks for": async (
    db,
  ) => {
    await accounts(db, 1);
    await bill(db, "MH/1");
    const first = await creditBill(db, "MH/1", 60_000, deed);
    assert.equal(first.number, "MH/CN/2026-27/000001");
    await assert.rejects(creditBill(db, "MH/1", 40_001, deed), refused(/at most Rs 400\.00/));
    const second = await creditBill(db, "MH/1", 40_000, deed);
    assert.equal(second.number, "MH/CN/2026-27/000002");
    assert.equal((await statementOf(db, "A1", 100, NOW)).balance_paise, 0);
    assert.deepEqual(await audits(db), ["invoice.credited", "invoice.credited"]);
  },

  "an opening balance is booked once, and arrears come page by page with their ages": async (
    db,
  ) => {
    await accounts(db, 3);
    await bill(db, "MH/1", { due_on: "2026-05-22" });
    await bill(db, "MH/2", { account_id: "A2", due_on: "2026-06-22", payable_paise: 5_000 });
    const adjust = (account_id: string, amount_paise: number, opening = true) =>
      writeAdjustment(db, { account_id, amount_paise, opening, reason: "r", actor: "desk" }, NOW);
    await adjust("A3", -2_000);
    await assert.rejects(adjust("A3", 1), refused(/opening balance already/));
    await assert.rejects(adjust("A4", 1), refused(/no account A4/));
    await adjust("A1", 500, false);
    const { rows, last_id } = await arrearsPage(db, "", NOW);
    assert.equal(last_id, null);
    assert.deepEqual(
      rows.map((row) => [row.account_id, row.balance_paise, row.overdue_paise, row.not_due]),
      [["A1", 100_500, 100_000, 500], ["A2", 5_000, 0, 5_000]],
    );
    assert.equal(rows[0]!.days_1_30, 100_000);
    assert.deepEqual((await arrearsPage(db, "A1", NOW)).rows.map((row) => row.account_id), ["A2"]);
  },
});

Deno.test({
  name: "the same payment said by eight connections at once is recorded once",
  ignore: postgresBinaries() === undefined,
  fn: async () => {
    await withPostgres(async (db, url) => {
      await accounts(db, 4);
      const clients = await Promise.all(Array.from({ length: 8 }, () => openDatabase({ url })));
      try {
        // By hand and by files that hold the payments in different orders: they wait, and end.
        const lines = Array.from(
          { length: 200 },
          (_, i) => `R-${i},1,2026-05-20,A${i % 4 + 1}`,
        );
        const header = "reference,amount,paid_on,account\n";
        const results = await Promise.all(clients.map(async (client, i) => {
          const turned = i % 2 === 0 ? lines : lines.toReversed();
          const file = await importCsv(client, header + turned.join("\n"), { source: "counter" });
          const { recorded } = await recordOne(client, { ...one, reference: "D" }, who);
          return { ...file, recorded: file.recorded + Number(recorded) };
        }));
        assert.deepEqual(results.flatMap(({ faults }) => faults), []);
        assert.equal(results.reduce((sum, { recorded }) => sum + recorded, 0), 201);
        const { faults, entries } = await checkLedger(db);
        assert.deepEqual([faults, entries], [[], 201]);
        const reversed = await Promise.allSettled(
          clients.map((client) => reversePayment(client, "counter D", deed)),
        );
        assert.equal(reversed.filter(({ status }) => status === "fulfilled").length, 1);
        await bill(db, "MH/1");
        const credited = await Promise.allSettled(
          clients.map((client) => creditBill(client, "MH/1", 40_000, deed)),
        );
        assert.equal(credited.filter(({ status }) => status === "fulfilled").length, 2);
        const { last_number } = await db.selectFrom("invoice_series").select("last_number")
          .where("series", "=", "MH/CN/2026-27").executeTakeFirstOrThrow();
        assert.equal(last_number, 2);
      } finally {
        await Promise.all(clients.map((client) => client.destroy()));
      }
    });
  },
});
