/**
 * What a master tells a slave once a record stands in the journal: `samay.confirm.<slaveId>`, JSON,
 * core NATS. A lost confirmation costs one more send, never a reading.
 */
import { z } from "../schema.ts";
import { id, instant_ms } from "./common.ts";

export const confirmation = z.object({
  /** JetStream sequence of the journal record that holds these readings. */
  journal_sequence: z.int().positive(),
  /** Readouts that are journaled: the slave deletes them from its outbox. */
  confirmed: z.array(z.object({ meter_id: id, read_at_ms: instant_ms })),
  /** Frames that were refused; the readings stay in the outbox and are sealed anew. */
  refused: z.array(z.object({
    meter_id: id,
    boot: z.int(),
    sequence: z.int(),
    reason: z.string(),
  })),
});
export type Confirmation = z.infer<typeof confirmation>;
