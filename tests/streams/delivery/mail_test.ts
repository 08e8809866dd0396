import assert from "node:assert/strict";
import { AddressError, NoAnswerError } from "../../../actors/notification/failures.ts";
import { RetryableError, TerminalError } from "../../../protocol/errors.ts";
import { escapeHtml, letterOf } from "../../../streams/delivery/letter.ts";
import {
  createMailer,
  messageIdOf,
  sortSmtpError,
  transportOptions,
} from "../../../streams/delivery/mail.ts";
import { renderBillPdf } from "../../../streams/delivery/pdf/bill_pdf.ts";
import { withSmtp } from "../../support/smtp.ts";
import { sampleBill } from "./sample.ts";

const FROM = "Samay Bills <bills@samay.example>";

function letter(language: "en" | "mr" = "en", id = 17) {
  const bill = sampleBill(language);
  return letterOf(bill, id, "kshama@example.org", renderBillPdf(bill));
}

Deno.test("send() delivers text, HTML and the PDF in Marathi, with a stable Message-ID", () =>
  withSmtp(async (server) => {
    const mailer = createMailer({ url: server.url, from: FROM });
    const id = await mailer.send(letter("mr"));
    mailer.close();
    assert.equal(id, "<samay-notification-17@samay.example>");
    assert.deepEqual(server.received[0]?.to, ["kshama@example.org"]);
    assert.equal(server.received[0]?.from, "bills@samay.example");
    const mail = await server.parse(server.received[0]!);
    assert.equal(mail.messageId, id);
    assert.equal(mail.subject, "वीज बिल: एप्रिल 2026: ₹ 2,950.00");
    assert.match(mail.text ?? "", /नमस्कार श्रीमती क्षमा ज्ञानेश्वर कुलकर्णी/);
    assert.match(mail.text ?? "", /देय दिनांक: 21 मे 2026/);
    assert.match(mail.html || "", /<b style="font-size:28px">₹ 2,950.00<\/b>/);
    assert.equal(mail.attachments.length, 1);
    const [pdf] = mail.attachments;
    assert.equal(pdf?.filename, "MH-2026-27-000001.pdf");
    assert.equal(pdf?.contentType, "application/pdf");
    assert.deepEqual(new Uint8Array(pdf!.content), renderBillPdf(sampleBill("mr")));
    assert.equal(mail.headers.get("auto-submitted"), "auto-generated");
  }));

Deno.test("send() sorts SMTP 4xx and a dropped connection as passing, 5xx as final", () =>
  withSmtp(async (server) => {
    const mailer = createMailer({ url: server.url, from: FROM, timeout_ms: 5_000 });
    server.failNext({ code: 451, text: "Greylisted, try later" }, "drop", {
      code: 550,
      text: "No such mailbox",
    });
    await assert.rejects(() => mailer.send(letter()), (error) => {
      assert.ok(error instanceof RetryableError, String(error));
      assert.match(error.message, /451 Greylisted/);
      return true;
    });
    await assert.rejects(() => mailer.send(letter()), RetryableError);
    await assert.rejects(() => mailer.send(letter()), (error) => {
      assert.ok(error instanceof TerminalError, String(error));
      assert.match(error.message, /550 No such mailbox/);
      return true;
    });
    await mailer.send(letter());
    mailer.close();
    assert.equal(server.received.length, 1);
  }));

Deno.test("send() knows what may have left from what did not", () =>
  withSmtp(async (server) => {
    const mailer = createMailer({ url: server.url, from: FROM, timeout_ms: 500 });
    // Dropped after DATA: before it was taken, after it was taken, and an answer that does not come.
    server.failNext("drop", "lost", { code: 451, text: "Slow", after_ms: 2_000 });
    for (let i = 0; i < 3; i++) {
      await assert.rejects(() => mailer.send(letter()), NoAnswerError);
    }
    assert.equal(server.received.length, 1);
    server.failNext({ code: 451, text: "Later" });
    await assert.rejects(() => mailer.send(letter()), (error) => {
      assert.ok(error instanceof RetryableError && !(error instanceof NoAnswerError));
      return true;
    });
    mailer.close();
  }));

Deno.test("send() knows a mailbox that is not there from a letter that is refused", () =>
  withSmtp(async (server) => {
    const mailer = createMailer({ url: server.url, from: FROM, timeout_ms: 5_000 });
    server.refuse("kshama@example.org", { code: 550, text: "5.1.1 No such user" });
    await assert.rejects(() => mailer.send(letter()), AddressError);
    server.refuse("kshama@example.org", { code: 550, text: "No such user" });
    await assert.rejects(() => mailer.send(letter()), AddressError);
    server.refuse("kshama@example.org", null);
    server.failNext({ code: 550, text: "5.7.1 Looks like spam" });
    await assert.rejects(() => mailer.send(letter()), (error) => {
      assert.ok(error instanceof TerminalError && !(error instanceof AddressError));
      return true;
    });
    mailer.close();
  }));

Deno.test("send() may be tried again when nobody listens at the port", async () => {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = listener.addr;
  listener.close();
  const mailer = createMailer({ url: `smtp://127.0.0.1:${port}`, from: FROM, timeout_ms: 2_000 });
  await assert.rejects(() => mailer.send(letter()), (error) => {
    assert.ok(error instanceof RetryableError && !(error instanceof NoAnswerError));
    return true;
  });
  mailer.close();
});

Deno.test("send() gives up on a server that says nothing, before and after its greeting", async () => {
  for (const greeting of ["", "220 silent.example\r\n"]) {
    const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    const accepted = listener.accept();
    accepted.then((connection) => connection.write(new TextEncoder().encode(greeting)));
    const url = `smtp://127.0.0.1:${listener.addr.port}`;
    const mailer = createMailer({ url, from: FROM, timeout_ms: 200 });
    const start_ms = Date.now();
    await assert.rejects(() => mailer.send(letter()), RetryableError);
    assert.ok(Date.now() - start_ms < 5_000);
    mailer.close();
    (await accepted).close();
    listener.close();
  }
});

Deno.test("sortSmtpError() keeps a refused password from costing anybody the bill", () => {
  const refused = Object.assign(new Error("Invalid login"), { code: "EAUTH", responseCode: 535 });
  const sorted = sortSmtpError(refused);
  assert.ok(sorted instanceof RetryableError);
  assert.match(sorted.message, /SAMAY_SMTP_URL/);
});

Deno.test("transportOptions() asks for TLS before a password leaves the machine", () => {
  const tls = (url: string) => transportOptions({ url, from: FROM }).requireTLS;
  assert.equal(tls("smtp://user:secret@mail.example.org:587"), true);
  assert.equal(tls("smtp://user:secret@127.0.0.1:2525"), false);
  assert.equal(tls("smtp://mail.example.org:25"), false);
  assert.equal(tls("smtps://user:secret@mail.example.org:465"), false);
});

Deno.test("messageIdOf() differs by notification and not by attempt", () => {
  assert.equal(messageIdOf(1, "a@b.example"), messageIdOf(1, "a@b.example"));
  assert.notEqual(messageIdOf(1, "a@b.example"), messageIdOf(2, "a@b.example"));
});

Deno.test("letterOf() lets no name become markup", () => {
  const bill = sampleBill("en");
  const name = '<img src=x onerror="alert(1)">';
  const { html } = letterOf(
    { ...bill, consumer: { ...bill.consumer, name } },
    1,
    "a@b.example",
    new Uint8Array(),
  );
  assert.ok(!html.includes("<img"));
  assert.equal(escapeHtml(`<&>"'`), "&lt;&amp;&gt;&quot;&#39;");
});
