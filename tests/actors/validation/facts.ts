/** A reading in which there is nothing to find, and what a test changes of it. */
import type { InstallationFacts, ReadingFacts } from "../../../actors/validation/facts.ts";
import type { JudgedReading } from "../../../actors/validation/facts.ts";

export const at = (text: string) => Date.parse(text);
export const OPENED = at("2026-04-01T00:10:00+05:30");
export const READ = at("2026-04-30T23:45:00+05:30");

export const reading: JudgedReading = {
  read_at_ms: READ,
  value_wh: 1_270_900,
  flags: [],
  arrived_at_ms: READ + 300,
  told_consumer: null,
  other_values_wh: [],
};

export const installation: InstallationFacts = {
  consumer_number: "170012340001",
  serial_number: "S1",
  sanctioned_load_w: 3_000,
  multiplying_factor: 1,
  installed_at_ms: at("2025-04-01T12:00:00+05:30"),
  removed_at_ms: null,
  enrolled_consumer: "170012340009",
  start_wh: 100_000,
};

/** Closes April 2026 with 270 kWh. */
export const closing: ReadingFacts = {
  meter_id: "M1",
  reading,
  now_ms: READ + 3_600_000,
  meter: { register_digits: null },
  installation,
  previous: { read_at_ms: OPENED, value_wh: 1_000_900 },
  next: null,
  unchanged_since_ms: null,
  went_back_at_ms: null,
  history: [250, 260, 270].map((units_kwh) => ({ units_kwh, days: 30 })),
  boundary_ms: at("2026-05-01T00:00:00+05:30"),
  factor_used: 1,
  decision: null,
};

/** A quarter of an hour after the reading before it. */
export const interval: ReadingFacts = {
  ...closing,
  previous: { read_at_ms: READ - 900_000, value_wh: 1_270_400 },
  boundary_ms: null,
  factor_used: null,
};

export function withReading(of: ReadingFacts, change: Partial<JudgedReading>): ReadingFacts {
  return { ...of, reading: { ...of.reading, ...change } };
}

export function withInstallation(
  of: ReadingFacts,
  change: Partial<InstallationFacts>,
): ReadingFacts {
  return { ...of, installation: { ...installation, ...change } };
}
