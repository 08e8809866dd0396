/** `samay reading approve`: a reading in quarantine is right after all. */
import { readingDeed } from "../reading_deed.ts";

export const command = readingDeed({
  deed: "approve",
  summary: "Lets a reading in quarantine be billed, with a reason",
  help: `The reading is right after all, and counts as measured.

  samay reading approve MH00000001 "2026-04-30 23:45:00" --reason "welding that week, seen on site"`,
});
