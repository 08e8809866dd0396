/** How notices are sent, from the environment to the wire. */
import assert from "node:assert/strict";
import { configurationOf } from "../../../streams/configuration/roles.ts";
import { callbackUrlOf } from "../../../streams/delivery/callbacks.ts";
import { startBillingRole } from "../../../streams/roles/billing_role.ts";
import { mailerOf, sendingOf, texterOf } from "../../../streams/roles/delivery_ways.ts";
import { silentLog } from "../../../streams/terminal/log.ts";
import { withBroker } from "../../support/broker.ts";
import { eventually } from "../../support/eventually.ts";
import { withTwilio } from "../../support/twilio.ts";
import { issueBill, noticeOf } from "../delivery/issued.ts";

const BOOK = {
  entity_id: "1101234567890123456",
  header: "SAMAYV",
  templates: [{
    template_id: "1107160000000000001",
    kind: "bill",
    language: "en",
    text: "Samay Vidyut: bill {#var#} of Rs {#var#} is due on {#var#}. Call 1912.",
    variables: ["number", "amount", "due_on"],
  }],
};

async function withFolder(body: (folder: string) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir({ prefix: "samay-sending-" });
  try {
    await body(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

Deno.test("sendingOf() has limits, hours and built-in texts without a word in the environment", async () => {
  const { policy, smsRules, callbacks } = await sendingOf(
    configurationOf("billing", {}),
    silentLog,
  );
  assert.deepEqual([policy.quiet, policy.quiet_bills], [{ from_min: 1_260, to_min: 540 }, false]);
  assert.deepEqual([smsRules.segments_max, smsRules.templates.length], [3, 4]);
  assert.equal(callbacks, null);
});

Deno.test("sendingOf() refuses a file of texts that is not there or has a fault", () =>
  withFolder(async (folder) => {
    const of = (file: string) =>
      sendingOf(configurationOf("billing", { SAMAY_DLT_FILE: file }), silentLog);
    await assert.rejects(() => of(`${folder}/none.json`), /SAMAY_DLT_FILE .* cannot be read/);
    await Deno.writeTextFile(`${folder}/bad.json`, JSON.stringify({ ...BOOK, header: "S" }));
    await assert.rejects(() => of(`${folder}/bad.json`), /bad\.json: header: 3 to 11/);
  }));

Deno.test("configurationOf() refuses half an endpoint for reports", () => {
  const of = (environment: Record<string, string>) => () => configurationOf("billing", environment);
  const listen = { SAMAY_CALLBACK_LISTEN: "127.0.0.1:8090" };
  const url = { SAMAY_CALLBACK_URL: "https://bills.example.org/twilio/status" };
  assert.throws(of(listen), /SAMAY_CALLBACK_URL is missing: SAMAY_CALLBACK_LISTEN is set/);
  assert.throws(of(url), /SAMAY_CALLBACK_LISTEN is missing/);
  assert.throws(of({ ...listen, ...url }), /TWILIO_ACCOUNT_SID is missing: SAMAY_CALLBACK_URL/);
});

Deno.test("startBillingRole() sends the registered text and takes the report on it", () =>
  withFolder((folder) =>
    withBroker(({ broker }) =>
      withTwilio(async (twilio) => {
        const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
        const { port } = listener.addr;
        listener.close();
        await Deno.writeTextFile(`${folder}/dlt.json`, JSON.stringify(BOOK));
        const configuration = configurationOf("billing", {
          TWILIO_ACCOUNT_SID: twilio.account_sid,
          TWILIO_AUTH_TOKEN: twilio.auth_token,
          TWILIO_FROM: "+12025550123",
          SAMAY_TWILIO_URL: twilio.url,
          SAMAY_CALLBACK_LISTEN: `127.0.0.1:${port}`,
          SAMAY_CALLBACK_URL: `http://127.0.0.1:${port}/twilio/status`,
          SAMAY_DLT_FILE: `${folder}/dlt.json`,
        });
        const role = await startBillingRole({
          ...{ broker, dataDir: folder, billsDir: `${folder}/bills`, log: silentLog },
          ...{ kek: new Uint8Array(32), month_end: false, utility: { name: "Samay Vidyut" } },
          mail: mailerOf(configuration, silentLog),
          sms: texterOf(configuration, silentLog),
          sending: await sendingOf(configuration, silentLog),
        });
        try {
          const number = await issueBill(role.db, 1, { email: null });
          await eventually(() => assert.equal(twilio.received.length, 1), 20_000);
          const [text] = twilio.received;
          assert.equal(
            text!.body,
            `Samay Vidyut: bill ${number} of Rs 2,960 is due on 21-05-2026. Call 1912.`,
          );
          assert.equal(text!.from, "SAMAYV");
          const row = () => noticeOf(role.db, 1, "sms");
          await eventually(async () => assert.equal((await row()).state, "sent"));
          const { notification_id, template_id, segments } = await row();
          assert.deepEqual([template_id, segments], ["1107160000000000001", 1]);
          const url = `http://127.0.0.1:${port}/twilio/status`;
          assert.equal(text!.status_callback, callbackUrlOf(url, notification_id, 0));
          assert.equal(await twilio.report(text!.sid, { status: "delivered" }), 204);
          assert.equal((await row()).state, "delivered");
          assert.deepEqual(twilio.refused, []);
        } finally {
          await role.stop();
        }
      })
    )
  ));
