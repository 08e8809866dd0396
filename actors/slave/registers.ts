/**
 * From what a meter printed to what goes into a frame: whole numbers in the smallest unit.
 *
 * The meter's characters are moved by places, never through a floating-point number: 1234567.891 kWh
 * is 1,234,567,891 Wh and no watt-hour is gained or lost on the way to a bill.
 */
import { type Register as SentRegister, REGISTERS_MAX } from "../../protocol/messages/common.ts";
import {
  CONSUMER_REGISTER,
  isEnergyImport,
  TIME_STATUS_REGISTER,
  TIME_UNCERTAIN,
} from "../../protocol/iec62056/obis.ts";
import type { Readout, Register as ReadRegister } from "../../protocol/iec62056/readout.ts";

/** The error register `F.F`: flags in hexadecimal digits (IEC 62056-21 and the meter's manual). */
const ERROR_REGISTER = "0-0:97.97.0";
/** A consumer number goes as a plain number: one with letters, or beyond 2^53, stays behind. */
const CONSUMER_DIGITS = /^\d{1,15}$/;
const FLAG_DIGITS = /^[0-9A-Fa-f]{1,8}$/;

/** What a meter's unit is as a unit of SenML, and how many decimal places lie between them. */
const UNITS: Readonly<Record<string, readonly [unit: string, places: number]>> = {
  Wh: ["Wh", 0],
  kWh: ["Wh", 3],
  MWh: ["Wh", 6],
  varh: ["varh", 0],
  kvarh: ["varh", 3],
  Mvarh: ["varh", 6],
  VAh: ["VAh", 0],
  kVAh: ["VAh", 3],
  MVAh: ["VAh", 6],
  W: ["W", 0],
  kW: ["W", 3],
  var: ["var", 0],
  kvar: ["var", 3],
  VA: ["VA", 0],
  kVA: ["VA", 3],
};
/** Units as some meters write them. */
const SPELLINGS: Readonly<Record<string, string>> = {
  KWH: "kWh",
  kwh: "kWh",
  kWH: "kWh",
  kVArh: "kvarh",
  kVarh: "kvarh",
  kVAr: "kvar",
  kVar: "kvar",
  MVArh: "Mvarh",
};

/**
 * `text`, a decimal number, times ten to the power of `places`, without its fraction (the display of
 * a meter is cut off, not rounded). Undefined when it is no decimal number or beyond 2^53.
 */
export function scaleDecimal(text: string, places: number): number | undefined {
  const match = /^([+-]?)(\d{1,24})(?:\.(\d{0,24}))?$/.exec(text.trim());
  if (match === null) return undefined;
  const [, sign, whole = "", fraction = ""] = match;
  const digits = whole + fraction.slice(0, places).padEnd(places, "0");
  const value = Number(BigInt(digits));
  if (!Number.isSafeInteger(value)) return undefined;
  return sign === "-" && value !== 0 ? -value : value;
}

/**
 * The registers of `readout` that go into a frame: energies, powers and the error register of the
 * present (no historic values), at most 64, in the meter's order, and the consumer number behind them
 * where there is room. Quantities that are not whole in their smallest unit (volts, amperes) stay out.
 */
export function registersToSend(readout: Readout, read_at_ms: number): SentRegister[] {
  const seen = new Set<string>();
  const registers: SentRegister[] = [];
  for (const register of readout.registers) {
    const sent = convert(register);
    if (sent === undefined || seen.has(sent.obis)) continue;
    seen.add(sent.obis);
    registers.push({ ...sent, read_at_ms });
    if (registers.length === REGISTERS_MAX) return registers;
  }
  const consumer = readout.consumerNumber ?? "";
  if (CONSUMER_DIGITS.test(consumer)) {
    registers.push({ obis: CONSUMER_REGISTER, value: Number(consumer), unit: "", read_at_ms });
  }
  return registers;
}

function convert(register: ReadRegister): Omit<SentRegister, "read_at_ms"> | undefined {
  const { obis, text, unit } = register;
  if (obis === ERROR_REGISTER && FLAG_DIGITS.test(text.trim())) {
    return { obis, value: parseInt(text.trim(), 16), unit: "" };
  }
  if (unit === null || obis.includes("*") || obis.length > 32) return undefined;
  const target = UNITS[SPELLINGS[unit] ?? unit];
  if (target === undefined) return undefined;
  const value = scaleDecimal(text, target[1]);
  return value === undefined ? undefined : { obis, value, unit: target[0] };
}

/**
 * `registers` with the mark that nobody knows when they were read. Where a frame has no room left for
 * it the one that is missed least gives way: a power before an energy, and imported energy last.
 */
export function withUncertainTime(
  registers: readonly SentRegister[],
  read_at_ms: number,
): SentRegister[] {
  const kept = [...registers];
  if (kept.length >= REGISTERS_MAX) {
    const least = Math.min(...kept.map(worthOf));
    kept.splice(kept.findLastIndex((register) => worthOf(register) === least), 1);
  }
  return [...kept, { obis: TIME_STATUS_REGISTER, value: TIME_UNCERTAIN, unit: "", read_at_ms }];
}

function worthOf({ obis, unit }: SentRegister): number {
  if (isEnergyImport(obis)) return 3;
  if (obis === ERROR_REGISTER) return 2;
  return unit.endsWith("h") ? 1 : 0;
}

/** Whether `registers` tell an energy: without one a reading is of no use to anybody. */
export function hasEnergy(registers: readonly SentRegister[]): boolean {
  return registers.some((register) => register.unit.endsWith("h"));
}
