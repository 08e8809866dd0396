/**
 * I1: what a slave saw confirmed stands in the journal and reaches the table exactly once, with the
 * value that was read; and every journal record is projected in exactly one transaction.
 */
import { keyOf } from "../database.ts";
import type { ReadingRow } from "../../../streams/database/ledger_rows.ts";
import { type Checker, Violation } from "./checker.ts";

export function deliveryChecker(): Checker {
  const journaled = new Set<string>();
  const read = new Map<string, number>();
  const confirmed = new Set<string>();
  const placeOf = (meter_id: string, read_at_ms: number) => `${meter_id} ${read_at_ms}`;
  return {
    read: (meter_id, registers) => {
      for (const { obis, read_at_ms, value } of registers) {
        read.set(keyOf({ meter_id, obis, read_at_ms } as ReadingRow), value);
      }
    },
    journaled: ({ record }) => {
      for (const event of record.events) {
        if (event.event !== "reading") continue;
        for (const { read_at_ms } of event.registers) {
          journaled.add(placeOf(event.meter_id, read_at_ms));
        }
      }
    },
    confirmed: (slaveId, keys) => {
      for (const { meter_id, read_at_ms } of keys) {
        const place = placeOf(meter_id, read_at_ms);
        confirmed.add(place);
        if (journaled.has(place)) continue;
        throw new Violation(
          "I1",
          `${slaveId} saw ${place} confirmed, which no journal record holds`,
        );
      }
    },
    committed: ({ from, to, rows }) => {
      for (const { journal_sequence, meter_id } of rows) {
        if (journal_sequence > from && journal_sequence <= to) continue;
        throw new Violation(
          "I1",
          `rows of ${meter_id} from record ${journal_sequence} were written by the transaction that ` +
            `moved the cursor from ${from} to ${to}`,
        );
      }
    },
    atRest: ({ rows }) => {
      const places = new Set(
        [...rows.values()].map((row) => placeOf(row.meter_id, row.read_at_ms)),
      );
      for (const place of confirmed) {
        if (!places.has(place)) {
          throw new Violation("I1", `${place} was confirmed and is not in the table`);
        }
      }
      for (const [key, value] of read) {
        if (rows.get(key)?.value === value) continue;
        throw new Violation(
          "I1",
          `${key} was read as ${value}, the table has ${rows.get(key)?.value}`,
        );
      }
      for (const key of rows.keys()) {
        if (!read.has(key)) throw new Violation("I1", `the table has ${key}, which nobody read`);
      }
    },
  };
}
