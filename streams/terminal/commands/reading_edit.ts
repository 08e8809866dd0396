/** `samay reading edit`: another value counts in the place of what was measured. */
import { readingDeed } from "../reading_deed.ts";

export const command = readingDeed({
  deed: "edit",
  summary: "Gives a reading another value, with a reason",
  help:
    `What was measured stays as it is; billing uses the value that is given here. A reading that a
bill ends with is edited once that bill is void.

  samay reading edit MH00000001 "2026-04-30 23:45:00" --kwh 2275.625 --reason "photo of the display"`,
});
