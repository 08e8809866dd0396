/**
 * One bill to one customer over one channel: from the intent to the provider's word that it has it.
 *
 *     intended -> sending -> sent -> delivered
 *         ^          |
 *         +-- retry -+-> parked (with the reason)          skipped: there is nobody to send it to
 *
 * The attempt is written before anything is sent. Whoever finds `sending` after a crash so knows that
 * the message may have left, and the effect says it: look first, or send the same message again.
 */
import { RetryableError } from "../../protocol/errors.ts";

export interface NotificationPolicy {
  /** Attempts after which the notification is parked. */
  readonly attempts_max: number;
  readonly backoff_first_ms: number;
  readonly backoff_max_ms: number;
  /** How long an attempt may run: until then somebody is taken to be at it. */
  readonly attempt_max_ms: number;
}

export const NOTIFICATION_POLICY: NotificationPolicy = {
  attempts_max: 10,
  backoff_first_ms: 5_000,
  backoff_max_ms: 3_600_000,
  attempt_max_ms: 90_000,
};

/** The columns of the table `notification` that are decided here. */
export interface Notification {
  readonly state: "intended" | "sending" | "sent" | "delivered" | "parked" | "skipped";
  readonly recipient: string | null;
  readonly attempts: number;
  readonly provider_id: string | null;
  readonly last_error: string | null;
  readonly updated_at_ms: number;
}

export type NotificationMessage =
  /** The work queue hands the notice out, for the first time or again. */
  | {
    readonly type: "notice";
    readonly invoice: "issued" | "void";
    readonly channel_ready: boolean;
  }
  | { readonly type: "accepted"; readonly provider_id: string }
  | { readonly type: "failed"; readonly reason: string; readonly retry_after_ms: number | null }
  /** The provider's own report that the customer has it. */
  | { readonly type: "delivered" };

export type NotificationEffect =
  /** `may_have_left`: an earlier attempt ended without an answer. */
  | { readonly effect: "send"; readonly attempt: number; readonly may_have_left: boolean }
  | { readonly effect: "retry"; readonly after_ms: number; readonly reason: string }
  | { readonly effect: "dead"; readonly reason: string };

export interface Decision {
  /** What to write; the same object when nothing changes. */
  readonly next: Notification;
  readonly effects: readonly NotificationEffect[];
}

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
      return onAccepted(state, message.provider_id, now_ms);
    case "failed":
      return onFailed(state, message, now_ms, policy);
    case "delivered":
      return state.state === "sent"
        ? { next: { ...state, state: "delivered", updated_at_ms: now_ms }, effects: [] }
        : { next: state, effects: [] };
  }
}

function onNotice(
  state: Notification,
  { invoice, channel_ready }: Extract<NotificationMessage, { type: "notice" }>,
  now_ms: number,
  policy: NotificationPolicy,
): Decision {
  // Sent, delivered, parked, skipped: a notice that comes again changes nothing.
  if (state.state !== "intended" && state.state !== "sending") return { next: state, effects: [] };
  const left_ms = state.updated_at_ms + policy.attempt_max_ms - now_ms;
  if (state.state === "sending" && state.last_error === null && left_ms > 0) {
    return {
      next: state,
      effects: [{ effect: "retry", after_ms: left_ms, reason: "an attempt is under way" }],
    };
  }
  // A void bill and a customer without an address are no failures: nothing is left to do.
  const skipped = invoice === "void"
    ? "the invoice is void"
    : state.recipient === null
    ? "no address to send to"
    : channel_ready
    ? null
    : "this channel is not configured";
  if (skipped !== null) {
    const next = {
      ...state,
      state: "skipped" as const,
      last_error: skipped,
      updated_at_ms: now_ms,
    };
    return { next, effects: [] };
  }
  // Attempts can run out without an answer to any of them: each crashed, or was cut off.
  if (state.attempts >= policy.attempts_max) return parked(state, "no attempt ended", now_ms);
  const attempt = state.attempts + 1;
  return {
    next: {
      ...state,
      state: "sending",
      attempts: attempt,
      last_error: null,
      updated_at_ms: now_ms,
    },
    effects: [{ effect: "send", attempt, may_have_left: state.attempts > 0 }],
  };
}

function onAccepted(state: Notification, provider_id: string, now_ms: number): Decision {
  if (state.state === "delivered") return { next: state, effects: [] };
  return {
    next: { ...state, state: "sent", provider_id, last_error: null, updated_at_ms: now_ms },
    effects: [],
  };
}

function onFailed(
  state: Notification,
  { reason, retry_after_ms }: Extract<NotificationMessage, { type: "failed" }>,
  now_ms: number,
  policy: NotificationPolicy,
): Decision {
  if (state.state !== "sending") return { next: state, effects: [] };
  if (retry_after_ms === null) return parked(state, reason, now_ms);
  if (state.attempts >= policy.attempts_max) {
    return parked(state, `${reason}; given up after ${state.attempts} attempts`, now_ms);
  }
  const after_ms = Math.max(retry_after_ms, backoff_ms(state.attempts, policy));
  return {
    next: { ...state, last_error: reason, updated_at_ms: now_ms },
    effects: [{ effect: "retry", after_ms, reason }],
  };
}

function parked(state: Notification, reason: string, now_ms: number): Decision {
  return {
    next: { ...state, state: "parked", last_error: reason, updated_at_ms: now_ms },
    effects: [{ effect: "dead", reason }],
  };
}

/** Doubles from attempt to attempt, up to a limit. */
export function backoff_ms(attempts: number, policy: NotificationPolicy): number {
  return Math.min(policy.backoff_max_ms, policy.backoff_first_ms * 2 ** Math.max(0, attempts - 1));
}

/** The `failed` message of an error: one that may pass has its least wait, any other is final. */
export function failureOf(error: unknown): Extract<NotificationMessage, { type: "failed" }> {
  return {
    type: "failed",
    reason: (error instanceof Error ? error.message : String(error)).slice(0, 500),
    retry_after_ms: error instanceof RetryableError ? error.after_ms : null,
  };
}
