/** The head-end's side of a slave session: when it was last heard, and how good its clock is. */
import { parseJson, parseOrExplain, z } from "../../protocol/schema.ts";
import { TerminalError } from "../../protocol/errors.ts";
import type { SessionEvent } from "../../protocol/messages/journal.ts";
import { type SessionReport, sessionReport } from "../../protocol/messages/session.ts";
import type { Input, JournalActor } from "../shard/actor.ts";

export interface SessionState {
  readonly slave_id: string;
  last_seen_ms: number;
  report: SessionReport | null;
}

const stored = z.object({ last_seen_ms: z.int(), report: sessionReport.nullable() });

export const sessionActor: JournalActor<SessionState, SessionEvent> = {
  kind: "session",
  stream: "SESSIONS",
  version: 1,
  fresh: (id) => ({ slave_id: id, last_seen_ms: 0, report: null }),
  receive,
  apply,
  encode: ({ last_seen_ms, report }) => ({ last_seen_ms, report }),
  decode: (id, snapshot) => ({
    slave_id: id,
    ...parseOrExplain(stored, snapshot, `Snapshot of slave ${id}`),
  }),
  idOf: (event) => event.report.slave_id,
};

/** Throws `TerminalError` for what is no report, or another slave's: it goes to the dead letters. */
function receive(_state: SessionState | undefined, input: Input): SessionEvent {
  const text = new TextDecoder().decode(input.payload);
  const report = parseJson(sessionReport, text, `Session report ${input.sequence}`);
  if (report.slave_id !== input.id) {
    throw new TerminalError(
      `Session report ${input.sequence} names slave ${report.slave_id} on the subject of ${input.id}`,
    );
  }
  return { event: "session", arrival_ms: input.arrival_ms, report };
}

function apply(state: SessionState, event: SessionEvent): void {
  if (event.arrival_ms < state.last_seen_ms) return;
  state.last_seen_ms = event.arrival_ms;
  state.report = event.report;
}
