import assert from "node:assert/strict";
import {
  AddressError,
  NoAnswerError,
  TooFastError,
} from "../../../actors/notification/failures.ts";
import { RetryableError, TerminalError } from "../../../protocol/errors.ts";
import { createTexter, sortTwilioAnswer } from "../../../streams/delivery/sms.ts";
import { type LocalTwilio, startLocalTwilio } from "../../../streams/delivery/local/twilio.ts";
import { withTwilio } from "../../support/twilio.ts";

const TO = "+919820012345";
const SENDER = { from: "+12025550123" };

function texter(server: LocalTwilio, more: { timeout_ms?: number; auth_token?: string } = {}) {
  const { account_sid, auth_token, url } = server;
  return createTexter({ account_sid, auth_token, base_url: url, sender: SENDER, ...more });
}

Deno.test("send() is a call that Twilio's own document allows, made by Twilio's client", () =>
  withTwilio(async (server) => {
    const sid = await texter(server).send(TO, "वीज बिल");
    assert.match(sid, /^SM[0-9a-f]{32}$/);
    assert.deepEqual(server.refused, []);
    assert.deepEqual(server.calls, [
      `POST /2010-04-01/Accounts/${server.account_sid}/Messages.json`,
    ]);
    const [text] = server.received;
    assert.equal(text?.to, TO);
    assert.equal(text?.from, SENDER.from);
    assert.equal(text?.body, "वीज बिल");
  }));

Deno.test("send() goes through a messaging service when one is configured", () =>
  withTwilio(async (server) => {
    const { account_sid, auth_token, url } = server;
    const sender = { messaging_service_sid: `MG${"a".repeat(32)}` };
    await createTexter({ account_sid, auth_token, base_url: url, sender }).send(TO, "bill");
    assert.equal(server.received[0]?.from, null);
  }));

Deno.test("send() sorts 429 and 5xx as passing, with Retry-After, and 400 as final", () =>
  withTwilio(async (server) => {
    server.failNext(
      { status: 429, code: 20429, message: "Too many requests", retry_after_s: 7 },
      { status: 503, code: 20503, message: "Unavailable" },
      { status: 400, code: 21211, message: "The 'To' number is not valid" },
    );
    const sms = texter(server);
    await assert.rejects(() => sms.send(TO, "bill"), (error) => {
      assert.ok(error instanceof RetryableError, String(error));
      assert.equal(error.after_ms, 7_000);
      return true;
    });
    await assert.rejects(() => sms.send(TO, "bill"), RetryableError);
    await assert.rejects(() => sms.send(TO, "bill"), (error) => {
      assert.ok(error instanceof TerminalError, String(error));
      assert.match(error.message, /HTTP 400, code 21211/);
      return true;
    });
    await sms.send(TO, "bill");
    assert.equal(server.received.length, 1);
  }));

Deno.test("send() gives up waiting, and find() then finds the text that left all the same", () =>
  withTwilio(async (server) => {
    server.failNext({ status: 0, code: 0, message: "", hang: true });
    const sms = texter(server, { timeout_ms: 300 });
    const since_ms = Date.now();
    await assert.rejects(() => sms.send(TO, "bill 1"), RetryableError);
    assert.ok(Date.now() - since_ms < 5_000);
    const is = (body: string) => (other: string) => other === body;
    assert.equal(await sms.find(TO, is("bill 1"), since_ms), server.received[0]?.sid);
    assert.equal(await sms.find(TO, is("bill 2"), since_ms), undefined);
    assert.equal(await sms.find("+919820099999", is("bill 1"), since_ms), undefined);
    // One of an earlier hour is another message, whatever it says.
    assert.equal(await sms.find(TO, is("bill 1"), since_ms + 3_600_000), undefined);
    assert.deepEqual(server.refused, []);
  }));

Deno.test("send() posts once, over a connection that was used before too", () =>
  withTwilio(async (server) => {
    const sms = texter(server, { timeout_ms: 300 });
    await sms.send(TO, "bill 1");
    // The connection goes back to its pool a moment after the answer.
    await new Promise((resolve) => setTimeout(resolve, 50));
    server.failNext({ status: 0, code: 0, message: "", hang: true });
    await assert.rejects(() => sms.send(TO, "bill 2"), NoAnswerError);
    // What the runtime does by itself, it does at once.
    await new Promise((resolve) => setTimeout(resolve, 300));
    assert.deepEqual(server.received.map(({ body }) => body), ["bill 1", "bill 2"]);
  }));

Deno.test("send() with a wrong token waits for somebody to mend it", () =>
  withTwilio(async (server) => {
    const sms = texter(server, { auth_token: "wrong" });
    await assert.rejects(() => sms.send(TO, "bill"), (error) => {
      assert.ok(error instanceof RetryableError, String(error));
      assert.match(error.message, /code 20003\). Check TWILIO_AUTH_TOKEN/);
      assert.doesNotMatch(error.message, /wrong/);
      return true;
    });
  }));

Deno.test("the local endpoint refuses what Twilio's document refuses", () =>
  withTwilio(async (server) => {
    await assert.rejects(() => texter(server).send("98200 12345", "bill"), TerminalError);
    assert.ok(server.refused.length > 0);
    if (!server.checksAgainstDocument) {
      return console.error("Skipped in part: Twilio's OpenAPI document is not here");
    }
    const call = (form: string) =>
      fetch(`${server.url}/2010-04-01/Accounts/${server.account_sid}/Messages.json`, {
        method: "POST",
        headers: {
          "authorization": `Basic ${btoa(`${server.account_sid}:${server.auth_token}`)}`,
          "content-type": "application/x-www-form-urlencoded",
        },
        body: form,
      });
    for (
      const [form, fault] of [
        ["To=%2B919820012345&From=%2B12025550123&Bdy=x&Body=y", /Bdy: no such field/],
        ["To=%2B919820012345&MessagingServiceSid=MG1&Body=y", /MessagingServiceSid/],
        ["To=%2B919820012345&From=%2B12025550123&Body=y&ValidityPeriod=soon", /ValidityPeriod/],
      ] as const
    ) {
      const response = await call(form);
      assert.equal(response.status, 400);
      assert.match((await response.json()).message, fault);
    }
    assert.equal(server.received.length, 0);
  }));

Deno.test("the local endpoint says when Twilio's document is absent", async () => {
  const said: string[] = [];
  const server = await startLocalTwilio({
    documentPath: "/nowhere/twilio.json",
    say: (line) => void said.push(line),
  });
  await texter(server).send(TO, "bill");
  await server.stop();
  assert.equal(server.checksAgainstDocument, false);
  assert.match(said[0] ?? "", /basic checks only/);
});

Deno.test("sortTwilioAnswer() reads an answer that is not Twilio's JSON", () => {
  const error = sortTwilioAnswer(502, "<html>Bad gateway</html>");
  assert.ok(error instanceof RetryableError);
  assert.match(error.message, /Bad gateway/);
});

Deno.test("send() comes from the registered sender id, and says where to report", () =>
  withTwilio(async (server) => {
    const status_callback = "https://bills.example.org/twilio/status?notice=1&drive=0";
    await texter(server).send(TO, "bill", { from: "SAMAYV", status_callback });
    assert.deepEqual(server.refused, []);
    const [text] = server.received;
    assert.deepEqual([text?.from, text?.status_callback], ["SAMAYV", status_callback]);
  }));

Deno.test("send() sorts what may have left, too much, and a number that takes nothing", () =>
  withTwilio(async (server) => {
    server.failNext(
      { status: 500, code: 20500, message: "Broken", taken: true },
      { status: 429, code: 20429, message: "Too many requests" },
      { status: 400, code: 21610, message: "Unsubscribed" },
    );
    const sms = texter(server);
    const since_ms = Date.now();
    await assert.rejects(() => sms.send(TO, "bill"), NoAnswerError);
    await assert.rejects(() => sms.send(TO, "bill"), TooFastError);
    await assert.rejects(() => sms.send(TO, "bill"), AddressError);
    // Twilio has not dated it yet: it is found all the same, but not once it has failed.
    const [text] = server.received;
    assert.equal(await sms.find(TO, () => true, since_ms), text?.sid);
    for (const status of ["failed", "undelivered"]) {
      await server.report(text!.sid, { status });
      assert.equal(await sms.find(TO, () => true, since_ms), undefined);
    }
    assert.deepEqual(server.refused, []);
  }));

Deno.test("find() without an answer is done again, and puts nothing in doubt", async () => {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const accepted = listener.accept();
  const sms = createTexter({
    ...{ account_sid: `AC${"0".repeat(32)}`, auth_token: "t", sender: SENDER, timeout_ms: 200 },
    base_url: `http://127.0.0.1:${listener.addr.port}`,
  });
  await assert.rejects(() => sms.find(TO, () => true, 0), (error) => {
    assert.ok(error instanceof RetryableError && !(error instanceof NoAnswerError), String(error));
    return true;
  });
  (await accepted).close();
  listener.close();
});
