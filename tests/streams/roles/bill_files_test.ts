import assert from "node:assert/strict";
import { stepCycle } from "../../../streams/billing/step.ts";
import { type BillFilesOptions, startBillFiles } from "../../../streams/roles/bill_files.ts";
import { findInvoice } from "../../../streams/billing/invoices.ts";
import { voidInvoice } from "../../../streams/billing/void.ts";
import { billPathOf, loadBill } from "../../../streams/delivery/bills.ts";
import { renderBillPdf } from "../../../streams/delivery/pdf/bill_pdf.ts";
import { startBillingRole } from "../../../streams/roles/billing_role.ts";
import { withBroker } from "../../support/broker.ts";
import { samay } from "../../support/command_line.ts";
import { eventually } from "../../support/eventually.ts";
import { silentLog } from "../../../streams/terminal/log.ts";
import { withDatabase } from "../../support/database.ts";
import { addAccount, addReading, contextOf, type Db, NOW } from "../billing/fixture.ts";

const NONE = { mail: false, sms: false };

/** Issues April of account A`n`; returns the bill's number. */
async function issue(db: Db, n: number, who: Parameters<typeof addAccount>[2] = {}) {
  await addAccount(db, n, who);
  const close = { step: "close" as const, requested_at_ms: NOW };
  await stepCycle(contextOf(db), `A${n}`, "2026-04", close);
  await addReading(db, n, NOW + 2_000, 1_250_100);
  const look = { step: "look" as const };
  return (await stepCycle(contextOf(db, NOW + 3_000), `A${n}`, "2026-04", look)).issued!;
}

/** Has the files of `numbers` written; returns their names, and what the log said. */
async function filesOf(
  db: Db,
  numbers: readonly string[],
  ways: BillFilesOptions["ways"],
  billsDir: string,
) {
  const said: string[] = [];
  const say = (message: string) => void said.push(message);
  const log = { ...silentLog, info: say, error: say };
  const files = startBillFiles({ db, billsDir, utility: { name: "Utility" }, ways, log });
  for (const number of numbers) files.draw(number);
  await files.stop();
  let names: string[] = [];
  try {
    names = [...Deno.readDirSync(`${billsDir}/2026-04`)].map((entry) => entry.name).sort();
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound || error instanceof Deno.errors.NotADirectory)) {
      throw error;
    }
  }
  return { names, said };
}

Deno.test("startBillFiles() writes the PDF of each bill that delivery does not draw itself", async () => {
  const folder = await Deno.makeTempDir({ prefix: "samay-bills-" });
  try {
    await withDatabase(async (db) => {
      const both = await issue(db, 1);
      const phone = await issue(db, 2, { email: null });
      const nobody = await issue(db, 3, { email: null, phone: null });
      const of = (ways: BillFilesOptions["ways"], name: string) =>
        filesOf(db, [both, phone, nobody], ways, `${folder}/${name}`);
      const [B, P, N] = [1, 2, 3].map((n) => `MH-2026-27-00000${n}.pdf`);
      assert.deepEqual(await of(NONE, "none"), { names: [B, P, N], said: [] });
      assert.deepEqual((await of({ mail: true, sms: false }, "mail")).names, [P, N]);
      assert.deepEqual((await of({ mail: false, sms: true }, "sms")).names, [B, N]);
      assert.deepEqual((await of({ mail: true, sms: true }, "all")).names, [N]);
      const bytes = await Deno.readFile(`${folder}/none/2026-04/${B}`);
      assert.equal(new TextDecoder().decode(bytes.subarray(0, 5)), "%PDF-");
    });
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("startBillFiles() tells once of a folder that takes nothing, and once that it does again", async () => {
  const folder = await Deno.makeTempDir({ prefix: "samay-bills-" });
  try {
    await withDatabase(async (db) => {
      const numbers = [await issue(db, 1), await issue(db, 2)];
      await Deno.writeTextFile(`${folder}/file`, "");
      const blocked = await filesOf(db, [...numbers, "no such bill"], NONE, `${folder}/file`);
      assert.equal(blocked.names.length, 0);
      assert.equal(blocked.said.length, 1);
      assert.match(blocked.said[0]!, /not written; make it with `samay bill pdf`/);
      const mixed = await filesOf(db, ["no such bill", ...numbers], NONE, `${folder}/bills`);
      assert.equal(mixed.names.length, 2);
      assert.equal(mixed.said.length, 2);
    });
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

/** The file of a bill as it lies there, and as it is to be by what the database says. */
async function fileOf(db: Db, billsDir: string, number: string) {
  const { invoice_id } = await findInvoice(db, number);
  const { bill, state } = await loadBill(db, invoice_id, { name: "Utility" });
  const lies = await Deno.readFile(billPathOf(billsDir, bill));
  return { lies, state, right: renderBillPdf(bill) };
}

Deno.test("the file of a bill that is made void is drawn over, whoever drew it", async () => {
  const folder = await Deno.makeTempDir({ prefix: "samay-bills-" });
  try {
    await withDatabase(async (db) => {
      const number = await issue(db, 1);
      await filesOf(db, [number], NONE, folder);
      const before = await fileOf(db, folder, number);
      assert.deepEqual(before.lies, before.right);
      await voidInvoice(db, { bill: number, reason: "x", actor: "asha", now_ms: NOW + 5_000 });
      const stale = await fileOf(db, folder, number);
      assert.notDeepEqual(stale.lies, stale.right, "the page says that it is void");
      await filesOf(db, [number], { mail: true, sms: true }, folder);
      const after = await fileOf(db, folder, number);
      assert.equal(after.state, "void");
      assert.deepEqual(after.lies, after.right);
    });
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("startBillingRole() draws over the file of a bill that the office makes void", async () => {
  const folder = await Deno.makeTempDir({ prefix: "samay-bills-" });
  try {
    await withBroker(async ({ broker }) => {
      const role = await startBillingRole({
        ...{ broker, dataDir: folder, billsDir: `${folder}/bills`, log: silentLog },
        ...{ kek: new Uint8Array(32), month_end: false, utility: { name: "Utility" } },
        ...{ mail: null, sms: null },
      });
      Deno.env.set("SAMAY_NATS_URL", broker.url);
      try {
        const stands = (number: string, state: string) =>
          eventually(async () => {
            const file = await fileOf(role.db, `${folder}/bills`, number);
            assert.equal(file.state, state);
            assert.deepEqual(file.lies, file.right);
          });
        const number = await issue(role.db, 1);
        const other = await issue(role.db, 2);
        const voided = await samay("bill", "void", number, "--reason", "a test");
        assert.equal(voided.code, 0, voided.out);
        await stands(number, "void");
        const anew = await samay("bill", "regenerate", other, "--reason", "a test", "--json");
        assert.equal(anew.code, 0, anew.out);
        await stands(other, "void");
        await stands(JSON.parse(anew.out).number, "issued");
      } finally {
        Deno.env.delete("SAMAY_NATS_URL");
        await role.stop();
      }
    });
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
