/** Why a meter could not be read: a name for programs, one line with what to try for people. */

export type FailureReason =
  | "silent"
  | "garbage"
  | "no_data"
  | "cut_off"
  | "wrong_bcc"
  | "wrong_crc"
  | "malformed_data"
  | "too_long"
  | "timed_out"
  | "line_closed"
  | "line_unavailable";

export interface ReadFailure {
  readonly reason: FailureReason;
  /** One line: what is wrong and what to try. */
  readonly message: string;
}

const ADVICE: Readonly<Record<FailureReason, string>> = {
  silent:
    "The meter did not answer. Check cable and power, the device address (--address), the speed " +
    "(--baud; 300 is usual), and for a meter that only sends by itself use --listen",
  garbage:
    "What came over the line is no IEC 62056-21. Try another speed (--baud), the other framing " +
    "(--framing 7E1 or 8N1), or a fixed speed (--fixed-baud)",
  no_data:
    "The meter gave its identification but no data. It may have stayed at the first speed: try " +
    "--ignore-proposed-baud, or --fixed-baud; or a pause before the change of speed: --settle-ms 300",
  cut_off: "The telegram stopped in the middle. Try again; if it stays so, try a lower speed " +
    "(--ignore-proposed-baud) and check the optical head's seat or the cable",
  wrong_bcc:
    "The block check character (BCC) is wrong: the telegram was damaged on the line. Try " +
    "again; if it stays so, try the other framing (--framing) or a lower speed (--ignore-proposed-baud)",
  wrong_crc:
    "The CRC of the telegram is wrong: it was damaged on the line. Try again; if it stays so, " +
    "check the cable and the framing (--framing 8N1 for DSMR 4 and later)",
  malformed_data: "The data block is not made of data sets name(value)",
  too_long: "The telegram is longer than the limit. Check speed and framing (--baud, --framing)",
  timed_out:
    "The time for one reading ran out. Give more with --timeout, or check the speed (--baud)",
  line_closed: "The line was closed or unplugged during the reading. Plug it in and try again",
  line_unavailable: "The line cannot be opened",
};

/** The failure `reason` with its advice; `detail` says what was seen. */
export function failureOf(reason: FailureReason, detail?: string): ReadFailure {
  return { reason, message: `${ADVICE[reason]}${detail ? ` (${detail})` : ""}.` };
}
