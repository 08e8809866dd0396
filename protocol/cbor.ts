/** CBOR (RFC 8949), bounded: the only file that knows which library does it. */
import { decode, type DecodeOptions, encode, Tokenizer } from "cborg";

/** Arrays and maps in one item. A bound on these bounds the depth, and with it the stack, too. */
const CONTAINERS_MAX = 1_024;

/** Major types 4 (array) and 5 (map) in the top three bits of the first byte. */
const MAJOR_ARRAY = 4;
const MAJOR_MAP = 5;

class BoundedTokenizer extends Tokenizer {
  #containers = 0;

  override next() {
    const token = super.next();
    const { major } = token.type;
    if ((major === MAJOR_ARRAY || major === MAJOR_MAP) && ++this.#containers > CONTAINERS_MAX) {
      throw new RangeError(`More than ${CONTAINERS_MAX} arrays and maps in one CBOR item`);
    }
    return token;
  }
}

/** The bytes of `value`: Maps with their integer keys, arrays, numbers, text, byte strings. */
export function encodeCbor(value: unknown): Uint8Array {
  return encode(value);
}

/**
 * The one item that `bytes` hold, maps as `Map`; `undefined` when they hold no well-formed item, more
 * than one, a map with a key twice, or more structure than a bounded decoder takes. Never throws.
 */
export function decodeCbor(bytes: Uint8Array): unknown {
  const options: DecodeOptions = {
    useMaps: true,
    rejectDuplicateMapKeys: true,
    allowUndefined: false,
    allowNaN: false,
    allowInfinity: false,
  };
  try {
    return decode(bytes, { ...options, tokenizer: new BoundedTokenizer(bytes, options) });
  } catch {
    // The decoder tells malformed bytes by throwing; to the caller that is an answer, not a failure.
    return undefined;
  }
}
