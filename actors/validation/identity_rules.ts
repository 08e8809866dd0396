/** Whose reading it is, and whether its time can be believed. */
import { FLAG_WORDS } from "../../protocol/messages/journal.ts";
import type { ReadingFacts } from "./facts.ts";
import { failed, type Finding, kwh, lasting, notApplicable, passed, when } from "./finding.ts";
import type { ValidationRules } from "./rules.ts";

type Limits = ValidationRules["rules"];

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

const NO_INSTALLATION = notApplicable("the meter hung at no premises then: nobody is billed by it");
const TOLD_NOTHING = notApplicable("the meter told no consumer number with this reading");
const NO_FRAME = notApplicable("the reading came in no frame");

export function unknownMeter({ meter, meter_id }: ReadingFacts): Finding {
  return meter === null
    ? failed(() => `meter ${meter_id} is not enrolled: enrol it, or find out who sends this`)
    : passed(() => `meter ${meter_id} is enrolled`);
}

/** Numbers are told without the zeros in front of them. */
export const bareNumber = (text: string) => text.replace(/^0+(?=.)/, "");

export function consumerMismatch({ reading, installation, meter_id }: ReadingFacts): Finding {
  const told = reading.told_consumer;
  if (told === null) return TOLD_NOTHING;
  if (installation === null) return NO_INSTALLATION;
  const { consumer_number, enrolled_consumer, serial_number } = installation;
  // Many meters show their own number there.
  const known = [consumer_number, serial_number, meter_id];
  if (known.some((one) => bareNumber(one) === bareNumber(told))) {
    return passed(() => `the meter tells ${told}, as it is known`);
  }
  // The number is the meter's, not the customer's: it stays when one moves out and another in.
  if (enrolled_consumer !== null && bareNumber(enrolled_consumer) === bareNumber(told)) {
    return passed(() =>
      `the meter tells ${told}, for whom it was enrolled; since then it came to consumer ` +
      consumer_number
    );
  }
  return failed(() =>
    `the meter tells consumer ${told}, but it hangs at consumer ${consumer_number}'s: see which ` +
    "meter is where"
  );
}

export function uncertainTime({ reading }: ReadingFacts): Finding {
  return reading.flags.includes("time_uncertain")
    ? failed(() => `${FLAG_WORDS.time_uncertain}; ask it again`)
    : passed(() => "the slave knew the time");
}

export function futureClock(
  { reading, now_ms }: ReadingFacts,
  { future_clock: { tolerance_s } }: Limits,
): Finding {
  const heard_ms = reading.arrived_at_ms ?? now_ms;
  const ahead_ms = reading.read_at_ms - heard_ms;
  return ahead_ms > tolerance_s * 1000
    ? failed(() => `read at ${when(reading.read_at_ms)}, ${lasting(ahead_ms)} after it arrived`)
    : passed(() => `read no later than it arrived (${tolerance_s} s are allowed)`);
}

export function stale(
  { reading, boundary_ms }: ReadingFacts,
  { stale: { arrival_days, boundary_hours } }: Limits,
): Finding {
  const { arrived_at_ms, read_at_ms } = reading;
  if (boundary_ms !== null && boundary_ms - read_at_ms > boundary_hours * HOUR_MS) {
    return failed(() =>
      `read at ${when(read_at_ms)}, ${lasting(boundary_ms - read_at_ms)} before the end of the ` +
      `cycle (${boundary_hours} hours are allowed)`
    );
  }
  if (arrived_at_ms === null) {
    return boundary_ms === null ? NO_FRAME : passed(() => "recent enough");
  }
  const late_ms = arrived_at_ms - read_at_ms;
  return late_ms > arrival_days * DAY_MS
    ? failed(() => `arrived ${lasting(late_ms)} after it was read (${arrival_days} are allowed)`)
    : passed(() => `arrived ${lasting(Math.max(0, late_ms))} after it was read`);
}

export function duplicate({ reading }: ReadingFacts): Finding {
  const { other_values_wh, value_wh, read_at_ms } = reading;
  return other_values_wh.length > 0
    ? failed(() =>
      `for ${when(read_at_ms)} the meter told ${kwh(value_wh)} and also ${
        other_values_wh.map(kwh).join(", ")
      }`
    )
    : passed(() => "one value for its moment");
}

export function gap({ reading, previous, boundary_ms }: ReadingFacts, { gap: { hours } }: Limits) {
  if (boundary_ms !== null) return notApplicable("for readings between the bounds of a cycle");
  if (previous === null) return notApplicable("the first reading");
  const without_ms = reading.read_at_ms - previous.read_at_ms;
  return without_ms > hours * HOUR_MS
    ? failed(() => `no reading for ${lasting(without_ms)} before it (${hours} hours are allowed)`)
    : passed(() => `the reading before it is ${lasting(without_ms)} older`);
}
