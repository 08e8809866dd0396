/** What a person types about payments, accounts and bills, over a real broker. */
import assert from "node:assert/strict";
import { CYCLE_RULES } from "../../../actors/billing/rules.ts";
import { utf8 } from "../../../protocol/bytes.ts";
import { stepCycle } from "../../../streams/billing/step.ts";
import { accountVerbs } from "../../../streams/office/account_verbs.ts";
import { billVerbs } from "../../../streams/office/bill_verbs.ts";
import { askOffice } from "../../../streams/office/client.ts";
import type { OfficeContext } from "../../../streams/office/office.ts";
import { UPLOAD_PART_BYTES } from "../../../streams/office/upload.ts";
import { failure, samay } from "../../support/command_line.ts";
import { withOffice } from "../../support/office.ts";
import { addAccount, addReading, at, contextOf, counts, type Db, NOW } from "../billing/fixture.ts";
import { accounts, bill, entries, pastTheGuards } from "./booked.ts";

const JUNE = at("2026-06-01T12:00:00+05:30");

/** An office of the accounts on 1 June 2026, and accounts A1 and A2 with a bill of 1,000 rupees each. */
function withAccounts(body: (db: Db) => Promise<void>): Promise<void> {
  return withOffice(accountVerbs, { now_ms: () => JUNE }, async ({ db }) => {
    await accounts(db, 2);
    await bill(db, "MH/1");
    await bill(db, "MH/2", { account_id: "A2" });
    await body(db);
  });
}

/** A command that goes well; returns what it printed. */
async function said(...words: string[]): Promise<string> {
  const { code, out, error } = await samay(...words);
  assert.equal(code, 0, `${out}\n${error}`);
  return out;
}

/** A command that does not: its exit code, and that it says `why` as its error. */
async function refuses(code: 1 | 2, why: RegExp, ...words: string[]): Promise<void> {
  const done = await samay(...words);
  assert.equal(done.code, code, `${done.out}\n${done.error}`);
  assert.match(done.error, why);
}

async function withFile(text: string, body: (path: string) => Promise<void>): Promise<void> {
  const path = await Deno.makeTempFile({ suffix: ".csv" });
  try {
    await Deno.writeTextFile(path, text);
    await body(path);
  } finally {
    await Deno.remove(path);
  }
}

const DAY = ["--paid-on", "2026-05-20"];
const why = (reason: string) => ["--reason", reason];
const paid = ["payment", "record", "--account", "A1", "--reference", "R-1", ...DAY];

Deno.test("payment record, list and reverse, as a person types them", () =>
  withAccounts(async (db) => {
    assert.equal(await said("payment", "list"), "No payments");
    assert.equal(
      await said(...paid, "--amount", "400"),
      "Payment 1 of Rs 400.00 of account A1 is recorded; balance Rs 600.00",
    );
    assert.match(await said(...paid, "--amount", "400"), /recorded already, nothing changed/);
    await refuses(1, /R-1 is recorded already, of Rs 400\.00/, ...paid, "--amount", "401");
    await refuses(2, /Give an amount in rupees/, ...paid);
    await refuses(2, /--amount /, ...paid, "--amount", "-1");
    await refuses(2, /Say whose payment it is/, "payment", "record", "--amount", "1");
    await refuses(2, /Say what names the payment/, ...paid.slice(0, 4), "--amount", "1");
    const of_bill = ["payment", "record", "--bill", "MH/2", "--reference", "R-2", ...DAY];
    await refuses(1, /of account A2, not A1/, ...of_bill, "--account", "A1", "--amount", "1");
    const json = JSON.parse(await said(...of_bill, "--amount", "1250.50", "--json"));
    assert.deepEqual([json.account_id, json.balance_paise], ["A2", -25_050]);
    assert.match(await said("payment", "list"), /A2 .*R-2 .*1,250\.50[^]*A1 .*R-1 .*400\.00/);
    const back = ["payment", "reverse", "counter R-1"];
    await refuses(2, /Say why/, ...back);
    assert.match(
      await said(...back, ...why("cheque returned")),
      /1 of Rs 400\.00 .*A1 is reversed/,
    );
    await refuses(1, /reversed already/, ...back, ...why("again"));
    await refuses(1, /no payment/, "payment", "reverse", "hdfc R-1", ...why("not there"));
    assert.match(await said("payment", "list", "--account", "A1"), /reversed 2026-06-01/);
    assert.deepEqual(await entries(db), [
      ...["invoice 100000", "payment -40000", "payment_reversal 40000"],
    ]);
  }));

const ROWS = 7_000;
const NOTE = "n".repeat(150);
const file = Array.from({ length: ROWS }, (_, n) => `U${n},0.01,2026-05-20,A${1 + n % 2},${NOTE}`);
const csv = (rows: readonly string[]) =>
  `reference,amount,paid_on,account,note\n${rows.join("\n")}\n`;
const booked = async (db: Db) => ({
  payments: (await db.selectFrom("payment").select("payment_id").execute()).length,
  // Of a file that came in pieces, nothing lies about afterwards.
  parts: (await db.selectFrom("upload_part").select("part").execute()).length,
});

Deno.test("payment import takes a file of several messages once, and a faulty one not at all", () =>
  withAccounts(async (db) => {
    const load = (path: string, ...more: string[]) =>
      samay("payment", "import", path, "--source", "hdfc", ...more);
    assert.ok(csv(file).length > 2 * UPLOAD_PART_BYTES && csv(file).length > 1_000_000);

    const faulty = file.with(4_999, `U4999,1.234,2026-05-20,A1,`).with(6_000, "x,1,2026-05-20,A9,");
    await withFile(csv(faulty), async (path) => {
      const { code, out } = await load(path);
      assert.equal(code, 1);
      assert.equal(
        out,
        'row 5001, amount: "1.234": rupees above 0 with at most 2 decimals, such as 1250.50\n' +
          "row 6002, account: there is no account A9\n\n" +
          `${path}: 2 faults; nothing of it is recorded`,
      );
      assert.deepEqual(await booked(db), { payments: 0, parts: 0 });
    });

    await withFile(csv(file), async (path) => {
      const dry = await load(path, "--dry-run");
      assert.deepEqual([dry.code, dry.out], [
        ...[0, `${path}: ${ROWS} rows, ${ROWS} would be recorded of Rs 70.00`],
      ]);
      assert.deepEqual(await booked(db), { payments: 0, parts: 0 });
      const first = await load(path);
      assert.deepEqual([first.code, first.out], [
        ...[0, `${path}: ${ROWS} rows, ${ROWS} recorded of Rs 70.00`],
      ]);
      const again = await load(path);
      assert.deepEqual([again.code, again.out], [
        ...[0, `${path}: ${ROWS} rows, 0 recorded of Rs 0.00, ${ROWS} recorded before`],
      ]);
    });
    assert.deepEqual(await booked(db), { payments: ROWS, parts: 0 });
    assert.match(await said("account", "check"), /^The ledger is sound: 2 accounts, 7002 entries/);
    await withFile("reference,amount,payd_on\n", async (path) => {
      const { code, out } = await load(path);
      assert.equal(code, 1);
      assert.match(out, /row 1, payd_on: .*\n/);
    });
    await refuses(1, /nowhere\.csv/, "payment", "import", "nowhere.csv");
  }));

Deno.test("payment import refuses a file of which a piece was lost", () =>
  withOffice(accountVerbs, { now_ms: () => JUNE }, async ({ db, broker }) => {
    await accounts(db, 1);
    const whole = utf8(csv(file.slice(0, 1)));
    const upload_id = crypto.randomUUID();
    const piece = { upload_id, part: 1, content_base64: whole.toBase64() };
    await askOffice(broker, "upload-part", piece);
    const given = { upload: { upload_id, parts: 2 }, file: "p.csv", source: "hdfc" };
    await assert.rejects(
      askOffice(broker, "payment-import", given),
      failure(/Of the file 1 of 2 pieces arrived: send it again/),
    );
    // Nor is the last piece taken for the whole.
    await askOffice(broker, "upload-part", piece);
    await assert.rejects(
      askOffice(broker, "payment-import", { ...given, upload: { upload_id, parts: 1 } }),
      failure(/send it again/),
    );
    await askOffice(broker, "upload-part", { ...piece, part: 0 });
    const report = await askOffice(broker, "payment-import", {
      ...given,
      upload: { upload_id, parts: 1 },
    });
    assert.equal((report as { recorded: number }).recorded, 1);
    assert.equal((await booked(db)).payments, 1);
  }));

Deno.test("account statement, arrears, adjust and check, and bill credit, as a person types them", () =>
  withAccounts(async (db) => {
    const adjust = ["account", "adjust", "A1", "--amount"];
    const opening = [...adjust, "1200", "--opening", ...why("old system")];
    assert.equal(await said(...opening), "Account A1: opening of Rs 1,200.00");
    await refuses(1, /A1 has its opening balance already/, ...opening);
    await refuses(2, /Say why/, ...adjust, "1");
    await refuses(1, /no account A9/, ...adjust.with(2, "A9"), "1", ...why("x"));
    assert.match(await said(...adjust, "-200", ...why("waived")), /adjustment of Rs -200\.00/);

    const credit = ["bill", "credit", "MH/1", "--amount"];
    assert.equal(
      await said(...credit, "250", ...why("three days without supply")),
      "Credit note MH/CN/2026-27/000001 of Rs 250.00 on bill MH/1, account A1",
    );
    await refuses(1, /at most Rs 750\.00 can be credited still/, ...credit, "751", ...why("x"));
    await refuses(1, /MH\/9/, ...credit.with(2, "MH/9"), "1", ...why("x"));
    await refuses(2, /Say why/, ...credit, "1");

    const sheet = await said("account", "statement", "A1");
    assert.match(sheet, /^Account A1 \(active\), Consumer 1: owes Rs 1,750\.00, of it Rs /);
    assert.match(sheet, /invoice .*1,000\.00 [^]*opening .*1,200\.00 [^]*credit note .*-250\.00/);
    assert.match(sheet, /Open:\n[^]*MH\/1: Rs [\d.,]+ of 1,000\.00, due 2026-05-22/);
    const { balance_paise } = JSON.parse(await said("account", "statement", "A1", "--json"));
    assert.equal(balance_paise, 175_000);
    await refuses(1, /no account A9/, "account", "statement", "A9");
    await refuses(2, /--limit/, "account", "statement", "A1", "--limit", "0");

    const owing = await said("account", "arrears");
    assert.match(owing, /A2 +Consumer 2 +2026-05-22 +1,000\.00 +1,000\.00 +0\.00/);
    assert.match(owing, /accounts? overdue; Rs /);
    const first = JSON.parse(await said("account", "arrears", "--limit", "1", "--json"));
    assert.deepEqual([first.rows.length, first.sums.balance_paise], [1, 275_000]);

    assert.match(await said("account", "check"), /^The ledger is sound: 2 accounts, 5 entries, /);
    await pastTheGuards(db, "account_entry", "delete from account_entry where account_id = 'A2'");
    const checked = await samay("account", "check");
    assert.equal(checked.code, 1);
    assert.match(checked.out, /^A2: bill MH\/2 of 100000 paise is booked as nothing\n\n1 diff/);
  }));

/** An office of bills under `cycle_rules`, and a bill of April made under those that are shipped. */
function withBill(
  cycle_rules: OfficeContext["cycle_rules"],
  body: (db: Db, number: string) => Promise<void>,
  closing_wh = 1_250_100,
): Promise<void> {
  const given = cycle_rules === undefined ? {} : { cycle_rules };
  return withOffice(billVerbs, { now_ms: () => JUNE, ...given }, async ({ db }) => {
    await addAccount(db, 1);
    const closing = { step: "close" as const, requested_at_ms: NOW };
    await stepCycle(contextOf(db), "A1", "2026-04", closing);
    await addReading(db, 1, NOW + 2_000, closing_wh);
    const { issued } = await stepCycle(contextOf(db, NOW + 3_000), "A1", "2026-04", {
      step: "look",
    });
    await body(db, issued!);
  });
}

const anew = (number: string) => ["bill", "regenerate", number, ...why("reading was wrong")];
const states = async (db: Db) =>
  (await db.selectFrom("invoice").select(["number", "state"]).orderBy("invoice_id").execute())
    .map(({ number, state }) => `${number} ${state}`);

Deno.test("bill regenerate makes a bill anew, once, and says which", () =>
  withBill(undefined, async (db, number) => {
    await refuses(2, /Say why/, "bill", "regenerate", number);
    await refuses(1, /MH\/9/, ...anew("MH/9"));
    assert.match(
      await said(...anew(number)),
      /^Bill MH\/2026-27\/000001 is void, bill MH\/2026-27\/000002 of Rs [\d.,]+ stands for it: account A1, 2026-04$/,
    );
    await refuses(1, /void already/, ...anew(number));
    assert.deepEqual(await states(db), [`${number} void`, "MH/2026-27/000002 issued"]);
  }));

Deno.test("bill regenerate goes by the rules in force: a draft first, where drafts are looked at", () =>
  withBill({ ...CYCLE_RULES, draft_grace_ms: 86_400_000 }, async (db, number) => {
    assert.equal(
      await said(...anew(number)),
      `Bill ${number} is void, the new one is a draft: account A1, 2026-04`,
    );
    assert.deepEqual(await states(db), [`${number} void`]);
    const { state } = await db.selectFrom("billing_cycle").select("state")
      .orderBy("cycle_id", "desc").executeTakeFirstOrThrow();
    assert.equal(state, "draft");
  }));

const { validation } = CYCLE_RULES;
/** Shipped is twice the sanctioned load. */
const spike = { ...validation.rules.spike, load_margin: 1 };
const strict = { ...validation, rules: { ...validation.rules, spike } };

Deno.test("bill regenerate holds readings against the rules in force, and else changes nothing", () =>
  withBill(
    { ...CYCLE_RULES, validation: strict },
    async (db, number) => {
      const before = await counts(db);
      await refuses(
        1,
        /cannot be made anew: .*more than 1 times the.*nothing is ch/,
        ...anew(number),
      );
      assert.deepEqual(await counts(db), before);
      assert.deepEqual(await states(db), [`${number} issued`]);
    },
    // 3,000 kWh in 30 days of 3 kW.
    4_000_900,
  ));
