/**
 * What leaves the head-end for one journal record: confirmations to the slaves and events for the
 * operators. A function of the record alone, so that a new owner can send the last record's again.
 */
import type { Confirmation } from "../../protocol/messages/confirm.ts";
import type { JournalRecord } from "../../protocol/messages/journal.ts";
import { subjects } from "../../protocol/subjects.ts";

export interface OutputMessage {
  readonly subject: string;
  readonly body: unknown;
  /** Makes a second send harmless. */
  readonly messageId: string;
}

export interface Outputs {
  /** At most once: a lost one costs a re-send by the slave. */
  readonly confirmations: { readonly slaveId: string; readonly body: Confirmation }[];
  /** To EVENTS, at least once, dropped when repeated. */
  readonly events: OutputMessage[];
}

type MutableConfirmation = {
  journal_sequence: number;
  confirmed: Confirmation["confirmed"];
  refused: Confirmation["refused"];
};

/** `slaveOf` says which slave a meter was enrolled on; undefined when it is not enrolled any more. */
export function outputsOf(
  record: JournalRecord,
  journal_sequence: number,
  slaveOf: (meterId: string) => string | undefined,
): Outputs {
  const bySlave = new Map<string, MutableConfirmation>();
  const events: OutputMessage[] = [];
  const confirmationFor = (meterId: string) => {
    const slaveId = slaveOf(meterId);
    if (slaveId === undefined) return undefined;
    let body = bySlave.get(slaveId);
    if (!body) bySlave.set(slaveId, body = { journal_sequence, confirmed: [], refused: [] });
    return body;
  };
  for (const event of record.events) {
    if (event.event === "reading") {
      const confirmed = confirmationFor(event.meter_id)?.confirmed;
      for (const read_at_ms of new Set(event.registers.map((register) => register.read_at_ms))) {
        confirmed?.push({ meter_id: event.meter_id, read_at_ms });
      }
      for (const flag of event.flags) {
        events.push({
          subject: subjects.event("alarm", flag, event.meter_id),
          body: event,
          messageId: `frame-${event.frame}-${flag}`,
        });
      }
    } else if (event.event === "reject") {
      const { meter_id, boot, sequence, reason } = event;
      if (boot !== null && sequence !== null) {
        confirmationFor(meter_id)?.refused.push({ meter_id, boot, sequence, reason });
      }
      events.push({
        subject: subjects.event("warning", reason, meter_id || "unknown"),
        body: event,
        messageId: `frame-${event.frame}`,
      });
    } else {
      const { slave_id, boot, notices = [] } = event.report;
      for (const { number, kind } of notices) {
        events.push({
          subject: subjects.event("warning", kind, slave_id),
          body: event,
          messageId: `session-${slave_id}-${boot}-${number}`,
        });
      }
    }
  }
  return {
    confirmations: [...bySlave].map(([slaveId, body]) => ({ slaveId, body })),
    events,
  };
}
