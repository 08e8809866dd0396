/** What the slave actor is told, and what it wants done. */
import type { ClockQuality } from "../../protocol/messages/common.ts";
import type { Command, RekeyCommand } from "../../protocol/messages/command.ts";
import type { Confirmation } from "../../protocol/messages/confirm.ts";
import type { SessionNotice } from "../../protocol/messages/session.ts";

/** The moment at which a message is handled: the actor has no clock and no dice of its own. */
export interface Moment {
  /** Unix time in milliseconds by the disciplined clock. */
  readonly utc_ms: number;
  /** Seconds of a clock that never jumps: for timeouts. */
  readonly monotonic_s: number;
  readonly quality: ClockQuality;
  /** Random, 0 to below 1. */
  readonly jitter: number;
}

/** A reading is known by its meter and the moment it was read at. */
export interface ReadingKey {
  readonly meter_id: string;
  readonly read_at_ms: number;
}

export type SlaveMessage =
  | { readonly type: "started" }
  | { readonly type: "tick" }
  /** A reading stands in the outbox. */
  | { readonly type: "stored"; readonly meter_id: string }
  | { readonly type: "read_failed"; readonly meter_id: string; readonly reason: string }
  /** What the outbox holds for a meter beyond what the actor knows of, oldest first. */
  | {
    readonly type: "loaded";
    readonly meter_id: string;
    readonly read_at_ms: readonly number[];
    /** There is more than was asked for. */
    readonly more: boolean;
  }
  /** A frame was sealed with this number; it is on its way. */
  | {
    readonly type: "sealed";
    readonly key: ReadingKey;
    readonly sequence: number;
    readonly t_s: number;
  }
  /** The broker did not take it, or it could not be sealed. */
  | { readonly type: "send_failed"; readonly key: ReadingKey; readonly reason: string }
  /** The reading is not in the outbox under this time any more (confirmed, or its time put right). */
  | { readonly type: "gone"; readonly key: ReadingKey }
  /** `boot` is this process's, to know refusals of its own frames from older ones. */
  | { readonly type: "confirmation"; readonly boot: number; readonly confirmation: Confirmation }
  | { readonly type: "command"; readonly command: Command }
  /** The store has `generation` now, or could not take it: `reason`. */
  | {
    readonly type: "rekeyed";
    readonly command: RekeyCommand;
    readonly outcome: "done" | "expired" | "failed";
    readonly generation: number;
    readonly reason?: string;
  }
  /** Readings that had no time have one now. */
  | { readonly type: "dated" }
  /** A time server's answer would have moved the clock by more than the rule allows. */
  | { readonly type: "step_refused"; readonly server: string; readonly step_s: number }
  /** The broker has a report that told the notices up to this number. */
  | { readonly type: "reported"; readonly notice: number }
  /** The connection to the broker came up or went down. */
  | { readonly type: "link"; readonly up: boolean }
  | { readonly type: "stopping" };

export type SlaveEffect =
  | { readonly effect: "read"; readonly meter_id: string }
  | {
    readonly effect: "load";
    readonly meter_id: string;
    readonly limit: number;
    readonly except: readonly number[];
  }
  /** Seal with the present second's key and publish. In this order. */
  | { readonly effect: "send"; readonly key: ReadingKey }
  | { readonly effect: "delete"; readonly keys: readonly ReadingKey[] }
  | {
    readonly effect: "report";
    readonly kind: "hello" | "heartbeat" | "goodbye";
    readonly notices: readonly SessionNotice[];
    /** For how long the clock has not been good enough to seal by; null while it is. */
    readonly unsynchronised_s: number | null;
  }
  | { readonly effect: "keep_interval"; readonly interval_s: number }
  /** Take the new key in the place of the old one; a `rekeyed` answers. */
  | { readonly effect: "rekey"; readonly command: RekeyCommand }
  /** A command is done with: its message may be acknowledged. */
  | {
    readonly effect: "command_done";
    readonly request_id: string;
    readonly outcome: "done" | "expired" | "failed" | "unknown_meter";
  }
  /** For people: said once at each change. */
  | { readonly effect: "say"; readonly level: "info" | "warn"; readonly text: string };
