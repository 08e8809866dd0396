/**
 * The EEPROM of a meter as it leaves the workshop: who it is, and the reading it starts from.
 *
 * The layout is that of `firmware/meter/settings.h` and `ring.h` (docs/firmware.md, EEPROM): two
 * copies of the settings block, then a ring of counts. The same bytes serve the simulator and, by
 * avrdude, a real chip.
 */
import { crc32 } from "node:zlib";
import { TerminalError } from "../../protocol/errors.ts";

export const EEPROM_BYTES = 1024;
const SETTINGS_BYTES = 64;
const SETTINGS_COPIES = [0, 64] as const;
const TEXT_BYTES = 16;
const RING_START = 128;
const SLOT_BYTES = 16;
/** The slot counts as an orderly last save, or the meter would report a power cut at its first start. */
const RECORD_FINAL = 0x80;
/** The register shows six digits of kWh (docs/firmware.md, registers). */
const REGISTER_WH = 1_000_000_000;

export interface MeterIdentity {
  /** OBIS 0.0.0, 1 to 16 printable ASCII characters without `( ) / ! *`. */
  readonly consumerNumber: string;
  /** OBIS C.1.0, likewise. */
  readonly serialNumber: string;
  /** The address in `/?address!`; leading zeros do not count. Default: the serial number. */
  readonly deviceAddress?: string;
  /** S0 pulses in a kWh, 1 to 65535. Default 3200. */
  readonly impulsesPerKwh?: number;
  /** The reading to start from, in whole Wh. Default 0. */
  readonly initialEnergy_wh?: number;
}

function text(name: string, value: string): Uint8Array {
  if (!/^[ -~]{1,16}$/.test(value) || /[()/!*]/.test(value)) {
    throw new TerminalError(
      `The meter's ${name} "${value}" must be 1 to 16 ASCII characters without ( ) / ! *.`,
    );
  }
  return new TextEncoder().encode(value);
}

function integer(name: string, value: number, least: number, most: number): number {
  if (!Number.isSafeInteger(value) || value < least || value > most) {
    throw new TerminalError(
      `The meter's ${name} must be a whole number from ${least} to ${most}, not ${value}.`,
    );
  }
  return value;
}

/** Appends the CRC-32 of all that comes before it, little endian. */
function seal(block: Uint8Array): Uint8Array {
  const at = block.length - 4;
  new DataView(block.buffer).setUint32(at, crc32(block.subarray(0, at)), true);
  return block;
}

function settingsBlock(identity: MeterIdentity, impulsesPerKwh: number): Uint8Array {
  const block = new Uint8Array(SETTINGS_BYTES);
  block.set([0x53, 0x4d, 1, 0]);
  new DataView(block.buffer).setUint16(4, impulsesPerKwh, true);
  block.set(text("consumer number", identity.consumerNumber), 6);
  block.set(text("serial number", identity.serialNumber), 6 + TEXT_BYTES);
  const address = identity.deviceAddress ?? identity.serialNumber;
  block.set(text("device address", address), 6 + 2 * TEXT_BYTES);
  return seal(block);
}

function countSlot(pulses: number): Uint8Array {
  const slot = new Uint8Array(SLOT_BYTES);
  const view = new DataView(slot.buffer);
  view.setUint32(0, 1, true);
  view.setUint32(4, pulses % 2 ** 32, true);
  view.setUint8(8, Math.floor(pulses / 2 ** 32));
  view.setUint8(11, RECORD_FINAL);
  return seal(slot);
}

/**
 * The 1024 bytes of a new meter's EEPROM.
 *
 * The reading becomes the least number of pulses that shows it; with fewer than 1000 impulses per
 * kWh not every Wh has one, and the register then shows up to a pulse more.
 *
 * @throws {TerminalError} a value does not fit, by name.
 */
export function eepromImage(identity: MeterIdentity): Uint8Array {
  const impulsesPerKwh = integer("impulses per kWh", identity.impulsesPerKwh ?? 3200, 1, 65535);
  const energy_wh = integer("energy in Wh", identity.initialEnergy_wh ?? 0, 0, REGISTER_WH - 1);
  const image = new Uint8Array(EEPROM_BYTES).fill(0xff);
  for (const at of SETTINGS_COPIES) image.set(settingsBlock(identity, impulsesPerKwh), at);
  const pulses = Math.ceil((energy_wh * impulsesPerKwh) / 1000);
  image.set(countSlot(pulses), RING_START + SLOT_BYTES);
  return image;
}

/** The consumer and serial number that an EEPROM image carries, or null when it has no settings. */
export function identityOf(
  image: Uint8Array,
): Pick<MeterIdentity, "consumerNumber" | "serialNumber"> | null {
  const view = new DataView(image.buffer, image.byteOffset, image.byteLength);
  const at = SETTINGS_COPIES.find((copy) =>
    image.length === EEPROM_BYTES && image[copy] === 0x53 && image[copy + 1] === 0x4d &&
    view.getUint32(copy + 60, true) === crc32(image.subarray(copy, copy + 60))
  );
  if (at === undefined) return null;
  const read = (from: number) =>
    new TextDecoder().decode(image.subarray(from, from + TEXT_BYTES)).replace(/\0.*$/s, "");
  return { consumerNumber: read(at + 6), serialNumber: read(at + 6 + TEXT_BYTES) };
}
