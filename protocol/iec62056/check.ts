/** The two checks that a telegram can carry. */

/**
 * Block check character: the exclusive or of every character after the first STX or SOH up to and
 * with ETX (IEC 62056-21, 6.3; ISO/IEC 1155). `bytes` is that range.
 */
export function blockCheckCharacter(bytes: Uint8Array): number {
  let check = 0;
  for (const byte of bytes) check ^= byte;
  return check;
}

/**
 * CRC-16 of a P1 telegram from `/` to `!`, both with it (DSMR P1 companion standard 5.0.2:
 * polynomial x^16+x^15+x^2+1, least significant bit first, start 0, no final inversion).
 * Give the former result as `crc` to go on from there.
 */
export function crc16(bytes: Uint8Array, crc = 0): number {
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0xa001 : crc >>> 1;
  }
  return crc;
}
