/** What one reading of a meter yields. */
import { type DataSet, type DataValue, parseDataSets } from "./data_sets.ts";
import { fullObis, isHeatMeterCode } from "./obis.ts";

export interface Register {
  /** Full OBIS code, for example `1-0:1.8.0`; a historic value ends in `*1`. */
  readonly obis: string;
  /** The code as the meter sent it, for example `1.8.0*01`. */
  readonly code: string;
  /** A number where the meter gave a unit, else the text: identifiers, dates, flags. */
  readonly value: number | string;
  readonly unit: string | null;
  /** The exact characters of the value: the source of exact arithmetic (kWh to Wh). */
  readonly text: string;
  /** All values of the line where it has several (a time stamp and a quantity, for example). */
  readonly values?: readonly DataValue[];
}

/** Which check the telegram passed. `none`: the meter sent none (mode D before DSMR 4). */
export type Check = "bcc" | "crc16" | "none";

export interface Readout {
  /** The identification line, for example `/ELS5\@V9.30 `. */
  readonly identification: string;
  /** Register `0.0.0`, or null when the meter sends none. */
  readonly consumerNumber: string | null;
  readonly registers: readonly Register[];
  readonly check: Check;
}

const QUANTITY = /^[+-]?\d+(?:\.\d*)?$/;

/**
 * The readout of the data block `block` under `identification`.
 * Throws `SyntaxError` when the block is no list of data sets.
 */
export function readoutOf(identification: string, block: string, check: Check): Readout {
  const sets = parseDataSets(block);
  // A heat meter's names are not OBIS: `6.8` is its energy, not the sixth quantity of electricity.
  const heat = sets.some((set) => isHeatMeterCode(set.code));
  const name = heat ? (code: string) => code : fullObis;
  const registers = sets.flatMap((set) => registersOf(set, name));
  const consumer = registers.find((register) =>
    register.obis === "1-0:0.0.0" || register.obis === "0.0"
  );
  return { identification, consumerNumber: consumer?.text.trim() || null, registers, check };
}

function registersOf(set: DataSet, name: (code: string) => string): Register[] {
  const main = registerOf(set.code, mainValue(set.values), name);
  const whole = set.values.length > 1 ? { ...main, values: set.values } : main;
  return [whole, ...profileRow(set, name)];
}

function registerOf(code: string, value: DataValue, name: (code: string) => string): Register {
  const isQuantity = value.unit !== null && QUANTITY.test(value.text);
  return {
    obis: name(code),
    code,
    value: isQuantity ? Number(value.text) : value.text,
    unit: value.unit,
    text: value.text,
  };
}

/** Of a pair of a quantity and its time stamp (in either order) the quantity; else the first value. */
function mainValue(values: readonly DataValue[]): DataValue {
  const quantities = values.filter((value) => value.unit !== null);
  if (values.length === 2 && quantities.length === 1) return quantities[0]!;
  return values[0] ?? { text: "", unit: null };
}

/**
 * The registers of a one-row profile `(time)(status)(period)(n)(code)(unit)...(value)...`: how gas
 * meters stand in DSMR 2.2 and 3.0 telegrams (IEC 62056-21, annex on load profiles).
 */
function profileRow(set: DataSet, name: (code: string) => string): Register[] {
  const count = Number(set.values[3]?.text);
  if (!Number.isInteger(count) || count < 1 || set.values.length !== 4 + 3 * count) return [];
  return Array.from({ length: count }, (_, i) => {
    const code = set.values[4 + 2 * i]!.text;
    const unit = set.values[5 + 2 * i]!.text || null;
    const text = set.values[4 + 2 * count + i]!.text;
    return registerOf(code, { text, unit }, name);
  });
}
