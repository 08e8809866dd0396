/** `samay reading reject`: a reading that is never billed. */
import { readingDeed } from "../reading_deed.ts";

export const command = readingDeed({
  deed: "reject",
  summary: "Takes a reading out of billing, with a reason",
  help: `The reading is wrong. It stays where it is, and no bill ends with it.

  samay reading reject MH00000001 "2026-04-30 23:45:00" --reason "the register jumped"`,
});
