/** The meters of the demo: the real firmware on a simulated chip, and software meters on sockets. */
import type { Stoppable } from "../jetstream/broker.ts";
import { serveSoftwareMeters } from "../serial/software_meter.ts";
import { missingFirmwareTools } from "../simulator/build_firmware.ts";
import { startSimulatedMeter } from "../simulator/simulated_meter.ts";
import type { MeterConfiguration } from "../edge/configuration.ts";
import type { DemoCustomer } from "./customers.ts";

export interface DemoLine {
  readonly slave_id: string;
  readonly customers: readonly DemoCustomer[];
  readonly meters: readonly MeterConfiguration[];
  readonly meter: Stoppable;
}

/** Meters on one line, as on an RS-485 bus behind a converter. */
const METERS_A_LINE = 25;
/** Load on the simulated meter while the demo runs. */
const LOAD_W = 2_000;

export interface FirstMeter extends DemoLine {
  /** Why it is a software meter after all, in words for people; null for the real firmware. */
  readonly missing: string | null;
}

/** The first customer's meter: the firmware image in simavr, or software where it cannot be built. */
export async function startFirstMeter(
  customer: DemoCustomer,
  dataDir: string,
): Promise<FirstMeter> {
  const missing = await missingFirmwareTools();
  if (missing.length > 0) {
    return { ...startLine("first", [customer]), missing: missing.join(", ") };
  }
  const simulated = await startSimulatedMeter({
    watts: LOAD_W,
    eepromFile: `${dataDir}/first-meter.eeprom`,
    consumerNumber: customer.consumer_number,
    serialNumber: customer.serial_number,
    initialEnergy_wh: customer.energy_wh(Date.now()),
  });
  return {
    slave_id: "first",
    customers: [customer],
    meters: [{ meter_id: customer.meter_id, line: simulated.serialPath }],
    meter: { stop: () => simulated.stop() },
    missing: null,
  };
}

/** The software meters of `customers`, some on each line. */
export function startSoftwareLines(customers: readonly DemoCustomer[]): DemoLine[] {
  const lines: DemoLine[] = [];
  for (let first = 0; first < customers.length; first += METERS_A_LINE) {
    const some = customers.slice(first, first + METERS_A_LINE);
    lines.push(startLine(`street-${lines.length + 1}`, some));
  }
  return lines;
}

function startLine(slave_id: string, customers: readonly DemoCustomer[]): DemoLine {
  const served = serveSoftwareMeters({
    meters: customers.map((customer) => ({
      address: customer.serial_number,
      serialNumber: customer.serial_number,
      consumerNumber: customer.consumer_number,
      energy_wh: customer.energy_wh,
    })),
  });
  return {
    slave_id,
    customers,
    meters: customers.map(({ meter_id, serial_number }) => ({
      meter_id,
      line: served.line,
      address: serial_number,
    })),
    meter: served,
  };
}
