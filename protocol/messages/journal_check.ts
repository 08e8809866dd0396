/**
 * Reading the journal back. Its records are our own, and there are tens of thousands of readings in
 * them a second: a reading is checked by hand, field by field. Whatever that check does not take goes
 * to the schema, which has the last word and says what is wrong.
 */
import { parseOrExplain } from "../schema.ts";
import { isId } from "../subjects.ts";
import { REGISTERS_MAX } from "./common.ts";
import { type JournalRecord, journalRecord, readingFlag } from "./journal.ts";

const FLAGS: ReadonlySet<unknown> = new Set(readingFlag.options);
const OBIS_MAX = 32;
const UNIT_MAX = 16;

type Fields = Readonly<Record<string, unknown>>;

/** `value` as a journal record. Throws `TerminalError` that names `what` and every fault. */
export function readJournalRecord(value: unknown, what: string): JournalRecord {
  if (isRecordOfReadings(value)) return value;
  return parseOrExplain(journalRecord, value, what);
}

/** Whether `value` is a record of readings alone that the schema takes too. */
export function isRecordOfReadings(value: unknown): value is JournalRecord {
  if (!isFields(value) || value.v !== 1) return false;
  return (value.type === "batch" || value.type === "epoch") &&
    isCount(value.partition) && isPositive(value.epoch) && isName(value.owner) &&
    isCount(value.cursor) && Array.isArray(value.events) && value.events.every(isReading);
}

function isReading(event: unknown): boolean {
  if (!isFields(event) || event.event !== "reading") return false;
  return isPositive(event.frame) && isName(event.meter_id) && isWhole(event.generation) &&
    isWhole(event.boot) && isWhole(event.sequence) && isWhole(event.t_s) &&
    isPositive(event.trials) && isCount(event.quality) && event.quality <= 3 &&
    isCount(event.arrival_ms) && isCount(event.sealed_at_ms) &&
    Array.isArray(event.registers) && event.registers.length <= REGISTERS_MAX &&
    event.registers.every(isRegister) &&
    Array.isArray(event.flags) && event.flags.every((flag) => FLAGS.has(flag));
}

function isRegister(register: unknown): boolean {
  return isFields(register) && isText(register.obis, OBIS_MAX) && isWhole(register.value) &&
    isText(register.unit, UNIT_MAX) && isCount(register.read_at_ms);
}

function isFields(value: unknown): value is Fields {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isName(value: unknown): boolean {
  return typeof value === "string" && isId(value);
}

function isText(value: unknown, length_max: number): boolean {
  return typeof value === "string" && value.length <= length_max;
}

function isWhole(value: unknown): value is number {
  return Number.isSafeInteger(value);
}

function isCount(value: unknown): value is number {
  return isWhole(value) && value >= 0;
}

function isPositive(value: unknown): boolean {
  return isWhole(value) && value > 0;
}
