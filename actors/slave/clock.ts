/** What the slave does about its own clock: says when it cannot be trusted, to people and to reports. */
import { NOTICES_MAX, type SessionNotice } from "../../protocol/messages/session.ts";
import type { Moment, SlaveEffect } from "./messages.ts";
import type { SlaveState } from "./state.ts";

/** At the start nothing is wrong yet: time servers get this long before operators are told. */
const FIRST_ANSWER_S = 300;
/** A server that goes on contradicting the clock is told of this often. */
const STEP_REPEAT_S = 3_600;
/** Servers whose refused steps are remembered: more than a configuration can name. */
const SERVERS_MAX = 16;

/** Looks at the clock: says once that sealing stops, and once that it goes on. */
export function watchClock(state: SlaveState, now: Moment): SlaveEffect[] {
  const effects: SlaveEffect[] = [];
  const sealing = now.quality !== 0;
  const before = state.sealing;
  if (before !== sealing) {
    state.sealing = sealing;
    state.unsynchronisedSince_s = sealing ? undefined : now.monotonic_s;
    if (!sealing) {
      const text = "the clock is not synchronised: readings are kept and not sealed";
      effects.push({ effect: "say", level: before === undefined ? "info" : "warn", text });
    } else if (before === false) {
      effects.push({ effect: "say", level: "info", text: "the clock is synchronised: sealing" });
      // Whoever heard that it stopped hears at once that it goes on.
      if (state.unsynchronisedTold) effects.push(report(state, "heartbeat", now));
    }
    if (sealing) state.unsynchronisedTold = false;
    else if (before === true) effects.push(...tellUnsynchronised(state, now));
  }
  const since_s = state.unsynchronisedSince_s;
  if (since_s !== undefined && now.monotonic_s - since_s >= FIRST_ANSWER_S) {
    effects.push(...tellUnsynchronised(state, now));
  }
  return effects;
}

function tellUnsynchronised(state: SlaveState, now: Moment): SlaveEffect[] {
  if (state.unsynchronisedTold) return [];
  state.unsynchronisedTold = true;
  const text = "the clock is not synchronised: readings are kept and not sealed";
  return [notice(state, "clock_unsynchronised", text, now)];
}

/** A step that the monotonic clock does not confirm was refused (TVES/2, sealing rules). */
export function stepRefused(
  state: SlaveState,
  server: string,
  step_s: number,
  now: Moment,
): SlaveEffect[] {
  const told_s = state.stepsTold.get(server);
  if (told_s !== undefined && now.monotonic_s - told_s < STEP_REPEAT_S) return [];
  if (told_s === undefined && state.stepsTold.size >= SERVERS_MAX) return [];
  state.stepsTold.set(server, now.monotonic_s);
  const text = `time server ${server} would move the clock by ${step_s.toFixed(3)} s, which the ` +
    "monotonic clock does not confirm: refused";
  return [notice(state, "clock_step_refused", text, now)];
}

/** Keeps a notice until a report has brought it to the broker, and reports at once. */
function notice(
  state: SlaveState,
  kind: SessionNotice["kind"],
  text: string,
  now: Moment,
): SlaveEffect {
  state.notices.push({ number: ++state.noticeNumber, kind, text: text.slice(0, 200) });
  if (state.notices.length > NOTICES_MAX) state.notices.shift();
  return report(state, "heartbeat", now);
}

/** The broker has the notices up to `number`. */
export function reported(state: SlaveState, number: number): void {
  state.notices = state.notices.filter((each) => each.number > number);
}

export function report(
  state: SlaveState,
  kind: Extract<SlaveEffect, { effect: "report" }>["kind"],
  now: Moment,
): SlaveEffect {
  const since_s = state.unsynchronisedSince_s;
  return {
    effect: "report",
    kind,
    notices: [...state.notices],
    unsynchronised_s: since_s === undefined ? null : now.monotonic_s - since_s,
  };
}
