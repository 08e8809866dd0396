/** A meter's next key: the store opens it and switches, the actor says what came of it. */
import type { RekeyCommand } from "../../protocol/messages/command.ts";
import type { Moment, SlaveEffect, SlaveMessage } from "./messages.ts";
import type { SlaveState } from "./state.ts";

/** Longest reason that a session report carries. */
const REASON_LENGTH_MAX = 200;

/** Has the store switch. The meter's readings that wait are sealed with the new key from then on. */
export function beginRekey(state: SlaveState, command: RekeyCommand): SlaveEffect[] {
  const { request_id, meter_id } = command;
  if (state.meters.has(meter_id)) return [{ effect: "rekey", command }];
  return [{ effect: "command_done", request_id, outcome: "unknown_meter" }];
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
