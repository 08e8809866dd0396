/** How many inputs one journal record takes. */
import type { Input } from "../../actors/shard/actor.ts";

/** Inputs in one record. */
export const BATCH_MAX = 128;
/**
 * Payload in one record. As JSON a register takes up to twelve times its bytes in a frame: a record
 * stays under JetStream's 1 MiB whatever a meter sends. Usual frames reach `BATCH_MAX` long before.
 */
const BATCH_BYTES_MAX = 65_536;

/** `inputs` in their order, as many a batch as one record can hold. */
export function* batchesOf(inputs: readonly Input[]): Generator<Input[]> {
  let batch: Input[] = [];
  let bytes = 0;
  for (const input of inputs) {
    if (batch.length > 0 && bytes + input.payload.length > BATCH_BYTES_MAX) {
      yield batch;
      batch = [];
      bytes = 0;
    }
    batch.push(input);
    bytes += input.payload.length;
  }
  if (batch.length > 0) yield batch;
}
