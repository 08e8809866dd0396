/**
 * AES block by block as FIPS-197 writes it: slow, plain, and able to show every state on the way.
 *
 * For teaching and for checking a fast library against. Tables are looked up by secret bytes, so its
 * time tells about its key: nothing in production may use it.
 *
 * The state is 4 rows by 4 columns of bytes, filled column by column: byte `row + 4 * column`.
 */
import { BLOCK_LENGTH, expandKey } from "./aes_key.ts";
import { INVERSE_S_BOX, multiply, S_BOX, tableOf } from "./gf256.ts";

export type AesStep =
  | "Input"
  | "SubBytes"
  | "ShiftRows"
  | "MixColumns"
  | "AddRoundKey";

/** One step of the cipher and the state behind it. */
export interface AesTrace {
  /** 0 before the first round, then 1 to 10, 12 or 14. */
  readonly round: number;
  readonly step: AesStep;
  readonly state: Uint8Array;
  /** What was added, for AddRoundKey. */
  readonly roundKey?: Uint8Array;
}

const TIMES_2 = tableOf((a) => multiply(a, 0x02));
const TIMES_3 = tableOf((a) => multiply(a, 0x03));
const TIMES_9 = tableOf((a) => multiply(a, 0x09));
const TIMES_B = tableOf((a) => multiply(a, 0x0b));
const TIMES_D = tableOf((a) => multiply(a, 0x0d));
const TIMES_E = tableOf((a) => multiply(a, 0x0e));

/**
 * CIPHER(): one block of 16 bytes under the round keys of `expandKey` (FIPS-197 section 5.1, algorithm
 * 1). `look` is shown a copy of the state after each step. Throws `RangeError` for another length.
 */
export function encryptBlock(
  roundKeys: readonly Uint8Array[],
  block: Uint8Array,
  look?: (trace: AesTrace) => void,
): Uint8Array {
  const state = stateOf(block);
  const rounds = roundKeys.length - 1;
  const seen = (round: number, step: AesStep, roundKey?: Uint8Array) =>
    look?.({ round, step, state: state.slice(), ...(roundKey && { roundKey }) });
  seen(0, "Input");
  addRoundKey(state, roundKeys[0]!);
  seen(0, "AddRoundKey", roundKeys[0]!);
  for (let round = 1; round <= rounds; round++) {
    substituteBytes(state, S_BOX);
    seen(round, "SubBytes");
    shiftRows(state, 1);
    seen(round, "ShiftRows");
    // The last round has no MixColumns, so that deciphering has the same form.
    if (round < rounds) {
      mixColumns(state);
      seen(round, "MixColumns");
    }
    addRoundKey(state, roundKeys[round]!);
    seen(round, "AddRoundKey", roundKeys[round]!);
  }
  return state;
}

/** INVCIPHER(): the block that `encryptBlock` took (FIPS-197 section 5.3, algorithm 3). */
export function decryptBlock(roundKeys: readonly Uint8Array[], block: Uint8Array): Uint8Array {
  const state = stateOf(block);
  const rounds = roundKeys.length - 1;
  addRoundKey(state, roundKeys[rounds]!);
  for (let round = rounds - 1; round >= 0; round--) {
    shiftRows(state, 3);
    substituteBytes(state, INVERSE_S_BOX);
    addRoundKey(state, roundKeys[round]!);
    if (round > 0) inverseMixColumns(state);
  }
  return state;
}

/** Every state of one block under one key, from the input to the output, in order. */
export function traceBlock(key: Uint8Array, block: Uint8Array): AesTrace[] {
  const trace: AesTrace[] = [];
  encryptBlock(expandKey(key), block, (step) => trace.push(step));
  return trace;
}

function stateOf(block: Uint8Array): Uint8Array {
  if (block.length !== BLOCK_LENGTH) {
    throw new RangeError(`An AES block has 16 bytes, not ${block.length}`);
  }
  return block.slice();
}

/** SUBBYTES(): each byte through the S-box (FIPS-197 section 5.1.1). */
function substituteBytes(state: Uint8Array, box: Uint8Array): void {
  for (let i = 0; i < BLOCK_LENGTH; i++) state[i] = box[state[i]!]!;
}

/** SHIFTROWS(): row r turns left by r bytes; turned `times` = 3 times more it is back (section 5.1.2). */
function shiftRows(state: Uint8Array, times: 1 | 3): void {
  for (let row = 1; row < 4; row++) {
    const a = state[row]!, b = state[row + 4]!, c = state[row + 8]!, d = state[row + 12]!;
    const turn = row * times & 3;
    state[row] = turn === 1 ? b : turn === 2 ? c : d;
    state[row + 4] = turn === 1 ? c : turn === 2 ? d : a;
    state[row + 8] = turn === 1 ? d : turn === 2 ? a : b;
    state[row + 12] = turn === 1 ? a : turn === 2 ? b : c;
  }
}

/** MIXCOLUMNS(): each column times {03}x^3 + {01}x^2 + {01}x + {02} (FIPS-197 section 5.1.3). */
function mixColumns(state: Uint8Array): void {
  for (let i = 0; i < BLOCK_LENGTH; i += 4) {
    const a = state[i]!, b = state[i + 1]!, c = state[i + 2]!, d = state[i + 3]!;
    state[i] = TIMES_2[a]! ^ TIMES_3[b]! ^ c ^ d;
    state[i + 1] = a ^ TIMES_2[b]! ^ TIMES_3[c]! ^ d;
    state[i + 2] = a ^ b ^ TIMES_2[c]! ^ TIMES_3[d]!;
    state[i + 3] = TIMES_3[a]! ^ b ^ c ^ TIMES_2[d]!;
  }
}

/** INVMIXCOLUMNS(): each column times {0b}x^3 + {0d}x^2 + {09}x + {0e} (FIPS-197 section 5.3.3). */
function inverseMixColumns(state: Uint8Array): void {
  for (let i = 0; i < BLOCK_LENGTH; i += 4) {
    const a = state[i]!, b = state[i + 1]!, c = state[i + 2]!, d = state[i + 3]!;
    state[i] = TIMES_E[a]! ^ TIMES_B[b]! ^ TIMES_D[c]! ^ TIMES_9[d]!;
    state[i + 1] = TIMES_9[a]! ^ TIMES_E[b]! ^ TIMES_B[c]! ^ TIMES_D[d]!;
    state[i + 2] = TIMES_D[a]! ^ TIMES_9[b]! ^ TIMES_E[c]! ^ TIMES_B[d]!;
    state[i + 3] = TIMES_B[a]! ^ TIMES_D[b]! ^ TIMES_9[c]! ^ TIMES_E[d]!;
  }
}

/** ADDROUNDKEY(): XOR with the round key, which is its own inverse (FIPS-197 section 5.1.4). */
function addRoundKey(state: Uint8Array, roundKey: Uint8Array): void {
  for (let i = 0; i < BLOCK_LENGTH; i++) state[i]! ^= roundKey[i]!;
}
