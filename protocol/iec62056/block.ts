/** The data block that a meter of ours sends: the same registers as the firmware's. */
import { blockCheckCharacter } from "./check.ts";
import { bytesOf, ETX, STX } from "./characters.ts";

/** The register has six digits of kWh before the point and starts again after 999,999.999. */
export const REGISTER_WH = 1_000_000_000;

export interface MeterRegisters {
  readonly consumerNumber: string;
  readonly serialNumber: string;
  /** Energy in whole watt-hours since the meter was made; negative counts as zero. */
  readonly energy_wh: number;
  /** Error register F.F: bit 3 cover open, bit 4 cover was opened, others as the firmware has them. */
  readonly flags: number;
  /** How often the cover was opened (C.51.1). */
  readonly coverOpenings: number;
  readonly version: string;
}

/** Whole watt-hours as kWh with six digits and three decimals, exactly. */
export function energyText(energy_wh: number): string {
  const shown_wh = Math.max(0, Math.floor(energy_wh)) % REGISTER_WH;
  const digits = String(shown_wh).padStart(9, "0");
  return `${digits.slice(0, 6)}.${digits.slice(6)}`;
}

/** STX, the data sets, `!`, ETX and the block check character (IEC 62056-21, 6.3). */
export function dataBlock(registers: MeterRegisters): Uint8Array {
  const flags = (registers.flags >>> 0).toString(16).toUpperCase().padStart(8, "0");
  const lines = [
    `F.F(${flags})`,
    `0.0.0(${registers.consumerNumber})`,
    `C.1.0(${registers.serialNumber})`,
    `0.2.0(${registers.version})`,
    `1.8.0(${energyText(registers.energy_wh)}*kWh)`,
    `C.51.1(${String(registers.coverOpenings).padStart(5, "0")})`,
    "!",
  ];
  const text = bytesOf(`${lines.join("\r\n")}\r\n`);
  const checked = Uint8Array.from([...text, ETX]);
  return Uint8Array.from([STX, ...checked, blockCheckCharacter(checked)]);
}
