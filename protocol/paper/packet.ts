/**
 * The packet that the paper's meter sends: consumer number and reading as text, nothing else.
 *
 * `170000000001 002275.625 kWh`: twelve digits, a blank, nine digits and a point, a blank, the unit.
 */

/** What judges whether a decryption is right when there is no tag: does it look like a packet? */
const FORM = /^\d{12} \d{6}\.\d{3} kWh$/;

export interface PaperPacket {
  /** Up to twelve digits. */
  readonly consumer: number;
  readonly reading_wh: number;
}

/** Largest values that have room in the packet. */
export const CONSUMER_MAX = 999_999_999_999;
export const READING_MAX_WH = 999_999_999;

/** The packet as text, 27 characters. Throws `RangeError` when a number has no room. */
export function packetText({ consumer, reading_wh }: PaperPacket): string {
  assertRoom("consumer", consumer, CONSUMER_MAX);
  assertRoom("reading_wh", reading_wh, READING_MAX_WH);
  const digits = String(reading_wh).padStart(9, "0");
  return `${consumerDigits(consumer)} ${digits.slice(0, 6)}.${digits.slice(6)} kWh`;
}

/** The packet without anything but its digits, 21 of them, for an alphabet that has no more. */
export function packetDigits({ consumer, reading_wh }: PaperPacket): string {
  return consumerDigits(consumer) + String(reading_wh).padStart(9, "0");
}

/** Whether `text` looks like a packet. It proves nothing: who knows the form can write one. */
export function hasForm(text: string): boolean {
  return FORM.test(text);
}

function consumerDigits(consumer: number): string {
  return String(consumer).padStart(12, "0");
}

function assertRoom(field: string, value: number, max: number): void {
  if (!Number.isInteger(value) || value < 0 || value > max) {
    throw new RangeError(`${field} must be a whole number from 0 to ${max}, not ${value}`);
  }
}
