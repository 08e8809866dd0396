/** The key expansion of AES (FIPS-197 section 5.2): from one key to a round key for each round. */
import { S_BOX, times2 } from "./gf256.ts";

/** Bytes of a block, and of a round key. */
export const BLOCK_LENGTH = 16;
const WORD_LENGTH = 4;

/** Rounds of AES-128, AES-192 and AES-256 by the length of the key in bytes (FIPS-197 table 3). */
export const ROUNDS: Readonly<Record<number, number>> = { 16: 10, 24: 12, 32: 14 };

/**
 * The round keys: one more than there are rounds, 16 bytes each. Throws `RangeError` when the key has
 * not 16, 24 or 32 bytes.
 */
export function expandKey(key: Uint8Array): Uint8Array[] {
  const rounds = ROUNDS[key.length];
  if (rounds === undefined) {
    throw new RangeError(`An AES key has 16, 24 or 32 bytes, not ${key.length}`);
  }
  const keyWords = key.length / WORD_LENGTH;
  const words = (rounds + 1) * BLOCK_LENGTH / WORD_LENGTH;
  const w = new Uint8Array(words * WORD_LENGTH);
  w.set(key);
  const temp = new Uint8Array(WORD_LENGTH);
  let roundConstant = 1;
  for (let i = keyWords; i < words; i++) {
    for (let j = 0; j < WORD_LENGTH; j++) temp[j] = w[(i - 1) * WORD_LENGTH + j]!;
    if (i % keyWords === 0) {
      rotateWord(temp);
      substituteWord(temp);
      temp[0]! ^= roundConstant;
      roundConstant = times2(roundConstant);
    } else if (keyWords > 6 && i % keyWords === 4) {
      // AES-256 alone: one more substitution in the middle of each stretch of eight words.
      substituteWord(temp);
    }
    for (let j = 0; j < WORD_LENGTH; j++) {
      w[i * WORD_LENGTH + j] = w[(i - keyWords) * WORD_LENGTH + j]! ^ temp[j]!;
    }
  }
  return Array.from(
    { length: rounds + 1 },
    (_, round) => w.subarray(round * BLOCK_LENGTH, (round + 1) * BLOCK_LENGTH),
  );
}

/** ROTWORD: the first byte goes to the end. */
function rotateWord(word: Uint8Array): void {
  const first = word[0]!;
  word.copyWithin(0, 1);
  word[WORD_LENGTH - 1] = first;
}

/** SUBWORD: the S-box on each byte. */
function substituteWord(word: Uint8Array): void {
  for (let j = 0; j < WORD_LENGTH; j++) word[j] = S_BOX[word[j]!]!;
}
