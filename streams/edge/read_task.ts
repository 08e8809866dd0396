/** From a meter on its line to a reading in the outbox. */
import { hasEnergy, registersToSend } from "../../actors/slave/registers.ts";
import type { Readout } from "../../protocol/iec62056/readout.ts";
import { TerminalError } from "../../protocol/errors.ts";
import type { MeterConfiguration } from "./configuration.ts";
import type { MeterLines } from "./meter_lines.ts";
import type { Reading } from "./outbox.ts";
import type { SlaveClock } from "./slave_clock.ts";
import type { Store } from "./store.ts";

/**
 * Reads `meter` and keeps the reading; it is on disk when this returns. Throws an error whose message
 * is the fault that the session report names.
 */
export async function readIntoOutbox(
  meter: MeterConfiguration,
  lines: MeterLines,
  store: Store,
  clock: Pick<SlaveClock, "readClock">,
): Promise<{ readonly readout: Readout; readonly reading: Reading }> {
  const { meter_id } = meter;
  const key = store.keys.get(meter_id);
  // Without the enrolment nobody can tell whether the right meter hangs on the line.
  if (key === undefined) {
    throw new TerminalError("no key: enrol the meter and name its key file in the configuration");
  }
  const readout = await lines.read(meter);
  const { at_ms, ...readClock } = clock.readClock();
  const found = readout.consumerNumber;
  if (found !== null && key.consumer_number !== "" && found !== key.consumer_number) {
    throw new TerminalError(
      `the meter on ${meter.line} is consumer ${found}'s, enrolled is ${key.consumer_number}: ` +
        "check the wiring, or enrol again",
    );
  }
  const read_at_ms = Math.floor(at_ms);
  const registers = registersToSend(readout, read_at_ms);
  if (!hasEnergy(registers)) throw new TerminalError("the meter sent no energy register");
  const reading = { meter_id, read_at_ms, registers };
  store.outbox.put(reading, readClock);
  return { readout, reading };
}
