/** Twilio's reports over HTTP, signed and not, in every order, to a real database. */
import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import {
  type CallbackOptions,
  callbackUrlOf,
  startCallbacks,
} from "../../../streams/delivery/callbacks.ts";
import { silentLog } from "../../../streams/terminal/log.ts";
import { withDatabase } from "../../support/database.ts";
import type { Db } from "../billing/fixture.ts";
import { issueBill, noticeOf } from "./issued.ts";

const SID = `SM${"a".repeat(32)}`;
const ACCOUNT = `AC${"0".repeat(32)}`;
const TOKEN = "secret token";
/** What Twilio calls; a proxy in front of this machine takes it from there. */
const PUBLIC = "https://bills.example.org/twilio/status";

interface World {
  readonly db: Db;
  /** Posts a report as Twilio does; `changes` spoil it. Returns the status of the answer. */
  post(fields: Record<string, string>, changes?: Changes): Promise<number>;
  state(): Promise<readonly (string | null)[]>;
  readonly said: string[];
  readonly port: number;
}

interface Changes {
  readonly token?: string;
  readonly signature?: string | null;
  readonly url?: string;
  readonly method?: string;
  readonly path?: string;
  readonly type?: string;
  readonly body?: BodyInit;
}

async function withCallbacks(
  body: (world: World) => Promise<void>,
  more: Partial<CallbackOptions> = {},
) {
  await withDatabase(async (db) => {
    await issueBill(db, 1);
    const { notification_id } = await noticeOf(db, 1, "sms");
    await db.updateTable("notification")
      .set({ state: "sent", attempts: 1, provider_id: SID, delivery: "accepted" })
      .where("notification_id", "=", notification_id).execute();
    const said: string[] = [];
    const log = { ...silentLog, warn: (message: string) => void said.push(message) };
    const callbacks = startCallbacks({
      ...{ db, log, hostname: "127.0.0.1", port: 0, public_url: PUBLIC },
      ...{ account_sid: ACCOUNT, auth_token: TOKEN, ...more },
    });
    const asked = callbackUrlOf(PUBLIC, notification_id, 0);
    const post = async (fields: Record<string, string>, changes: Changes = {}) => {
      const form = { AccountSid: ACCOUNT, MessageSid: SID, To: "+919800000001", ...fields };
      const url = changes.url ?? asked;
      const signed = Object.keys(form).sort()
        .reduce((all, name) => `${all}${name}${form[name as keyof typeof form]}`, url);
      const signature = changes.signature === undefined
        ? createHmac("sha1", changes.token ?? TOKEN).update(signed).digest("base64")
        : changes.signature;
      const method = changes.method ?? "POST";
      const { pathname, search } = new URL(url);
      const response = await fetch(
        `http://127.0.0.1:${callbacks.port}${changes.path ?? pathname}${search}`,
        {
          method,
          headers: {
            "content-type": changes.type ?? "application/x-www-form-urlencoded",
            ...(signature !== null && { "x-twilio-signature": signature }),
          },
          ...(method === "POST" && { body: changes.body ?? new URLSearchParams(form) }),
        },
      );
      await response.body?.cancel();
      return response.status;
    };
    const state = async () => {
      const row = await noticeOf(db, 1, "sms");
      return [row.state, row.delivery, row.last_error];
    };
    try {
      await body({ db, post, state, said, port: callbacks.port });
    } finally {
      await callbacks.stop();
    }
  });
}

Deno.test("startCallbacks() takes signed reports, late, twice and out of order: never back", () =>
  withCallbacks(async ({ post, state }) => {
    assert.equal(await post({ MessageStatus: "sent" }), 204);
    assert.deepEqual(await state(), ["sent", "sent", null]);
    assert.equal(await post({ MessageStatus: "queued" }), 204);
    assert.deepEqual(await state(), ["sent", "sent", null]);
    assert.equal(await post({ MessageStatus: "delivered" }), 204);
    for (const late of ["sent", "undelivered", "delivered", "queued"]) {
      assert.equal(await post({ MessageStatus: late }), 204);
      assert.deepEqual(await state(), ["delivered", "delivered", null]);
    }
  }));

Deno.test("startCallbacks() parks a text that did not arrive, and suppresses a number for good", () =>
  withCallbacks(async ({ db, post, state }) => {
    assert.equal(await post({ MessageStatus: "undelivered", ErrorCode: "30003" }), 204);
    assert.deepEqual(await state(), ["parked", "undelivered", "Twilio: undelivered, code 30003"]);
    const suppressed = () => db.selectFrom("suppression").select("recipient").execute();
    assert.deepEqual(await suppressed(), []);
    assert.equal(await post({ MessageStatus: "undelivered", ErrorCode: "30006" }), 204);
    assert.deepEqual(await state(), ["parked", "bounced", "Twilio: undelivered, code 30006"]);
    assert.deepEqual(await suppressed(), [{ recipient: "+919800000001" }]);
  }));

Deno.test("startCallbacks() refuses what is not Twilio's, and changes nothing", () =>
  withCallbacks(async ({ post, state, said }) => {
    const good = { MessageStatus: "delivered" };
    const other = `AC${"1".repeat(32)}`;
    const cases: readonly (readonly [number, Record<string, string>, Changes])[] = [
      [403, good, { token: "another token" }],
      [403, good, { signature: null }],
      [403, good, { signature: "" }],
      // Signed for another notice: its signature does not fit this address.
      [403, { MessageStatus: "delivered" }, { body: `MessageStatus=delivered&MessageSid=${SID}` }],
      [404, good, { path: "/twilio/other" }],
      [405, good, { method: "GET" }],
      [415, good, { type: "application/json" }],
      [413, { ...good, Body: "x".repeat(20_000) }, {}],
      [400, { ...good, AccountSid: other }, {}],
      [400, { ...good, MessageSid: "SM1" }, {}],
      [400, good, { url: PUBLIC }],
      [404, good, { url: callbackUrlOf(PUBLIC, 99, 0) }],
    ];
    for (const [status, fields, changes] of cases) {
      assert.equal(await post(fields, changes), status, JSON.stringify([fields, changes]));
      assert.deepEqual(await state(), ["sent", "accepted", null]);
    }
    // Told once, not for every one of them.
    assert.deepEqual(said, ["status reports refused"]);
    assert.equal(await post({ MessageStatus: "receiving" }), 204);
    assert.deepEqual(await state(), ["sent", "accepted", null]);
  }));

Deno.test("startCallbacks() reads no more of a body without end than it takes", () =>
  withCallbacks(async ({ post }) => {
    let sent = 0;
    const endless = new ReadableStream<Uint8Array>({
      pull(controller) {
        sent += 4_096;
        if (sent > 64_000_000) return controller.close();
        controller.enqueue(new Uint8Array(4_096).fill(120));
      },
    });
    const outcome = await post({ MessageStatus: "sent" }, { body: endless })
      .catch(() => "cut off");
    assert.ok(outcome === 413 || outcome === "cut off", String(outcome));
    assert.ok(sent < 64_000_000, `${sent} bytes were taken`);
  }));

/** Sends the head of a report and no body; returns the first line of the answer. */
async function dawdle(port: number): Promise<string> {
  const connection = await Deno.connect({ hostname: "127.0.0.1", port });
  try {
    await connection.write(new TextEncoder().encode(
      `POST ${new URL(PUBLIC).pathname}?notice=1&drive=0 HTTP/1.1\r\nhost: x\r\n` +
        `content-type: application/x-www-form-urlencoded\r\ncontent-length: 10\r\n\r\nabc`,
    ));
    const answer = new Uint8Array(1_024);
    const size = await connection.read(answer) ?? 0;
    return new TextDecoder().decode(answer.subarray(0, size)).split("\r\n")[0]!;
  } finally {
    connection.close();
  }
}

Deno.test("startCallbacks() waits so long for a body and no longer, for so many at once", () =>
  withCallbacks(async ({ post, port }) => {
    const slow = [dawdle(port), dawdle(port)];
    await new Promise((resolve) => setTimeout(resolve, 100));
    assert.equal(await post({ MessageStatus: "sent" }), 503);
    for (const line of await Promise.all(slow)) assert.match(line, /^HTTP\/1\.1 408/);
    assert.equal(await post({ MessageStatus: "sent" }), 204);
  }, { in_hand_max: 2, body_within_ms: 400 }));

Deno.test("startCallbacks() takes so many requests a second and no more", () =>
  withCallbacks(async ({ post, state }) => {
    for (let i = 0; i < 3; i++) assert.equal(await post({ MessageStatus: "queued" }), 204);
    assert.equal(await post({ MessageStatus: "delivered" }), 429);
    assert.deepEqual(await state(), ["sent", "queued", null]);
  }, { requests_per_s: 3, now_ms: () => 1_000_000 }));

Deno.test("startCallbacks() asks for the report once more while the database is away", () =>
  withCallbacks(async ({ db, post }) => {
    await db.schema.alterTable("notification").renameTo("away").execute();
    assert.equal(await post({ MessageStatus: "delivered" }), 503);
    await db.schema.alterTable("away").renameTo("notification").execute();
    assert.equal(await post({ MessageStatus: "delivered" }), 204);
  }));
