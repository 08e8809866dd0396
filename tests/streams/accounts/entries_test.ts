/** The ledger's rows: what books itself, what the database refuses, what the check finds. */
import assert from "node:assert/strict";
import { balancesOf, lockForEntries, writeEntries } from "../../../streams/accounts/entries.ts";
import { checkLedger } from "../../../streams/accounts/check.ts";
import { testOnEachDatabase } from "../../support/database.ts";
import {
  accounts,
  bill,
  type Db,
  entries,
  ISSUED_AT,
  pastTheGuards,
  payment,
  voided,
} from "./booked.ts";

const other = (kind: "late_charge" | "adjustment" | "opening", amount_paise: number) => ({
  ...{ account_id: "A1", kind, amount_paise, value_date: "2026-05-30", at: ISSUED_AT },
  ...{ reference: "r", description: "d" },
});

async function credit(db: Db, invoice_id: number, amount_paise: number, number = "CN/1") {
  await db.insertInto("credit_note").values({
    ...{ number, invoice_id, account_id: "A1", amount_paise, reason: "r", issued_by: "test" },
  }).execute();
}

async function sound(db: Db): Promise<void> {
  const { faults, more } = await checkLedger(db);
  assert.deepEqual({ faults, more }, { faults: [], more: 0 });
}

testOnEachDatabase("the ledger", {
  "a bill books itself once; its void takes back what stands of it, and nothing twice": async (
    db,
  ) => {
    await accounts(db, 1);
    const one = await bill(db, "MH/1");
    await credit(db, one, 20_000);
    await db.transaction().execute((trx) =>
      writeEntries(trx, [{ ...other("late_charge", 1_000), invoice_id: one }])
    );
    await voided(db, one);
    assert.deepEqual(await entries(db), [
      ...["invoice 100000", "credit_note -20000", "late_charge 1000"],
      ...["void -100000", "void 20000", "void -1000"],
    ]);
    await bill(db, "MH/2", { payable_paise: -500 });
    assert.deepEqual(
      await balancesOf(db, ["A1", "A9"]),
      new Map([
        ["A1", { before_paise: -500, payments_paise: 0 }],
        ["A9", { before_paise: 0, payments_paise: 0 }],
      ]),
    );
    await sound(db);
  },

  "what stands before the next bill: arrears, and payments since the last one": async (db) => {
    await accounts(db, 2);
    await bill(db, "MH/1");
    await payment(db, "old", 40_000);
    await bill(db, "MH/2", { period: "2026-05", payable_paise: 50_000 });
    const paid = await payment(db, "new", 30_000);
    await payment(db, "more", 5_000);
    const { entry_id } = await db.selectFrom("account_entry").select("entry_id")
      .where("payment_id", "=", paid).executeTakeFirstOrThrow();
    await db.transaction().execute(async (trx) => {
      assert.deepEqual([...await lockForEntries(trx, ["A2", "A1", "A3", "A1"])], ["A1", "A2"]);
      await writeEntries(trx, [{
        ...{ account_id: "A1", kind: "payment_reversal", amount_paise: 30_000 },
        ...{ value_date: "2026-06-01", at: ISSUED_AT, payment_id: paid, reverses: entry_id },
        ...{ reference: "r", description: "cheque came back" },
      }]);
    });
    await payment(db, "other", 7_000, { account_id: "A2" });
    assert.deepEqual(
      await balancesOf(db, ["A1", "A2"]),
      new Map([
        ["A1", { before_paise: 110_000, payments_paise: 5_000 }],
        ["A2", { before_paise: 0, payments_paise: 7_000 }],
      ]),
    );
    await sound(db);
  },

  "an entry is never changed, never removed, and never written by hand for what books itself":
    async (
      db,
    ) => {
      await accounts(db, 1);
      const one = await bill(db, "MH/1");
      const paid = await payment(db, "p", 100);
      for (const table of ["account_entry", "payment", "credit_note"] as const) {
        if (table === "credit_note") await credit(db, one, 5);
        await assert.rejects(
          db.updateTable(table).set({ amount_paise: 1 }).execute(),
          /never changed/,
        );
        await assert.rejects(db.deleteFrom(table).execute(), /never changed/);
      }
      for (const kind of ["invoice", "void", "payment", "credit_note"]) {
        await assert.rejects(
          db.insertInto("account_entry").values({
            ...other("adjustment", 100),
            ...{ invoice_id: one, payment_id: paid, credit_note_id: null, reverses: null },
            kind: kind as "invoice",
          }).execute(),
          /by the database/,
        );
      }
    },

  "a bill has one charge for paying late, an account one opening balance, a payment one reversal":
    async (
      db,
    ) => {
      await accounts(db, 1);
      const one = await bill(db, "MH/1");
      const paid = await payment(db, "p", 30_000);
      const write = (entry: Parameters<typeof writeEntries>[1][number]) =>
        db.transaction().execute((trx) => writeEntries(trx, [entry]));
      await write({ ...other("late_charge", 5), invoice_id: one });
      await assert.rejects(
        write({ ...other("late_charge", 5), invoice_id: one }),
        /account_entry_late_charge/,
      );
      await write(other("opening", 5));
      await assert.rejects(write(other("opening", 7)), /account_entry_opening/);
      const { entry_id } = await db.selectFrom("account_entry").select("entry_id")
        .where("payment_id", "=", paid).executeTakeFirstOrThrow();
      const reversal = {
        ...other("adjustment", 30_000),
        ...{ kind: "payment_reversal", payment_id: paid, reverses: entry_id } as const,
      };
      await assert.rejects(
        write({ ...reversal, amount_paise: 29_999 }),
        /is not what this reverses/,
      );
      await assert.rejects(
        write({ ...reversal, reverses: entry_id - 1 }),
        /is not what this reverses/,
      );
      await write(reversal);
      await assert.rejects(write(reversal), /account_entry_reversed/);
      await assert.rejects(payment(db, "p", 30_000), /payment_once/);
      await sound(db);
    },

  "credit notes give back no more than the bill asks for, and none of a void one": async (db) => {
    await accounts(db, 1);
    const one = await bill(db, "MH/1", { payable_paise: 1_000 });
    await credit(db, one, 600, "CN/1");
    await assert.rejects(credit(db, one, 401, "CN/2"), /600 of it are credited already/);
    await credit(db, one, 400, "CN/2");
    await voided(db, one);
    await assert.rejects(credit(db, one, 1, "CN/3"), /is no live bill/);
    assert.deepEqual((await entries(db)).slice(-3), ["void -1000", "void 600", "void 400"]);
    await sound(db);
  },

  "the check names a bill without its entry, a wrong amount, and a void one that stands": async (
    db,
  ) => {
    await accounts(db, 3);
    const { cycle_id } = await db.insertInto("billing_cycle")
      .values({ account_id: "A1", period: "2026-04", state: "issued" }).returning("cycle_id")
      .executeTakeFirstOrThrow();
    await pastTheGuards(
      db,
      "invoice",
      `insert into invoice (number, account_id, period, cycle_id, state, issued_at, due_on,
         total_paise, rounding_paise, payable_paise, inputs)
       values ('MH/9', 'A1', '2026-04', ${cycle_id}, 'issued', now(), '2026-05-22', 5, 0, 5, '{}')`,
    );
    const two = await bill(db, "MH/2", { account_id: "A2" });
    await pastTheGuards(
      db,
      "account_entry",
      `update account_entry set amount_paise = 99999 where invoice_id = ${two}`,
    );
    const three = await bill(db, "MH/3", { account_id: "A3" });
    await pastTheGuards(
      db,
      "invoice",
      `update invoice set state = 'void', void_reason = 'x' where invoice_id = ${three}`,
    );
    const { faults, entries, accounts: seen } = await checkLedger(db);
    assert.deepEqual(faults, [
      { account_id: "A1", what: "bill MH/9 of 5 paise is booked as nothing" },
      { account_id: "A2", what: "bill MH/2 of 100000 paise is booked as 99999" },
      { account_id: "A3", what: "bill MH/3 is void and 100000 paise of it stand" },
    ]);
    assert.deepEqual([entries, seen], [2, 2]);
  },

  "a bill that replaces another says so in its column": async (db) => {
    await accounts(db, 1);
    const one = await bill(db, "MH/1");
    await voided(db, one);
    const two = await bill(db, "MH/2", { inputs: { replaces: "MH/1" } });
    const { replaces } = await db.selectFrom("invoice").select("replaces")
      .where("invoice_id", "=", two).executeTakeFirstOrThrow();
    assert.equal(replaces, "MH/1");
    await voided(db, two);
    await assert.rejects(bill(db, "MH/3", { inputs: { replaces: "MH/1" } }), /invoice_replaces/);
  },
});
