/**
 * How a meter becomes known: one entry a meter in the KV bucket `samay_enrolments`, which masters
 * watch, and one file for the slave, which is deleted once the slave has taken it in.
 */
import { z } from "../schema.ts";
import { id, instant_ms } from "./common.ts";

const hex32 = z.string().regex(/^[0-9a-f]{64}$/, "64 hexadecimal digits");

/** AES-256-GCM over a key: nonce, ciphertext and tag in hex (60 bytes). */
export const wrappedHex = z.string().regex(/^[0-9a-f]{120}$/, "120 hexadecimal digits");

/** Generations of a meter that are kept: the older ones are for looking at frames of the past. */
export const GENERATIONS_KEPT = 4;

/** Cipher suite of TVES/2 that a slave seals a meter's frames with; the head-end opens all of them. */
export const suiteNumber = z.union([z.literal(1), z.literal(2), z.literal(3)]);
/** AES-256-GCM: what is fastest where there is hardware for it. */
export const SUITE_USUAL = 1;

/** One generation of a meter's key as the head-end keeps it: wrapped under the key-encryption key. */
export const wrappedKey = z.object({
  generation: z.int().min(0).max(255),
  /** UTC day number of the enrolment, floor(t / 86400): `d0` of TVES/2. */
  enrolment_day: z.int().nonnegative(),
  /** Under the key-encryption key. */
  wrapped_key: wrappedHex,
  /** Retired: frames that arrived at the broker after this moment are of an unknown generation. */
  not_after_ms: instant_ms.optional(),
  /**
   * It leaves in a key file alone. Without this it may have gone over the air, so that whoever had the
   * key before may have it. The first generation goes by hand and needs no such word.
   */
  by_hand: z.literal(true).optional(),
});
export type WrappedKey = z.infer<typeof wrappedKey>;

export const enrolment = z.object({
  meter_id: id,
  alias: z.int().min(0).max(0xffff_ffff),
  slave_id: id,
  consumer_number: z.string().max(32),
  /** The newest last. During a re-key the old and the new generation overlap. */
  keys: z.array(wrappedKey).min(1).max(GENERATIONS_KEPT),
  enrolled_at_ms: instant_ms,
  /** `SUITE_USUAL` where none is named. */
  suite: suiteNumber.optional(),
});
export type Enrolment = z.infer<typeof enrolment>;

/** The secret that is carried to the slave once, as a file of mode 0600. */
export const slaveKeyFile = z.object({
  format: z.literal("samay-slave-key/1"),
  meter_id: id,
  alias: z.int().min(0).max(0xffff_ffff),
  slave_id: id,
  consumer_number: z.string().max(32),
  generation: z.int().min(0).max(255),
  enrolment_day: z.int().nonnegative(),
  suite: suiteNumber,
  key: hex32,
});
export type SlaveKeyFile = z.infer<typeof slaveKeyFile>;
