/** An enrolment as a master keeps it: a hundred bytes, as a string; keys stay wrapped in it. */
import { Buffer } from "node:buffer";
import type { Enrolment } from "../../protocol/messages/enrolment.ts";
import { Packer, Unpacker } from "../../protocol/packed.ts";
import { ENVELOPE_BYTES } from "../../protocol/tves/envelope.ts";

/** One generation, without its key. */
export interface EnrolledKey {
  readonly generation: number;
  readonly enrolment_day: number;
  readonly not_after_ms: number | undefined;
}

export interface Enrolled {
  /** Of the bucket's entry. */
  readonly revision: number;
  readonly alias: number;
  readonly slaveId: string;
  readonly keys: readonly EnrolledKey[];
}

/** One for all: packing never waits for anything. */
const packer = new Packer();

export function packEnrolment(entry: Enrolment, revision: number): string {
  const { alias, slave_id, keys } = entry;
  packer.uint(revision).uint(alias).text(slave_id).uint(keys.length);
  for (const { generation, enrolment_day, not_after_ms } of keys) {
    packer.uint(generation).uint(enrolment_day);
    packer.uint(not_after_ms === undefined ? 0 : 1).int(not_after_ms ?? 0);
  }
  // Behind everything else, so that only who needs them reads them.
  for (const { wrapped_key } of keys) packer.bytes(Buffer.from(wrapped_key, "hex"));
  return packer.done();
}

/** All but the wrapped keys. */
export function unpackEnrolment(text: string): Enrolled {
  const packed = new Unpacker(text);
  const [revision, alias, slaveId] = [packed.uint(), packed.uint(), packed.text()];
  const keys = Array.from({ length: packed.uint() }, (): EnrolledKey => {
    const [generation, enrolment_day, retired] = [packed.uint(), packed.uint(), packed.uint()];
    const at_ms = packed.int();
    return { generation, enrolment_day, not_after_ms: retired === 1 ? at_ms : undefined };
  });
  return { revision, alias, slaveId, keys };
}

const wrapped = new Uint8Array(ENVELOPE_BYTES);

/** The wrapped key number `index` of `count`, until the next one is asked for. */
export function wrappedKeyOf(text: string, index: number, count: number): Uint8Array {
  const start = text.length - (count - index) * ENVELOPE_BYTES;
  for (let i = 0; i < ENVELOPE_BYTES; i++) wrapped[i] = text.charCodeAt(start + i);
  return wrapped;
}
