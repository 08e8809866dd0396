/** What a notification is, what it hears, and what it has done. */
import type { Failed } from "./failures.ts";
import type { ProviderWord } from "./provider_word.ts";
import type { QuietHours } from "./quiet_hours.ts";
import type { NoticeKind } from "./template.ts";

export interface NotificationPolicy {
  /** Attempts after which the notification is parked. */
  readonly attempts_max: number;
  readonly backoff_first_ms: number;
  readonly backoff_max_ms: number;
  /** How long an attempt may run: until then somebody is taken to be at it. */
  readonly attempt_max_ms: number;
  /** Who waits longer does so in the table and not in the queue: a queue has room for so many. */
  readonly queue_wait_max_ms: number;
  /** Nobody is reminded in these hours. */
  readonly quiet: QuietHours | null;
  /** Whether bills wait for the morning too. */
  readonly quiet_bills: boolean;
}

export const NOTIFICATION_POLICY: NotificationPolicy = {
  attempts_max: 10,
  backoff_first_ms: 5_000,
  backoff_max_ms: 3_600_000,
  attempt_max_ms: 90_000,
  queue_wait_max_ms: 60_000,
  quiet: { from_min: 21 * 60, to_min: 9 * 60 },
  quiet_bills: false,
};

/** The columns of the table `notification` that are decided here. */
export interface Notification {
  readonly state: "intended" | "sending" | "sent" | "delivered" | "parked" | "skipped";
  readonly kind: NoticeKind;
  readonly recipient: string | null;
  readonly attempts: number;
  /** Attempts that may have left without an answer. */
  readonly unanswered: number;
  /** How often a person had it sent anew. */
  readonly drive: number;
  readonly provider_id: string | null;
  readonly delivery: ProviderWord | null;
  readonly last_error: string | null;
  /** It waits outside of the queue until then; of what was sent: when the provider is asked. */
  readonly due_at_ms: number | null;
  readonly template_id: string | null;
  readonly segments: number | null;
  readonly updated_at_ms: number;
}

export type NotificationMessage =
  /** The work queue hands the notice out, for the first time or again. */
  | {
    readonly type: "notice";
    /** `paid`: nothing is left of it; a bill is sent all the same, and nobody is reminded. */
    readonly invoice: "issued" | "void" | "paid";
    readonly channel_ready: boolean;
    /** Why nothing is sent to this address. */
    readonly suppressed: string | null;
  }
  | {
    readonly type: "accepted";
    readonly provider_id: string;
    readonly template_id?: string | null;
    readonly segments?: number | null;
    /** When to ask the provider, should it not report by itself; null: there is nobody to ask. */
    readonly ask_after_ms?: number | null;
  }
  | Failed
  /** The provider's report on the message that it calls `provider_id`. */
  | {
    readonly type: "word";
    readonly provider_id: string;
    /** The `drive` that the message was sent in. */
    readonly drive: number;
    readonly word: ProviderWord;
    readonly reason: string | null;
  }
  /** A person: send it anew, to `recipient` where the address was wrong. */
  | { readonly type: "redrive"; readonly recipient: string | null }
  /** A person: give it up. */
  | { readonly type: "drop"; readonly reason: string };

export type NotificationEffect =
  /** `may_have_left`: an earlier attempt ended without an answer. */
  | { readonly effect: "send"; readonly attempt: number; readonly may_have_left: boolean }
  | { readonly effect: "retry"; readonly after_ms: number; readonly reason: string }
  | { readonly effect: "dead"; readonly reason: string }
  /** Nothing more is to go to this address. */
  | { readonly effect: "suppress"; readonly recipient: string; readonly reason: string }
  /** Hand the notice to the queue once more. */
  | { readonly effect: "enqueue" }
  /** A second message of this notification is on its way: people should know. */
  | { readonly effect: "second"; readonly provider_id: string }
  /** What a person asked for cannot be done. */
  | { readonly effect: "refuse"; readonly reason: string };

export interface Decision {
  /** What to write; the same object when nothing changes. */
  readonly next: Notification;
  readonly effects: readonly NotificationEffect[];
}
