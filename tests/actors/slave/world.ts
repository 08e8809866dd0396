/** A slave actor with a clock that the test turns. */
import type { Moment, SlaveEffect, SlaveMessage } from "../../../actors/slave/messages.ts";
import { receive } from "../../../actors/slave/slave.ts";
import { freshSlave, type SlaveSettings, type SlaveState } from "../../../actors/slave/state.ts";

/** 2026-11-22T10:00:00Z. */
export const NOON_MS = 1_795_341_600_000;

export class SlaveWorld {
  readonly state: SlaveState;
  now: Moment = { utc_ms: NOON_MS, monotonic_s: 0, quality: 2, jitter: 0 };

  constructor(settings: Partial<SlaveSettings> = {}) {
    this.state = freshSlave({
      slave_id: "south",
      meters: ["M1", "M2"],
      interval_s: 900,
      spread_s: 0,
      inFlight_max: 8,
      resendFirst_s: 5,
      resendMax_s: 300,
      heartbeat_s: 30,
      ...settings,
    });
    this.tell({ type: "link", up: true });
  }

  tell(message: SlaveMessage): SlaveEffect[] {
    return receive(this.state, message, this.now);
  }

  /** Lets `seconds` pass and ticks. */
  pass(seconds: number): SlaveEffect[] {
    this.now = {
      ...this.now,
      utc_ms: this.now.utc_ms + seconds * 1_000,
      monotonic_s: this.now.monotonic_s + seconds,
    };
    return this.tell({ type: "tick" });
  }

  set(changes: Partial<Moment>): void {
    this.now = { ...this.now, ...changes };
  }

  /** Puts readings of `meter_id` into its hands, as the outbox would. */
  hold(meter_id: string, ...read_at_ms: number[]): SlaveEffect[] {
    return this.tell({ type: "loaded", meter_id, read_at_ms, more: false });
  }
}

/** The effects of one kind. */
export function only<K extends SlaveEffect["effect"]>(effects: SlaveEffect[], kind: K) {
  return effects.filter((each): each is Extract<SlaveEffect, { effect: K }> =>
    each.effect === kind
  );
}
