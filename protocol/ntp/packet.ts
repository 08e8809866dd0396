/**
 * The 48 bytes of an NTPv4 packet and its timestamps (RFC 5905 §6 and §7.3).
 *
 * A timestamp is 64 bits: seconds since 1900-01-01 modulo 2^32, and their fraction. It names no era,
 * so it becomes an instant only next to a pivot that is right to within 68 years: that is what
 * carries us over 2036-02-07. Instants are Unix time in nanoseconds, as bigint, because a double
 * cannot hold today's date and a microsecond exactly.
 */

/** Length of a packet without extension fields and authenticator. */
export const PACKET_LENGTH = 48;

/** Seconds from 1900-01-01 to 1970-01-01 (RFC 5905 figure 4). */
const UNIX_OFFSET_S = 2_208_988_800n;
const NS_PER_S = 1_000_000_000n;

/** Mode of a packet (RFC 5905 figure 10). */
export const Mode = { client: 3, server: 4 } as const;

/** Leap indicator 3: the clock is not synchronised (RFC 5905 figure 9). */
export const LEAP_UNSYNCHRONISED = 3;

export interface NtpPacket {
  /** 0 none, 1 and 2 a leap second at the end of the month, 3 not synchronised. */
  readonly leap: number;
  readonly version: number;
  readonly mode: number;
  /** 0 kiss-o'-death, 1 primary, 2 to 15 secondary, 16 not synchronised. */
  readonly stratum: number;
  /** log2 seconds. */
  readonly poll: number;
  /** log2 seconds. */
  readonly precision: number;
  readonly rootDelay_s: number;
  readonly rootDispersion_s: number;
  /** 32 bits: four ASCII letters at stratum 0 and 1, else an IPv4 address or a hash. */
  readonly referenceId: number;
  /** 64-bit timestamps, as on the wire. */
  readonly reference: bigint;
  readonly origin: bigint;
  readonly receive: bigint;
  readonly transmit: bigint;
}

/** The packet in `bytes`, or undefined when they are not 48 or more. Later bytes are not looked at. */
export function decodePacket(bytes: Uint8Array): NtpPacket | undefined {
  if (bytes.length < PACKET_LENGTH) return undefined;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const first = view.getUint8(0);
  return {
    leap: first >> 6,
    version: (first >> 3) & 7,
    mode: first & 7,
    stratum: view.getUint8(1),
    poll: view.getInt8(2),
    precision: view.getInt8(3),
    rootDelay_s: view.getUint32(4) / 65_536,
    rootDispersion_s: view.getUint32(8) / 65_536,
    referenceId: view.getUint32(12),
    reference: view.getBigUint64(16),
    origin: view.getBigUint64(24),
    receive: view.getBigUint64(32),
    transmit: view.getBigUint64(40),
  };
}

/** The 48 bytes of `packet`. Root delay and dispersion saturate at the most that 16.16 bits hold. */
export function encodePacket(packet: NtpPacket): Uint8Array {
  const bytes = new Uint8Array(PACKET_LENGTH);
  const view = new DataView(bytes.buffer);
  view.setUint8(0, (packet.leap & 3) << 6 | (packet.version & 7) << 3 | packet.mode & 7);
  view.setUint8(1, packet.stratum);
  view.setInt8(2, packet.poll);
  view.setInt8(3, packet.precision);
  view.setUint32(4, shortFormat(packet.rootDelay_s));
  view.setUint32(8, shortFormat(packet.rootDispersion_s));
  view.setUint32(12, packet.referenceId);
  view.setBigUint64(16, packet.reference);
  view.setBigUint64(24, packet.origin);
  view.setBigUint64(32, packet.receive);
  view.setBigUint64(40, packet.transmit);
  return bytes;
}

/** NTP short format: 16 bits of seconds, 16 of fraction, rounded up so that no error is hidden. */
function shortFormat(seconds: number): number {
  return Math.min(0xffff_ffff, Math.max(0, Math.ceil(seconds * 65_536)));
}

/** The 64-bit timestamp of the Unix instant `unix_ns`. */
export function toTimestamp(unix_ns: bigint): bigint {
  return BigInt.asUintN(64, ((unix_ns + UNIX_OFFSET_S * NS_PER_S) << 32n) / NS_PER_S);
}

/**
 * The Unix instant in nanoseconds that `timestamp` names, in the era that puts it nearest to
 * `pivot_ns` (RFC 5905 §6: right as long as the pivot is within 68 years).
 */
export function fromTimestamp(timestamp: bigint, pivot_ns: bigint): bigint {
  const pivot = ((pivot_ns + UNIX_OFFSET_S * NS_PER_S) << 32n) / NS_PER_S;
  const nearest = pivot + BigInt.asIntN(64, timestamp - pivot);
  const ns = (nearest * NS_PER_S + (1n << 31n)) >> 32n;
  return ns - UNIX_OFFSET_S * NS_PER_S;
}

/** How people write a reference: `GPS`, `127.127.1.1`, and so on (RFC 5905 §7.3). */
export function referenceText(stratum: number, referenceId: number): string {
  const octets = [24, 16, 8, 0].map((shift) => (referenceId >>> shift) & 0xff);
  if (stratum > 1) return octets.join(".");
  return octets.filter((octet) => octet > 32 && octet < 127)
    .map((octet) => String.fromCharCode(octet)).join("");
}

/** The 32 bits of a kiss code or a primary reference of up to four ASCII letters. */
export function referenceCode(text: string): number {
  let id = 0;
  for (let i = 0; i < 4; i++) id = id << 8 | (i < text.length ? text.charCodeAt(i) & 0x7f : 0);
  return id >>> 0;
}
