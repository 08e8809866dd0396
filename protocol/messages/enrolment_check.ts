/**
 * Reading enrolments back. A master reads every one of them before it opens its first frame, and there
 * may be a million: an entry is checked by hand, field by field. Whatever that check does not take
 * goes to the schema, which has the last word and says what is wrong.
 */
import { parseJson } from "../schema.ts";
import { isId } from "../subjects.ts";
import { type Enrolment, enrolment, GENERATIONS_KEPT } from "./enrolment.ts";

const ALIAS_MAX = 0xffff_ffff;
const GENERATION_MAX = 255;
const SUITE_MAX = 3;
const CONSUMER_NUMBER_MAX = 32;
const WRAPPED = /^[0-9a-f]{120}$/;

type Fields = Readonly<Record<string, unknown>>;

/** The enrolment in the JSON text `text`. Throws `TerminalError` that names `what` and every fault. */
export function readEnrolment(text: string, what: string): Enrolment {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return parseJson(enrolment, text, what); // Says it in its own words.
  }
  return isPlainEnrolment(value) ? value : parseJson(enrolment, text, what);
}

/** Whether `value` is an enrolment that the schema takes too; more fields than it knows do no harm. */
export function isPlainEnrolment(value: unknown): value is Enrolment {
  if (!isFields(value) || !Array.isArray(value.keys)) return false;
  const { meter_id, alias, slave_id, consumer_number, keys, enrolled_at_ms, suite } = value;
  return isName(meter_id) && isUpTo(alias, ALIAS_MAX) && isName(slave_id) &&
    typeof consumer_number === "string" && consumer_number.length <= CONSUMER_NUMBER_MAX &&
    keys.length >= 1 && keys.length <= GENERATIONS_KEPT && keys.every(isWrappedKey) &&
    isUpTo(enrolled_at_ms, Number.MAX_SAFE_INTEGER) &&
    (suite === undefined || suite !== 0 && isUpTo(suite, SUITE_MAX));
}

function isWrappedKey(key: unknown): boolean {
  if (!isFields(key)) return false;
  const { generation, enrolment_day, wrapped_key, not_after_ms, by_hand } = key;
  return isUpTo(generation, GENERATION_MAX) && isUpTo(enrolment_day, Number.MAX_SAFE_INTEGER) &&
    typeof wrapped_key === "string" && WRAPPED.test(wrapped_key) &&
    (not_after_ms === undefined || isUpTo(not_after_ms, Number.MAX_SAFE_INTEGER)) &&
    (by_hand === undefined || by_hand === true);
}

function isFields(value: unknown): value is Fields {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isName(value: unknown): boolean {
  return typeof value === "string" && isId(value);
}

function isUpTo(value: unknown, max: number): boolean {
  return Number.isSafeInteger(value) && value as number >= 0 && value as number <= max;
}
