/** The fleet's meters, enrolled through the office like any other, under names of their own. */
import { fromHex } from "../../protocol/bytes.ts";
import type { SlaveKeyFile } from "../../protocol/messages/enrolment.ts";
import { EdgeKeys } from "../../protocol/tves/edge_keys.ts";
import type { NatsBroker } from "../jetstream/connection.ts";
import { askOffice } from "../office/client.ts";
import type { Enrolled } from "../office/enrol.ts";
import type { FleetMeter } from "./frames.ts";

/** Meters of one slave: a concentrator of a street or two. */
const METERS_A_SLAVE = 200;
const ENROLMENTS_AT_ONCE = 16;

export const fleetMeterId = (index: number) => `FLEET${String(index).padStart(6, "0")}`;
export const fleetSlaveId = (index: number) => `fleet-${Math.floor(index / METERS_A_SLAVE)}`;

export interface EnrolledFleet {
  readonly meters: FleetMeter[];
  readonly slaves: ReadonlySet<string>;
}

/**
 * Enrols meters 0 to `count` - 1. A meter that stands already gives its key again, so that a second
 * fleet is the same one. `onProgress` hears how many are done; `goOn` says whether to go on. Throws
 * `Failure` with the office's reason.
 */
export async function enrolFleet(
  broker: NatsBroker,
  count: number,
  watch: { onProgress(done: number): void; goOn(): boolean },
): Promise<EnrolledFleet> {
  const meters: FleetMeter[] = [];
  let next = 0;
  let done = 0;
  const work = async () => {
    while (next < count && watch.goOn()) {
      const index = next++;
      meters[index] = fleetMeterOf(await enrolOne(broker, index));
      watch.onProgress(++done);
    }
  };
  await Promise.all(Array.from({ length: ENROLMENTS_AT_ONCE }, work));
  return { meters, slaves: new Set(meters.map((_, index) => fleetSlaveId(index))) };
}

async function enrolOne(broker: NatsBroker, index: number): Promise<SlaveKeyFile> {
  const meter_id = fleetMeterId(index);
  const { key_file } = await askOffice(broker, "meter-enrol", {
    ...{ meter_id, slave_id: fleetSlaveId(index), consumer_number: meter_id },
    name: `Simulated meter ${index} of samay fleet`,
  }) as Enrolled;
  return key_file;
}

/** Seals as a slave does: its chain goes forward with the hours, and the key itself is not kept. */
export function fleetMeterOf(file: SlaveKeyFile): FleetMeter {
  const { meter_id, alias, generation, suite, enrolment_day } = file;
  const key = fromHex(file.key);
  const t_s = Math.floor(Date.now() / 1_000);
  const keys = EdgeKeys.enrol({
    key,
    generation,
    enrolmentDay: enrolment_day,
    meterId: meter_id,
    t_s,
  });
  key.fill(0);
  const secondKey = (t_s: number) => {
    keys.advance(t_s);
    return keys.secondKey(t_s);
  };
  return { meter_id, alias, generation, suite, secondKey };
}
