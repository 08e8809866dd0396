/** The bytes of one TVES/2 frame: a header of 16, a key commitment of 16, ciphertext, tag of 16. */
import type { ClockQuality } from "../messages/common.ts";
import type { RejectReason } from "../messages/journal.ts";
import { isSuite, type Suite } from "./suites.ts";

/** The one version that is accepted; version 1 had no authentication. */
export const VERSION = 2;
export const HEADER_LENGTH = 16;
export const COMMITMENT_LENGTH = 16;
/** Bytes of a frame beyond its ciphertext: header, commitment and tag. */
export const FRAME_OVERHEAD = 48;
/** Longest ciphertext in bytes: its length is a 16-bit field. */
export const CIPHERTEXT_LENGTH_MAX = 0xffff;

const FLAG_HINT = 0b0000_0001;
const FLAGS_QUALITY = 0b0000_0110;
const FLAGS_RESERVED = 0b1111_1000;

/** What the header of a frame says. All of it is under the key, through `hdr`, and under the tag. */
export interface FrameHeader {
  readonly suite: Suite;
  /** `t mod 256` where the sealing side gives a hint, `undefined` in blind mode. */
  readonly hint: number | undefined;
  readonly clockQuality: ClockQuality;
  /** The meter's alias, given at enrolment. */
  readonly alias: number;
  readonly generation: number;
  /** Boot count of the sealing side. */
  readonly boot: number;
  /** Sequence number within generation and boot; starts at 1. */
  readonly sequence: number;
}

/** A frame whose form is right. Nothing in it is proven until it has been opened. */
export interface ParsedFrame extends FrameHeader {
  /** Bytes 0 to 15, which every key of the frame depends on. */
  readonly header: Uint8Array;
  readonly commitment: Uint8Array;
  /** Ciphertext and tag. */
  readonly sealed: Uint8Array;
}

/** Why the form of a frame is wrong. */
export type FormFault = Extract<
  RejectReason,
  "wrong_length" | "unknown_version" | "unknown_suite" | "unknown_flags"
>;

export type ParseResult =
  | { readonly ok: true; readonly frame: ParsedFrame }
  | { readonly ok: false; readonly reason: FormFault };

/**
 * Checks length, version, suite and flags in this order and splits the frame. The parts are views of
 * `bytes`, not copies. Never throws.
 */
export function parseFrame(bytes: Uint8Array): ParseResult {
  if (bytes.length < FRAME_OVERHEAD) return { ok: false, reason: "wrong_length" };
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (bytes.length !== FRAME_OVERHEAD + view.getUint16(2)) {
    return { ok: false, reason: "wrong_length" };
  }
  const versionAndSuite = view.getUint8(0);
  if (versionAndSuite >> 4 !== VERSION) return { ok: false, reason: "unknown_version" };
  const suite = versionAndSuite & 0x0f;
  if (!isSuite(suite)) return { ok: false, reason: "unknown_suite" };
  const flags = view.getUint8(1);
  const hint = view.getUint8(9);
  const hasHint = (flags & FLAG_HINT) !== 0;
  // "`t mod 256` if HINT, else 0": a hint without its flag is a frame that no sealing side makes.
  if ((flags & FLAGS_RESERVED) !== 0 || (!hasHint && hint !== 0)) {
    return { ok: false, reason: "unknown_flags" };
  }
  return {
    ok: true,
    frame: {
      suite,
      hint: hasHint ? hint : undefined,
      clockQuality: ((flags & FLAGS_QUALITY) >> 1) as ClockQuality,
      alias: view.getUint32(4),
      generation: view.getUint8(8),
      boot: view.getUint16(10),
      sequence: view.getUint32(12),
      header: bytes.subarray(0, HEADER_LENGTH),
      commitment: bytes.subarray(HEADER_LENGTH, HEADER_LENGTH + COMMITMENT_LENGTH),
      sealed: bytes.subarray(HEADER_LENGTH + COMMITMENT_LENGTH),
    },
  };
}

/** The 16 bytes of `header` for a ciphertext of `length` bytes. Throws `RangeError` by field name. */
export function encodeHeader(header: FrameHeader, length: number): Uint8Array {
  assertUint("length of the plaintext", length, CIPHERTEXT_LENGTH_MAX);
  assertUint("clockQuality", header.clockQuality, 3);
  assertUint("alias", header.alias, 0xffff_ffff);
  assertUint("generation", header.generation, 0xff);
  assertUint("hint", header.hint ?? 0, 0xff);
  assertUint("boot", header.boot, 0xffff);
  assertUint("sequence", header.sequence, 0xffff_ffff);
  if (header.sequence === 0) throw new RangeError("sequence starts at 1");
  if (!isSuite(header.suite)) throw new RangeError(`No such suite: ${header.suite}`);
  const bytes = new Uint8Array(HEADER_LENGTH);
  const view = new DataView(bytes.buffer);
  view.setUint8(0, VERSION << 4 | header.suite);
  view.setUint8(1, header.clockQuality << 1 | (header.hint === undefined ? 0 : FLAG_HINT));
  view.setUint16(2, length);
  view.setUint32(4, header.alias);
  view.setUint8(8, header.generation);
  view.setUint8(9, header.hint ?? 0);
  view.setUint16(10, header.boot);
  view.setUint32(12, header.sequence);
  return bytes;
}

function assertUint(field: string, value: number, max: number): void {
  if (!Number.isInteger(value) || value < 0 || value > max) {
    throw new RangeError(`${field} must be a whole number from 0 to ${max}, not ${value}`);
  }
}
