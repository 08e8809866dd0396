/** A meter's next key: the store opens it and switches, the actor says what came of it. */
import type { RekeyCommand } from "../../protocol/messages/command.ts";
import { REASON_LENGTH_MAX } from "../../protocol/messages/session.ts";
import type { Moment, SlaveEffect, SlaveMessage } from "./messages.ts";
import type { SlaveState } from "./state.ts";

/**
 * Has the store switch. The meter's readings that wait are sealed with the new key from then on. A key
 * that comes before the time is known waits for it, the newest of each meter: only the time tells
 * whether its chain begins in the future, where nothing could be sealed with it.
 */
export function beginRekey(state: SlaveState, command: RekeyCommand, now: Moment): SlaveEffect[] {
  const { request_id, meter_id } = command;
  const meter = state.meters.get(meter_id);
  if (meter === undefined) {
    return [{ effect: "command_done", request_id, outcome: "unknown_meter" }];
  }
  if (now.quality !== 0) return [{ effect: "rekey", command }];
  const before = meter.rekeyWaiting;
  meter.rekeyWaiting = command;
  if (before === undefined || before.request_id === request_id) return [];
  return [{ effect: "command_done", request_id: before.request_id, outcome: "failed" }];
}

/** The new keys that waited for the time, once it is known. */
export function rekeysDue(state: SlaveState, now: Moment): SlaveEffect[] {
  const effects: SlaveEffect[] = [];
  if (now.quality === 0 || state.stopping) return effects;
  for (const meter of state.meters.values()) {
    if (meter.rekeyWaiting === undefined) continue;
    effects.push({ effect: "rekey", command: meter.rekeyWaiting });
    meter.rekeyWaiting = undefined;
  }
  return effects;
}

/** The store has switched, or says why it has not; the head-end hears of a failure at once. */
export function rekeyed(
  state: SlaveState,
  { command, outcome, generation, reason }: Extract<SlaveMessage, { type: "rekeyed" }>,
  now: Moment,
): SlaveEffect[] {
  const { request_id, meter_id } = command;
  const meter = state.meters.get(meter_id);
  if (meter === undefined) return [];
  const effects: SlaveEffect[] = [{ effect: "command_done", request_id, outcome }];
  if (reason === undefined) {
    meter.keyFault = undefined;
    const text = `meter ${meter_id} seals with key generation ${generation} from now on`;
    return [...effects, { effect: "say", level: "info", text }];
  }
  meter.keyFault = `key generation ${generation} not taken: ${reason}`.slice(0, REASON_LENGTH_MAX);
  state.nextReport_s = now.monotonic_s;
  const text = `meter ${meter_id}: ${meter.keyFault}`;
  return [...effects, { effect: "say", level: "warn", text }];
}
