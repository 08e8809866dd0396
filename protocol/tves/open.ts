/** Opening a frame: find the second by the commitment, then prove it by the tag, once. */
import { equalConstantTime } from "../bytes.ts";
import type { ParsedFrame } from "./frame.ts";
import { frameContext, frameKeys, FrameRoom } from "./schedule.ts";
import { suites } from "./suites.ts";

/** Where the keys of the candidates come from; `undefined` means no key for that second. */
export interface SecondKeys {
  /** `into` is a place for it: whoever derives the key writes it there, whoever has it gives that. */
  secondKey(t_s: number, into?: Uint8Array): Uint8Array | undefined;
}

export type OpenResult =
  | {
    readonly opened: true;
    /** The second whose key opened the frame. */
    readonly t_s: number;
    /** Candidates whose commitment was derived, this one included. */
    readonly trials: number;
    readonly plaintext: Uint8Array;
  }
  | {
    readonly opened: false;
    readonly reason: "no_key_in_window" | "tag_mismatch";
    readonly trials: number;
  };

/** One frame after the other is opened, and its keys are erased when it is. */
const room = new FrameRoom();

/**
 * Tries `candidates` in their order (tves: Opening, steps 3 and 4). A candidate whose commitment
 * differs never reaches the AEAD: an AEAD alone would open one frame under two keys for a forger who
 * prepares it, and would cost more for each trial. So the AEAD runs at most once. The plaintext is
 * written to `into` where that is given and long enough.
 */
export function openFrame(
  frame: ParsedFrame,
  keys: SecondKeys,
  candidates: Iterable<number>,
  into?: Uint8Array,
): OpenResult {
  try {
    return tryAll(frame, keys, candidates, into);
  } finally {
    room.wipe();
  }
}

function tryAll(
  frame: ParsedFrame,
  keys: SecondKeys,
  candidates: Iterable<number>,
  into: Uint8Array | undefined,
): OpenResult {
  let trials = 0;
  for (const t_s of candidates) {
    const secondKey = keys.secondKey(t_s, room.secondKey);
    if (secondKey === undefined) continue;
    trials++;
    const { commitment, key } = frameKeys(secondKey, frame.header, room);
    if (!equalConstantTime(commitment, frame.commitment)) continue;
    const { nonce, aad } = frameContext(frame.header, commitment, t_s, room);
    const plaintext = suites[frame.suite].open({ key: key(), nonce, aad }, frame.sealed, into);
    return plaintext === undefined
      ? { opened: false, reason: "tag_mismatch", trials }
      : { opened: true, t_s, trials, plaintext };
  }
  return { opened: false, reason: "no_key_in_window", trials };
}
