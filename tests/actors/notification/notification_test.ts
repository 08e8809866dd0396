import assert from "node:assert/strict";
import fc from "fast-check";
import { AddressError, failureOf, NoAnswerError } from "../../../actors/notification/failures.ts";
import { backoff_ms, receive } from "../../../actors/notification/notification.ts";
import {
  type Notification,
  NOTIFICATION_POLICY as POLICY,
} from "../../../actors/notification/state.ts";
import {
  PROVIDER_WORDS,
  type ProviderWord,
  refusesMailbox,
  twilioWord,
} from "../../../actors/notification/provider_word.ts";
import { quietHoursOf, quietUntil_ms } from "../../../actors/notification/quiet_hours.ts";
import { isAbout, type Template } from "../../../actors/notification/template.ts";
import { RetryableError, TerminalError } from "../../../protocol/errors.ts";

const NOTICE = {
  type: "notice",
  invoice: "issued",
  channel_ready: true,
  suppressed: null,
} as const;
const NOW = 1_777_600_000_000;

const intended: Notification = {
  state: "intended",
  kind: "bill",
  recipient: "kshama@example.org",
  attempts: 0,
  unanswered: 0,
  drive: 0,
  provider_id: null,
  delivery: null,
  last_error: null,
  due_at_ms: null,
  template_id: null,
  segments: null,
  updated_at_ms: NOW - 1_000,
};
const sending: Notification = { ...intended, state: "sending", attempts: 1, unanswered: 1 };

Deno.test("receive() writes the attempt before it sends", () => {
  const { next, effects } = receive(intended, NOTICE, NOW);
  assert.deepEqual([next.state, next.attempts, next.updated_at_ms], ["sending", 1, NOW]);
  assert.deepEqual(effects, [{ effect: "send", attempt: 1, may_have_left: false }]);
});

Deno.test("receive() notes the provider's id, and its word of delivery", () => {
  const sent = receive(sending, { type: "accepted", provider_id: "SM1" }, NOW).next;
  assert.deepEqual([sent.state, sent.provider_id], ["sent", "SM1"]);
  assert.deepEqual([sent.delivery, sent.unanswered], ["accepted", 0]);
  const word = { type: "word", provider_id: "SM1", drive: 0, reason: null } as const;
  const delivered = receive(sent, { ...word, word: "delivered" }, NOW).next;
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

const sent: Notification = {
  ...sending,
  state: "sent",
  unanswered: 0,
  provider_id: "SM1",
  delivery: "accepted",
};
const word = (word: ProviderWord, provider_id = "SM1", drive = 0) =>
  ({ type: "word", provider_id, drive, word, reason: `it says ${word}` }) as const;

Deno.test("receive() ends the same in whatever order and however often the provider's words come", () => {
  const words = fc.array(fc.constantFrom(...PROVIDER_WORDS), { minLength: 1, maxLength: 12 });
  const order = fc.array(fc.nat(), { minLength: 12, maxLength: 12 });
  fc.assert(fc.property(words, order, (heard, keys) => {
    const hear = (all: readonly ProviderWord[]) => {
      let state = sent;
      for (const one of all) {
        const { next } = receive(state, word(one), NOW);
        // Never back: neither the word that stands, nor a message that arrived.
        const rank = (of: Notification) => PROVIDER_WORDS.indexOf(of.delivery!);
        assert.ok(rank(next) >= rank(state));
        assert.ok(state.state !== "delivered" || next === state);
        state = next;
      }
      return [state.state, state.delivery, state.provider_id];
    };
    const shuffled = heard.map((one, i) => [keys[i]!, one] as const)
      .sort(([a], [b]) => a - b).map(([, one]) => one);
    assert.deepEqual(hear(shuffled), hear(heard));
    assert.deepEqual(hear([...heard, ...shuffled]), hear(heard));
  }));
});

Deno.test("receive() parks what did not arrive, and keeps the address of what bounced", () => {
  const failed = receive(sent, word("undelivered"), NOW);
  assert.deepEqual(
    [failed.next.state, failed.next.delivery, failed.next.last_error],
    ["parked", "undelivered", "it says undelivered"],
  );
  assert.deepEqual(failed.effects, []);
  const bounced = receive(sent, word("bounced"), NOW);
  assert.deepEqual(bounced.effects, [{
    effect: "suppress",
    recipient: "kshama@example.org",
    reason: "it says bounced",
  }]);
  // A customer who has it has it, whatever was said before.
  assert.equal(receive(failed.next, word("delivered"), NOW).next.state, "delivered");
});

Deno.test("receive() takes a report that is there before the answer, and the answer after it", () => {
  const reported = receive(sending, word("delivered"), NOW).next;
  assert.deepEqual([reported.state, reported.provider_id], ["delivered", "SM1"]);
  const accepted = { type: "accepted", provider_id: "SM1", segments: 2 } as const;
  const answered = receive(reported, accepted, NOW).next;
  assert.deepEqual([answered.state, answered.delivery, answered.segments], [
    "delivered",
    "delivered",
    2,
  ]);
});

Deno.test("receive() tells of a second message, and changes nothing for it", () => {
  const second = receive(sent, word("delivered", "SM2"), NOW);
  assert.equal(second.next, sent);
  assert.deepEqual(second.effects, [{ effect: "second", provider_id: "SM2" }]);
  const answer = receive(sent, { type: "accepted", provider_id: "SM2" }, NOW);
  assert.deepEqual(answer.effects, [{ effect: "second", provider_id: "SM2" }]);
});

Deno.test("receive() counts what may have left, and says so to the next attempt", () => {
  const silent = failureOf(new NoAnswerError("timeout", 0));
  const busy = failureOf(new RetryableError("451", 0));
  const again = (state: Notification) => {
    const { next, effects } = receive(state, NOTICE, NOW);
    const [effect] = effects;
    assert.equal(effect?.effect, "send");
    return { next, may_have_left: effect.effect === "send" && effect.may_have_left };
  };
  // A refusal left nothing behind.
  assert.equal(again(receive(sending, busy, NOW).next).may_have_left, false);
  // No answer does, and it is not forgotten by a refusal after it, nor by a person.
  const doubt = again(receive(sending, silent, NOW).next);
  assert.equal(doubt.may_have_left, true);
  const refused = receive(doubt.next, failureOf(new TerminalError("400")), NOW).next;
  assert.deepEqual([refused.state, refused.unanswered], ["parked", 1]);
  const anew = receive(refused, { type: "redrive", recipient: null }, NOW).next;
  assert.equal(again(anew).may_have_left, true);
  const last = { ...sending, attempts: POLICY.attempts_max };
  assert.match(receive(last, silent, NOW).next.last_error ?? "", /; it may have left$/);
});

Deno.test("receive() has only parked and skipped ones sent anew, once a person says so", () => {
  const parked: Notification = { ...sent, state: "parked", delivery: "undelivered" };
  const { next, effects } = receive(parked, { type: "redrive", recipient: "b@c.example" }, NOW);
  assert.deepEqual(
    [next.state, next.recipient, next.attempts, next.drive, next.provider_id, next.delivery],
    ["intended", "b@c.example", 0, 1, null, null],
  );
  assert.deepEqual(effects, [{ effect: "enqueue" }]);
  for (const state of ["intended", "sending", "sent", "delivered"] as const) {
    const refused = receive({ ...sent, state }, { type: "redrive", recipient: null }, NOW);
    assert.equal(refused.effects[0]?.effect, "refuse");
  }
  // The report on the first one comes once more: it is not about the second.
  const driven = receive(next, NOTICE, NOW).next;
  assert.equal(receive(driven, word("undelivered", "SM1", 0), NOW).next, driven);
  assert.equal(receive(driven, word("sent", "SM2", 1), NOW).next.state, "sent");
});

Deno.test("receive() gives up only what has not left", () => {
  const drop = { type: "drop", reason: "at the counter" } as const;
  assert.equal(receive(intended, drop, NOW).next.state, "skipped");
  assert.equal(receive({ ...sending, last_error: "451" }, drop, NOW).next.state, "skipped");
  for (const state of [sending, sent]) {
    assert.equal(receive(state, drop, NOW).effects[0]?.effect, "refuse");
  }
});

Deno.test("receive() parks what goes to a suppressed address, and suppresses one that is refused", () => {
  const told = receive(intended, { ...NOTICE, suppressed: "suppressed" }, NOW);
  assert.deepEqual([told.next.state, told.next.attempts], ["parked", 0]);
  const refused = receive(sending, failureOf(new AddressError("550 5.1.1 unknown")), NOW);
  assert.deepEqual([refused.next.state, refused.next.delivery], ["parked", "bounced"]);
  assert.equal(refused.effects[0]?.effect, "suppress");
  assert.equal(receive(sending, failureOf(new TerminalError("552")), NOW).effects.length, 1);
});

const AT = (india: string) => Date.parse(`2026-05-20T${india}:00+05:30`);

Deno.test("receive() lets reminders wait for the end of the quiet hours, and bills only where told", () => {
  const reminder: Notification = { ...intended, kind: "reminder" };
  const night = receive(reminder, NOTICE, AT("23:30"));
  assert.deepEqual([night.next.state, night.effects], ["intended", []]);
  const morning_ms = AT("09:00") + 86_400_000;
  assert.equal(night.next.due_at_ms, morning_ms);
  // The queue's notice that comes too early changes nothing.
  assert.equal(receive(night.next, NOTICE, morning_ms - 1).next, night.next);
  assert.equal(receive(night.next, NOTICE, morning_ms).effects[0]?.effect, "send");
  assert.equal(receive(intended, NOTICE, AT("23:30")).effects[0]?.effect, "send");
  const quietBills = { ...POLICY, quiet_bills: true };
  assert.equal(receive(intended, NOTICE, AT("23:30"), quietBills).next.due_at_ms, morning_ms);
  const never = { ...POLICY, quiet: null };
  assert.equal(receive(reminder, NOTICE, AT("23:30"), never).effects[0]?.effect, "send");
});

Deno.test("receive() keeps a long wait in the table: the queue has room for so many", () => {
  const failed = failureOf(new RetryableError("429", POLICY.queue_wait_max_ms + 1));
  const { next, effects } = receive(sending, failed, NOW);
  assert.deepEqual(effects, []);
  assert.equal(next.due_at_ms, NOW + POLICY.queue_wait_max_ms + 1);
});

Deno.test("quietUntil_ms() knows hours over midnight and inside of a day, to the minute", () => {
  const over = { from_min: 21 * 60, to_min: 9 * 60 };
  assert.equal(quietUntil_ms(AT("20:59"), over), null);
  assert.equal(quietUntil_ms(AT("21:00"), over), AT("09:00") + 86_400_000);
  assert.equal(quietUntil_ms(AT("08:59"), over), AT("09:00"));
  assert.equal(quietUntil_ms(AT("09:00"), over), null);
  const noon = { from_min: 12 * 60, to_min: 14 * 60 + 30 };
  assert.equal(quietUntil_ms(AT("12:00"), noon), AT("14:30"));
  assert.equal(quietUntil_ms(AT("14:30"), noon), null);
  assert.equal(quietUntil_ms(AT("03:00"), { from_min: 60, to_min: 60 }), null);
  assert.deepEqual(quietHoursOf("21:00-09:30"), { from_min: 1_260, to_min: 570 });
  assert.equal(quietHoursOf("24:00-09:30"), undefined);
});

Deno.test("twilioWord() knows a number that takes nothing from a text that did not arrive", () => {
  assert.equal(twilioWord("undelivered", 30003), "undelivered");
  assert.equal(twilioWord("undelivered", 30006), "bounced");
  assert.equal(twilioWord("failed", 21610), "bounced");
  assert.equal(twilioWord("delivered", undefined), "delivered");
  assert.equal(twilioWord("receiving", undefined), undefined);
});

Deno.test("refusesMailbox() knows the mailbox from the letter, our address and a full box", () => {
  const of = (code: number, words: string, command = "RCPT TO") =>
    refusesMailbox({ code, words, command });
  assert.equal(of(550, "550 5.1.1 user unknown", "DATA"), true);
  assert.equal(of(550, "550 no such user"), true);
  assert.equal(of(550, "550 looks like spam", "DATA"), false);
  assert.equal(of(554, "554 5.7.1 policy"), false);
  assert.equal(of(552, "552 5.2.2 mailbox full"), false);
  assert.equal(of(550, "550 5.1.8 bad sender"), false);
  assert.equal(of(450, "450 4.1.1 later"), false);
});

Deno.test("isAbout() finds a text by its bill, and not by a part of a longer number", () => {
  const template: Template = {
    ...{ template_id: null, kind: "bill", language: "en", header: null },
    text: "Bill {#var#}, Rs {#var#}.",
    variables: ["number", "amount"],
  };
  assert.equal(isAbout(template, "MH/2026-27/000001", "Bill MH/2026-27/000001, Rs 5."), true);
  assert.equal(isAbout(template, "MH/2026-27/000001", "Bill MH/2026-27/0000012, Rs 5."), false);
  assert.equal(isAbout(template, "MH/2026-27/000001", "Reminder MH/2026-27/000001, Rs 5."), false);
});
