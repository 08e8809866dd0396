/** I6: once faults stop, nothing waits any more within bounded time. */
import { type Evidence, Violation } from "./checker.ts";

/**
 * The longest chain of waits: a call runs into its limit (5 s), a lease runs out (3 s), a slave sends
 * again what was refused just then (30 s), and the new owner opens it. World 108108 took 30.8 s.
 */
export const REST_WITHIN_MS = 45_000;

/** What still waits, in words; undefined when nothing does. */
export function lagOf({ waiting, inputs, journal, ledgerCursor }: Evidence): string | undefined {
  if (waiting > 0) return `${waiting} readings wait in outboxes`;
  const cursors = new Map<string, number>();
  for (const { subject, record } of journal) cursors.set(subject, record.cursor);
  for (const [subject, list] of inputs) {
    const last = list.at(-1)?.sequence ?? 0;
    const cursor = cursors.get(subject) ?? 0;
    if (cursor < last) return `${subject} has consumed up to ${cursor} of ${last}`;
  }
  const last = journal.at(-1)?.sequence ?? 0;
  return ledgerCursor < last ? `the ledger is at ${ledgerCursor} of ${last}` : undefined;
}

export function assertRest(evidence: Evidence): void {
  const lag = lagOf(evidence);
  if (lag === undefined) return;
  throw new Violation("I6", `${REST_WITHIN_MS / 1_000} s after the last fault ${lag}`);
}
