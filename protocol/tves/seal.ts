/** Sealing one frame with the key of the second in which it goes out. */
import { concat } from "../bytes.ts";
import type { ClockQuality } from "../messages/common.ts";
import { encodeHeader } from "./frame.ts";
import { frameContext, frameKeys, FrameRoom } from "./schedule.ts";
import { type Suite, suites } from "./suites.ts";

export interface SealInput {
  readonly suite: Suite;
  /** Whether the header tells `t mod 256`; off is the blind mode. */
  readonly hint: boolean;
  readonly clockQuality: ClockQuality;
  readonly alias: number;
  readonly generation: number;
  /** Never reused within a generation: with `sequence` it keeps the nonce unique. */
  readonly boot: number;
  readonly sequence: number;
  /** The second of sealing, Unix time in whole seconds. */
  readonly t_s: number;
  /** `S[t]` of exactly this second. */
  readonly secondKey: Uint8Array;
  readonly plaintext: Uint8Array;
}

/** One frame after the other is sealed; its keys are erased when it is. */
const room = new FrameRoom();

/**
 * The frame, 48 bytes longer than its plaintext. Throws `RangeError` that names the field which does
 * not fit the header.
 */
export function sealFrame(input: SealInput): Uint8Array {
  const { t_s, plaintext } = input;
  if (!Number.isSafeInteger(t_s) || t_s < 0) {
    throw new RangeError(`t must be Unix time in whole seconds, not ${t_s}`);
  }
  const hint = input.hint ? t_s % 256 : undefined;
  const header = encodeHeader({ ...input, hint }, plaintext.length);
  const { commitment, key } = frameKeys(input.secondKey, header, room);
  const { nonce, aad } = frameContext(header, commitment, t_s, room);
  const sealed = suites[input.suite].seal({ key: key(), nonce, aad }, plaintext);
  const frame = concat(header, commitment, sealed);
  room.wipe();
  return frame;
}
