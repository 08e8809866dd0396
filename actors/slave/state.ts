/** What a slave session holds in memory. All that must survive a crash is in the outbox. */
import type { RekeyCommand } from "../../protocol/messages/command.ts";
import type { SessionNotice } from "../../protocol/messages/session.ts";

export interface SlaveSettings {
  readonly slave_id: string;
  readonly meters: readonly string[];
  readonly interval_s: number;
  /** Seconds over which slaves spread their readings. */
  readonly spread_s: number;
  /** Readings that wait for a confirmation at the same time, all meters together. */
  readonly inFlight_max: number;
  /** Wait for a confirmation before the first resend, and the longest wait. */
  readonly resendFirst_s: number;
  readonly resendMax_s: number;
  readonly heartbeat_s: number;
}

/** A reading of the outbox that the actor looks after. */
export interface Held {
  readonly read_at_ms: number;
  attempts: number;
  /** When to send (again), monotonic seconds. */
  due_s: number;
  /** Sent and neither confirmed nor refused nor given up on. */
  inFlight: boolean;
  /** Sequence of the last frame of this reading; 0 before the first. */
  sequence: number;
}

/** A read-now that waits for the meter. */
export interface PendingRead {
  readonly request_id: string;
  readonly expires_at_ms: number;
}

export interface MeterSession {
  /** Oldest first. */
  held: Held[];
  /** The outbox may have readings that are not held. */
  more: boolean;
  loading: boolean;
  reading: boolean;
  /** Tries left for the reading under way, and when the next one is due. */
  triesLeft: number;
  retry_s: number | undefined;
  /** Requests that the reading under way answers, and those that came too late for it. */
  answering: PendingRead[];
  waiting: PendingRead[];
  /** Why the meter did not answer at the last attempt. */
  readFault: string | undefined;
  /** Why its last frame was not taken. */
  sendFault: string | undefined;
  /** A new key that came while the time was not known. */
  rekeyWaiting: RekeyCommand | undefined;
  /** Why its last re-key was not taken. */
  keyFault: string | undefined;
}

/** Good enough to seal by; or not known; or set back behind the last sealing, which must not be. */
export type ClockStanding = "good" | "unsynchronised" | "behind";

export interface SlaveState {
  readonly settings: SlaveSettings;
  readonly meters: Map<string, MeterSession>;
  interval_s: number;
  nextRead_ms: number | undefined;
  nextReport_s: number;
  /** Second of the last sealing: sealing never goes back behind it. */
  lastSealed_s: number;
  /** What the last look at the clock showed. */
  clock: ClockStanding | undefined;
  /** Since when it does not allow sealing, monotonic seconds, and whether operators were told. */
  unsynchronisedSince_s: number | undefined;
  stopTold: boolean;
  /** When they were last told of such a thing, monotonic seconds. */
  stopTold_s: number | undefined;
  /** When operators were last told of a refused step, by server, monotonic seconds. */
  readonly stepsTold: Map<string, number>;
  /** Notices that no report has brought to the broker yet. */
  notices: SessionNotice[];
  noticeNumber: number;
  linkUp: boolean;
  stopping: boolean;
}

/** Readings of one meter that are held at a time; the rest waits in the outbox. */
export const HELD_MAX = 16;
/** Read-now requests of one meter that may wait. */
export const REQUESTS_MAX = 64;

export function freshSlave(settings: SlaveSettings): SlaveState {
  const meters = new Map<string, MeterSession>();
  for (const meter_id of settings.meters) {
    meters.set(meter_id, {
      held: [],
      more: true,
      loading: false,
      reading: false,
      triesLeft: 0,
      retry_s: undefined,
      answering: [],
      waiting: [],
      readFault: undefined,
      sendFault: undefined,
      rekeyWaiting: undefined,
      keyFault: undefined,
    });
  }
  return {
    settings,
    meters,
    interval_s: settings.interval_s,
    nextRead_ms: undefined,
    nextReport_s: 0,
    lastSealed_s: 0,
    clock: undefined,
    unsynchronisedSince_s: undefined,
    stopTold: false,
    stopTold_s: undefined,
    stepsTold: new Map(),
    notices: [],
    noticeNumber: 0,
    linkUp: false,
    stopping: false,
  };
}
