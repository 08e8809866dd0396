/**
 * The journal is one stream for all partitions, and it is trimmed as one: up to where the ledger and
 * every partition's snapshot have passed. To take out one partition's records alone the broker reads
 * all that lies between them, sixty-four times over; whole pieces from the front cost it nothing.
 */
import { RetryableError } from "../../protocol/errors.ts";
import { journalOf } from "../../protocol/subjects.ts";
import type { ShardPorts, Snapshots } from "../masters/ports.ts";
import type { NatsBroker } from "./connection.ts";

/** Every snapshot asks for a trim; one in a while is enough. */
const TRIM_EVERY_MS = 2_000;

export function journalTrim(broker: NatsBroker, snapshots: Snapshots): ShardPorts["trim"] {
  let trimmed_ms = -Infinity;
  return async (passed) => {
    const now_ms = broker.timers.now_ms();
    if (now_ms - trimmed_ms < TRIM_EVERY_MS) return;
    trimmed_ms = now_ms;
    const { streams } = await broker.manager();
    try {
      const { state } = await streams.info("JOURNAL", { subjects_filter: ">" });
      // Without its word which partitions have a journal nothing is known of what they need.
      if (state.subjects === undefined) return;
      const journals = Object.keys(state.subjects).map(journalOf).filter((one) =>
        one !== undefined
      );
      const stand = await Promise.all(
        journals.map(({ kind, partition }) => snapshots.sequenceOf(kind, partition)),
      );
      const sequence = Math.min(passed, ...stand);
      if (!(sequence > state.first_seq)) return;
      // The purge keeps the record with this sequence, and with it each partition's last one, which is
      // its snapshot's or a later one: the fence needs it.
      await streams.purge("JOURNAL", { seq: sequence });
    } catch (error) { // No leader, no answer in time: no reason to give a partition up.
      throw new RetryableError(`JOURNAL not trimmed: ${(error as Error).message}`);
    }
  };
}
