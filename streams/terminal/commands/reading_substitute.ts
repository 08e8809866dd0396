/** `samay reading substitute`: a value where there is no reading. */
import { readingDeed } from "../reading_deed.ts";

export const command = readingDeed({
  deed: "substitute",
  summary: "Puts a value where there is no reading, with a reason",
  help: `For a meter that was read by eye, or whose value is known otherwise.

  samay reading substitute MH00000001 "2026-04-30 18:00" --kwh 2275 --reason "read by the lineman"`,
});
