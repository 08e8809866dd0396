import assert from "node:assert/strict";
import {
  backoff_ms,
  failureOf,
  type Notification,
  NOTIFICATION_POLICY as POLICY,
  receive,
} from "../../../actors/notification/notification.ts";
import { RetryableError, TerminalError } from "../../../protocol/errors.ts";

const NOTICE = { type: "notice", invoice: "issued", channel_ready: true } as const;
const NOW = 1_777_600_000_000;

const intended: Notification = {
  state: "intended",
  recipient: "kshama@example.org",
  attempts: 0,
  provider_id: null,
  last_error: null,
  updated_at_ms: NOW - 1_000,
};
const sending: Notification = { ...intended, state: "sending", attempts: 1 };

Deno.test("receive() writes the attempt before it sends", () => {
  const { next, effects } = receive(intended, NOTICE, NOW);
  assert.deepEqual([next.state, next.attempts, next.updated_at_ms], ["sending", 1, NOW]);
  assert.deepEqual(effects, [{ effect: "send", attempt: 1, may_have_left: false }]);
});

Deno.test("receive() notes the provider's id, and its word of delivery", () => {
  const sent = receive(sending, { type: "accepted", provider_id: "SM1" }, NOW).next;
  assert.deepEqual([sent.state, sent.provider_id], ["sent", "SM1"]);
  const delivered = receive(sent, { type: "delivered" }, NOW).next;
  assert.equal(delivered.state, "delivered");
  // An answer that comes late does not take it back.
  assert.equal(receive(delivered, { type: "accepted", provider_id: "SM1" }, NOW).next, delivered);
});

Deno.test("receive() does nothing when a notice comes again after the end", () => {
  for (const state of ["sent", "delivered", "parked", "skipped"] as const) {
    const ended: Notification = { ...sending, state };
    const decision = receive(ended, NOTICE, NOW + 10 * POLICY.attempt_max_ms);
    assert.equal(decision.next, ended);
    assert.deepEqual(decision.effects, []);
  }
});

Deno.test("receive() waits while another attempt may still run", () => {
  const { next, effects } = receive(sending, NOTICE, NOW);
  assert.equal(next, sending);
  assert.deepEqual(effects, [{
    effect: "retry",
    after_ms: POLICY.attempt_max_ms - 1_000,
    reason: "an attempt is under way",
  }]);
});

Deno.test("receive() sends again after a crash, saying that it may have left already", () => {
  const { next, effects } = receive(sending, NOTICE, NOW + POLICY.attempt_max_ms);
  assert.equal(next.attempts, 2);
  assert.deepEqual(effects, [{ effect: "send", attempt: 2, may_have_left: true }]);
});

Deno.test("receive() retries what may pass, later each time, never before the provider says", () => {
  const failed = failureOf(new RetryableError("451 later", 1_000));
  const first = receive(sending, failed, NOW);
  assert.deepEqual(first.effects, [{ effect: "retry", after_ms: 5_000, reason: "451 later" }]);
  assert.equal(first.next.last_error, "451 later");
  const slow = receive(sending, failureOf(new RetryableError("429", 60_000)), NOW);
  assert.deepEqual(slow.effects, [{ effect: "retry", after_ms: 60_000, reason: "429" }]);
  assert.equal(backoff_ms(3, POLICY), 20_000);
  assert.equal(backoff_ms(99, POLICY), POLICY.backoff_max_ms);
  // The failed attempt is over: its successor need not wait for it.
  assert.equal(receive(first.next, NOTICE, NOW + 1).effects[0]?.effect, "send");
});

Deno.test("receive() parks what is final, and what has failed often enough, with the reason", () => {
  const final = receive(sending, failureOf(new TerminalError("550 no such mailbox")), NOW);
  assert.deepEqual([final.next.state, final.next.last_error], ["parked", "550 no such mailbox"]);
  assert.deepEqual(final.effects, [{ effect: "dead", reason: "550 no such mailbox" }]);
  const last = { ...sending, attempts: POLICY.attempts_max };
  const tired = receive(last, failureOf(new RetryableError("451")), NOW);
  assert.deepEqual(tired.next.state, "parked");
  assert.match(tired.next.last_error ?? "", /^451; given up after 10 attempts$/);
  // Attempts that all crashed are counted as well.
  const crashed = receive(last, NOTICE, NOW + POLICY.attempt_max_ms);
  assert.equal(crashed.next.state, "parked");
});

Deno.test("receive() skips a void bill, a missing address and a channel that is not there", () => {
  const skip = (state: Notification, more: Partial<Record<string, unknown>>) => {
    const { next, effects } = receive(state, { ...NOTICE, ...more }, NOW);
    assert.deepEqual(effects, []);
    return [next.state, next.last_error];
  };
  assert.deepEqual(skip(intended, { invoice: "void" }), ["skipped", "the invoice is void"]);
  assert.deepEqual(skip({ ...intended, recipient: null }, {}), [
    "skipped",
    "no address to send to",
  ]);
  assert.deepEqual(skip(intended, { channel_ready: false }), [
    "skipped",
    "this channel is not configured",
  ]);
});
