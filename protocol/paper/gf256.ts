/**
 * The field GF(2^8) that AES computes in, and the S-box that is made from it (FIPS-197 sections 4, 5.1.1).
 *
 * A byte is a polynomial with coefficients 0 and 1; sums are XOR, products are taken modulo
 * m(x) = x^8 + x^4 + x^3 + x + 1.
 */

/** m(x) without its highest term, which falls off the left end of a byte. */
const REDUCTION = 0x1b;

/** The product of two bytes in the field (FIPS-197 section 4.2). */
export function multiply(a: number, b: number): number {
  let product = 0;
  for (let factor = a, rest = b; rest > 0; rest >>= 1) {
    if (rest & 1) product ^= factor;
    factor = times2(factor);
  }
  return product;
}

/** The product with x, which the standard calls xtimes (FIPS-197 section 4.2.1). */
export function times2(a: number): number {
  const doubled = a << 1;
  return doubled > 0xff ? doubled & 0xff ^ REDUCTION : doubled;
}

/** The byte whose product with `a` is 1; 0 stands for itself (FIPS-197 section 5.1.1). */
export function inverse(a: number): number {
  // The field has 255 elements besides 0, so a^255 = 1 and a^254 is the inverse.
  let power = 1;
  for (let i = 0; i < 254; i++) power = multiply(power, a);
  return power;
}

/** The S-box of one byte: the inverse, then a fixed affine map over GF(2) (FIPS-197 equation 5.2). */
export function substitute(a: number): number {
  const b = inverse(a);
  return b ^ rotate(b, 1) ^ rotate(b, 2) ^ rotate(b, 3) ^ rotate(b, 4) ^ 0x63;
}

function rotate(byte: number, places: number): number {
  return (byte << places | byte >> 8 - places) & 0xff;
}

/** `table[a]` for every byte `a`. */
export function tableOf(f: (a: number) => number): Uint8Array {
  return Uint8Array.from({ length: 256 }, (_, a) => f(a));
}

/** SBOX(): 256 bytes, computed when the module is loaded. */
export const S_BOX: Uint8Array = tableOf(substitute);

/** INVSBOX(): `INVERSE_S_BOX[S_BOX[a]]` is `a`. */
export const INVERSE_S_BOX: Uint8Array = tableOf((a) => S_BOX.indexOf(a));
