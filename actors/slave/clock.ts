/** What the slave does about its own clock: says when it cannot be trusted, to people and to reports. */
import { NOTICES_MAX, type SessionNotice } from "../../protocol/messages/session.ts";
import type { Moment, SlaveEffect } from "./messages.ts";
import type { ClockStanding, SlaveState } from "./state.ts";

/** At the start nothing is wrong yet: time servers get this long before operators are told. */
const FIRST_ANSWER_S = 300;
/** A clock that comes and goes, or a server that goes on contradicting it, is told of this often. */
const REPEAT_S = 3_600;
/** A clock less far behind the last sealing was corrected a little, and is there in a moment. */
const BEHIND_S = 5;
/** Servers whose refused steps are remembered: more than a configuration can name. */
const SERVERS_MAX = 16;

/** Looks at the clock: says once that sealing stops, and once that it goes on. */
export function watchClock(state: SlaveState, now: Moment): SlaveEffect[] {
  const before = state.clock;
  state.clock = standingOf(state, now);
  const effects = state.clock === before ? [] : changed(state, before, now);
  const since_s = state.unsynchronisedSince_s;
  if (since_s !== undefined && now.monotonic_s - since_s >= FIRST_ANSWER_S) {
    effects.push(...tellStopped(state, now));
  }
  return effects;
}

function standingOf({ lastSealed_s }: SlaveState, now: Moment): ClockStanding {
  if (now.quality === 0) return "unsynchronised";
  return lastSealed_s - now.utc_ms / 1_000 > BEHIND_S ? "behind" : "good";
}

/** Sealing stops, or goes on, or stands still for another reason. */
function changed(
  state: SlaveState,
  before: ClockStanding | undefined,
  now: Moment,
): SlaveEffect[] {
  const isTold = state.stopTold;
  state.stopTold = false;
  if (state.clock !== "good") {
    state.unsynchronisedSince_s ??= now.monotonic_s;
    const level = before === undefined ? "info" : "warn";
    const said: SlaveEffect = { effect: "say", level, text: whyStopped(state, now) };
    return before === undefined ? [said] : [said, ...tellStopped(state, now)];
  }
  state.unsynchronisedSince_s = undefined;
  if (before === undefined) return [];
  const is = before === "behind" ? "has come to the last sealing" : "is synchronised";
  const said: SlaveEffect = { effect: "say", level: "info", text: `the clock ${is}: sealing` };
  // Whoever heard that it stopped hears at once that it goes on.
  return isTold ? [said, report(state, "heartbeat", now)] : [said];
}

function whyStopped(state: SlaveState, now: Moment): string {
  if (state.clock === "unsynchronised") {
    return "the clock is not synchronised: readings are kept and not sealed";
  }
  const behind_s = Math.ceil(state.lastSealed_s - now.utc_ms / 1_000);
  return `the clock is ${behind_s} s behind the last sealing: readings are kept and not sealed ` +
    "until it has come there";
}

/** Tells operators, once for each time that sealing stops, and of clocks that come and go seldom. */
function tellStopped(state: SlaveState, now: Moment): SlaveEffect[] {
  const since_told_s = now.monotonic_s - (state.stopTold_s ?? -Infinity);
  if (state.stopTold || since_told_s < REPEAT_S) return [];
  state.stopTold = true;
  state.stopTold_s = now.monotonic_s;
  return [notice(state, "clock_unsynchronised", whyStopped(state, now), now)];
}

/** A step that the monotonic clock does not confirm was refused (TVES/2, sealing rules). */
export function stepRefused(
  state: SlaveState,
  server: string,
  step_s: number,
  now: Moment,
): SlaveEffect[] {
  const told_s = state.stepsTold.get(server);
  if (told_s !== undefined && now.monotonic_s - told_s < REPEAT_S) return [];
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
