/** When meters are read: by the schedule, on request, and again when they did not answer. */
import type { Command } from "../../protocol/messages/command.ts";
import { REASON_LENGTH_MAX } from "../../protocol/messages/session.ts";
import type { Moment, SlaveEffect } from "./messages.ts";
import { beginRekey } from "./rekey.ts";
import { nextReadMoment } from "./schedule.ts";
import { type MeterSession, REQUESTS_MAX, type SlaveState } from "./state.ts";

/** A meter that does not answer is asked again this often, after this pause. */
const RETRIES = 2;
const RETRY_PAUSE_S = 5;

/** Starts what is due by the schedule, retries, and drops requests that nobody waits for any more. */
export function readDue(state: SlaveState, now: Moment): SlaveEffect[] {
  const effects: SlaveEffect[] = [];
  const scheduled = scheduleDue(state, now);
  for (const [meter_id, meter] of state.meters) {
    effects.push(...dropExpired(meter, now));
    if (meter.retry_s !== undefined && meter.retry_s <= now.monotonic_s) {
      meter.retry_s = undefined;
      effects.push({ effect: "read", meter_id });
    }
    if (!meter.reading && (scheduled || meter.waiting.length > 0)) {
      effects.push(begin(meter_id, meter));
    }
  }
  return effects;
}

function scheduleDue(state: SlaveState, now: Moment): boolean {
  const next = () =>
    nextReadMoment(now.utc_ms, state.interval_s, state.settings.spread_s, state.settings.slave_id);
  const planned_ms = state.nextRead_ms;
  // A clock that was set back must not leave the meters unread until it has caught up.
  const isTooFar = planned_ms !== undefined &&
    planned_ms - now.utc_ms > state.interval_s * 1_000;
  if (planned_ms === undefined || isTooFar) {
    state.nextRead_ms = next();
    return false;
  }
  if (now.utc_ms < planned_ms) return false;
  state.nextRead_ms = next();
  return true;
}

function begin(meter_id: string, meter: MeterSession): SlaveEffect {
  meter.reading = true;
  meter.triesLeft = RETRIES;
  meter.retry_s = undefined;
  meter.answering = meter.waiting;
  meter.waiting = [];
  return { effect: "read", meter_id };
}

function dropExpired(meter: MeterSession, now: Moment): SlaveEffect[] {
  // An unsynchronised clock cannot tell what has expired; a reading too many does no harm.
  if (now.quality === 0) return [];
  const expired = meter.waiting.filter((request) => request.expires_at_ms <= now.utc_ms);
  if (expired.length === 0) return [];
  meter.waiting = meter.waiting.filter((request) => request.expires_at_ms > now.utc_ms);
  return expired.map(({ request_id }) => done(request_id, "expired"));
}

type Outcome = Extract<SlaveEffect, { effect: "command_done" }>["outcome"];

function done(request_id: string, outcome: Outcome): SlaveEffect {
  return { effect: "command_done", request_id, outcome };
}

/** A reading stands in the outbox. */
export function readingStored(state: SlaveState, meter_id: string): SlaveEffect[] {
  const meter = state.meters.get(meter_id);
  if (meter === undefined) return [];
  const effects: SlaveEffect[] = meter.answering.map(({ request_id }) => done(request_id, "done"));
  if (meter.readFault !== undefined) {
    effects.push({ effect: "say", level: "info", text: `meter ${meter_id} answers again` });
  }
  Object.assign(meter, { reading: false, retry_s: undefined, answering: [], readFault: undefined });
  meter.more = true;
  return effects;
}

/** A try to read failed: try again a little later, or give up until the next moment. */
export function readingFailed(
  state: SlaveState,
  meter_id: string,
  reason: string,
  now: Moment,
): SlaveEffect[] {
  const meter = state.meters.get(meter_id);
  if (meter === undefined || !meter.reading) return [];
  const effects: SlaveEffect[] = [];
  const short = reason.slice(0, REASON_LENGTH_MAX);
  if (meter.readFault !== short) {
    effects.push({ effect: "say", level: "warn", text: `meter ${meter_id} not read: ${short}` });
  }
  meter.readFault = short;
  if (meter.triesLeft > 0) {
    meter.triesLeft--;
    meter.retry_s = now.monotonic_s + RETRY_PAUSE_S;
    return effects;
  }
  effects.push(...meter.answering.map(({ request_id }) => done(request_id, "failed")));
  Object.assign(meter, { reading: false, retry_s: undefined, answering: [] });
  return effects;
}

/** What the head-end asks for. */
export function obey(state: SlaveState, command: Command, now: Moment): SlaveEffect[] {
  if (command.command === "schedule") {
    state.interval_s = command.interval_s;
    state.nextRead_ms = undefined;
    return [
      { effect: "keep_interval", interval_s: command.interval_s },
      { effect: "say", level: "info", text: `reads every ${command.interval_s} s from now on` },
      done(command.request_id, "done"),
    ];
  }
  if (command.command === "rekey") return beginRekey(state, command, now);
  const { meter_id, request_id, expires_at_ms } = command;
  const meter = state.meters.get(meter_id);
  if (meter === undefined) return [done(request_id, "unknown_meter")];
  const known = [...meter.waiting, ...meter.answering];
  if (known.some((request) => request.request_id === request_id)) return [];
  if (meter.waiting.length >= REQUESTS_MAX) return [done(request_id, "failed")];
  // A reading that is under way began before the request and may be older than what is asked for.
  meter.waiting.push({ request_id, expires_at_ms });
  const expired = dropExpired(meter, now);
  if (expired.length > 0 || meter.reading) return expired;
  return [begin(meter_id, meter)];
}
