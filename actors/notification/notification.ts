/**
 * One bill to one customer over one channel: from the intent to the provider's word that it arrived.
 *
 *     intended -> sending -> sent -> delivered
 *         ^          |        |
 *         +-- retry -+-> parked (with the reason)          skipped: there is nobody to send it to
 *
 * The attempt is written before anything is sent. Whoever finds `sending` after a crash so knows that
 * the message may have left, and the effect says it: look first, or send the same message again.
 *
 * `state` is what we have to do, `delivery` the provider's word for it (see provider_word.ts). A
 * person may have a parked one sent anew, or give it up; nothing else goes back.
 */
import type { Failed } from "./failures.ts";
import { greaterWord, isFailure } from "./provider_word.ts";
import { quietUntil_ms } from "./quiet_hours.ts";
import {
  type Decision,
  type Notification,
  NOTIFICATION_POLICY,
  type NotificationMessage,
  type NotificationPolicy,
} from "./state.ts";

/** What `message` makes of the notification at `now_ms`. */
export function receive(
  state: Notification,
  message: NotificationMessage,
  now_ms: number,
  policy: NotificationPolicy = NOTIFICATION_POLICY,
): Decision {
  switch (message.type) {
    case "notice":
      return onNotice(state, message, now_ms, policy);
    case "accepted":
      return onAccepted(state, message, now_ms);
    case "failed":
      return onFailed(state, message, now_ms, policy);
    case "word":
      return onWord(state, message, now_ms);
    case "redrive":
      return onRedrive(state, message.recipient, now_ms);
    case "drop":
      return onDrop(state, message.reason, now_ms);
  }
}

function onNotice(
  state: Notification,
  given: Extract<NotificationMessage, { type: "notice" }>,
  now_ms: number,
  policy: NotificationPolicy,
): Decision {
  // Sent, delivered, parked, skipped: a notice that comes again changes nothing.
  if (state.state !== "intended" && state.state !== "sending") return unchanged(state);
  // Not its time yet: the table hands it out when it is.
  if (state.due_at_ms !== null && state.due_at_ms > now_ms) return unchanged(state);
  const left_ms = state.updated_at_ms + policy.attempt_max_ms - now_ms;
  if (state.state === "sending" && state.last_error === null && left_ms > 0) {
    const reason = "an attempt is under way";
    return { next: state, effects: [{ effect: "retry", after_ms: left_ms, reason }] };
  }
  const skipped = skipReason(state, given);
  if (skipped !== null) return ended(state, "skipped", skipped, now_ms);
  if (given.suppressed !== null) return parked(state, given.suppressed, now_ms);
  // Attempts can run out without an answer to any of them: each crashed, or was cut off.
  if (state.attempts >= policy.attempts_max) return parked(state, "no attempt ended", now_ms);
  const until_ms = quietFor(state, now_ms, policy);
  if (until_ms !== null) {
    return { next: { ...state, due_at_ms: until_ms, updated_at_ms: now_ms }, effects: [] };
  }
  const attempt = state.attempts + 1;
  return {
    next: {
      ...state,
      state: "sending",
      attempts: attempt,
      unanswered: state.unanswered + 1,
      last_error: null,
      due_at_ms: null,
      updated_at_ms: now_ms,
    },
    effects: [{ effect: "send", attempt, may_have_left: state.unanswered > 0 }],
  };
}

/** A void bill and a customer without an address are no failures: nothing is left to do. */
function skipReason(
  { recipient, kind }: Notification,
  { invoice, channel_ready }: Extract<NotificationMessage, { type: "notice" }>,
): string | null {
  if (invoice === "void") return "the invoice is void";
  if (invoice === "paid" && kind === "reminder") return "the invoice is paid";
  if (recipient === null) return "no address to send to";
  return channel_ready ? null : "this channel is not configured";
}

function quietFor({ kind }: Notification, now_ms: number, policy: NotificationPolicy) {
  const disturbs = kind === "reminder" || policy.quiet_bills;
  return policy.quiet === null || !disturbs ? null : quietUntil_ms(now_ms, policy.quiet);
}

function onAccepted(
  state: Notification,
  given: Extract<NotificationMessage, { type: "accepted" }>,
  now_ms: number,
): Decision {
  const { provider_id, template_id = null, segments = null, ask_after_ms = null } = given;
  // The provider's report can be faster than its answer; what it brought about stands.
  if (state.provider_id === provider_id) {
    return state.segments === segments && state.template_id === template_id
      ? unchanged(state)
      : { next: { ...state, template_id, segments }, effects: [] };
  }
  if (state.provider_id !== null) {
    return { next: state, effects: [{ effect: "second", provider_id }] };
  }
  if (state.state !== "sending") return unchanged(state);
  return {
    next: {
      ...state,
      state: "sent",
      provider_id,
      delivery: greaterWord(state.delivery, "accepted"),
      unanswered: 0,
      last_error: null,
      due_at_ms: ask_after_ms === null ? null : now_ms + ask_after_ms,
      template_id,
      segments,
      updated_at_ms: now_ms,
    },
    effects: [],
  };
}

function onFailed(
  state: Notification,
  { reason, retry_after_ms, may_have_left, address }: Failed,
  now_ms: number,
  policy: NotificationPolicy,
): Decision {
  if (state.state !== "sending") return unchanged(state);
  const unanswered = may_have_left ? state.unanswered : Math.max(0, state.unanswered - 1);
  const over = { ...state, unanswered };
  if (retry_after_ms === null) return parked(over, reason, now_ms, address);
  if (state.attempts >= policy.attempts_max) {
    const left = unanswered > 0 ? "; it may have left" : "";
    return parked(over, `${reason}; given up after ${state.attempts} attempts${left}`, now_ms);
  }
  const after_ms = Math.max(retry_after_ms, backoff_ms(state.attempts, policy));
  const next = { ...over, last_error: reason, updated_at_ms: now_ms };
  return after_ms > policy.queue_wait_max_ms
    ? { next: { ...next, due_at_ms: now_ms + after_ms }, effects: [] }
    : { next, effects: [{ effect: "retry", after_ms, reason }] };
}

/** The provider reports. What stands never goes back, and another message's report changes nothing. */
function onWord(
  state: Notification,
  { provider_id, drive, word, reason }: Extract<NotificationMessage, { type: "word" }>,
  now_ms: number,
): Decision {
  const unknown = state.provider_id === null;
  if (unknown && !mayBeOurs(state, drive)) return unchanged(state);
  if (!unknown && state.provider_id !== provider_id) {
    return { next: state, effects: [{ effect: "second", provider_id }] };
  }
  const delivery = greaterWord(state.delivery, word);
  if (!unknown && delivery === state.delivery) return unchanged(state);
  const next = {
    ...state,
    provider_id,
    delivery,
    unanswered: 0,
    // Of what was sent it says when to ask; what was to be sent is sent.
    due_at_ms: state.state === "sent" ? state.due_at_ms : null,
    updated_at_ms: now_ms,
  };
  if (state.state === "skipped") return { next, effects: [] };
  if (delivery === "delivered") {
    const over = { state: "delivered", last_error: null, due_at_ms: null } as const;
    return { next: { ...next, ...over }, effects: [] };
  }
  if (!isFailure(delivery)) {
    return { next: { ...next, state: "sent", last_error: null }, effects: [] };
  }
  const decision = parked(next, reason ?? delivery, now_ms, delivery === "bounced");
  // It is no work of the queue any more: the table alone has it.
  return { ...decision, effects: decision.effects.filter(({ effect }) => effect !== "dead") };
}

/**
 * Whether a message of `drive` that nobody knew of may be the one that left without an answer. What
 * was reported on before a person had it sent anew is not: its report may come twice.
 */
function mayBeOurs(state: Notification, drive: number): boolean {
  if (state.unanswered === 0) return false;
  const carriedOver = state.unanswered > state.attempts;
  return drive === state.drive || (carriedOver && drive === state.drive - 1);
}

function onRedrive(state: Notification, recipient: string | null, now_ms: number): Decision {
  if (state.state !== "parked" && state.state !== "skipped") {
    return refused(state, `it is ${state.state}: only what is parked or skipped is sent anew`);
  }
  const next: Notification = {
    ...state,
    state: "intended",
    recipient: recipient ?? state.recipient,
    attempts: 0,
    drive: state.drive + 1,
    provider_id: null,
    delivery: null,
    last_error: null,
    due_at_ms: null,
    updated_at_ms: now_ms,
  };
  return { next, effects: [{ effect: "enqueue" }] };
}

function onDrop(state: Notification, reason: string, now_ms: number): Decision {
  const waits = state.state === "intended" ||
    (state.state === "sending" && state.last_error !== null);
  if (state.state !== "parked" && !waits) {
    return refused(state, `it is ${state.state}: only what waits or is parked is given up`);
  }
  return ended(state, "skipped", reason, now_ms);
}

const unchanged = (state: Notification): Decision => ({ next: state, effects: [] });

const refused = (state: Notification, reason: string): Decision => ({
  next: state,
  effects: [{ effect: "refuse", reason }],
});

function ended(
  state: Notification,
  as: "parked" | "skipped",
  last_error: string,
  now_ms: number,
): Decision {
  const next = { ...state, state: as, last_error, due_at_ms: null, updated_at_ms: now_ms };
  return { next, effects: [] };
}

/** `address`: nothing more goes to it, and the customer's provider has said so. */
function parked(state: Notification, reason: string, now_ms: number, address = false): Decision {
  const { next } = ended(state, "parked", reason, now_ms);
  const { recipient } = state;
  const suppress = address && recipient !== null
    ? [{ effect: "suppress" as const, recipient, reason }]
    : [];
  return {
    next: address ? { ...next, delivery: greaterWord(next.delivery, "bounced") } : next,
    effects: [...suppress, { effect: "dead", reason }],
  };
}

/** Doubles from attempt to attempt, up to a limit. */
export function backoff_ms(attempts: number, policy: NotificationPolicy): number {
  return Math.min(policy.backoff_max_ms, policy.backoff_first_ms * 2 ** Math.max(0, attempts - 1));
}
