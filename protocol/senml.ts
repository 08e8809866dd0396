/**
 * The plaintext of a frame: one SenML pack in CBOR (RFC 8428 section 6), one record a register.
 *
 * The first record carries the base name, `<meterId>:`, and the base time, the moment of sealing in
 * seconds with milliseconds (RFC 8428 section 4.1).
 */
import { decodeCbor, encodeCbor } from "./cbor.ts";
import { type Register, REGISTERS_MAX } from "./messages/common.ts";
import { LABEL } from "./senml_labels.ts";
import { isId } from "./subjects.ts";

/** Largest pack that is read, in bytes: 64 registers with the longest names need less. */
export const PACK_LENGTH_MAX = 8_192;

/** Names that SenML allows (RFC 8428 section 4.5.1), as long as our registers' may be. */
const NAME = /^[A-Za-z0-9][A-Za-z0-9:./_-]{0,31}$/;
/** Letters, digits and the two signs that SenML's units have. */
const UNIT = /^[A-Za-z0-9%/]{0,16}$/;
/** Latest instant of ECMAScript; a float64 of seconds holds every millisecond up to it. */
const INSTANT_MAX_MS = 8.64e15;

export interface Pack {
  readonly meterId: string;
  /** When the frame was sealed, by the sealing side's disciplined clock. */
  readonly sealedAt_ms: number;
  readonly registers: readonly Register[];
}

/**
 * The bytes of `pack`. `read_at_ms` of every register comes back from `decodePack` to the millisecond,
 * whenever it is sealed: it is what a reading is known by. Throws `RangeError` that names the field
 * which does not fit, among them a register that was read after `sealedAt_ms`: its time would be
 * positive, so the caller waits until the clock that seals has passed it.
 */
export function encodePack(pack: Pack): Uint8Array {
  const { meterId, sealedAt_ms, registers } = pack;
  if (!isId(meterId)) throw new RangeError(`Not a meter's name: "${meterId.slice(0, 40)}"`);
  assertInstant("sealedAt_ms", sealedAt_ms);
  if (registers.length < 1 || registers.length > REGISTERS_MAX) {
    throw new RangeError(`A pack has 1 to ${REGISTERS_MAX} registers, not ${registers.length}`);
  }
  const records = registers.map((register) => encodeRegister(register, sealedAt_ms));
  const base: [number, unknown][] = [[LABEL.bn, `${meterId}:`], [LABEL.bt, sealedAt_ms / 1_000]];
  records[0] = new Map([...base, ...records[0]!]);
  return encodeCbor(records);
}

function encodeRegister(register: Register, sealedAt_ms: number): Map<number, unknown> {
  const { obis, unit, value, read_at_ms } = register;
  if (!NAME.test(obis)) throw new RangeError(`Not a name that SenML allows: "${obis}"`);
  if (!UNIT.test(unit)) throw new RangeError(`Not a unit of SenML: "${unit}" of ${obis}`);
  if (!Number.isSafeInteger(value)) throw new RangeError(`Value of ${obis} is no whole number`);
  assertInstant(`read_at_ms of ${obis}`, read_at_ms);
  if (read_at_ms > sealedAt_ms) throw new RangeError(`${obis} was read after it is sealed`);
  const record = new Map<number, unknown>([[LABEL.n, obis]]);
  if (unit !== "") record.set(LABEL.u, unit);
  record.set(LABEL.v, value);
  record.set(LABEL.t, (read_at_ms - sealedAt_ms) / 1_000);
  return record;
}

function assertInstant(field: string, value_ms: number): void {
  if (!isInstant(value_ms)) {
    throw new RangeError(`${field} must be Unix time in whole milliseconds, not ${value_ms}`);
  }
}

/**
 * The pack that `bytes` hold, or `undefined` for anything that no sealing side of ours makes: other
 * CBOR, other base fields, names or units that are too long, values that are not whole, a register
 * read after the sealing. Never throws; its work is bounded by `PACK_LENGTH_MAX`.
 */
export function decodePack(bytes: Uint8Array): Pack | undefined {
  if (bytes.length > PACK_LENGTH_MAX) return undefined;
  const records = decodeCbor(bytes);
  if (!Array.isArray(records) || records.length < 1 || records.length > REGISTERS_MAX) {
    return undefined;
  }
  const first: unknown = records[0];
  if (!(first instanceof Map)) return undefined;
  const baseName: unknown = first.get(LABEL.bn);
  const sealedAt_ms = instantOf(first.get(LABEL.bt));
  if (typeof baseName !== "string" || !baseName.endsWith(":")) return undefined;
  const meterId = baseName.slice(0, -1);
  if (!isId(meterId) || !isInstant(sealedAt_ms)) return undefined;
  const registers: Register[] = [];
  for (const [index, record] of records.entries()) {
    const register = decodeRegister(record, index === 0, sealedAt_ms);
    if (register === undefined) return undefined;
    registers.push(register);
  }
  return { meterId, sealedAt_ms, registers };
}

function decodeRegister(
  record: unknown,
  first: boolean,
  sealedAt_ms: number,
): Register | undefined {
  if (!(record instanceof Map)) return undefined;
  for (const label of record.keys()) if (!isOurs(label, first)) return undefined;
  const obis: unknown = record.get(LABEL.n);
  const unit: unknown = record.get(LABEL.u) ?? "";
  const value: unknown = record.get(LABEL.v);
  const age_ms = instantOf(record.get(LABEL.t) ?? 0);
  if (typeof obis !== "string" || !NAME.test(obis)) return undefined;
  if (typeof unit !== "string" || !UNIT.test(unit)) return undefined;
  if (!Number.isSafeInteger(value)) return undefined;
  const read_at_ms = sealedAt_ms + age_ms;
  if (!isInstant(read_at_ms) || age_ms > 0) return undefined;
  return { obis, value: value as number, unit, read_at_ms };
}

/** Base fields belong to the first record; a label that we do not know might change the meaning. */
function isOurs(label: unknown, first: boolean): boolean {
  if (label === LABEL.bn || label === LABEL.bt) return first;
  return label === LABEL.n || label === LABEL.u || label === LABEL.v || label === LABEL.t;
}

/** Milliseconds of a SenML time in seconds. Each part is rounded by itself, so no digit is lost. */
function instantOf(time: unknown): number {
  return typeof time === "number" ? Math.round(time * 1_000) : NaN;
}

function isInstant(value_ms: number): boolean {
  return Number.isInteger(value_ms) && value_ms >= 0 && value_ms <= INSTANT_MAX_MS;
}
