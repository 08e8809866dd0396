/**
 * The slave session: reads meters on schedule and on request, keeps each reading until it is
 * journaled, and reports of itself. Pure: time, chance and events come in, effects go out.
 */
import { report, reported, stepRefused, watchClock } from "./clock.ts";
import type { Moment, SlaveEffect, SlaveMessage } from "./messages.ts";
import { obey, readDue, readingFailed, readingStored } from "./reading.ts";
import { rekeyed, rekeysDue } from "./rekey.ts";
import {
  confirmed,
  gone,
  linkChanged,
  loaded,
  loadMore,
  sealed,
  sendDue,
  sendFailed,
} from "./sending.ts";
import type { SlaveState } from "./state.ts";

/** Handles one message; changes `state` in place and returns what is to be done, in order. */
export function receive(state: SlaveState, message: SlaveMessage, now: Moment): SlaveEffect[] {
  const effects = watchClock(state, now);
  effects.push(...react(state, message, now));
  effects.push(...rekeysDue(state, now), ...loadMore(state), ...sendDue(state, now));
  return effects;
}

function react(state: SlaveState, message: SlaveMessage, now: Moment): SlaveEffect[] {
  switch (message.type) {
    case "started":
      state.nextReport_s = now.monotonic_s + state.settings.heartbeat_s;
      return [report(state, "hello", now)];
    case "tick":
      return state.stopping ? [] : [...heartbeat(state, now), ...readDue(state, now)];
    case "stored":
      return readingStored(state, message.meter_id);
    case "read_failed":
      return readingFailed(state, message.meter_id, message.reason, now);
    case "loaded":
      loaded(state, message, now);
      return [];
    case "sealed":
      sealed(state, message);
      return [];
    case "gone":
      gone(state, message.key);
      return [];
    case "send_failed":
      return sendFailed(state, message.key, message.reason, now);
    case "confirmation":
      return confirmed(state, message.confirmation, message.boot, now);
    case "command":
      return obey(state, message.command, now);
    case "rekeyed":
      return rekeyed(state, message, now);
    case "dated":
      lookAgain(state);
      return [];
    case "step_refused":
      return stepRefused(state, message.server, message.step_s, now);
    case "reported":
      reported(state, message.notice);
      return [];
    case "link":
      linkChanged(state, message.up, now);
      return [];
    case "stopping":
      state.stopping = true;
      return [report(state, "goodbye", now)];
  }
}

function heartbeat(state: SlaveState, now: Moment): SlaveEffect[] {
  if (now.monotonic_s < state.nextReport_s) return [];
  state.nextReport_s = now.monotonic_s + state.settings.heartbeat_s;
  // Readings that lay in the future when they were looked for may be of the past by now.
  lookAgain(state);
  return [report(state, "heartbeat", now)];
}

function lookAgain(state: SlaveState): void {
  for (const meter of state.meters.values()) meter.more = true;
}

/** Faults of meters for a session report: at most 16, as the report has room for. */
export function faultsOf(state: SlaveState): { meter_id: string; reason: string }[] {
  const faults: { meter_id: string; reason: string }[] = [];
  for (const [meter_id, { readFault, sendFault, keyFault }] of state.meters) {
    const reason = readFault ?? keyFault ?? (sendFault && `not sent: ${sendFault}`);
    if (reason !== undefined) faults.push({ meter_id, reason: reason.slice(0, 200) });
    if (faults.length === 16) break;
  }
  return faults;
}
