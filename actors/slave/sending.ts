/** What is sealed and sent, when, and when again: until the head-end confirms it. */
import type { Confirmation } from "../../protocol/messages/confirm.ts";
import type { Moment, ReadingKey, SlaveEffect, SlaveMessage } from "./messages.ts";
import { backoff_s } from "./schedule.ts";
import { type Held, HELD_MAX, type MeterSession, type SlaveState } from "./state.ts";

/** A frame that the broker did not take, or the head-end refused, is tried again after this. */
const FAILURE_FIRST_S = 1;
const FAILURE_MAX_S = 30;
/** What a person can do about a refusal that sending again does not heal. */
const RESTORED =
  "the head-end has later frames of this meter from this slave. If its data directory " +
  "is an older copy, put the newest back, or give the meter a new key (meter rekey)";
const ADVICE: Readonly<Record<string, string>> = {
  too_old: `too_old: ${RESTORED}`,
  pre_played: `pre_played: ${RESTORED}`,
};

/** Asks the outbox for readings of meters that have room and may have more. */
export function loadMore(state: SlaveState): SlaveEffect[] {
  const effects: SlaveEffect[] = [];
  if (state.stopping) return effects;
  for (const [meter_id, meter] of state.meters) {
    if (!meter.more || meter.loading || meter.held.length > HELD_MAX / 2) continue;
    meter.loading = true;
    const except = meter.held.map((held) => held.read_at_ms);
    effects.push({ effect: "load", meter_id, limit: HELD_MAX - meter.held.length, except });
  }
  return effects;
}

export function loaded(
  state: SlaveState,
  message: Extract<SlaveMessage, { type: "loaded" }>,
  now: Moment,
): void {
  const meter = state.meters.get(message.meter_id);
  if (meter === undefined) return;
  meter.loading = false;
  meter.more = message.more;
  const known = new Set(meter.held.map((held) => held.read_at_ms));
  for (const read_at_ms of message.read_at_ms) {
    if (known.has(read_at_ms) || meter.held.length >= HELD_MAX) continue;
    const due_s = now.monotonic_s;
    meter.held.push({ read_at_ms, attempts: 0, due_s, inFlight: false, sequence: 0 });
  }
}

/** Whether frames may be sealed now. */
function maySeal(state: SlaveState, now: Moment): boolean {
  // Second and sequence rise together (TVES/2, order check): a clock that was set back must first
  // come to where it was.
  return now.quality !== 0 && Math.floor(now.utc_ms / 1_000) >= state.lastSealed_s;
}

interface Due {
  readonly key: ReadingKey;
  readonly held: Held;
}

/** Readings to seal and publish now, oldest duty first, as many as may be in flight. */
export function sendDue(state: SlaveState, now: Moment): SlaveEffect[] {
  const effects: SlaveEffect[] = [];
  if (!maySeal(state, now) || !state.linkUp || state.stopping) return effects;
  const due: Due[] = [];
  let inFlight = 0;
  for (const [meter_id, meter] of state.meters) {
    for (const held of meter.held) {
      if (held.due_s > now.monotonic_s) {
        if (held.inFlight) inFlight++;
      } // A pack cannot hold a reading of the future; the clock will come to it.
      else if (held.read_at_ms <= now.utc_ms) {
        due.push({ key: { meter_id, read_at_ms: held.read_at_ms }, held });
      }
    }
  }
  due.sort((a, b) => a.held.due_s - b.held.due_s || a.key.read_at_ms - b.key.read_at_ms);
  const { inFlight_max, resendFirst_s, resendMax_s } = state.settings;
  for (const { key, held } of due.slice(0, Math.max(0, inFlight_max - inFlight))) {
    const wait_s = backoff_s(held.attempts, resendFirst_s, resendMax_s, now.jitter);
    Object.assign(held, { inFlight: true, due_s: now.monotonic_s + wait_s });
    held.attempts++;
    effects.push({ effect: "send", key });
  }
  return effects;
}

function heldOf(state: SlaveState, key: ReadingKey): [MeterSession, Held] | undefined {
  const meter = state.meters.get(key.meter_id);
  const held = meter?.held.find((each) => each.read_at_ms === key.read_at_ms);
  return meter === undefined || held === undefined ? undefined : [meter, held];
}

export function sealed(state: SlaveState, message: Extract<SlaveMessage, { type: "sealed" }>) {
  state.lastSealed_s = Math.max(state.lastSealed_s, message.t_s);
  const found = heldOf(state, message.key);
  if (found !== undefined) found[1].sequence = message.sequence;
}

/** Lets go of a reading that the outbox does not have any more, and looks for others. */
export function gone(state: SlaveState, key: ReadingKey): void {
  const found = heldOf(state, key);
  if (found === undefined) return;
  const [meter, held] = found;
  meter.held.splice(meter.held.indexOf(held), 1);
  meter.more = true;
}

export function sendFailed(
  state: SlaveState,
  key: ReadingKey,
  reason: string,
  now: Moment,
): SlaveEffect[] {
  const found = heldOf(state, key);
  return found === undefined ? [] : postpone(found, key.meter_id, reason, now);
}

function postpone(
  [meter, held]: [MeterSession, Held],
  meter_id: string,
  reason: string,
  now: Moment,
): SlaveEffect[] {
  held.inFlight = false;
  held.due_s = now.monotonic_s +
    backoff_s(held.attempts - 1, FAILURE_FIRST_S, FAILURE_MAX_S, now.jitter);
  const text = `readings of meter ${meter_id} not taken, kept and sent again: ${reason}`;
  const effects: SlaveEffect[] = meter.sendFault === reason
    ? []
    : [{ effect: "say", level: "warn", text }];
  meter.sendFault = reason;
  return effects;
}

/** Deletes what is journaled, and has what was refused sealed anew. */
export function confirmed(
  state: SlaveState,
  confirmation: Confirmation,
  boot: number,
  now: Moment,
): SlaveEffect[] {
  const effects: SlaveEffect[] = [];
  const keys = confirmation.confirmed.filter(({ meter_id }) => state.meters.has(meter_id));
  for (const { meter_id, read_at_ms } of keys) {
    const meter = state.meters.get(meter_id)!;
    meter.held = meter.held.filter((held) => held.read_at_ms !== read_at_ms);
    if (meter.sendFault !== undefined) {
      meter.sendFault = undefined;
      const text = `readings of meter ${meter_id} are taken again`;
      effects.push({ effect: "say", level: "info", text });
    }
  }
  if (keys.length > 0) effects.push({ effect: "delete", keys });
  for (const refusal of confirmation.refused) {
    // A refusal of an older frame says nothing about the one that is under way.
    if (refusal.boot !== boot) continue;
    const meter = state.meters.get(refusal.meter_id);
    const held = meter?.held.find((each) => each.inFlight && each.sequence === refusal.sequence);
    if (meter && held) {
      const reason = ADVICE[refusal.reason] ?? refusal.reason;
      effects.push(...postpone([meter, held], refusal.meter_id, reason, now));
    }
  }
  return effects;
}

/** The link came up: what could not be sent is due at once. */
export function linkChanged(state: SlaveState, up: boolean, now: Moment): void {
  state.linkUp = up;
  if (!up) return;
  for (const meter of state.meters.values()) {
    for (const held of meter.held) {
      if (!held.inFlight) Object.assign(held, { due_s: now.monotonic_s, attempts: 0 });
    }
  }
}
