/** Seals a reading with the present second's key and publishes it. */
import { TerminalError } from "../../protocol/errors.ts";
import type { ClockQuality } from "../../protocol/messages/common.ts";
import { encodePack } from "../../protocol/senml.ts";
import { subjects } from "../../protocol/subjects.ts";
import { sealFrame } from "../../protocol/tves/seal.ts";
import type { Reading } from "./outbox.ts";
import type { Store } from "./store.ts";

export interface SealedFrame {
  readonly subject: string;
  readonly frame: Uint8Array;
  readonly generation: number;
  readonly boot: number;
  readonly sequence: number;
  /** The second whose key sealed it. */
  readonly t_s: number;
}

/**
 * Seals `reading` at `at_ms` (Unix time by the disciplined clock) under a new sequence number. The
 * same reading sealed again is another frame. With `hint` the header tells the second's last byte, for
 * a head-end whose search must be cheap; without it nothing of the time is sent. Throws when the meter
 * has no key here, or its keys do not reach this second.
 */
export function sealReading(
  store: Store,
  reading: Reading,
  at_ms: number,
  clockQuality: Exclude<ClockQuality, 0>,
  hint = false,
): SealedFrame {
  const sealedAt_ms = Math.floor(at_ms);
  const t_s = Math.floor(sealedAt_ms / 1_000);
  const meter = store.keys.get(reading.meter_id);
  if (meter === undefined) {
    throw new TerminalError("no key: enrol the meter and name its key file in the configuration");
  }
  const fault = store.keys.advance(t_s).find(({ meter_id }) => meter_id === meter.meter_id);
  if (fault !== undefined) throw new TerminalError(fault.reason);
  const secondKey = meter.keys.secondKey(t_s);
  const { meter_id, registers } = reading;
  const plaintext = encodePack({ meterId: meter_id, sealedAt_ms, registers });
  const sequence = store.sequences.next(meter_id);
  const { suite, alias, generation } = meter;
  const frame = sealFrame({
    suite,
    hint,
    clockQuality,
    alias,
    generation,
    boot: store.boot,
    sequence,
    t_s,
    secondKey,
    plaintext,
  });
  secondKey.fill(0);
  return { subject: subjects.frame(meter_id), frame, generation, boot: store.boot, sequence, t_s };
}
